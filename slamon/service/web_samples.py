"""What /metrics shows, gathered from where it is known; names and words are `slamon.sinks.metrics.FAMILIES`."""

from __future__ import annotations

import time
from collections.abc import Mapping

from slamon import __version__
from slamon.core.timespan import micros
from slamon.service.influx_progress import Progress
from slamon.service.rollups_keeping import HistoryState
from slamon.service.site import Site
from slamon.service.web_vitals import Vitals
from slamon.store.errors import LedgerError
from slamon.store.rows import VERDICTS

Found = dict[str, "float | Mapping[tuple[str, ...], float]"]


def of_site(site: Site) -> Found:
    """Return what runs here, and how its ledger fares; a ledger that cannot be read now has no number of entries."""
    commits = site.ledger.commits
    found: Found = {
        "slamon_info": {(__version__, site.vantage): 1},
        "slamon_ledger_commits_total": commits.done,
        "slamon_ledger_commit_failures_total": commits.failed,
        "slamon_ledger_commit_seconds_total": commits.seconds,
    }
    try:
        found["slamon_ledger_entries_total"] = site.ledger.last_seq()
    except LedgerError:
        return found
    return found


def of_polling(vitals: Vitals) -> Found:
    """Return how polling and judging fare."""
    found: Found = {
        "slamon_windows_judged_total": {(v.lower(),): int(n) for v, n in zip(VERDICTS, vitals.judged, strict=True)},
        "slamon_vantage_events_total": {(kind,): count for kind, count in list(vitals.events.items())},
        "slamon_loop_lag_seconds": vitals.loop_lag_s.value,
    }
    health = vitals.health
    if health is None:
        return found
    refused: dict[tuple[str, ...], float] = {
        (why,): getattr(health, why) for why in ("late", "duplicate", "corrupt", "forged")
    }
    found |= {
        "slamon_lines": health.lines,
        "slamon_lines_overdue": vitals.overdue,
        "slamon_lines_by_verdict": {(v.lower(),): n for v, n in vitals.by_verdict().items()},
        "slamon_batch_age_seconds": vitals.batch_age_s(time.monotonic()) or 0.0,
        "slamon_observed_timestamp_seconds": micros(health.at) / 1_000_000,
        "slamon_probe_packets_sent_total": health.sent,
        "slamon_probe_replies_total": health.received,
        "slamon_probe_replies_refused_total": refused,
        "slamon_probe_send_errors_total": health.send_errors,
        "slamon_probe_socket_drops_total": health.socket_drops,
        "slamon_probe_skipped_packets_total": health.skipped,
        "slamon_probe_confirm_capped_total": health.confirm_capped,
        "slamon_probe_loop_lag_seconds": vitals.prober_lag_ms.value / 1000,
    }
    return found


def of_history(state: HistoryState) -> Found:
    """Return how the own history fares."""
    return {
        "slamon_history_windows_total": state.rows,
        "slamon_history_write_failures_total": state.failures,
        "slamon_history_dropped_hours_total": state.dropped,
        "slamon_history_cpu_seconds_total": state.cpu_s,
    }


def of_delivery(progress: Progress) -> Found:
    """Return how the delivery to InfluxDB stands."""
    age_s = 0.0 if progress.oldest is None else max(0.0, (progress.at - progress.oldest).total_seconds())
    return {
        "slamon_influx_state": {(progress.state,): 1},
        "slamon_influx_waiting_points": progress.waiting_points,
        "slamon_influx_backlog_points": progress.backlog_points,
        "slamon_influx_held_back_points": progress.held_back_points,
        "slamon_influx_waiting_bytes": progress.waiting_bytes,
        "slamon_influx_spool_limit_bytes": progress.limit_bytes,
        "slamon_influx_oldest_age_seconds": age_s,
        "slamon_influx_waiting_events": progress.events_behind,
        "slamon_influx_points_sent_total": progress.sent_points,
        "slamon_influx_bytes_sent_total": progress.sent_bytes,
        "slamon_influx_requests_total": progress.requests,
        "slamon_influx_failures_total": progress.failures,
        "slamon_influx_points_put_aside_total": progress.aside_points,
        "slamon_influx_too_old_requests_total": progress.too_old_requests,
        "slamon_influx_points_thinned_total": progress.rolled_from_points,
        "slamon_influx_points_lost_total": progress.lost_points,
    }
