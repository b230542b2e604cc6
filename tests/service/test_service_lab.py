"""slamon as a service under a real systemd: installed, run, stalled, killed, used by people, taken away.

One machine is booted for all of it; each test leaves the service running as it found it.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import IN_CI
from tests.lab.machine import Machine, machine, obstacle

pytestmark = pytest.mark.lab

CONFIG = """
[monitor]
vantage = "nanning-1"
state_dir = "/var/lib/slamon"
reference = ["127.0.0.9"]

[inventory]
lines = "lines.csv"

[profiles.default]
interval_s = 2
packets = 4
timeout_ms = 500
open_after_s = 4
degraded_open_after_s = 8
close_after_s = 6

[snmp.edge]
version = "2c"
community_file = "credentials/community"
"""
HEADER = "line_id,customer_id,product,tier,span,monthly_rent,contract,in_service_from,demarc\n"
ROW = "{0},C1,internet_line,AAA,intra_city,3000,cmcc-internet-line,2026-01-01,127.0.1.{1}\n"
# Quicker than in service, so that a stall is found within the test's patience.
WATCHDOG = "[Service]\nWatchdogSec=15s\nTimeoutAbortSec=2s\n"
DROP_IN = "/etc/systemd/system/slamon.service.d/test.conf"
UNITS = ("slamon.service", "slamon-report.timer", "slamon-admin.socket")
CAP_NET_RAW = 1 << 13


@pytest.fixture(scope="module")
def host() -> Iterator[Machine]:
    """A machine on which slamon was installed and runs, with two lines."""
    why = obstacle()
    if why is not None:
        if IN_CI:
            pytest.fail(f"the service's test may not be skipped in CI: {why}", pytrace=False)
        pytest.skip(why)
    with machine() as made:
        made.run("/opt/slamon/bin/slamon", "install")
        made.write("/etc/slamon/slamon.toml", CONFIG)
        made.write("/etc/slamon/lines.csv", HEADER + ROW.format("L1", 1) + ROW.format("L2", 2))
        made.write("/etc/slamon/credentials/community", "very-secret\n", 0o600)
        made.write(DROP_IN, WATCHDOG)
        made.run("useradd", "-m", "-G", "slamon", "zhang")
        made.run("useradd", "-m", "mallory")
        made.run("systemctl", "daemon-reload")
        made.run("systemctl", "enable", "--now", *UNITS)
        yield made


def entries(host: Machine, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in host.run("slamon", "ledger", "export").splitlines()]
    return [entry for entry in found if entry["kind"] == kind]


def main_pid(host: Machine) -> int:
    return int(host.show("slamon", "MainPID"))


def prober_pid(host: Machine) -> int:
    return int((host.run("pgrep", "-f", "slamon.probes.icmp_process", check=False).split() or ["0"])[0])


def watching(host: Machine) -> bool:
    """Whether the service says that it has judged something within the last seconds."""
    said = host.show("slamon", "StatusText")
    return "judged to " in said and float(said.split("judged to ")[1].split(" s")[0]) < 5


def status_of(host: Machine, pid: int) -> dict[str, list[str]]:
    text = host.run("cat", f"/proc/{pid}/status")
    return {key: value.split() for key, _, value in (line.partition(":") for line in text.splitlines())}


def test_it_runs_with_one_capability_and_says_how_it_fares(host: Machine):
    """Both processes are an unprivileged user's with CAP_NET_RAW and nothing else, and none can be gained."""
    host.until(lambda: watching(host), "a first judged batch")
    assert host.show("slamon", "StatusText").startswith("2 lines watched, no incident open, judged to ")
    for pid in (main_pid(host), prober_pid(host)):
        found = status_of(host, pid)
        assert int(found["Uid"][0]) > 60_000
        assert {int(found[key][0], 16) for key in ("CapEff", "CapPrm", "CapBnd")} == {CAP_NET_RAW}
        assert found["NoNewPrivs"] == ["1"]


def test_installing_again_changes_nothing(host: Machine):
    """A second install finds everything as it is to be, and the operator's files untouched."""
    steps = json.loads(host.run("slamon", "install", "--json"))["steps"]
    assert {step["act"] for step in steps} == {"same", "keep"}
    assert {step["path"] for step in steps if step["act"] == "keep"} >= {"/etc/slamon/slamon.toml"}
    assert (host.root / "etc/slamon/slamon.toml").read_text(encoding="utf-8") == CONFIG


def test_state_and_credentials_are_the_services_alone(host: Machine):
    """Another user reads neither the ledger nor a secret, and no log holds one."""
    for path in ("/var/lib/slamon/ledger.db", "/run/credentials/slamon.service", "/etc/slamon/credentials/community"):
        done = host.ask("runuser", "-u", "mallory", "--", "cat", path)
        assert (done.returncode, "Permission denied" in done.stderr) == (1, True)
    assert "very-secret" not in host.run("journalctl", "--no-pager")
    assert "very-secret" not in host.run("systemctl", "show", "slamon")


def test_members_of_the_group_use_the_ledger_in_their_own_name(host: Machine):
    """Root works directly, a member through the socket, each in their own name; anybody else is told why not."""
    host.until(lambda: watching(host), "a judged batch")
    asked = ("slamon", "complaint", "add", "L1", "--category", "interruption", "--ticket")
    host.run("runuser", "-u", "zhang", "--", *asked, "T-zhang")
    host.run(*asked, "T-root")
    named = {entry["subject"]: entry["os_user"] for entry in entries(host, "complaint.added")}
    assert named == {"T-zhang": "zhang", "T-root": "root"}
    refused = host.ask("runuser", "-u", "mallory", "--", *asked, "T-mallory")
    assert refused.returncode in (1, 3)
    assert "member of the group slamon" in refused.stderr
    wrong = host.ask("runuser", "-u", "zhang", "--", "slamon", "incident", "show", "#999999")
    assert (wrong.returncode, wrong.stderr.startswith("Error: ")) == (1, True)
    for ticket in ("T-zhang", "T-root"):
        host.run("runuser", "-u", "zhang", "--", "slamon", "complaint", "close", ticket)


def test_streams_of_a_member_are_their_own(host: Machine):
    """What a member's command prints goes where they redirected it, and nothing of theirs is opened for them."""
    script = "cd /home/zhang && slamon report 2026-11 --format json -o - > out.json && slamon run; echo $?"
    said = host.run("runuser", "-u", "zhang", "--", "sh", "-c", script)
    assert json.loads((host.root / "home/zhang/out.json").read_text(encoding="utf-8"))["schema"] == "slamon.statement/1"
    assert said.splitlines()[-1] != "0"


def test_a_reload_takes_a_line_in(host: Machine):
    """`systemctl reload` loads the inventory again; an invalid one is refused and the service goes on."""
    text = HEADER + ROW.format("L1", 1) + ROW.format("L2", 2)
    before = main_pid(host)
    host.write("/etc/slamon/lines.csv", text + ROW.format("L3", 3))
    host.run("systemctl", "reload", "slamon")
    host.until(lambda: host.show("slamon", "StatusText").startswith("3 lines"), "the third line")
    host.write("/etc/slamon/lines.csv", text + "L4,only,half\n")
    host.run("systemctl", "reload", "slamon")
    host.until(lambda: "config_refused" in host.run("journalctl", "-u", "slamon", "--no-pager"), "the refusal")
    assert (host.show("slamon", "StatusText").split()[0], main_pid(host)) == ("3", before)
    host.write("/etc/slamon/lines.csv", text)


def test_a_stalled_prober_is_replaced_and_the_gap_is_blind(host: Machine):
    """A stopped prober is ended and started anew by the main process, before the watchdog needs to."""
    main, prober = main_pid(host), prober_pid(host)
    blind = len(entries(host, "line.blind"))
    host.run("kill", "-STOP", str(prober))
    host.until(lambda: prober_pid(host) not in (0, prober), "a new prober")
    host.until(lambda: watching(host) and len(entries(host, "line.blind")) >= blind + 2, "the gap as blind time")
    assert main_pid(host) == main


def test_a_prober_that_the_kernel_kills_is_replaced(host: Machine):
    """A prober killed for its memory takes nothing with it (OOMPolicy=continue)."""
    main, prober = main_pid(host), prober_pid(host)
    host.run("kill", "-KILL", str(prober))
    host.until(
        lambda: main_pid(host) == main and prober_pid(host) not in (0, prober) and watching(host), "a new prober"
    )


def test_a_stalled_judge_is_restarted_by_the_watchdog(host: Machine):
    """The main process stops: nothing is judged, the watchdog hungers, systemd starts the service anew.

    Mutant: `Vitals.beat` fed from a timer of the loop instead of from batches keeps a service without a prober up.
    """
    before, blind = main_pid(host), len(entries(host, "line.blind"))
    restarts = int(host.show("slamon", "NRestarts"))
    host.run("kill", "-STOP", str(before))
    host.until(lambda: main_pid(host) not in (0, before) and watching(host), "a restart")
    assert int(host.show("slamon", "NRestarts")) == restarts + 1
    host.until(lambda: len(entries(host, "line.blind")) >= blind + 2, "the stop as blind time")
    assert json.loads(host.run("slamon", "ledger", "verify", "--json"))["sound"] is True


def test_without_any_capability_ping_sockets_do(host: Machine):
    """The shipped drop-in and the kernel's group range are enough to probe."""
    host.run("cp", "/usr/share/slamon/no-capability.conf", "/etc/systemd/system/slamon.service.d/")
    host.run("sysctl", "-w", "net.ipv4.ping_group_range=61184 65519")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "slamon")
    host.until(lambda: watching(host), "a judged batch")
    assert int(status_of(host, prober_pid(host))["CapEff"][0], 16) == 0
    assert not json.loads(host.run("slamon", "status", "--json"))["blind"]
    found = {f["about"]: f for f in json.loads(host.ask("slamon", "doctor", "--json").stdout)["findings"]}
    assert found["ICMP sockets"]["said"].startswith("ping sockets are permitted")
    host.run("rm", "/etc/systemd/system/slamon.service.d/no-capability.conf")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "slamon")
    host.until(lambda: watching(host), "a judged batch")


def test_an_empty_folder_of_credentials_is_enough(host: Machine):
    """Whoever needs no secret keeps the folder empty; the service starts all the same."""
    host.run("mv", "/etc/slamon/credentials/community", "/root/community")
    host.write("/etc/slamon/slamon.toml", CONFIG.partition("[snmp.edge]")[0])
    host.run("systemctl", "restart", "slamon")
    host.until(lambda: watching(host), "a judged batch")
    host.run("mv", "/root/community", "/etc/slamon/credentials/community")
    host.write("/etc/slamon/slamon.toml", CONFIG)


def test_uninstall_takes_the_service_and_leaves_what_was_measured(host: Machine):
    """Units, link and completion go; config, credentials and ledger stay; installed again it goes on with them."""
    count = len(host.run("slamon", "ledger", "export").splitlines())
    host.run("/opt/slamon/bin/slamon", "uninstall")
    assert not (host.root / "etc/systemd/system/slamon.service").exists()
    assert not (host.root / "usr/local/bin/slamon").is_symlink()
    assert (host.root / "etc/slamon/slamon.toml").read_text(encoding="utf-8") == CONFIG
    assert host.ask("systemctl", "is-active", "slamon").stdout.strip() != "active"
    host.run("/opt/slamon/bin/slamon", "install")
    host.run("systemctl", "enable", "--now", *UNITS)
    host.until(lambda: watching(host), "a judged batch")
    assert len(host.run("slamon", "ledger", "export").splitlines()) > count
