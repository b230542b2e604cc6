"""What each command prints, for people and as JSON, and what it leaves behind."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click
import pytest

from slamon.cli.files import written
from slamon.cli.main import COMMANDS, cli
from slamon.cli.report_pieces import as_is, customer_texts, piece_of
from slamon.core.calendar import BillingMonth
from slamon.reports import json as statement_json
from slamon.reports.model import customers
from slamon.service.statements import Wanted, statements, survey
from tests.cli.office import Office, furnish


def numbered(office: Office) -> tuple[str, str]:
    """The numbers of the incident that is over, and of the open one."""
    first, second = office.incidents()
    return f"#{first['number']}", f"#{second['number']}"


class TestHelp:
    @pytest.mark.parametrize("args", [(), *((name,) for name in COMMANDS)], ids=["slamon", *COMMANDS])
    def test_everything_explains_itself_without_a_config(self, args):
        """`--help` ends with 0 wherever it stands."""
        found = Office(furnish_nothing()).run(*args, "--help")
        assert found.code == 0
        assert found.out.startswith("Usage: slamon")

    def test_help_loads_neither_database_nor_terminal_library(self):
        """So that it, and completion, answer at once."""
        heavy = "{'sqlalchemy', 'pydantic', 'rich', 'icmplib', 'structlog', 'alembic'}"
        code = (
            "import sys\nfrom slamon.cli.main import cli\n"
            "cli(['--help'], standalone_mode=False)\n"
            f"print(sorted({heavy} & sys.modules.keys()))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.endswith("[]\n")

    def test_the_version_is_told(self, office):
        """As `slamon X.Y.Z`."""
        assert office.run("--version").out.startswith("slamon ")

    def test_a_shell_can_complete(self):
        """By click's own protocol."""
        env = {**os.environ, "_SLAMON_COMPLETE": "bash_complete", "COMP_WORDS": "slamon comp", "COMP_CWORD": "1"}
        code = "from slamon.cli.main import cli; cli(prog_name='slamon')"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
        assert done.stdout == "plain,complaint\n"

    def test_every_command_that_prints_data_takes_json(self):
        """All but those that print a stream of another kind."""
        without = {"run", "demo", "report", "ledger export", "errand"}
        assert {path for path, command in commands() if "as_json" not in {p.name for p in command.params}} == without

    def test_everything_that_files_takes_a_name(self):
        """`--by` stands on all that write."""
        filing = {path for path, command in commands() if "by" in {p.name for p in command.params}}
        assert filing == {
            *("complaint add", "complaint answer", "complaint settle", "complaint close"),
            *("maintenance add", "maintenance cancel", "exclusion add", "exclusion start", "exclusion stop"),
            *("incident ack", "incident note", "incident correct", "incident handback"),
            *("line suspend", "line resume", "replay", "ledger erase"),
            *("maintenance notify", "oncall override", "alert test"),
        }


def furnish_nothing() -> Path:
    """A folder that is not there."""
    return Path("nowhere")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its path."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())
        elif command is not None:
            yield name, command


class TestCheck:
    def test_a_sound_config_is_summed_up(self, office):
        """How many lines, which contracts, and what an operator should know."""
        found = office.done("check")
        assert "no problems" in found
        assert "4 lines in" in found
        assert "berlin 2019-01-01" in found
        assert "note: [monitor] reference names nothing" in found

    def test_the_same_as_json(self, office):
        """Machine-readable."""
        found = office.json("check", "--json")
        assert (found["ok"], found["lines"]) == (True, 4)

    def test_a_control_that_is_not_there_yet_is_not_kept_quiet(self, office):
        """`four_eyes` is read and cannot be obeyed: check and every correction say so."""
        config = office.folder / "slamon.toml"
        config.write_text(config.read_text() + "\n[ledger]\nfour_eyes = true\n")
        assert "cannot ask for a second person yet" in office.done("check")
        name, _ = numbered(office)
        found = office.run("incident", "correct", name, "--false-alarm", "--reason", "r")
        assert found.code == 0
        assert "cannot ask for a second person yet" in found.err

    def test_a_source_that_no_reference_can_be_asked_from_is_said(self, office):
        """Its lines go by the word of the machine's own choice of source; with a reference of its family nothing is."""
        config = office.folder / "slamon.toml"
        text = config.read_text().replace("[monitor]", '[monitor]\nreference = ["2001:db8::9"]')
        config.write_text(text.replace("[profiles.default]", '[profiles.default]\nsource = "192.0.2.7"'))
        assert "note: no reference can be asked from 192.0.2.7" in office.done("check")
        config.write_text(config.read_text().replace("2001:db8::9", "192.0.2.9"))
        assert "no reference can be asked" not in office.done("check")

    def test_an_inventory_of_its_own_can_be_checked(self, office):
        """Against the configured contracts."""
        other = office.folder / "other.csv"
        other.write_text(
            (office.folder / "lines.csv").read_text().splitlines()[0] + "\n" + "x,C1,,,,,,1,berlin,,1.2.3.4,,\n"
        )
        found = office.run("lines", "check", str(other))
        assert found.code == 3
        assert "row 2, column in_service_from: is missing" in found.err
        assert "4 lines in 4 rows" in office.done("lines", "check")
        assert office.json("lines", "check", "--json")["rows"] == 4


class TestReplay:
    def test_it_says_what_it_did_and_changes_nothing_the_second_time(self, office):
        """All readings are skipped then."""
        before = office.line("GX-0001")
        entries = office.entries()
        again = office.json("replay", str(office.folder / "r.jsonl"), "--json")
        assert again == {"judged": 0, "skipped": 782, "opened": 0, "restored": 0}
        assert office.line("GX-0001") == before
        assert office.entries() == entries

    def test_the_first_time_it_opens_and_restores(self, tmp_path):
        """In sentences for people."""
        found = furnish(tmp_path / "new")
        assert found.done("replay", str(found.folder / "r.jsonl")) == (
            "782 readings judged, 0 skipped (observed before)\n2 incidents opened, 1 restored\n"
        )


class TestStatus:
    def test_an_open_incident_shows_its_clocks(self, office):
        """Nobody runs the daemon here."""
        found = office.done("status")
        assert "office: slamon does not run; 4 lines; last seen 2026-10-03 14:20:00" in found
        assert "GX-0002" in found
        assert "interruption" in found

    def test_the_same_as_json(self, office):
        """Limits and what is left of them are numbers."""
        (one,) = office.json("status", "--json")["open"]
        assert (one["line_id"], one["state"]) == ("GX-0002", "open")
        assert one["clocks"][0]["limit_seconds"] == 7200


class TestIncidents:
    def test_a_list_can_be_narrowed(self, office):
        """By line, to what is open, to a month."""
        assert [i["line_id"] for i in office.incidents()] == ["GX-0001", "GX-0002"]
        assert [i["line_id"] for i in office.incidents("--open")] == ["GX-0002"]
        assert [i["line_id"] for i in office.incidents("--line", "GX-0001")] == ["GX-0001"]
        assert office.incidents("--month", "2026-09") == []
        assert [i["line_id"] for i in office.incidents("--month", "2026-11")] == ["GX-0002"]
        assert "GX-0001" in office.done("incident", "list")
        assert office.done("incident", "list", "--month", "2026-09") == "No incidents.\n"

    def test_one_is_shown_with_every_derivation(self, office):
        """4 h of a 2 h limit: 7190 s over are 2 started hours of the clock from the alarm; and who said what."""
        name, _ = numbered(office)
        office.done("incident", "note", name, "--text", "see \x1b-free log".replace("\x1b", ""), "--by", "Wang")
        shown = office.done("incident", "show", name)
        assert "2 started hours x 1/30 x (3000.00 + 900.00)" in shown
        assert "limit by clause 3.9" in shown
        assert "noted" in shown
        assert "Wang (" in shown

    def test_the_same_as_json_is_the_reports_object(self, office):
        """With what was kept of the readings, and the history."""
        name, _ = numbered(office)
        shown = office.json("incident", "show", name, "--json")
        stated = office.line("GX-0001")["incidents"][0]
        assert {key: shown[key] for key in stated} == stated
        # Readings of a minute from 10 min before the onset to 10 min after the restore.
        assert sum(kept["count"] for kept in shown["kept_readings"]) == 10 + 240 + 10
        assert shown["history"] == []

    def test_an_open_one_runs_up_to_now(self, office):
        """Its clock is long over, and runs on."""
        _, name = numbered(office)
        clocks = office.json("incident", "show", name, "--json")["clocks"]
        assert clocks[0]["remaining_seconds"] < 0

    def test_who_acts_is_recorded_with_the_operating_systems_identity(self, office):
        """The name that is given beside the one that cannot be chosen."""
        name, _ = numbered(office)
        office.done("incident", "ack", name, "--by", "王工")
        with office.ledger() as ledger:
            entry = next(ledger.entries(after_seq=ledger.last_seq() - 1))
        assert entry.by_name == "王工"
        assert entry.os_user not in ("", "王工")

    def test_a_correction_shows_in_the_report(self, office):
        """The customer's fault earns nothing."""
        name, _ = numbered(office)
        office.done("incident", "correct", name, "--responsibility", "customer", "--reason", "they unplugged it")
        stated = office.line("GX-0001")
        assert (stated["incidents"][0]["responsibility"], stated["credit"]) == ("customer", "0.00")

    def test_one_cause_with_many_lines_is_corrected_at_once(self, office):
        """Both incidents below the ring."""
        done = office.json(
            *("incident", "correct", "--upstream", "OLT-1", "--since", "2026-10-03T00:00", "--responsibility"),
            *("third_party", "--reason", "digger", "--json"),
        )
        assert len(done["subjects"]) == 2
        assert {i["responsibility"] for i in office.incidents()} == {"third_party"}

    def test_a_hand_back_shows_in_the_report(self, office):
        """As its instant."""
        name, _ = numbered(office)
        office.done("incident", "handback", name, "--at", "2026-10-03T12:30")
        assert office.line("GX-0001")["incidents"][0]["handed_back"] == "2026-10-03T04:30:00Z"


class TestComplaints:
    def test_a_ticket_goes_its_way(self, office):
        """Taken down, answered, settled, closed; the list shows it all."""
        said = office.done(
            *("complaint", "add", "GX-0002", "--at", "2026-10-03T13:05", "--ticket", "T-7", "--caller", "陈先生"),
            *("--channel", "hotline", "--category", "interruption"),
        )
        assert said.startswith("complaint T-7 on GX-0002 joins incident #")
        for number, step in enumerate(("answer", "settle", "close")):
            office.done("complaint", step, "T-7", "--at", f"2026-10-03T13:1{number}")
        (one,) = office.json("complaint", "list", "--json")["complaints"]
        assert (one["ticket"], one["at"], one["channel"]) == ("T-7", "2026-10-03T05:05:00Z", "hotline")
        assert [one[f"{step}_at"][11:16] for step in ("answered", "settled", "closed")] == ["05:10", "05:11", "05:12"]
        assert one["incident_id"] == office.incidents("--open")[0]["incident_id"]
        assert "陈先生" not in office.done("ledger", "export")
        assert office.json("complaint", "list", "--open", "--json")["complaints"] == []
        assert "T-7" in office.done("complaint", "list", "--line", "GX-0002", "--since", "2026-10-03T13:05")
        assert office.done("complaint", "list", "--since", "2026-10-03T13:06") == "No complaints.\n"

    def test_without_a_time_it_is_now(self, office):
        """Somebody calls, somebody types."""
        office.done("complaint", "add", "GX-0003", "--ticket", "T-8", "--category", "degradation")
        office.done("complaint", "close", "T-8")
        (one,) = office.json("complaint", "list", "--json")["complaints"]
        assert one["closed_at"] >= one["at"] > "2026-10"


class TestMaintenanceAndExclusions:
    def test_work_is_announced_listed_and_cancelled(self, office):
        """The list leaves out what was cancelled, unless asked."""
        office.done(
            *("maintenance", "add", "--line", "GX-0001", "--from", "2026-10-03T09:00", "--to", "2026-10-03T10:00"),
            *("--notified-at", "2026-10-02T09:00", "--channel", "sms", "--reason", "cut-over"),
        )
        assert office.line("GX-0001")["seconds"]["excluded"] == 3600
        (one,) = office.json("maintenance", "list", "--json")["maintenance"]
        assert (one["id"], one["from"], one["lines"]) == ("M-1", "2026-10-03T01:00:00Z", ["GX-0001"])
        assert "2026-10-03 09:00:00" in office.done("maintenance", "list", "--line", "GX-0001")
        assert office.done("maintenance", "list", "--line", "GX-0003") == "No planned work.\n"
        office.done("maintenance", "cancel", "M-1", "--reason", "rain")
        assert office.done("maintenance", "list") == "No planned work.\n"
        assert "(cancelled)" in office.done("maintenance", "list", "--all")
        assert office.line("GX-0001")["seconds"]["excluded"] == 0

    def test_an_exclusion_with_evidence_is_kept_with_it(self, office):
        """The file's bytes are in the ledger, its name and hash in the entry and in `incident show`."""
        name, _ = numbered(office)
        proof = office.folder / "公告.txt"
        proof.write_text("flood\n")
        office.done(
            *("exclusion", "add", name, "--kind", "force_majeure", "--from", "2026-10-03T09:00", "--to"),
            *("2026-10-03T10:00", "--reason", "flood", "--evidence", str(proof)),
        )
        (one,) = office.json("exclusion", "list", "--json")["exclusions"]
        assert (one["kind"], one["accepted"], one["clause"]) == ("force_majeure", True, "3.5")
        assert "accepted" in office.done("exclusion", "list", "--line", "GX-0001")
        (remark,) = office.json("incident", "show", name, "--json")["history"]
        assert "公告.txt sha256:" in remark["text"]
        with office.ledger() as ledger:
            assert ledger.blob(remark["text"].rpartition("sha256:")[2]) == b"flood\n"

    def test_empty_evidence_is_refused(self, office):
        """It proves nothing."""
        name, _ = numbered(office)
        proof = office.folder / "empty.pdf"
        proof.write_bytes(b"")
        found = office.run(
            *("exclusion", "add", name, "--kind", "force_majeure", "--from", "2026-10-03T09:00", "--to"),
            *("2026-10-03T10:00", "--reason", "flood", "--evidence", str(proof)),
        )
        assert found.code == 1
        assert "the evidence 'empty.pdf' is empty" in found.err

    def test_a_stop_clock_starts_and_stops(self, office):
        """awaiting_customer unless another is named."""
        _, name = numbered(office)
        assert "awaiting_customer stops" in office.done(
            "exclusion", "start", name, "--at", "2026-10-03T13:30", "--reason", "no access"
        )
        assert "running" in office.done("exclusion", "list")
        office.done("exclusion", "stop", name, "--at", "2026-10-03T13:40")
        (one,) = office.json("exclusion", "list", "--json")["exclusions"]
        assert (one["start"], one["end"]) == ("2026-10-03T05:30:00Z", "2026-10-03T05:40:00Z")


class TestLines:
    def test_lines_are_listed_and_shown(self, office):
        """With their present terms, and by customer."""
        assert "某银行" in office.done("line", "list")
        assert [x["line_id"] for x in office.json("line", "list", "--json", "--customer", "C1")["lines"]] == [
            *("GX-0001", "GX-0002")
        ]
        shown = office.json("line", "show", "GX-0001", "--json")
        assert shown["observed_to"] == "2026-10-03T06:20:00Z"
        assert len(shown["incidents"]) == 1

    def test_a_suspension_shows_until_it_is_over(self, office):
        """In `line show`, and in the service time of the report."""
        office.done("line", "suspend", "GX-0003", "--from", "2026-10-10", "--reason", "arrears")
        office.done("line", "resume", "GX-0003", "--at", "2026-10-12")
        assert "suspended from 2026-10-10 00:00:00 to 2026-10-12 00:00:00 (arrears)" in office.done(
            "line", "show", "GX-0003"
        )
        (one,) = office.json("line", "show", "GX-0003", "--json")["suspensions"]
        assert one == {"from": "2026-10-09T16:00:00Z", "to": "2026-10-11T16:00:00Z", "reason": "arrears"}

    def test_a_line_that_left_the_inventory_keeps_its_record(self, office):
        """Marked, with its incident, and people can still file about it."""
        lines = office.folder / "lines.csv"
        lines.write_text("".join(x for x in lines.read_text().splitlines(keepends=True) if not x.startswith("GX-0002")))
        office.done(
            "complaint", "add", "GX-0001", "--at", "2026-10-03T09:00", "--ticket", "T", "--category", "degradation"
        )
        assert "GX-0002 (departed)" in office.done("line", "list")
        assert "GX-0002 (departed)" in office.done("status")
        said = office.done(
            "complaint", "add", "GX-0002", "--at", "2026-10-03T13:10", "--ticket", "T", "--category", "interruption"
        )
        assert "joins incident" in said
        assert office.line("GX-0002")["departed"] is True


class TestReports:
    def test_without_a_format_it_is_a_table_to_read(self, office):
        """Names that look like formulas are names."""
        found = office.done("report", "2026-10")
        assert found.startswith("Statement 2026-10")
        assert "=HYPERLINK(1)" in found

    def test_one_format_without_a_folder_goes_to_stdout(self, office):
        """As with `-o -`."""
        plain = json.loads(office.done("report", "2026-10", "--format", "json"))
        other = json.loads(office.done("report", "2026-10", "--format", "json", "-o", "-"))
        assert {**plain, "generated_at": ""} == {**other, "generated_at": ""}
        assert plain["schema"] == "slamon.statement/1"

    def test_csv_on_stdout_is_the_table_of_lines(self, office):
        """With CRLF, and nothing that a spreadsheet runs."""
        rows = list(csv.DictReader(io.StringIO(office.done("report", "2026-10", "--format", "csv"))))
        assert [row["line_id"] for row in rows] == ["GX-0001", "GX-0002", "GX-0003", "BE-0001"]
        assert rows[2]["customer_name"] == "'=HYPERLINK(1)"

    def test_a_folder_gets_a_file_a_format_and_table(self, office):
        """Named by month, customer and line; made where it is not there."""
        folder = office.folder / "out" / "deep"
        said = office.done("report", "2026-10", "--customer", "C1", "--format", "json,csv", "-o", str(folder))
        names = sorted(path.name for path in folder.iterdir())
        assert names == [
            "statement-2026-10-C1-compensation.csv",
            "statement-2026-10-C1-incidents.csv",
            "statement-2026-10-C1-lines.csv",
            "statement-2026-10-C1.json",
        ]
        assert said.split() == [str(folder / name) for name in [names[3], names[2], names[1], names[0]]]
        report = json.loads((folder / names[3]).read_text(encoding="utf-8"))
        assert [customer["customer_id"] for customer in report["customers"]] == ["C1"]
        assert (folder / names[2]).read_bytes().startswith(b"month,")

    def test_csv_begins_with_a_byte_order_mark_where_asked(self, office):
        """Some spreadsheets take UTF-8 without it for something else."""
        folder = office.folder / "bom"
        office.done("report", "2026-10", "--customer", "C1", "--format", "csv", "--bom", "-o", str(folder))
        assert {path.read_bytes()[:9] for path in folder.iterdir()} == {b"\xef\xbb\xbfmonth,"}

    def test_html_is_a_file_for_each_customer(self, office):
        """In the language asked for, named by month and customer."""
        folder = office.folder / "pages"
        said = office.done("report", "2026-10", "--format", "html", "--lang", "zh", "-o", str(folder))
        names = [f"statement-2026-10-{name}.html" for name in ("C1", "C2", "C3")]
        assert said.split() == [str(folder / name) for name in names]
        assert sorted(path.name for path in folder.iterdir()) == names
        shown = (folder / names[0]).read_text(encoding="utf-8")
        assert 'lang="zh-Hans-CN"' in shown
        assert "某银行" in shown

    def test_credit_memos_are_a_table_and_a_document(self, office):
        """Made in whatever process, with the numbers of the statement."""
        folder = office.folder / "memos"
        said = office.done("report", "2026-10", "--format", "memo", "-o", str(folder))
        names = ["memo-2026-10.csv", "memo-2026-10.json"]
        assert said.split() == [str(folder / name) for name in names]
        document = json.loads((folder / names[1]).read_text(encoding="utf-8"))
        rows = list(csv.DictReader(io.StringIO(office.done("report", "2026-10", "--format", "memo"))))
        statement = json.loads(office.done("report", "2026-10", "--format", "json"))
        assert [row["number"] for row in rows] == [memo["number"] for memo in document["memos"]]
        assert sum(Decimal(row["amount"]) for row in rows) == sum(
            Decimal(customer["credit_total"]) for customer in statement["customers"]
        )

    def test_a_workbook_is_a_file_for_each_customer(self, office):
        """Beside the other formats asked for."""
        folder = office.folder / "books"
        said = office.done("report", "2026-10", "--format", "json,xlsx", "--lang", "zh", "-o", str(folder))
        names = [f"statement-2026-10{part}" for part in (".json", "-C1.xlsx", "-C2.xlsx", "-C3.xlsx")]
        assert said.split() == [str(folder / name) for name in names]

    def test_one_customers_page_goes_to_stdout(self, office):
        """HTML as text, PDF as it is."""
        shown = office.done("report", "2026-10", "--customer", "C2", "--format", "html")
        assert shown.startswith("<!doctype html>")
        assert "=HYPERLINK(1)" in shown

    def test_a_folder_that_cannot_be_made_is_a_failure(self, office):
        """A file stands there."""
        found = office.run("report", "2026-10", "--format", "json", "-o", str(office.folder / "lines.csv"))
        assert found.code == 1
        assert "lines.csv" in found.err

    def test_the_document_of_pieces_is_the_document(self, office):
        """Made line by line, in whatever process, it is byte for byte what the report's writer makes of statements."""
        with office.open() as site:
            month = survey(site, Wanted(BillingMonth(2026, 10)))
            lines = list(statements(month, as_is))
            pieces = list(statements(month, piece_of))
        texts = [statement_json.customer_text(customer) for customer in customers(lines)]
        assert list(customer_texts(pieces)) == texts
        assert len(texts) == 3
        assert '"account":"A-2"' in texts[0]

    def test_a_customer_with_two_currencies_has_two_statements(self, office):
        """Amounts of different money are not added."""
        with office.open() as site:
            pieces = list(statements(survey(site, Wanted(BillingMonth(2026, 10), "C1")), piece_of))
        mixed = [pieces[0], replace(pieces[1], currency="EUR")]
        found = [json.loads(text) for text in customer_texts(mixed)]
        assert [(one["currency"], len(one["lines"])) for one in found] == [("CNY", 1), ("EUR", 1)]


class TestFiles:
    def test_a_file_is_there_whole_or_not_at_all(self, tmp_path):
        """Where writing fails, the old file stays and nothing else is left."""
        place = tmp_path / "report.json"
        place.write_text("old")
        with pytest.raises(UnicodeEncodeError), written(place) as stream:
            stream.write("half \udcff")
        assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.json", "old")]
        with written(place) as stream:
            stream.write("new")
        assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.json", "new")]


class TestLedger:
    def test_export_and_backup(self, office):
        """JSON Lines with hashes; a copy that verifies."""
        rows = [json.loads(row) for row in office.done("ledger", "export").splitlines()]
        assert [row["seq"] for row in rows] == list(range(1, office.entries() + 1))
        target = office.folder / "export.jsonl"
        assert f"{len(rows)} entries" in office.done("ledger", "export", "-o", str(target))
        assert [json.loads(row) for row in target.read_text(encoding="utf-8").splitlines()] == rows
        copy = office.folder / "copy.db"
        assert office.json("ledger", "backup", str(copy), "--json")["entries"] == len(rows)
        assert copy.exists()

    def test_verify_names_the_heads(self, office):
        """To be kept elsewhere."""
        assert "head of office: sha256:" in office.done("ledger", "verify")

    def test_a_broken_inventory_keeps_nobody_from_verifying(self, office):
        """The ledger is opened alone."""
        (office.folder / "lines.csv").write_text("broken")
        assert office.run("ledger", "verify").code == 0
