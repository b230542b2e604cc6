"""A device poll by poll: what it says of its ports, and what it is not believed."""

import asyncio

import pytest

from slamon.config.credentials import Extra
from slamon.core.reading import InterfaceStats, NamedValue
from slamon.probes.snmp.asking import AgentError, Trouble
from slamon.probes.snmp.counting import BACKWARDS, GAP, RENUMBERED, RESET, RESTARTED
from slamon.probes.snmp.device import PortLine
from slamon.probes.snmp.naming import walk
from slamon.probes.snmp.objects import (
    DISCONTINUITY,
    ENTITY_ALIAS,
    HIGH_SPEED,
    IF_INDEX,
    NAME,
    OFTEN,
    SELDOM,
    TABLE_LAST_CHANGE,
)
from slamon.probes.snmp.scripted import ScriptedAgent, ScriptedAsker
from tests.probes.snmp.devices import PLACE, bench, peer

CALM = InterfaceStats("up", "up", 1000, 0, 0, in_discards=0, out_discards=0)


def test_the_first_poll_knows_states_and_no_deltas():
    """There is nothing to compare with yet."""
    assert bench("GE0/0/1").poll() == {"L0": InterfaceStats("up", "up", 1000)}


def test_a_calm_poll_is_one_message_with_what_can_move():
    """All ports of a device in one message: states, errors, discards; its clock and the age of its table once."""
    device = bench("GE0/0/1", "GE0/0/2", "GE0/0/3")
    device.poll()
    device.agent.asked.clear()
    assert device.poll() == {"L0": CALM, "L1": CALM, "L2": CALM}
    assert device.agent.asked == [2 + 3 * len(OFTEN)]


def test_everything_is_read_again_after_the_slow_interval():
    """Packets and octets come with the deltas of all that time."""
    device = bench("GE0/0/1")
    device.poll()
    for _ in range(4):
        device.poll()
    device.agent.port(1, "GE0/0/1", in_packets=100, out_packets=200, in_octets=3000, out_octets=4000)
    device.agent.asked.clear()
    assert device.poll()["L0"] == InterfaceStats("up", "up", 1000, 0, 0, 100, 200, 3000, 4000, 0, 0, seconds=300)
    assert device.agent.asked == [2 + len(OFTEN) + len(SELDOM) + 1]


def test_an_error_brings_its_packets_along():
    """As soon as an error is counted the packets are read in the same poll: their ratio covers one span of time."""
    device = bench("GE0/0/1", "GE0/0/2")
    device.poll()
    device.poll()
    device.agent.port(1, "GE0/0/1", in_errors=5, in_packets=995)
    found = device.poll()
    assert (found["L0"].in_errors, found["L0"].in_packets, found["L0"].seconds) == (5, 995, 120)
    assert found["L1"] == CALM


def test_errors_of_all_polls_add_up_to_what_was_counted():
    """Between full readings nothing is lost and nothing counted twice."""
    device = bench("GE0/0/1")
    device.poll()
    total, packets = 0, 0
    for errors, seen in [(0, 10), (3, 20), (3, 40), (3, 41), (9, 90), (9, 95), (9, 100)]:
        device.agent.port(1, "GE0/0/1", in_errors=errors, in_packets=seen)
        stats = device.poll()["L0"]
        total += stats.in_errors or 0
        packets += stats.in_packets or 0
    assert total == 9
    assert packets in (90, 100)


def test_a_port_that_goes_down_is_down_at_once():
    """State, the speed it has left, and since when."""
    device = bench("GE0/0/1")
    device.poll()
    device.agent.port(1, "GE0/0/1", oper=2, speed=0)
    found = device.poll()["L0"]
    assert (found.oper, found.admin, found.speed_mbps) == ("down", "up", None)
    assert device.poll()["L0"].oper == "down"


def test_who_switched_the_port_off_is_told():
    """Administratively down is said, operationally down decides."""
    device = bench("GE0/0/1")
    device.poll()
    device.agent.port(1, "GE0/0/1", admin=2, oper=2)
    assert (device.poll()["L0"].admin, device.poll()["L0"].oper) == ("down", "down")


def test_f12_renumbered_interfaces_are_found_by_their_names():
    """F12: after a restart our port has another number, and another port has ours: no outage, no counters of others.

    Mutants tried: without the comparison of names in `_read_in_full` L0 is down, by the port that has its number now
    ("down" != "up", in the next test); without `_check_clock` the names still save the reading, and the reason is the
    wrong one; without the age of the table a swap that moves nothing stays unseen.
    """
    device = bench("GE0/0/1", "GE0/0/2")
    device.poll()
    device.agent.port(2, "GE0/0/1", in_errors=1000)
    device.agent.port(1, "GE0/0/2", oper=2)
    device.reboot()
    found = device.poll(agent_s=0)
    assert (found["L0"].oper, found["L1"].oper) == ("up", "down")
    assert (found["L0"].in_errors, found["L0"].reseeded) == (None, RESTARTED)


def test_f12_a_number_that_was_given_away_without_a_restart():
    """The table changed behind our back: whatever moved is believed only under its own name."""
    device = bench("GE0/0/1", "GE0/0/2")
    device.poll()
    device.agent.remove(2)
    device.agent.port(1, "GE0/0/2", oper=2)
    device.agent.port(7, "GE0/0/1")
    found = device.poll()
    assert (found["L0"].oper, found["L0"].reseeded) == ("up", RENUMBERED)
    assert found["L1"].oper == "down"


def test_f12_a_swap_that_moves_no_counter_is_seen_by_the_age_of_the_table():
    """ifTableLastChange says that rows came or went: names are read again at once."""
    device = bench("GE0/0/1", "GE0/0/2")
    device.agent.objects[TABLE_LAST_CHANGE] = 100
    device.agent.port(2, "GE0/0/2", in_packets=50)
    device.poll()
    device.agent.port(2, "GE0/0/1")
    device.agent.port(1, "GE0/0/2", in_packets=60)
    device.agent.objects[TABLE_LAST_CHANGE] = 200
    device.poll()
    where = device.device.ports["GE0/0/1"].place
    assert where is not None
    assert where.index == 2


def test_an_interface_that_is_gone_is_trouble_of_the_agent_and_no_outage():
    """A card was pulled: nothing is said about the line, and the others are read on."""
    device = bench("GE0/0/1", "GE0/0/2")
    device.poll()
    device.agent.remove(1)
    assert list(device.poll()) == ["L1"]
    trouble = device.device.ports["GE0/0/1"].trouble
    assert trouble is not None
    assert trouble.trouble is Trouble.NO_INTERFACE
    device.agent.port(9, "GE0/0/1")
    assert list(device.poll()) == ["L1"]
    assert "L0" in device.poll(300)


def test_interfaces_are_named_by_alias_and_by_description_too():
    """Circuit ids stand in aliases, older equipment has descriptions only; names come first."""
    device = bench("GE0/0/1", "电路-南宁-0771", "Gi1 GigabitEthernet")
    device.agent.remove(2)
    device.agent.remove(3)
    device.agent.port(2, "GE0/0/2", alias="电路-南宁-0771")
    device.agent.port(3, "", alias="")
    device.agent.objects[1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 3] = b"Gi1 GigabitEthernet"
    assert set(device.poll()) == {"L0", "L1", "L2"}


def test_an_alias_in_the_encoding_of_older_equipment_is_read():
    """GB 18030 is what many boxes store."""
    device = bench("电路-南宁")
    device.agent.objects[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1, 1] = "电路-南宁".encode("gb18030")
    assert set(device.poll()) == {"L0"}


def test_an_alias_given_twice_is_refused_with_what_to_do():
    """Nobody knows which of the two ports is the line's."""
    device = bench("GE0/0/1", "customer 7")
    device.agent.remove(2)
    for index in (4, 5):
        device.agent.port(index, f"GE0/0/{index}", alias="customer 7")
    assert set(device.poll()) == {"L0"}
    trouble = device.device.ports["customer 7"].trouble
    assert trouble is not None
    assert trouble.trouble is Trouble.AMBIGUOUS
    assert str(trouble) == (
        "ifAlias 'customer 7' stands at ifIndex 4, 5; name it by ifName in the inventory, or give each port an alias"
        " of its own"
    )


def test_a_misspelt_interface_is_refused_with_the_nearest_name():
    """What the device has is offered."""
    device = bench("GE0/0/1", "GE0/0/11x")
    device.agent.remove(2)
    device.poll()
    assert "Did you mean 'GE0/0/1'?" in str(device.device.ports["GE0/0/11x"].trouble)


def test_polls_that_were_missed_make_no_delta():
    """After a gap counting begins anew: what happened meanwhile is unknown."""
    device = bench("GE0/0/1")
    device.poll()
    device.poll()
    device.agent.port(1, "GE0/0/1", in_errors=50)
    found = device.poll(200)["L0"]
    assert (found.in_errors, found.reseeded, found.oper) == (None, GAP, "up")
    assert device.poll()["L0"] == CALM


def test_counters_that_were_cleared_make_no_delta():
    """A counter below its last value, or a new ifCounterDiscontinuityTime."""
    device = bench("GE0/0/1")
    device.agent.port(1, "GE0/0/1", in_errors=9)
    device.poll()
    device.agent.port(1, "GE0/0/1", in_errors=8)
    assert device.poll()["L0"].reseeded == BACKWARDS
    device.agent.port(1, "GE0/0/1", in_errors=10)
    device.agent.objects[*DISCONTINUITY, 1] = 100
    assert device.poll()["L0"].reseeded == RESET
    assert device.poll()["L0"] == CALM


def test_a_speed_of_zero_is_unknown():
    """ifHighSpeed 0 exceeds nothing."""
    device = bench("GE0/0/1")
    device.agent.objects[*HIGH_SPEED, 1] = 0
    assert device.poll()["L0"].speed_mbps is None


def test_an_agent_without_the_newer_objects_is_read_as_far_as_it_goes():
    """What an agent lacks is unknown, neither 0 nor an error."""
    device = bench("GE0/0/1")
    for column in (*SELDOM, *OFTEN[2:]):
        device.agent.objects.pop((*column, 1), None)
    for _ in range(5):
        device.poll()
    assert device.poll()["L0"] == InterfaceStats("up", "up", seconds=300)


def test_an_answer_that_is_too_big_is_asked_for_in_halves_from_then_on():
    """tooBig halves the question, as often as it takes, and is remembered."""
    device = bench(*(f"GE0/0/{number}" for number in range(1, 13)))
    device.agent.most = 30
    assert len(device.poll()) == 12
    device.agent.asked.clear()
    assert len(device.poll()) == 12
    assert max(device.agent.asked) <= 30
    assert len(device.agent.asked) <= 5


def test_an_object_that_fits_into_no_message_is_one_that_is_not_there():
    """Even a single one too big: the rest is read."""
    device = bench("GE0/0/1")
    device.agent.most = 1
    with pytest.raises(AgentError) as caught:
        device.poll()
    assert caught.value.trouble is Trouble.TOO_BIG


def test_an_object_over_which_an_agent_fails_is_left_out():
    """genErr instead of "no such object": the others are read, and the object is not asked for again."""
    device = bench("GE0/0/1", extras=(RX, TEMPERATURE))
    device.agent.objects |= {(*RX.oid, 1): -1000, TEMPERATURE.oid: 40}
    device.agent.fails_over = (*RX.oid, 1)
    assert device.poll()["L0"].extras == (NamedValue("temperature", 40, "C", 60, None),)
    device.agent.asked.clear()
    for _ in range(5):
        device.poll()
    assert len(device.agent.asked) == 5
    device.agent.asked.clear()
    device.poll(300)
    assert len(device.agent.asked) == 2  # once more after a gap: the agent may be another by now


RX = Extra("rx_power", (1, 3, 6, 1, 4, 1, 9, 8), "interface", 0.01, "dBm", None, -24.0, (-1,))
TEMPERATURE = Extra("temperature", (1, 3, 6, 1, 4, 1, 9, 9, 0), "none", unit="C", above=60)


def test_further_objects_are_scaled_and_stand_until_they_are_read_again():
    """Optical power of the port, temperature of the device; numbers that mean unknown are left out."""
    device = bench("GE0/0/1", "GE0/0/2", extras=(RX, TEMPERATURE))
    device.agent.objects |= {(*RX.oid, 1): -2512, (*RX.oid, 2): -1, TEMPERATURE.oid: b"41.5 C"}
    rx, warm = NamedValue("rx_power", -25.12, "dBm", None, -24.0), NamedValue("temperature", 41.5, "C", 60, None)
    assert [stats.extras for stats in device.poll().values()] == [(rx, warm), (warm,)]
    assert rx.exceeded == "below -24 dBm"
    device.agent.objects[*RX.oid, 1] = -1800
    assert device.poll()["L0"].extras == (rx, warm)
    assert device.poll(300)["L0"].extras[0].value == -18


def test_a_number_beyond_all_sense_is_left_out():
    """What no reading can hold is not handed on: it would be refused at the other end."""
    device = bench("GE0/0/1", extras=(TEMPERATURE,))
    device.agent.objects |= {TEMPERATURE.oid: 2**63}
    assert device.poll()["L0"].extras == ()


def test_objects_of_a_ports_part_are_found_by_the_devices_own_mapping():
    """Many devices number optics by entPhysicalIndex; entAliasMappingTable says which port that is."""
    optic = Extra("rx_power", (1, 3, 6, 1, 4, 1, 2011, 8), "entity", 0.01, "dBm", None, -24.0)
    device = bench("GE0/0/1", "GE0/0/2", extras=(optic,))
    device.agent.objects |= {
        (*ENTITY_ALIAS, 67108867, 0): (*IF_INDEX, 1),
        (*ENTITY_ALIAS, 67108999, 0): (1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 1, 2),
        (*optic.oid, 67108867): -2600,
        (*optic.oid, 1): 999,
    }
    found = device.poll()
    assert [(one.name, one.value, one.exceeded) for one in found["L0"].extras] == [("rx_power", -26, "below -24 dBm")]
    assert found["L1"].extras == ()


def test_lines_that_leave_by_one_port_share_its_objects():
    """Each gets its own reading, the port is asked once."""
    device = bench("GE0/0/1")
    device.device.adopt([PortLine("L0", "GE0/0/1"), PortLine("L9", "GE0/0/1")])
    device.poll()
    device.agent.asked.clear()
    assert device.poll() == {"L0": CALM, "L9": CALM}
    assert device.agent.asked == [2 + len(OFTEN)]


def test_a_line_that_comes_later_does_not_disturb_the_others():
    """Known ports keep their counters; the new one is looked for at once."""
    device = bench("GE0/0/1")
    device.agent.port(5, "GE0/0/5")
    device.poll()
    device.device.adopt([PortLine("L0", "GE0/0/1"), PortLine("L5", "GE0/0/5")])
    found = device.poll()
    assert found["L0"] == CALM
    assert found["L5"].oper == "up"


class Stubborn(ScriptedAsker):
    """Answers each question for rows with the same ones again."""

    async def following(self, peer, oids, most):
        return await super().following(peer, [oid[: len(NAME)] for oid in oids], most)


def test_a_table_that_goes_round_in_circles_ends():
    """Rows that do not increase end their column (walks can spin)."""
    agent = ScriptedAgent()
    for index in range(1, 60):
        agent.port(index, f"GE0/0/{index}")
    (names,) = asyncio.run(walk(Stubborn({PLACE: agent}), peer(), [NAME]))
    assert len(names) == 25
    (names,) = asyncio.run(walk(ScriptedAsker({PLACE: agent}), peer(), [NAME]))
    assert len(names) == 59
