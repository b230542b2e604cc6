"""Whatever is wrong: one clear message on stderr, the right exit code, no traceback, and nothing changed."""

import os
import re
import sqlite3
import subprocess
import sys

import pytest

from slamon.cli.errors import failure_of
from slamon.store.errors import LedgerBusy, LedgerDamaged
from tests.cli.office import Office

AT = "2026-10-03T09:00"
WINDOW = ("--from", "2026-10-10T00:00", "--to", "2026-10-10T04:00", "--reason", "work")
# {restored} and {open} stand for the numbers of the two incidents.
EXCLUSION = ("exclusion", "add", "{restored}", "--from", AT, "--to", "2026-10-03T10:00", "--reason", "r")

WRONG = [
    # 1: it does not fit the facts
    (
        "an unknown line",
        1,
        "Did you mean 'GX-0001'?",
        ("complaint", "add", "GX-001", "--ticket", "T", "--category", "degradation"),
    ),
    ("an unknown ticket", 1, "there is no ticket 'T-9'", ("complaint", "close", "T-9")),
    ("an unknown incident", 1, "there is no incident #999", ("incident", "show", "999")),
    ("an incident's name that is none", 1, "names no incident", ("incident", "ack", "GX-0001")),
    ("an unknown kind of exclusion", 1, "Did you mean 'customer_side'?", (*EXCLUSION, "--kind", "customer-side")),
    ("planned work by hand", 1, "slamon maintenance add", (*EXCLUSION, "--kind", "planned_maintenance")),
    (
        "a correction of nothing",
        1,
        "a correction changes something",
        ("incident", "correct", "{restored}", "--reason", "r"),
    ),
    (
        "restored before the onset",
        1,
        "onset lies before restored",
        ("incident", "correct", "{restored}", "--restored", "2026-10-03T07:00", "--reason", "r"),
    ),
    ("planned work on nothing", 1, "concerns no line", ("maintenance", "add", *WINDOW)),
    ("an unknown upstream", 1, "Did you mean 'OLT-1'?", ("maintenance", "add", "--upstream", "OLT1", *WINDOW)),
    ("an unknown window", 1, "there is no planned work 'M-1'", ("maintenance", "cancel", "M-1")),
    ("resuming what runs", 1, "is not suspended", ("line", "resume", "GX-0001", "--at", AT)),
    ("no stop-clock to stop", 1, "no stop-clock runs", ("exclusion", "stop", "{open}")),
    ("an unknown customer", 1, "Did you mean 'C1'?", ("report", "2026-10", "--customer", "c1")),
    ("a report on an unknown line", 1, "Did you mean", ("report", "2026-10", "--line", "gx-0001")),
    ("probing an unknown line", 1, "there is no line 'x'", ("probe", "x")),
    ("a name of nobody", 1, "the name given with --by is empty", ("incident", "ack", "{open}", "--by", " ")),
    ("a hostile name", 1, "control characters", ("incident", "ack", "{open}", "--by", "\x1b]0;owned\x07")),
    (
        "a hostile reason",
        1,
        "control characters",
        ("incident", "correct", "{open}", "--false-alarm", "--reason", "\x1b[31mred"),
    ),
    ("a hostile line", 1, r"'\x1b[31mGX-0001'", ("line", "show", "\x1b[31mGX-0001")),
    (
        "a hostile ticket",
        1,
        "control characters",
        ("complaint", "add", "GX-0001", "--ticket", "T\x9b1", "--category", "degradation"),
    ),
    ("a very long note", 1, "at most 4000", ("incident", "note", "{open}", "--text", "x" * 4001)),
    # 2: wrong usage
    ("an unknown command", 2, "Did you mean 'complaint'?", ("complain",)),
    ("a hostile command", 2, "there is no command", ("\x1b[31mreport",)),
    ("an unknown option", 2, "No such option", ("report", "2026-10", "--\x1b[31mx")),
    ("a hostile argument too many", 2, "unexpected extra argument", ("line", "show", "GX-0001", "\x1b[31mx")),
    ("no month", 2, "name the month, such as 2026-10", ("report",)),
    ("a month that is none", 2, "write YYYY-MM", ("report", "2026-13")),
    ("a hostile month", 2, "is not a month", ("report", "\x1b[31m")),
    ("a time that is none", 2, "is not an ISO 8601 time", ("complaint", "close", "T-1", "--at", "yesterday")),
    (
        "a time that happens twice",
        2,
        "+02:00 or 2026-10-25T02:30:00+01:00",
        ("line", "suspend", "BE-0001", "--from", "2026-10-25T02:30", "--reason", "policy"),
    ),
    (
        "a time that never is",
        2,
        "does not exist in Europe/Berlin",
        ("line", "suspend", "BE-0001", "--from", "2027-03-28T02:30", "--reason", "policy"),
    ),
    (
        "a time out of range",
        2,
        "out of range",
        ("line", "suspend", "BE-0001", "--from", "0001-01-01T00:00+14:00", "--reason", "policy"),
    ),
    (
        "a category that is none",
        2,
        "'slow' is not one of",
        ("complaint", "add", "GX-0001", "--ticket", "T", "--category", "slow"),
    ),
    ("a reason that is none", 2, "is not one of", ("line", "suspend", "GX-0001", "--reason", "whim")),
    ("no reason", 2, "Missing option '--reason'", ("incident", "correct", "{open}", "--false-alarm")),
    ("neither incident nor upstream", 2, "one of the two", ("incident", "correct", "--false-alarm", "--reason", "r")),
    (
        "both incident and upstream",
        2,
        "one of the two",
        ("incident", "correct", "{open}", "--upstream", "OLT-1", "--false-alarm", "--reason", "r"),
    ),
    (
        "a window without an upstream",
        2,
        "go with --upstream",
        ("incident", "correct", "{open}", "--since", AT, "--false-alarm", "--reason", "r"),
    ),
    ("a page of several customers", 2, "name one with --customer", ("report", "2026-10", "--format", "html")),
    ("a format that is none", 2, "Did you mean 'json'?", ("report", "2026-10", "--format", "jsn")),
    (
        "two formats on stdout",
        2,
        "several formats need a folder",
        ("report", "2026-10", "--format", "json,csv", "-o", "-"),
    ),
    ("a folder without a format", 2, "-o needs to know what to write", ("report", "2026-10", "-o", "out")),
    ("a language that is none", 2, "is not one of", ("report", "2026-10", "--lang", "de")),
    (
        "evidence that is not there",
        2,
        "does not exist",
        (*EXCLUSION, "--kind", "force_majeure", "--evidence", "none.pdf"),
    ),
    ("readings that are not there", 2, "does not exist", ("replay", "none.jsonl")),
    ("a head that is none", 2, "is not WRITER=HASH", ("ledger", "verify", "--head", "x")),
    # 3: a file is wrong
    ("an inventory that is not there", 3, "cannot be read", ("lines", "check", "none.csv")),
]


def unharmed(text: str) -> bool:
    """Whether a text can go to a terminal."""
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


@pytest.fixture(scope="module")
def shared(measured_office) -> tuple[Office, dict[str, str]]:
    """Nothing is changed by what is refused, so all of it works on one office."""
    first, second = measured_office.incidents()
    return measured_office, {"restored": str(first["number"]), "open": str(second["number"])}


@pytest.mark.parametrize(("code", "words", "args"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said_once_and_changes_nothing(shared, code, words, args):
    """Message, exit code, no traceback, nothing on stdout, no entry."""
    office, numbers = shared
    before = office.entries()
    found = office.run(*(arg.format(**numbers) if arg.startswith("{") else arg for arg in args))
    assert (found.code, found.out) == (code, "")
    assert words in found.err
    assert "Traceback" not in found.err
    assert unharmed(found.err)
    assert len(found.err.strip().splitlines()) <= 8
    assert office.entries() == before


class TestConfigs:
    def test_all_problems_of_all_files_come_at_once(self, office):
        """Config and inventory, each with file and place: exit code 3 for every command that needs them."""
        config = office.folder / "slamon.toml"
        config.write_text(config.read_text().replace("open_after_s", "open_afters_s"))
        lines = office.folder / "lines.csv"
        lines.write_text(lines.read_text().replace(",AAA,3000.00", ",AAAA,3000.00").replace("600.00", "lots"))
        for args in (("check",), ("status",), ("report", "2026-10"), ("complaint", "list"), ("run",)):
            found = office.run(*args)
            assert (found.code, found.out) == (3, "")
            assert found.err.startswith("Error: 4 problems\n")
            assert "profiles.default.open_afters_s" in found.err
            assert "Did you mean 'open_after_s'?" in found.err
            assert found.err.count("column tier") == 2
            assert "row 4, column monthly_rent" in found.err

    def test_check_gives_the_problems_as_json_too(self, office):
        """With file, place, reason and hint apart."""
        (office.folder / "lines.csv").write_text("line_idd\nx\n")
        found = office.run("check", "--json")
        assert found.code == 3
        assert '"ok":false' in found.out
        assert '"where":"row 1, column 1"' in found.out

    def test_no_config_says_how_to_go_on(self, office, monkeypatch):
        """It names what was looked for."""
        monkeypatch.delenv("SLAMON_CONFIG", raising=False)
        missing = Office(office.folder / "nowhere").run("check")
        assert missing.code == 3
        assert "there is no such file (given with --config)" in missing.err

    def test_a_hostile_inventory_is_refused_without_touching_the_terminal(self, office):
        """What it holds is shown as escapes."""
        lines = office.folder / "lines.csv"
        lines.write_text(lines.read_text().replace("GX-0003", "\x1b[31mGX-0003\u202e"), encoding="utf-8")
        found = office.run("check")
        assert found.code == 3
        assert unharmed(found.err)
        assert "\u202e" not in found.err


class TestReadings:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("not json", "line 1: is not JSON"),
            ('{"line": "GX-0001"}', "line 1, start: is missing"),
            ('{"line":"GX-0009","start":"2026-10-04T00:00Z","end":"2026-10-04T01:00Z"}', "no line 'GX-0009'"),
            ('{"line":"GX-0001","start":"2026-10-04T00:00","end":"2026-10-04T01:00"}', "has no offset"),
            ("\x00\x1b", "line 1: is not JSON"),
        ],
        ids=["no JSON", "no start", "unknown line", "no offset", "control characters"],
    )
    def test_a_wrong_line_anywhere_leaves_all_unjudged(self, office, text, words):
        """Good readings before the bad line are not judged either."""
        file = office.folder / "more.jsonl"
        good = (
            '{"line":"GX-0001","start":"2026-10-03T07:00Z","end":"2026-10-03T08:00Z","demarc":{"sent":5,"received":5}}'
        )
        file.write_text(f"{text}\n{good}\n", encoding="utf-8")
        before = office.entries()
        found = office.run("replay", str(file))
        assert (found.code, found.out) == (3, "")
        assert words in found.err
        assert unharmed(found.err)
        assert office.entries() == before


class TestLedgers:
    def test_a_changed_entry_is_an_integrity_violation(self, office):
        """Exit code 4, and the first bad entry is named."""
        with sqlite3.connect(office.folder / "state" / "ledger.db") as database:
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                database.execute(f'DROP TRIGGER "{name}"')
            database.execute("UPDATE entry SET by_name = 'nobody' WHERE seq = 3")
        database.close()
        found = office.run("ledger", "verify")
        assert (found.code, found.out) == (4, "")
        assert "entry 3 of office: its content does not match its hash" in found.err
        assert office.run("ledger", "verify", "--json").code == 4

    def test_a_head_that_is_no_longer_there_is_one_too(self, office):
        """Known heads are how a cut end is noticed."""
        assert office.run("ledger", "verify", "--head", "office=sha256:00").code == 4
        head = office.json("ledger", "verify", "--json")["heads"]["office"]
        assert office.run("ledger", "verify", "--head", f"office={head}").code == 0

    def test_something_else_in_the_ledgers_place_is_said(self, office):
        """No traceback of a database library."""
        (office.folder / "state" / "ledger.db").write_bytes(b"this is no database" * 100)
        for suffix in ("-wal", "-shm"):
            (office.folder / "state" / f"ledger.db{suffix}").unlink(missing_ok=True)
        found = office.run("status")
        assert found.code in (1, 4)
        assert "ledger.db" in found.err
        assert "defect" not in found.err

    def test_no_ledger_to_verify_is_a_failure(self, office):
        """There is nothing that could be sound."""
        (office.folder / "state" / "ledger.db").unlink()
        found = office.run("ledger", "verify")
        assert (found.code, found.out) == (1, "")
        assert "there is no ledger" in found.err

    def test_a_backup_overwrites_nothing(self, office):
        """The file that is there stays."""
        kept = office.folder / "kept.db"
        kept.write_text("kept")
        found = office.run("ledger", "backup", str(kept))
        assert found.code == 1
        assert "exists already" in found.err
        assert kept.read_text() == "kept"


class TestFailures:
    def test_a_damaged_ledger_is_an_integrity_violation_a_busy_one_is_not(self):
        """4 and 1."""
        assert failure_of(LedgerDamaged("x"), debug=False).exit_code == 4
        assert failure_of(LedgerBusy("x"), debug=False).exit_code == 1

    def test_an_unexpected_error_is_one_line_that_owns_up_to_it(self):
        """And a hint how to see more."""
        failure = failure_of(RuntimeError("a\nb"), debug=False)
        assert failure.exit_code == 1
        assert failure.lines[0] == "this is a defect of slamon: RuntimeError: a b"
        assert "--log-level debug" in failure.lines[1]

    def test_for_debug_its_traceback_is_shown(self, capsys):
        """On stderr, with the same line after it."""
        with pytest.raises(RuntimeError) as caught:
            raise RuntimeError("x")
        failure = failure_of(caught.value, debug=True)
        assert "Traceback" in capsys.readouterr().err
        assert failure.lines == ("this is a defect of slamon: RuntimeError: x",)


class TestProcesses:
    """A few real ones: what an operator's shell sees."""

    def call(self, office: Office, *args: str, **more) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "slamon", "-c", office.config, *args]
        env = {**os.environ, "PYTHONWARNINGS": "error"}
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env, **more)

    def test_exit_codes_reach_the_shell(self, office):
        """0, 1, 2, 3, each with its message on stderr only."""
        assert self.call(office, "ledger", "verify").returncode == 0
        failed = self.call(office, "incident", "show", "#999")
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr == "Error: there is no incident #999; see `slamon incident list`\n"
        assert self.call(office, "report", "soon").returncode == 2
        (office.folder / "lines.csv").write_text("")
        assert self.call(office, "check").returncode == 3

    def test_a_reader_who_has_seen_enough_ends_it_quietly(self, office):
        """`slamon ledger export | head -0` leaves nothing on stderr."""
        command = [sys.executable, "-m", "slamon", "-c", office.config, "ledger", "export"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.close()
            assert process.stderr is not None
            assert process.stderr.read() == ""

    def test_bytes_that_are_no_text_are_refused(self, office):
        """An argument that is not UTF-8 reaches Python as surrogates, which no ledger can hold."""
        args = ["complaint", "add", "GX-0001", "--ticket", b"T\xff\xfe", "--category", "degradation"]
        command = [sys.executable, "-m", "slamon", "-c", office.config, *args]
        before = office.entries()
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        assert done.returncode == 1
        assert b"no text" in done.stderr
        assert office.entries() == before

    def test_a_terminal_that_knows_no_chinese_still_gets_an_answer(self, office):
        """What it cannot show is escaped."""
        env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "COLUMNS": "200"}
        command = [sys.executable, "-m", "slamon", "-c", office.config, "line", "list"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env)
        assert done.returncode == 0, done.stderr
        assert "\\u67d0" in done.stdout

    def test_data_is_utf_8_whatever_the_terminal_speaks(self, office):
        """Escapes of Python are no escapes of JSON."""
        env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
        for args in (["line", "list", "--json"], ["report", "2026-10", "--format", "csv"]):
            command = [sys.executable, "-m", "slamon", "-c", office.config, *args]
            done = subprocess.run(command, capture_output=True, check=False, timeout=60, env=env)
            assert "某银行".encode() in done.stdout, done.stderr
