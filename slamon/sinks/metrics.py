"""The metrics of slamon in Prometheus' text format: what there is, and how values become text.

Every family has its name, kind, help and labels here, and docs/monitoring.md lists the same. Labels are of bounded
sets only: no line and no customer is named, whatever the size of the fleet (lines' own series are InfluxDB's).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

__all__ = ["CONTENT_TYPE", "FAMILIES", "Family", "Samples", "exposition"]

CONTENT_TYPE = CONTENT_TYPE_LATEST

# The value of a family, or its values by the values of its labels; a family that is left out is not known.
Samples = Mapping[str, "float | Mapping[tuple[str, ...], float]"]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric; counters end in ``_total`` and fall to zero when the daemon or the prober is started again."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Tell whether it is a counter; everything else is a gauge."""
        return self.name.endswith("_total")


FAMILIES = (
    Family("slamon_info", "What runs here; always 1.", ("version", "vantage")),
    # Polling
    Family("slamon_lines", "Lines that the prober probes."),
    Family("slamon_lines_overdue", "Lines without a window for more than two intervals and a timeout."),
    Family("slamon_lines_by_verdict", "Lines by the verdict of their last window.", ("verdict",)),
    Family("slamon_windows_judged_total", "Windows that were judged.", ("verdict",)),
    Family("slamon_batch_age_seconds", "Time since the prober last handed anything on; a batch comes each second."),
    Family("slamon_observed_timestamp_seconds", "The latest instant to which the prober has come."),
    Family("slamon_probe_packets_sent_total", "Echo requests sent."),
    Family("slamon_probe_replies_total", "Replies in time that count."),
    Family("slamon_probe_replies_refused_total", "Replies that do not count: late ones are lost packets.", ("why",)),
    Family("slamon_probe_send_errors_total", "Packets that could not be sent: no data, never loss."),
    Family("slamon_probe_socket_drops_total", "Replies that the socket's buffer dropped; booked as blind time."),
    Family("slamon_probe_skipped_packets_total", "Packets not sent because the prober was late; blind time."),
    Family("slamon_probe_confirm_capped_total", "Confirm packets not sent because the vantage's cap was reached."),
    Family("slamon_probe_loop_lag_seconds", "The longest lateness of the prober in the last minute or two."),
    Family("slamon_vantage_events_total", "What happened to this vantage itself.", ("kind",)),
    # Judging
    Family("slamon_incidents_open", "Measured incidents that are open.", ("category",)),
    Family("slamon_loop_lag_seconds", "The longest lateness of the main loop in the last minute or two."),
    # Ledger
    Family("slamon_ledger_entries_total", "Entries in the ledger, since it was made."),
    Family("slamon_ledger_commits_total", "Transactions of this process that are on disk."),
    Family("slamon_ledger_commit_failures_total", "Transactions that failed; what they held is tried again."),
    Family("slamon_ledger_commit_seconds_total", "Time that transactions took, waiting for the lock included."),
    # Own history
    Family("slamon_history_windows_total", "Windows that are written to the own history."),
    Family("slamon_history_write_failures_total", "Writes of the own history that failed; they are tried again."),
    Family("slamon_history_dropped_hours_total", "Hours of the own history given up while it could not be written."),
    Family("slamon_history_cpu_seconds_total", "CPU spent on writing the own history."),
    # Delivery to InfluxDB; left out where there is none
    Family("slamon_influx_state", "1 for the state in which the delivery is.", ("state",)),
    Family("slamon_influx_waiting_points", "Points that wait to be delivered."),
    Family("slamon_influx_backlog_points", "Points of them that wait from before a failure."),
    Family("slamon_influx_held_back_points", "Points that wait until it is certain how they are sent."),
    Family("slamon_influx_waiting_bytes", "Bytes of the spool on disk."),
    Family("slamon_influx_spool_limit_bytes", "Bytes that the spool may take at most."),
    Family("slamon_influx_oldest_age_seconds", "Age of the oldest point that waits; 0 where none does."),
    Family("slamon_influx_waiting_events", "Entries of the ledger that wait to be delivered."),
    Family("slamon_influx_points_sent_total", "Points that the server confirmed."),
    Family("slamon_influx_bytes_sent_total", "Bytes of line protocol that the server confirmed."),
    Family("slamon_influx_requests_total", "Write requests."),
    Family("slamon_influx_failures_total", "Writes that were not confirmed and are tried again."),
    Family("slamon_influx_points_put_aside_total", "Points that the server refused, kept in a file with the reason."),
    Family("slamon_influx_too_old_requests_total", "Requests with points older than the server keeps."),
    Family("slamon_influx_points_thinned_total", "Points that became rollups because the spool was full."),
    Family("slamon_influx_points_lost_total", "Points that were given up because the spool was full."),
    # Web
    Family("slamon_http_requests_total", "Requests that were answered, by page and status.", ("page", "code")),
)


class _Reading(Collector):
    def __init__(self, read: Callable[[], Samples]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        samples = self._read()
        for family in FAMILIES:
            found = samples.get(family.name)
            if found is None:
                continue
            make = CounterMetricFamily if family.counts else GaugeMetricFamily
            made = make(family.name.removesuffix("_total"), family.help, labels=family.labels)
            values = found if isinstance(found, Mapping) else {(): found}
            for labels, value in values.items():
                made.add_metric(labels, value)
            yield made


def exposition(read: Callable[[], Samples]) -> Callable[[], bytes]:
    """Return what makes the text, in the format that `CONTENT_TYPE` names, of the values that `read` returns then.

    Beside them stand those of this process (``process_*``) that prometheus-client knows by itself.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reading(read))
    ProcessCollector(registry=registry)
    return lambda: generate_latest(registry)
