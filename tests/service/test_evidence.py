"""Evidence: the readings from ten minutes before onset to ten after restored are on record, exact, each once."""

from datetime import datetime, timedelta

import pytest

from slamon.core.reading import Reading
from slamon.service.site import Site
from tests.service.places import LINES, Prepared, evidence, statement
from tests.service.playing import BASE, Act, Window, pictured, play, windows

AROUND = timedelta(minutes=10)
# 20 min good, an outage of 30 min, 20 min good.
ORDINARY = "." * 120 + "x" * 180 + "." * 120
# Longer than any tail that is kept for a restart: two hours.
LONG = "." * 90 + "x" * 720 + "." * 90


def expected(readings: list[Reading], onset: datetime, restored: datetime) -> list[Reading]:
    """The readings that touch the incident's surroundings."""
    low, high = onset - AROUND, restored + AROUND
    return [one for one in readings if low < one.end and one.start < high]


def complete(site: Site, readings: list[Reading]) -> None:
    (incident,) = statement(site, LINES[0])["incidents"]
    recorded = evidence(site)[incident["incident_id"]]
    onset, restored = (datetime.fromisoformat(incident[name]) for name in ("onset", "restored"))
    assert recorded == expected(readings, onset, restored)


STOPS: dict[str, list[tuple[int, Act]]] = {
    "uninterrupted": [],
    "stopped at every fifth reading": [(number, Act.STOP) for number in range(0, 400, 5)],
    "checkpointed and killed at every tenth reading": [
        (number, act) for number in range(0, 400, 10) for act in (Act.CHECKPOINT, Act.KILL)
    ],
    "committed often, killed late in the outage": [
        *[(number, Act.CHECKPOINT) for number in range(400)],
        (295, Act.KILL),
    ],
}


@pytest.mark.parametrize("acts", STOPS.values(), ids=STOPS.keys())
def test_evidence_is_complete_and_exact(prepared: Prepared, tmp_path, acts):
    """Whatever happens to the daemon; and to the bit, as floats and instants are recorded."""
    readings = pictured(LINES[0], ORDINARY)
    with prepared.site(tmp_path) as site:
        assert play(site, readings, acts) == []
        complete(site, readings)


def test_f23_evidence_of_a_long_outage_survives_a_kill(prepared: Prepared, tmp_path):
    """F23: what was taken and checkpointed hours ago is on record, though nothing happened since that would commit it.

    Mutant: evidence kept in memory until there are 500 readings, the tail pruned after 15 min: 73 min are lost.
    """
    readings = pictured(LINES[0], LONG)
    acts = [(number, Act.CHECKPOINT) for number in range(0, 800, 3)]
    with prepared.site(tmp_path) as site:
        play(site, readings, sorted([*acts, (800, Act.CHECKPOINT), (800, Act.KILL)]))
        complete(site, readings)


def test_evidence_of_a_slow_alarm_survives_a_kill(prepared: Prepared, tmp_path):
    """The alarm comes half an hour after the onset (blind between): the ten minutes before are there all the same."""
    shown = [*[Window(".")] * 90, Window("x"), *[Window("b", 60)] * 30, *[Window("x")] * 3, *[Window(".")] * 70]
    readings = list(windows(LINES[0], shown))
    acts = [(number, Act.CHECKPOINT) for number in range(122)]
    with prepared.site(tmp_path) as site:
        play(site, readings, [*acts, (120, Act.KILL)])
        complete(site, readings)


def test_two_incidents_near_each_other_have_all_of_their_evidence(prepared: Prepared, tmp_path):
    """Eleven minutes apart: the quarter of an hour between belongs to the one, the other, or both."""
    readings = pictured(LINES[0], "." * 70 + "x" * 12 + "." * 66 + "x" * 12 + "." * 70)
    with prepared.site(tmp_path) as site:
        play(site, readings, [])
        first, second = statement(site, LINES[0])["incidents"]
        recorded = evidence(site)
        for incident in (first, second):
            onset, restored = (datetime.fromisoformat(incident[name]) for name in ("onset", "restored"))
            assert recorded[incident["incident_id"]] == expected(readings, onset, restored)
        assert readings[0].start == BASE
