"""Campaign 1 at two hundred lines: truth against report, with everything going wrong."""

from collections.abc import Iterator

import pytest

from tests.campaign.campaign import Outcome, campaign
from tests.campaign.site import Pace, subjects
from tests.lab.netns import wire

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> Iterator[Outcome]:
    """One campaign; each test looks at one side of it."""
    with wire() as lab:
        yield campaign(lab, tmp_path_factory.mktemp("campaign"), subjects(200, 60), Pace(interval_s=2, packets=4))


def shown(sentences: list[str], outcome: Outcome) -> str:
    return "\n".join([*sentences[:40], f"... {len(sentences)} in all", outcome.log[-4000:]])


def test_no_outage_is_missed_and_none_is_invented(outcome: Outcome):
    """F19: and what is done to one line shows on no other.

    The truth is cuts long, short and flapping, loss, delay, replies late, forged and damaged, a dead uplink, a
    stopped and a killed prober, an interface that went down, and a third of all lines failing at once.
    Mutant: `Vantage.advance` that never finds the references lost: every line has an incident that nobody made (F1).
    """
    found = outcome.findings
    assert found.must_be_found >= 60
    assert not found.missed, shown(found.missed, outcome)
    assert not found.invented, shown(found.invented, outcome)


def test_edges_are_within_a_packet_gap_and_the_timeout(outcome: Outcome):
    found = outcome.findings
    assert len(found.edge_errors_s) >= 100
    assert not found.edges, shown(found.edges, outcome)


def test_the_monitors_own_trouble_is_blind_and_nothing_else_is(outcome: Outcome):
    """F1, F5: on all lines, for as long as it lasted, and with the windows around at most; no packet is lost by it.

    Mutant: `STALL_NS` huge: on every line 1.25 s of the stop are not blind (F5).
    """
    found = outcome.findings
    assert not found.blind, shown(found.blind, outcome)
    assert not found.lost, shown(found.lost, outcome)
    # A busy machine may make the prober stand still; it says so, and it is the exception.
    assert found.unplanned_blind_s < 0.05 * 90 * 200


def test_alarms_of_a_mass_outage_are_on_disk_in_time(outcome: Outcome):
    """F25: a third of all lines at once, each alarm in the ledger in time, in few commits, the chain sound."""
    found = outcome.findings
    assert len(found.latencies_s) >= 80
    assert not found.late, shown(found.late, outcome)
    assert outcome.sound


def test_seconds_and_credits_are_those_of_a_second_judge(outcome: Outcome):
    """Every number of every line's month, worked out from the recorded readings by code that shares nothing."""
    assert not outcome.judged_otherwise, shown(outcome.judged_otherwise, outcome)
    assert sum(float(line["credit"]) > 0 for line in outcome.report.values()) >= 60


def test_what_did_not_belong_to_us_was_told_apart(outcome: Outcome):
    """F6, F8, F9, F10: late, double, forged and damaged replies are counted; other pingers and a second slamon are not.

    The second slamon, on addresses that two pingers ping too, has seen nothing wrong.
    """
    recorded = outcome.recorded
    assert all(recorded.counted(name) > 20 for name in ("late", "duplicate", "forged", "corrupt"))
    for line in outcome.others.values():
        assert (line["incidents"], line["pending"]) == ([], [])
        assert line["seconds"]["interrupted"] == line["seconds"]["degraded"] == 0
