"""What alerting has at hand: as the ledger tells it, after a restart, and when the ledger cannot be written."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from slamon.alerting.channel import later, never
from slamon.alerting.scripted import ScriptedChannel
from slamon.core.alerting.facts import Reason
from slamon.core.reading import Reading
from slamon.service import clock
from slamon.service.alerting_attempts import DEAD, FAILED, LOW, SENT
from slamon.service.alerting_delivery import Delivery
from slamon.service.alerting_record import DECIDED, Conditions, told_draft, told_of
from slamon.service.alerting_views import Names, hypothesis_of, views
from slamon.service.alerting_watch import Watch
from slamon.service.alerting_words import writing
from slamon.service.desk import instant
from slamon.service.desk_exclusions import Claim, add_exclusion
from slamon.service.desk_maintenance import Window, add_maintenance
from slamon.service.desk_oncall import StandIn, override
from slamon.service.replay import replay
from slamon.service.site import Site
from slamon.store.entry import Draft
from slamon.store.ledger import Ledger
from tests.service.alerts import Lately, staffed
from tests.service.places import Place
from tests.service.test_alerting_delivery import HOUR, anywhere, letter, spec
from tests.store.facts import stamp, url

HOUR_AHEAD = timedelta(hours=1)


def watch_of(site: Site) -> Watch:
    assert site.loaded.oncall is not None
    assert site.loaded.settings.alerts is not None
    return Watch(site, site.loaded.oncall.oncall, writing(site, site.loaded.settings.alerts))


def hurt(tmp_path: Path, picture: str = "....xx") -> tuple[Place, list[Reading]]:
    where = staffed(tmp_path / "site")
    return where, Lately().show(picture, "GX-0001")


def test_what_cannot_be_recorded_is_sent_once_and_recorded_when_it_can_be(tmp_path):
    """F15: the disk is full, people are told all the same; the record follows when there is room again."""
    where, readings = hurt(tmp_path)
    with where.open() as site:
        replay(site, where.readings(readings))
        with Ledger.open(url(where.ledger_file), writer="x", stamp=stamp, read_only=True) as full:
            watch = watch_of(replace(site, ledger=full))
            watch.restore(clock.now())
            first = watch.turn(clock.now())
            assert [one.head["reason"] for one in first.unwritten] == ["opened"]
            assert watch.turn(clock.now()).unwritten == ()
        assert site.loaded.oncall is not None
        assert site.loaded.settings.alerts is not None
        watch.adopt(site, site.loaded.oncall.oncall, writing(site, site.loaded.settings.alerts))
        watch.turn(clock.now())
        assert [entry.payload["reason"] for entry in site.ledger.entries(kinds={DECIDED})] == ["opened"]


def test_who_stands_in_is_told_instead(tmp_path):
    """An override that is filed while slamon runs counts from then on."""
    rota = """
[rotas.noc]
turns = { people = ["zhang"], from = 2026-01-05, days = 7 }
"""
    where, readings = hurt(tmp_path)
    oncall = where.folder / "oncall.toml"
    oncall.write_text(oncall.read_text().replace('call = ["zhang"]', 'call = ["noc"]') + rota)
    now = clock.now()
    with where.open() as site:
        watch = watch_of(site)
        assert watch.turn(now).queued == 0
        shift = StandIn("noc", "wang", instant(now - HOUR_AHEAD), instant(now + HOUR_AHEAD))
        override(site, shift, "", now)
        replay(site, where.readings(readings))
        watch.turn(clock.now())
        (entry,) = site.ledger.entries(kinds={DECIDED})
        assert entry.payload["persons"] == ["wang"]


def test_a_letter_past_the_outbox_tries_one_channel_after_the_other_and_is_on_record_later(tmp_path):
    mail, sms = ScriptedChannel([later("busy")]), ScriptedChannel()

    async def scenario() -> None:
        with Ledger.open(url(tmp_path / "ledger.db"), writer="x", stamp=stamp) as ledger:
            delivery = Delivery(ledger, HOUR, anywhere)
            await delivery.open([(spec("mail"), mail), (spec("sms"), sms)])
            await delivery.send_unwritten(letter("k1", "mail", "sms"))
            assert list(ledger.entries()) == []
            await delivery.send_unwritten(letter("k2", "gone"))
            with ledger.transaction() as held:
                delivery._settle_in(held, letter("k3"), never("x"))  # noqa: SLF001 - whatever is written down next
            kinds = [(entry.kind, entry.payload["key"]) for entry in ledger.entries()]
            assert kinds[:2] == [(FAILED, "k1"), (SENT, "k1")]
            await delivery.end(0)

    asyncio.run(scenario())
    assert mail.keys == sms.keys == ["k1"]


def test_a_decision_is_the_same_after_its_way_through_the_ledger(tmp_path):
    where, readings = hurt(tmp_path)
    with where.open() as site:
        replay(site, where.readings(readings))
        watch = watch_of(site)
        watch.restore(clock.now())
        watch.turn(clock.now())
        (entry,) = site.ledger.entries(kinds={DECIDED})
    told = told_of(entry)
    assert told.reason is Reason.OPENED
    draft = told_draft(told)
    assert draft.payload == entry.payload
    assert (draft.at, draft.subject) == (entry.at, entry.subject)


def clocks_at(site: Site, line_id: str):
    at = clock.now()
    ((_, (incident,)),) = views(site, site.fleet(), Names({}), [line_id], at)
    return incident, at


def test_a_clock_runs_until_planned_work_that_was_announced_in_time_holds_it(tmp_path):
    """Its next edge says when it has to be looked at again; a stop-clock holds it at once."""
    where, readings = hurt(tmp_path)
    with where.open() as site:
        replay(site, where.readings(readings))
        incident, at = clocks_at(site, "GX-0001")
        (running,) = incident.clocks
        assert (running.category, running.limit_s, running.running) == ("interruption", 7200, True)
        assert running.steady_until is None
        start = at + HOUR_AHEAD
        window = Window(("GX-0001",), None, instant(start), instant(start + HOUR_AHEAD), "cut-over")
        add_maintenance(site, window)
        incident, _ = clocks_at(site, "GX-0001")
        assert incident.clocks[0].steady_until == incident.fresh_until == start
        assert incident.mute is None
        add_exclusion(site, [str(incident.number)], Claim("awaiting_customer", instant(at), None, "no access"))
        held = clocks_at(site, "GX-0001")[0].clocks[0]
        assert held.running is False


def hops(*addresses: str | None) -> dict[str, Any]:
    return {"traceroute": [{"hop": n, "address": one, "rtt_ms": 1.0} for n, one in enumerate(addresses, 1)]}


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        ({"traceroute": None}, None),
        (hops(None, None), None),
        (hops("10.0.0.1", None, "10.0.0.3", None), "traceroute: 10.0.0.3 (hop 3), * * *"),
        (hops("10.0.0.1", "10.64.0.1"), None),
    ],
    ids=["no traceroute", "nothing answered", "the last one that answered", "the far end answered after all"],
)
def test_a_guess_where_the_fault_is_follows_from_the_traceroute(tmp_path, onset, expected):
    with staffed(tmp_path / "site").open() as site:
        assert hypothesis_of(onset, site.lines["GX-0001"].current) == expected


class TestConditions:
    def follow(self, site: Site, *drafts: Draft) -> list[tuple[str, str, bool]]:
        site.ledger.append(drafts)
        conditions = Conditions()
        conditions.follow(site.ledger.entries(after_seq=site.ledger.last_seq() - len(drafts)))
        found = conditions.all(clock.now() - timedelta(days=1))
        return [(one.kind.value, one.subject, one.until is None) for one in found]

    @pytest.mark.parametrize(
        ("entries", "expected"),
        [
            ([("vantage.reference_lost", {})], [("blind_vantage", "nanning-1", True)]),
            ([("vantage.reference_lost", {}), ("vantage.reference_back", {})], [("blind_vantage", "nanning-1", False)]),
            ([("agent.silent", {"agent": "10.0.0.1"})], [("agent_silent", "10.0.0.1", True)]),
            ([("agent.silent", {"agent": "a"}), ("agent.answering", {"agent": "b"})], [("agent_silent", "a", True)]),
            ([("delivery.backlog", {"sink": "influx"})], [("delivery_backlog", "influx", True)]),
            (
                [("delivery.backlog", {"sink": "influx"}), ("delivery.recovered", {"sink": "influx"})],
                [("delivery_backlog", "influx", False)],
            ),
            ([(DEAD, {"channel": "mail", "reason": "opened"})], [("delivery_backlog", "mail", True)]),
            ([(DEAD, {"channel": "mail", "reason": "delivery_backlog"})], []),
            (
                [(DEAD, {"channel": "mail", "reason": "opened"}), (SENT, {"channel": "mail"})],
                [("delivery_backlog", "mail", False)],
            ),
            (
                [(SENT, {"channel": "sms"}), (LOW, {"channel": "sms"}), (SENT, {"channel": "sms"})],
                [("delivery_backlog", "sms:balance", True)],
            ),
            (
                [(LOW, {"channel": "sms"}), (SENT, {"channel": "sms"}), (SENT, {"channel": "sms"})],
                [("delivery_backlog", "sms:balance", False)],
            ),
        ],
        ids=[
            "a blind vantage", "that sees again", "a silent agent", "another one that answers is another",
            "a backlog of a sink", "that recovered", "a dead letter", "a dead letter about dead letters is no news",
            "a channel that delivers again", "a balance that stays low", "a balance that was filled up",
        ],
    )  # fmt: skip
    def test_entries_begin_and_end_what_is_wrong_with_the_monitor(self, tmp_path, entries, expected):
        where = staffed(tmp_path / "site")
        with where.open() as site:
            drafts = [Draft(kind, clock.now(), payload) for kind, payload in entries]
            assert self.follow(site, *drafts) == expected
