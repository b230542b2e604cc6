"""What is recorded can be read again, by every path, and by nobody else."""

import io
import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.timespan import NaiveInstant
from slamon.store import sqlite
from slamon.store.errors import LedgerDamaged, LedgerError, NotALedger, NotRecordable, ReadOnly
from slamon.store.ledger import Actor, Draft, Ledger, TailBatch, blob_id
from tests.store.facts import BASE, draft, stamp, tamper, url

KINDS = ["a.opened", "b.closed", "c.seldom", "d.never"]
LINES = [f"GX-{number:04d}" for number in range(40)]


def test_an_entry_says_who_did_what_when_and_why(ledger):
    """Every member of a draft, and the writer's stamp, stands in the entry."""
    filed = Draft("complaint.added", BASE, {"ticket": "T1"}, "GX-0001", "T1", "called", Actor("li", "uid:7"))
    assert ledger.append([filed]) == [1]
    (one,) = ledger.entries()
    assert (one.seq, one.writer, one.writer_seq, one.kind, one.line_id, one.subject) == (
        1, "nanning-1", 1, "complaint.added", "GX-0001", "T1",
    )  # fmt: skip
    assert (one.at, one.recorded_at, one.mono_ns, one.boot_id) == (BASE, stamp().wall, stamp().mono_ns, stamp().boot_id)
    assert (one.by_name, one.os_user, one.why, one.payload) == ("li", "uid:7", "called", {"ticket": "T1"})
    assert ledger.heads() == {"nanning-1": one.hash}


def test_microseconds_before_the_epoch_are_kept(ledger):
    """The instant of an entry is exact, wherever it lies."""
    at = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=BASE.tzinfo)
    ledger.append([replace(draft(1), at=at)])
    assert next(ledger.entries()).at == at


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A ledger of several pages, two writers, and the same entries as a plain list."""
    path = tmp_path_factory.mktemp("large") / "ledger.db"
    for writer, count in (("nanning-1", 9_000), ("cli", 500)):
        with Ledger.open(url(path), writer=writer, stamp=stamp) as opened:
            opened.append(
                [
                    draft(
                        number,
                        kind="c.seldom" if number % 1000 == 7 else KINDS[number % 2],
                        line_id=None if number % 11 == 0 else LINES[number * 17 % len(LINES)],
                        subject=f"S{number % 5}" if number % 3 else None,
                    )
                    for number in range(count)
                ]
            )
    with Ledger.open(url(path), writer="reader", stamp=stamp, read_only=True) as opened:
        yield opened, list(opened.entries())


@given(
    kinds=st.none() | st.lists(st.sampled_from(KINDS)),
    line_id=st.none() | st.sampled_from(LINES),
    subject=st.none() | st.sampled_from(["S1", "S2", "S9"]),
    line_ids=st.none() | st.lists(st.sampled_from([*LINES, "GX-none"]), max_size=4),
    after_seq=st.sampled_from([0, 1, 4096, 9_000, 20_000]),
    by_line=st.booleans(),
)
def test_every_way_to_read_gives_what_a_plain_filter_gives(
    large, *, kinds, line_id, subject, line_ids, after_seq, by_line
):
    """Indexes, pages and merging change nothing: all entries that meet the conditions, in order, once."""
    opened, everything = large
    expected = [
        one
        for one in everything
        if one.seq > after_seq
        and (kinds is None or one.kind in kinds)
        and (line_id is None or one.line_id == line_id)
        and (subject is None or one.subject == subject)
        and (line_ids is None or one.line_id in line_ids)
        and not (by_line and one.line_id is None)
    ]
    if by_line:
        expected.sort(key=lambda one: (one.line_id, one.seq))
    found = opened.entries(
        kinds=kinds, line_id=line_id, subject=subject, after_seq=after_seq, by_line=by_line, line_ids=line_ids
    )
    assert list(found) == expected


def test_the_large_ledger_is_all_there(large):
    """The plain list with which the filters are compared holds each number once, in order."""
    opened, everything = large
    assert [one.seq for one in everything] == list(range(1, 9_501))
    assert opened.last_seq() == 9_500
    assert opened.heads() == {"nanning-1": everything[8_999].hash, "cli": everything[-1].hash}


def test_state_is_kept_with_the_entries_or_not_at_all(ledger):
    """Entries, states, checkpoint and tail of one commit come together.

    Mutant: `with self.transaction()` around the append alone, the states in a second one: states() is not {}.
    """
    with pytest.raises(NotRecordable):
        ledger.commit([replace(draft(1), payload={"x": Decimal(1)})], states={"GX-1": "{}"})
    with pytest.raises(NaiveInstant):
        ledger.commit([draft(1)], states={"GX-1": "{}"}, checkpoint=b"", at=datetime(2026, 1, 1))  # noqa: DTZ001
    assert (ledger.last_seq(), ledger.states(), ledger.checkpoint("nanning-1")) == (0, {}, None)


def test_states_are_overwritten_and_forgotten(ledger):
    """A line's state is its last one; None forgets it."""
    ledger.commit([], states={"GX-1": "a", "GX-2": "b", "GX-3": None})
    ledger.commit([draft(1)], states={"GX-1": "c", "GX-2": None})
    assert ledger.states() == {"GX-1": "c"}


def test_a_checkpoint_is_the_last_one_of_its_vantage(ledger):
    """Checkpoints overwrite each other per vantage, to the microsecond."""
    at = BASE + timedelta(microseconds=1)
    ledger.commit([], checkpoint=b"one", at=BASE)
    ledger.commit([], checkpoint=b"two", at=at)
    assert ledger.checkpoint("nanning-1") == (at, b"two")
    assert ledger.checkpoint("elsewhere") is None


def test_the_tail_is_pruned_by_its_end(ledger):
    """Batches that end at the instant or before are forgotten, later ones stay in order."""
    batches = [
        TailBatch(BASE + timedelta(seconds=10 * n), BASE + timedelta(seconds=10 * n + 10), bytes([n])) for n in range(4)
    ]
    ledger.commit([], tail=batches)
    ledger.commit([], prune_before=batches[1].end)
    assert ledger.tail("nanning-1") == batches[2:]
    assert ledger.tail("elsewhere") == []


def test_an_exception_in_a_transaction_records_nothing(ledger):
    """What a person decides not to file leaves no trace, and the lock is given back."""

    class ChangedMyMind(Exception):
        pass

    def file_and_think_again() -> None:
        with ledger.transaction() as held:
            assert held.append([draft(1), draft(2)]) == [1, 2]
            assert [one.seq for one in held.entries()] == [1, 2]
            raise ChangedMyMind

    with pytest.raises(ChangedMyMind):
        file_and_think_again()
    assert ledger.last_seq() == 0
    assert ledger.append([draft(1)]) == [1]


def test_blobs_are_stored_once_and_listed_in_the_payload(ledger):
    """The payload names a blob by its SHA-256; the same bytes are stored once, packed or not."""
    text, packed = b"<contract>" * 100, b"\x78\x9c no real zlib stream"
    for _ in range(2):
        ledger.append([replace(draft(1), blobs=(text, packed))])
    assert [one.payload["blobs"] for one in ledger.entries()] == [[blob_id(text), blob_id(packed)]] * 2
    assert ledger.blob(blob_id(text)) == text
    assert ledger.blob(blob_id(packed)) == packed
    with pytest.raises(LedgerDamaged, match="missing"):
        ledger.blob(blob_id(b"never stored"))


def test_personal_texts_stand_outside_the_chain(ledger):
    """The entry holds a salted reference only: the same name twice cannot be told to be the same."""
    filed = replace(draft(1), personal={"caller": "王小明"})
    ledger.append([filed, filed])
    first, second = (one.payload["personal"]["caller"] for one in ledger.entries())
    assert first != second
    assert ledger.personal(first) == ledger.personal(second) == "王小明"
    assert not any("王小明" in one.payload_json for one in ledger.entries())
    tamper(ledger.path, "DELETE FROM personal")
    assert ledger.personal(first) is None
    assert ledger.verify().sound


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"x": Decimal(1)}, id="a value that JSON does not know is refused"),
        pytest.param({"x": float("nan")}, id="a number that JSON does not know is refused"),
        pytest.param({"x": "\udcff"}, id="text that is not Unicode is refused"),
        pytest.param({1: "a", "b": 2}, id="keys that cannot be sorted are refused"),
        pytest.param({"personal": {"caller": "x"}}, id="a personal key of the caller's own is refused"),
        pytest.param({"blobs": ["0" * 64]}, id="a list of blobs that were not handed over is refused"),
    ],
)
def test_what_has_no_canonical_form_is_refused(ledger, bad):
    with pytest.raises(NotRecordable, match=r"incident\.opened"):
        ledger.append([draft(1), replace(draft(2), payload=bad)])
    assert ledger.last_seq() == 0


def test_a_why_that_is_not_unicode_is_refused(ledger):
    """A byte of another encoding on the command line becomes no entry that nobody could hash again."""
    with pytest.raises(NotRecordable):
        ledger.append([replace(draft(1), why="\udce9")])


def test_an_export_can_be_checked_without_slamon(ledger):
    """JSON and SHA-256 are enough to work out every hash of an export again."""
    ledger.append([replace(draft(n), payload={"f": 0.1 + n / 7, "z": [n, None], "文": "\u2028\n"}) for n in range(20)])
    stream = io.StringIO()
    assert ledger.export(stream) == 20
    previous = None
    for line in stream.getvalue().rstrip("\n").split("\n"):
        one = json.loads(line)
        text = json.dumps(one["payload"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        names = "seq writer writer_seq kind line_id subject at_us recorded_at_us mono_ns boot_id by_name os_user why"
        form = ["slamon.entry/1", *(one[name] for name in names.split()), text, previous]
        plain = json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()
        assert one["hash"] == "sha256:" + sha256(plain).hexdigest()
        assert one["prev_hash"] == previous
        previous = one["hash"]


def test_a_backup_is_one_sound_file_of_the_same_entries(ledger, tmp_path):
    """A backup taken while entries are still in the log holds them, and is never written over."""
    ledger.append([replace(draft(n), blobs=(b"x" * n,), personal={"caller": "li"}) for n in range(1, 50)])
    target = tmp_path / "copies" / "backup 1%.db"
    target.parent.mkdir()
    assert ledger.backup(target).sound
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    with Ledger.open(url(target), writer="x", stamp=stamp, read_only=True) as copied:
        assert list(copied.entries()) == list(ledger.entries())
        assert copied.verify(ledger.heads()).sound
    with pytest.raises(LedgerError, match="exists already"):
        ledger.backup(target)


def test_a_backup_of_a_broken_ledger_says_so(ledger, tmp_path):
    """The copy is checked after it was made."""
    ledger.append([draft(1), draft(2)])
    tamper(ledger.path, "UPDATE entry SET why = 'other' WHERE seq = 2")
    assert [broken.seq for broken in ledger.backup(tmp_path / "copy.db").problems] == [2]


def test_files_and_folder_are_the_owners_alone(ledger, tmp_path):
    """Whoever else has an account on the machine reads no ledger, log or index; a missing folder is made so too."""
    ledger.append([draft(1)])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    Ledger.open(url(tmp_path / "state" / "ledger.db"), writer="x", stamp=stamp).close()
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_every_connection_is_set_up(ledger):
    """Durability and waiting do not depend on which connection of the pool serves.

    Mutants: any pragma of `_set_up` taken out (`synchronous`: set to NORMAL, since FULL is most builds' default), or
    `timeout=` of `connect`: its value differs here.
    """
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000, "trusted_schema": 0}
    held = [ledger._engine.connect() for _ in range(6)]  # noqa: SLF001 - no public way to a connection, on purpose
    try:
        for connection in held:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
            assert found == wanted
    finally:
        for connection in held:
            connection.close()


@pytest.mark.parametrize("table", ["entry", "blob"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 1"])
def test_the_database_itself_refuses_to_change_the_past(ledger, table, statement):
    """A slip in the sqlite3 shell changes nothing: triggers refuse."""
    ledger.append([replace(draft(1), blobs=(b"data",))])
    with (
        closing(sqlite3.connect(ledger.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="the ledger is append-only"),
    ):
        connection.execute(statement.format(table))


def test_a_read_only_ledger_is_not_written(ledger):
    """Whoever opened it for reading is told so, and nothing happens."""
    with (
        Ledger.open(url(ledger.path), writer="x", stamp=stamp, read_only=True) as reader,
        pytest.raises(ReadOnly, match="may only be read"),
    ):
        reader.append([draft(1)])
    assert ledger.last_seq() == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("postgresql://db/slamon", "postgresql is not supported"),
        ("sqlite://", "does not name a file"),
        ("sqlite:///:memory:", "does not name a file"),
        ("ledger.db", "not a ledger URL"),
    ],
)
def test_a_url_that_names_no_file_is_refused(text, told):
    """The message says what to write instead."""
    with pytest.raises(NotALedger, match=told) as caught:
        Ledger.open(text, writer="x", stamp=stamp)
    assert "sqlite:///ledger.db" in str(caught.value)


def test_a_relative_file_lies_in_the_state_folder(tmp_path):
    """The URL of the configuration is relative to state_dir, unless its path is absolute."""
    assert sqlite.located("sqlite:///ledger.db", tmp_path) == f"sqlite:///{tmp_path}/ledger.db"
    assert sqlite.located("sqlite:////srv/ledger.db", tmp_path) == "sqlite:////srv/ledger.db"


@pytest.mark.parametrize("options", [{"read_only": True}, {"create": False}])
def test_a_ledger_that_must_exist_is_not_made(tmp_path, options):
    """A typing error in a path makes no empty ledger."""
    with pytest.raises(NotALedger, match="there is no ledger at"):
        Ledger.open(url(tmp_path / "ledgr.db"), writer="x", stamp=stamp, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [{}, {"read_only": True}])
@pytest.mark.parametrize(
    ("below", "told"),
    [("a.file/ledger.db", "ledger"), ("x" * 300, "File name too long")],
    ids=["in a file", "too long"],
)
def test_what_the_file_system_refuses_is_told(tmp_path, below, told, options):
    """A path that cannot be is named in one sentence, whatever the ledger was opened for."""
    (tmp_path / "a.file").touch()
    with pytest.raises(LedgerError, match=told) as caught:
        Ledger.open(url(tmp_path / below), writer="x", stamp=stamp, **options)
    assert below in str(caught.value)


def test_a_backup_into_a_missing_folder_is_told(ledger, tmp_path):
    """The message names the place; no half a copy stays anywhere."""
    with pytest.raises(LedgerError, match="No such file or directory"):
        ledger.backup(tmp_path / "nowhere" / "copy.db")


def test_another_file_is_left_alone(tmp_path):
    """A text file and a database of something else are named as what they are, and not touched."""
    text, other = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("not a database, " * 1000)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE customers (id)")
    for path, told in ((text, "is not a ledger"), (other, "it holds customers")):
        before = path.read_bytes()
        with pytest.raises(NotALedger, match=told):
            Ledger.open(url(path), writer="x", stamp=stamp)
        assert path == text or b"customers" in before
        if path == text:
            assert path.read_bytes() == before
