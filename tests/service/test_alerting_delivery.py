"""Delivery on a real ledger: retried, rerouted, in order, two at once, and never lost when slamon is killed."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from slamon.alerting.channel import Answer, Outcome, later, never, sent
from slamon.alerting.scripted import ScriptedChannel
from slamon.config import channels as config
from slamon.service.alerting_attempts import DEAD, FAILED, LOW, SENT, Address
from slamon.service.alerting_delivery import Delivery
from slamon.store import outbox
from slamon.store.ledger import Ledger
from slamon.store.outbox import Letter, Spent
from slamon.store.personal import Seal
from tests.service.fast import BASE, Fast
from tests.store.facts import stamp, url

DEADLINE_S = 20.0
HOUR = timedelta(hours=1)


def spec(name: str, **changes) -> config.Channel:
    return config.Channel(name, config.Terminal(), **changes)


def letter(key: str, *route: str, sequence: str = "", urgent: bool = True) -> Letter:
    head = {"reason": "opened", "person": "li", "subject": "I-1", "lines": ["GX-0001"], "urgent": urgent}
    return Letter(key, sequence or key, route or ("mail", "sms"), head, {"title": f"title of {key}", "body": "body"})


def anywhere(_person: str, _channel: str) -> Address:
    return Address("somewhere")


class Office:
    """A ledger, its delivery, and what stands in the record."""

    def __init__(self, ledger: Ledger, delivery: Delivery) -> None:
        self.ledger = ledger
        self.delivery = delivery

    async def post(self, *letters: Letter) -> None:
        def put() -> None:
            with self.ledger.transaction() as held:
                outbox.queue(held, letters, BASE)

        await asyncio.to_thread(put)
        self.delivery.ring()

    def record(self, *kinds: str) -> list[tuple[Any, ...]]:
        """Kind, key, channel and try of each entry, as recorded."""
        found = self.ledger.entries(kinds=set(kinds or (SENT, FAILED, DEAD)))
        payloads = [(entry.kind, entry.payload) for entry in found]
        return [(kind, said["key"], said["channel"], said["attempt"]) for kind, said in payloads]


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - what is waited for is in threads and files
            await asyncio.sleep(0.005)


@asynccontextmanager
async def office(
    folder: Path, channels: Sequence[tuple[config.Channel, ScriptedChannel]], times: float = 100
) -> AsyncIterator[Office]:
    with Ledger.open(url(folder / "ledger.db"), writer="x", stamp=stamp, seal=Seal(b"k" * 32)) as ledger:
        delivery = Delivery(ledger, HOUR, anywhere, Fast(times).means())
        await delivery.begin()
        await delivery.open(channels)
        running = asyncio.create_task(delivery.run())
        try:
            yield Office(ledger, delivery)
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await delivery.end(1)


def test_a_failing_channel_is_tried_again_and_then_the_second_one(tmp_path):
    """Three tries, a little apart, then the second channel at once; each on record, each with the same key."""
    mail, sms = ScriptedChannel([later("busy")] * 3), ScriptedChannel()

    async def scenario() -> None:
        async with office(tmp_path, [(spec("mail"), mail), (spec("sms"), sms)]) as desk:
            await desk.post(letter("k1"))
            await until(lambda: desk.record(SENT))
            assert desk.record() == [
                (FAILED, "k1", "mail", 1),
                (FAILED, "k1", "mail", 2),
                (FAILED, "k1", "mail", 3),
                (SENT, "k1", "sms", 1),
            ]

    asyncio.run(scenario())
    assert mail.keys + sms.keys == ["k1"] * 4
    assert sms.given[0].title == "title of k1"
    assert sms.given[0].to == "somewhere"


def test_a_letter_that_nobody_takes_is_given_up_and_that_is_on_record(tmp_path):
    """Both channels say never: dead, at once, and its words are gone."""
    mail, sms = ScriptedChannel([never("SMTP 550")]), ScriptedChannel([never("HTTP 403")])

    async def scenario() -> None:
        async with office(tmp_path, [(spec("mail"), mail), (spec("sms"), sms)]) as desk:
            await desk.post(letter("k1"))
            await until(lambda: desk.record(DEAD))
            assert desk.record() == [(FAILED, "k1", "mail", 1), (DEAD, "k1", "sms", 1)]
            assert outbox.backlog(desk.ledger, BASE - HOUR).dead == 1

    asyncio.run(scenario())


def test_what_is_said_of_an_incident_arrives_in_order(tmp_path):
    """The second message waits for the first, which fails a while; another incident's does not."""
    mail = ScriptedChannel([later("busy"), sent("other"), sent("first"), sent("second")])

    async def scenario() -> None:
        async with office(tmp_path, [(spec("mail"), mail)]) as desk:
            one, two = (letter(key, "mail", sequence="li|I-1") for key in ("a1", "a2"))
            await desk.post(one, two)
            await until(lambda: desk.record(FAILED))
            await desk.post(letter("b1", "mail"))
            await until(lambda: len(desk.record(SENT)) == 3)

    asyncio.run(scenario())
    order = [key for key in mail.keys if key != "b1"]
    assert order == ["a1", "a1", "a2"]
    assert mail.keys.index("b1") < mail.keys.index("a2")


def test_a_slow_channel_delays_no_other_and_has_two_sends_at_once_at_most(tmp_path):
    """Five letters hang in one; five go through the other meanwhile, and the loop is never blocked."""
    gate = threading.Event()

    def hang() -> Answer:
        gate.wait(DEADLINE_S)
        return sent("at last")

    slow, quick = ScriptedChannel([hang] * 5), ScriptedChannel()

    async def scenario() -> None:
        async with office(tmp_path, [(spec("slow"), slow), (spec("quick"), quick)]) as desk:
            await desk.post(*(letter(f"s{n}", "slow") for n in range(5)))
            await until(lambda: len(slow.given) == 2)
            await desk.post(*(letter(f"q{n}", "quick") for n in range(5)))
            await until(lambda: len(quick.given) == 5)
            assert len(slow.given) == 2
            gate.set()
            await until(lambda: len(desk.record(SENT)) == 10)

    asyncio.run(scenario())
    assert (slow.most_at_once, sorted(slow.keys)) == (2, [f"s{n}" for n in range(5)])


def test_a_pause_that_a_service_asks_for_holds_its_whole_channel(tmp_path):
    """Nothing else is sent there before it is over (60 s of a time that runs a hundred times as fast)."""
    mail = ScriptedChannel([later("HTTP 429", retry_after_s=60)])

    async def scenario() -> None:
        async with office(tmp_path, [(spec("mail"), mail)]) as desk:
            await desk.post(letter("k1", "mail"))
            await until(lambda: desk.record(FAILED))
            before = asyncio.get_running_loop().time()
            await desk.post(letter("k2", "mail"))
            await until(lambda: len(desk.record(SENT)) == 2)
            assert asyncio.get_running_loop().time() - before > 0.3

    asyncio.run(scenario())


def test_letters_of_a_channel_that_is_gone_take_their_other_way(tmp_path):
    """After a reload; those without another way are given up, on record."""
    mail, sms = ScriptedChannel(), ScriptedChannel()

    async def scenario() -> None:
        async with office(tmp_path, [(spec("other"), ScriptedChannel())]) as desk:
            await desk.post(letter("k1", "mail", "sms"), letter("k2", "mail"))
            await desk.delivery.open([(spec("sms"), sms)])
            await until(lambda: desk.record(SENT))
            assert (DEAD, "k2", "mail", 0) in desk.record()

    asyncio.run(scenario())
    assert (mail.keys, sms.keys) == ([], ["k1"])


def test_a_defect_of_a_channel_is_a_failed_try_and_tells_no_secret(tmp_path):
    """The exception's text, which may hold anything, is not recorded."""

    def burst() -> Answer:
        raise RuntimeError("https://hooks.example/CANARY-SECRET")

    mail = ScriptedChannel([burst])

    async def scenario() -> None:
        async with office(tmp_path, [(spec("mail"), mail)]) as desk:
            await desk.post(letter("k1", "mail"))
            await until(lambda: desk.record(SENT))
            said = [entry.payload_json for entry in desk.ledger.entries()]
            assert "RuntimeError" in said[0]
            assert not any("CANARY" in text for text in said)

    asyncio.run(scenario())


def test_what_short_messages_cost_and_that_the_money_runs_out_is_on_record(tmp_path):
    paid = Answer(Outcome.SENT, "HTTP 200", segments=2, cost=Decimal("0.08"), low=Decimal("9.50"))

    async def scenario() -> None:
        async with office(tmp_path, [(spec("sms"), ScriptedChannel([paid, paid]))]) as desk:
            await desk.post(letter("k1", "sms"), letter("k2", "sms"))
            await until(lambda: len(desk.record(SENT)) == 2)
            assert outbox.spent(desk.ledger, "sms", "2026-11") == Spent(2, 4, Decimal("0.16"))
            low = [entry.payload for entry in desk.ledger.entries(kinds={LOW})]
            assert low == [{"channel": "sms", "balance": "9.50"}] * 2

    asyncio.run(scenario())


CHILD = """
import asyncio, sys, threading
from datetime import timedelta
from pathlib import Path
from typing import Any
sys.path.insert(0, {root!r})
from slamon.alerting.channel import sent
from tests.service.test_alerting_delivery import office, letter, spec, ScriptedChannel

def hang():
    print("sending", flush=True)
    threading.Event().wait()

async def main():
    async with office(Path({folder!r}), [(spec("mail"), ScriptedChannel([hang] * 3))]) as desk:
        await desk.post(letter("k1", "mail"), letter("k2", "mail"), letter("k3", "mail"))
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_kill_9_between_claim_and_send_loses_nothing(tmp_path):
    """F23: what was claimed is sent again by the next life, at once, with the same key; nothing is lost.

    Mutant: `Delivery.begin` without `release`: nothing arrives before the lease of ten minutes is over.
    """
    root = str(Path(__file__).parents[2])
    script = CHILD.format(root=root, folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert [child.stdout.readline(), child.stdout.readline()] == ["sending\n"] * 2
        child.send_signal(signal.SIGKILL)
    mail = ScriptedChannel()

    async def next_life() -> None:
        async with office(tmp_path, [(spec("mail"), mail)], times=1) as desk:
            await until(lambda: len(desk.record(SENT)) == 3)
            assert sorted(key for _, key, *_ in desk.record()) == ["k1", "k2", "k3"]
            # The third was never claimed before: its first try is the first.
            assert {key: tries for _, key, _, tries in desk.record(SENT)} == {"k1": 2, "k2": 2, "k3": 1}

    asyncio.run(next_life())
    assert sorted(mail.keys) == ["k1", "k2", "k3"]


@pytest.mark.parametrize("grace", ["in time", "too late"])
def test_a_clean_end_waits_a_little_for_what_is_being_sent(tmp_path, grace):
    """What comes back in time is recorded; what does not is sent again by the next life."""
    gate = threading.Event()

    def hang() -> Answer:
        gate.wait(DEADLINE_S)
        return sent("at last")

    mail = ScriptedChannel([hang])

    async def scenario() -> None:
        async with office(tmp_path, [(spec("mail"), mail)]) as desk:
            await desk.post(letter("k1", "mail"))
            await until(lambda: mail.given)
            if grace == "in time":
                gate.set()
            await desk.delivery.end(5 if grace == "in time" else 0.01)

    asyncio.run(scenario())
    gate.set()
    with Ledger.open(url(tmp_path / "ledger.db"), writer="x", stamp=stamp, seal=Seal(b"k" * 32)) as ledger:
        waiting = outbox.backlog(ledger, BASE).waiting
    assert waiting == ({} if grace == "in time" else {"mail": 1})
