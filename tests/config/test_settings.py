"""`slamon.toml`: what it gives, and one bad file for each message."""

from pathlib import Path

import pytest

from slamon.config.credentials import Extra, SnmpCredential, TrapPort
from slamon.config.problems import InvalidInput
from slamon.config.secret import Secret
from slamon.config.settings import Settings, find_config, load_settings
from slamon.core.quality import Criterion, Metric
from slamon.resources import example

ENV = {"KEY": "twelve chars"}


def settings(folder: Path, text: str, environ: dict[str, str] = ENV) -> Settings:
    path = folder / "slamon.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ)


def said(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        settings(folder, text)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_an_empty_file_gives_the_defaults(tmp_path):
    """Every key has its default; paths are absolute, the ledger is below state_dir, lines beside the config."""
    found = settings(tmp_path, "")
    assert found == Settings(
        path=tmp_path / "slamon.toml",
        vantage="local",
        state_dir=Path("/var/lib/slamon"),
        reference=(),
        ledger_url="sqlite:////var/lib/slamon/ledger.db",
        four_eyes=False,
        contracts_dir=None,
        lines_file=tmp_path / "lines.csv",
        profiles=found.profiles,
        snmp={},
        web_listen="127.0.0.1:8470",
        influx=None,
    )
    assert list(found.profiles) == ["default"]


def test_a_credential_carries_all_that_polling_needs(tmp_path):
    """Paces, patience and further objects stand in the credential; what is not said has its default."""
    text = """
        [snmp.core]
        version = "3"
        user = "slamon"
        auth = "sha256"
        auth_key = "${KEY}"
        priv = "aes256-reeder"
        priv_key = "${KEY}"
        context = "vrf1"
        interval_s = 30
        timeout_ms = 500
        [[snmp.core.extra]]
        name = "rx_power"
        oid = ".1.3.6.1.4.1.2011.5.25.31.1.1.3.1.8"
        index = "entity"
        scale = "0.01"
        unit = "dBm"
        below = -24
        unknown = [-1, 2147483647]
        [[snmp.core.extra]]
        name = "temperature"
        oid = "1.3.6.1.4.1.9.9.13.1.3.1.3.1"
        index = "none"
        above = 60
        [snmp_traps]
        listen = "0.0.0.0:1162"
        community = "${KEY}"
    """
    found = settings(tmp_path, text)
    core = found.snmp["core"]
    assert (core.interval_s, core.slow_interval_s, core.timeout_ms, core.retries) == (30, 300, 500, 1)
    assert (core.priv, core.context, found.traps) == (
        "aes256-reeder",
        "vrf1",
        TrapPort("0.0.0.0:1162", Secret("twelve chars")),
    )
    oid = (1, 3, 6, 1, 4, 1, 2011, 5, 25, 31, 1, 1, 3, 1, 8)
    assert core.extras[0] == Extra("rx_power", oid, "entity", 0.01, "dBm", None, -24.0, (-1, 2147483647))
    assert (core.extras[1].index, core.extras[1].above) == ("none", 60)
    assert "twelve" not in repr(found)


def test_the_default_profile_is_that_of_the_interface(tmp_path):
    """Without a word, lines are probed and judged by the published defaults."""
    profile = settings(tmp_path, "").profiles["default"]
    assert (profile.interval_s, profile.packets, profile.timeout_ms, profile.payload_bytes, profile.dscp) == (
        10, 5, 1000, 56, 0)  # fmt: skip
    assert (profile.open_after_s, profile.degraded_open_after_s, profile.close_after_s) == (10, 300, 60)
    assert profile.degraded == (
        Criterion(Metric.LOSS_RATIO, above=0.05, window_s=60),
        Criterion(Metric.RTT_MEAN_MS, above=100, window_s=300),
        Criterion(Metric.IPDV_MS, above=50, window_s=300),
        Criterion(Metric.ERROR_RATIO, above=0.0001, window_s=300),
        Criterion(Metric.SPEED_MBPS),
    )


def test_the_example_says_the_same_defaults(tmp_path):
    """The example that ships spells the default profile out; both are one."""
    assert load_settings(example("slamon.example.toml"), {}).profiles["default"] == settings(tmp_path, "").profiles[
        "default"]  # fmt: skip


def test_profiles_inherit_from_default_and_replace_criteria(tmp_path):
    """What a profile does not say is the default's; its list of criteria takes the place of the whole list."""
    found = settings(
        tmp_path,
        "[profiles.quiet]\ninterval_s = 30\n[profiles.default]\npackets = 3\n"
        '[profiles.speed]\ndegraded = [{ metric = "speed_mbps", below = 90 }]\n[profiles.blind]\ndegraded = []\n',
    ).profiles
    assert (found["quiet"].name, found["quiet"].interval_s, found["quiet"].packets) == ("quiet", 30, 3)
    assert found["quiet"].degraded == found["default"].degraded
    assert found["speed"].degraded == (Criterion(Metric.SPEED_MBPS, below=90.0),)
    assert found["blind"].degraded == ()


def test_the_web_may_be_reached_from_outside_with_a_token(tmp_path):
    """A token from a file or the environment opens another address; without one there is only this machine."""
    (tmp_path / "web-token").write_text("0123456789abcdef\n")
    (tmp_path / "web-token").chmod(0o600)
    text = '[web]\nlisten = "{}"\ntoken_file = "web-token"\nhosts = ["Slamon.example.net"]'
    for listen in ("0.0.0.0:8470", "[::]:8470", "10.0.0.7:8470"):
        found = settings(tmp_path, text.format(listen))
        assert (found.web_listen, found.web_hosts) == (listen, ("slamon.example.net",))
        assert found.web_token is not None
        assert found.web_token.reveal() == "0123456789abcdef"
        assert "0123456789abcdef" not in repr(found)
    assert settings(tmp_path, '[web]\nlisten = "off"').web_listen == "off"
    assert settings(tmp_path, '[web]\nlisten = "[::1]:1"').web_token is None


def test_paths_are_relative_to_the_config(tmp_path):
    """A relative path begins where the config file stands, an absolute one is kept; the ledger is below state_dir."""
    (tmp_path / "own").mkdir()
    text = '[monitor]\nstate_dir = "s"\n[contracts]\ndir = "own"\n[inventory]\nlines = "/etc/l.csv"\n'
    found = settings(tmp_path, text)
    assert (found.state_dir, found.contracts_dir, found.lines_file) == (
        tmp_path / "s", tmp_path / "own", Path("/etc/l.csv"))  # fmt: skip
    assert found.ledger_url == f"sqlite:///{tmp_path}/s/ledger.db"
    assert settings(tmp_path, '[ledger]\nurl = "sqlite:////var/l.db"').ledger_url == "sqlite:////var/l.db"


def test_a_folder_named_contracts_is_used_unasked(tmp_path):
    """Without a key the operator's contracts are looked for in `contracts` beside the config."""
    (tmp_path / "contracts").mkdir()
    assert settings(tmp_path, "").contracts_dir == tmp_path / "contracts"


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1", "gw.example.net", "fe80::1%eth0", "127.0.0.1"])
def test_references_may_be_literals_or_names(tmp_path, address):
    """Addresses are taken as written; names are resolved later (F14), so nothing here needs a network."""
    assert settings(tmp_path, f'[monitor]\nreference = ["{address}"]').reference == (address,)


DEFAULT = "[profiles.default]\n"
V2, V3 = '[snmp.edge]\nversion = "2c"\n', '[snmp.edge]\nversion = "3"\nuser = "u"\n'
ADDRESS_HINT = "an IPv4 or IPv6 address such as 10.1.2.3 or 2001:db8::1, or a host name"
PACE_HINT = "routers limit ICMP and the rest would look like loss: fewer packets or a longer interval_s"
ID_HINT = "1 to 64 letters, digits, dots, hyphens or underscores"
REFUSED = [
    ("a section misspelt", "[monitr]", "monitr: is not known; Did you mean 'monitor'?"),
    ("a key misspelt", '[monitor]\nvantge = "x"', "monitor.vantge: is not known; Did you mean 'vantage'?"),
    ("a vantage with a space", '[monitor]\nvantage = "a b"', f"monitor.vantage: 'a b' is not an id; {ID_HINT}"),
    ("an octet too large", '[monitor]\nreference = ["10.0.0.256"]',
     f"monitor.reference[0]: '10.0.0.256' is not an address; {ADDRESS_HINT}"),
    ("a multicast address", '[monitor]\nreference = ["ff02::1"]',
     f"monitor.reference[0]: ff02::1 is not the address of one host; {ADDRESS_HINT}"),
    ("one address instead of a list", '[monitor]\nreference = "10.0.0.1"',
     'monitor.reference: is not a list; such as ["a", "b"]'),
    ("no state folder", '[monitor]\nstate_dir = ""', "monitor.state_dir: is empty"),
    ("a folder that no URL can carry", '[monitor]\nstate_dir = "what?"',
     "monitor.state_dir: holds a question mark; a URL cannot carry it"),
    ("a control character", '[monitor]\nstate_dir = "a\\u0000b"', "monitor.state_dir: holds a control character"),
    ("a control character in a key", '["\\u001b[31m"]', (
     "\\x1b[31m: is not known; known keys are alerts, contracts, history, influxdb, inventory, ledger, monitor,"
     " profiles, report, snmp, snmp_traps, web")),
    ("another database", '[ledger]\nurl = "postgresql://me:hunter2@db/slamon"',
     "ledger.url: 'postgresql' is no ledger of this version; such as \"sqlite:///ledger.db\""),
    ("a ledger in memory", '[ledger]\nurl = "sqlite:///:memory:"',
     'ledger.url: names no file; such as "sqlite:///ledger.db" (four slashes for an absolute path)'),
    ("yes for true", '[ledger]\nfour_eyes = "yes"', "ledger.four_eyes: is neither true nor false; without quotes"),
    ("a folder that is not there", '[contracts]\ndir = "nope"',
     "contracts.dir: there is no folder nope; make it, or leave the key out"),
    ("a unit forgotten", f"{DEFAULT}interval = 3",
     "profiles.default.interval: is not known; Did you mean 'interval_s'?"),
    ("no interval", f"{DEFAULT}interval_s = 0", "profiles.default.interval_s: is not above zero"),
    ("an interval in words", f'{DEFAULT}interval_s = "often"',
     "profiles.default.interval_s: 'often' is not a number; such as 10 or \"0.05\""),
    ("no packets", f"{DEFAULT}packets = 0", "profiles.default.packets: is below 1"),
    ("packets in words", f'{DEFAULT}packets = "5"', "profiles.default.packets: is not a whole number"),
    ("faster than routers allow", f"{DEFAULT}interval_s = 2",
     f"profiles.default.packets: 5 packets in 2 s are more than 2 a second; {PACE_HINT}"),
    ("faster by inheritance", "[profiles.fast]\npackets = 21",
     f"profiles.fast.packets: 21 packets in 10 s are more than 2 a second; {PACE_HINT}"),
    ("no patience", f"{DEFAULT}timeout_ms = 0", "profiles.default.timeout_ms: is below 1"),
    ("no room for the cookie", f"{DEFAULT}payload_bytes = 8", "profiles.default.payload_bytes: is below 16"),
    ("a code point too large", f"{DEFAULT}dscp = 64", "profiles.default.dscp: is above 63"),
    ("a source by name", f'{DEFAULT}source = "eth0"',
     "profiles.default.source: 'eth0' is no IP address; an address of this machine, such as 192.0.2.10"),
    ("a source of nobody", f'{DEFAULT}source = "224.0.0.1"', (
     "profiles.default.source: '224.0.0.1' is not an address; an IPv4 or IPv6 address such as 10.1.2.3 or 2001:db8::1,"
     " or a host name")),
    ("a negative wait", f"{DEFAULT}close_after_s = -1", "profiles.default.close_after_s: is negative"),
    ("a metric misspelt", f'{DEFAULT}degraded = [{{ metric = "los_ratio", above = 1 }}]',
     "profiles.default.degraded[0].metric: 'los_ratio' is not known; Did you mean 'loss_ratio'?"),
    ("percent for a ratio", f'{DEFAULT}degraded = [{{ metric = "loss_ratio", above = 5 }}]',
     "profiles.default.degraded[0]: loss_ratio is never above 1; a ratio, not percent: 0.05 for 5 %"),
    ("a discard ratio misspelt", f'{DEFAULT}degraded = [{{ metric = "discard_ration", above = 1 }}]',
     "profiles.default.degraded[0].metric: 'discard_ration' is not known; Did you mean 'discard_ratio'?"),
    ("percent of discards", f'{DEFAULT}degraded = [{{ metric = "discard_ratio", above = 5 }}]',
     "profiles.default.degraded[0]: discard_ratio is never above 1; a ratio, not percent: 0.05 for 5 %"),
    ("contracted loss", f'{DEFAULT}degraded = [{{ metric = "loss_ratio", below = "contracted" }}]',
     'profiles.default.degraded[0]: loss_ratio takes `above`; such as { metric = "loss_ratio", above = "0.05" }'),
    ("too much speed", f'{DEFAULT}degraded = [{{ metric = "speed_mbps", above = 3 }}]',
     'profiles.default.degraded[0]: speed_mbps takes `below` and nothing else; such as below = "contracted"'),
    ("contracted misspelt", f'{DEFAULT}degraded = [{{ metric = "speed_mbps", below = "contract" }}]',
     "profiles.default.degraded[0].below: 'contract' is no threshold; a number of Mbit/s, or \"contracted\""),
    ("a window of nothing", f'{DEFAULT}degraded = [{{ metric = "ipdv_ms", above = 5, window_s = 0 }}]',
     "profiles.default.degraded[0].window_s: is not above zero"),
    ("a per cent sign", f'{DEFAULT}degraded = [{{ metric = "loss_ratio", above = "5%" }}]',
     "profiles.default.degraded[0].above: '5%' is no threshold; zero or more, such as 100 or \"0.05\""),
    ("a criterion's key misspelt", f'{DEFAULT}degraded = [{{ metric = "ipdv_ms", abov = 1 }}]',
     "profiles.default.degraded[0].abov: is not known; Did you mean 'above'?"),
    ("a profile with a space", '[profiles."a b"]', f"profiles: 'a b' is not an id; {ID_HINT}"),
    ("a profile that is no table", "[profiles]\nfast = 3",
     "profiles.fast: is not a table; such as [section] with keys below it"),
    ("SNMP without a version", "[snmp.edge]", "snmp.edge.version: is missing"),
    ("SNMPv1", '[snmp.edge]\nversion = "1"', "snmp.edge.version: '1' is not known; write 2c or 3"),
    ("a credential that is no table", "[snmp]\nedge = 1",
     "snmp.edge: is not a table; such as [snmp.edge] with version below it"),
    ("no community", V2, "snmp.edge.community: is missing; give community_file"),
    ("two communities", f'{V2}community = "${{KEY}}"\ncommunity_file = "x"',
     "snmp.edge.community: community and community_file are both given; one of them"),
    ("a user for 2c", f'{V2}community = "${{KEY}}"\nuser = "u"',
     'snmp.edge.user: has no meaning with version = "2c"; remove it, or version = "3"'),
    ("a community for v3", f'{V3}community = "${{KEY}}"',
     'snmp.edge.community: has no meaning with version = "3"; remove it, or version = "2c"'),
    ("a context of a version without contexts", f'{V2}community = "${{KEY}}"\ncontext = "vrf1"',
     'snmp.edge.context: has no meaning with version = "2c"; remove it, or version = "3"'),
    ("a user's name longer than the standard has room for", '[snmp.edge]\nversion = "3"\nuser = "' + "u" * 33 + '"',
     "snmp.edge.user: is longer than 32 bytes; RFC 3414 allows no more"),
    ("a way of encryption that nobody knows", f'{V3}auth = "sha"\nauth_key = "${{KEY}}"\npriv = "aes512"',
     "snmp.edge.priv: 'aes512' is not known; Did you mean 'aes192'?"),
    ("a further object by its name", f'{V2}community = "${{KEY}}"\nextra = [{{ name = "rx", oid = "ifName" }}]',
     "snmp.edge.extra[0].oid: 'ifName' is not an object's number; such as \"1.3.6.1.2.1.31.1.1.1.15\""),
    ("a further object twice",
     f'{V2}community = "${{KEY}}"\nextra = [{{ name = "rx", oid = "1.3.6.1" }}, {{ name = "rx", oid = "1.3.6.2" }}]',
     "snmp.edge.extra[1].name: 'rx' stands twice; each value has a name of its own"),
    ("bounds that no value is within",
     f'{V2}community = "${{KEY}}"\nextra = [{{ name = "rx", oid = "1.3.6.1", above = -20, below = -3 }}]',
     ("snmp.edge.extra[0].below: is greater than above: no value would be good; above names the highest good value,"
     " below the lowest")),
    ("a scale that makes everything nothing",
     f'{V2}community = "${{KEY}}"\nextra = [{{ name = "rx", oid = "1.3.6.1", scale = 0 }}]',
     "snmp.edge.extra[0].scale: is zero; the factor by which the agent's number is multiplied"),
    ("a unit that is a sentence",
     f'{V2}community = "${{KEY}}"\nextra = [{{ name = "rx", oid = "1.3.6.1", unit = "decibel milliwatts" }}]',
     "snmp.edge.extra[0].unit: is longer than 16 characters; such as dBm"),
    ("traps at no port", '[snmp_traps]\nlisten = "0.0.0.0"',
     "snmp_traps.listen: '0.0.0.0' has no port; such as 0.0.0.0:162"),
    ("authentication without a key", f'{V3}auth = "sha"', "snmp.edge.auth_key: is missing; give auth_key_file"),
    ("a key without authentication", f'{V3}auth_key = "${{KEY}}"',
     "snmp.edge.auth: is missing, but its key is given; name the method, or remove auth_key"),
    ("privacy without authentication", f'{V3}priv = "aes"\npriv_key = "${{KEY}}"',
     "snmp.edge.auth: is missing; SNMPv3 has no privacy without authentication"),
    ("InfluxDB by FTP", '[influxdb]\nurl = "ftp://h"\norg = "o"\nbucket = "b"\ntoken = "${KEY}"',
     'influxdb.url: is not an http(s) URL without a user; such as "http://127.0.0.1:8086"'),
    ("a misspelt key of alerting", "[alerts]\nchannel = 1",
     "alerts.channel: is not known; Did you mean 'channels'?"),
    ("the web for everybody", '[web]\nlisten = "0.0.0.0:8470"',
     ("web.listen: 0.0.0.0:8470 can be reached from outside, and nothing asks for a password;"
      " give token_file, or 127.0.0.1:8470")),
    ("a web token to guess", '[web]\ntoken = "${KEY}"',
     "web.token: is shorter than 16 characters; such as what `openssl rand -hex 32` prints"),
    ("an address among the web's names", '[web]\nhosts = ["10.0.0.1"]',
     "web.hosts[0]: '10.0.0.1' is not a host name; such as slamon.example.net; addresses need not be named"),
    ("hours that no day can be made of", "[history]\nhourly_days = 1", "history.hourly_days: is below 2"),
    ("the web without a port", '[web]\nlisten = "127.0.0.1"',
     "web.listen: '127.0.0.1' has no port; such as 127.0.0.1:8470"),
    ("a port that does not exist", '[web]\nlisten = "[::1]:99999"',
     "web.listen: port 99999 does not exist; ports are 1 to 65535"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_one_bad_config_per_message(tmp_path, text, message):
    """One thing wrong gives one message: file, key path, reason, and what would be right.

    Mutant tried (F7): without the comparison with MOST_PACKETS_PER_S both profiles that are faster load.
    """
    assert said(tmp_path, text) == [f"slamon.toml: {message}"]


def test_all_problems_come_at_once(tmp_path):
    """Sections, profiles, credentials and folders are all looked at, whatever is wrong before them."""
    text = "[monitr]\n[profiles.a]\npackets = 0\n[profiles.b]\ndscp = -1\n[snmp.edge]\n[contracts]\ndir = 'nope'\n"
    assert [line.split(": ")[1] for line in said(tmp_path, text)] == [
        "monitr", "profiles.a.packets", "profiles.b.dscp", "snmp.edge.version", "contracts.dir"]  # fmt: skip


def test_broken_toml_names_the_line(tmp_path):
    """What is not TOML at all is said with line and column."""
    (message,) = said(tmp_path, "[monitor]\nvantage = x\n")
    assert message.startswith("slamon.toml: is not TOML: ")
    assert "line 2" in message


def test_the_config_is_found_in_its_places(tmp_path, monkeypatch):
    """--config goes before $SLAMON_CONFIG, that before ./slamon.toml; what was named must exist."""
    for name in ("a.toml", "b.toml", "slamon.toml"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    assert find_config("a.toml", {"SLAMON_CONFIG": "b.toml"}) == Path("a.toml")
    assert find_config(None, {"SLAMON_CONFIG": "b.toml"}) == Path("b.toml")
    assert find_config(None, {}) == Path("slamon.toml")
    for explicit, environ, how in (("no.toml", {}, "--config"), (None, {"SLAMON_CONFIG": "no.toml"}, "$SLAMON_CONFIG")):
        with pytest.raises(InvalidInput, match=r"no\.toml: there is no such file") as caught:
            find_config(explicit, environ)
        assert how in str(caught.value)


def test_no_config_anywhere_says_where_it_was_looked_for(tmp_path, monkeypatch):
    """A newcomer without a config is told the places, and of the demo that needs none."""
    monkeypatch.chdir(tmp_path)
    if Path("/etc/slamon/slamon.toml").exists():  # this machine runs a slamon of its own
        assert find_config(None, {}) == Path("/etc/slamon/slamon.toml")
        return
    with pytest.raises(InvalidInput, match=r"neither \$SLAMON_CONFIG nor slamon\.toml nor /etc/slamon/slamon\.toml"):
        find_config(None, {})


def test_what_the_example_shows_of_snmp_is_what_is_taken(tmp_path):
    """Its commented sections load as they stand, and its values are what they say they are."""
    text = example("slamon.example.toml").read_text(encoding="utf-8")
    block = text[text.index("# [snmp.edge]") : text.index("# A copy of measurements")]
    for name in ("snmp-community", "snmp-auth", "snmp-priv", "trap-community"):
        (tmp_path / name).write_text("twelve chars", encoding="ascii")
        (tmp_path / name).chmod(0o600)
    found = settings(tmp_path, "\n".join(line.removeprefix("#").strip() for line in block.splitlines()))
    assert (found.snmp["edge"].interval_s, found.snmp["edge"].max_objects) == (60, 120)
    assert found.snmp["edge"].extras[0].below == -24
    assert (found.snmp["core"].auth, found.snmp["core"].priv, found.snmp["core"].context) == ("sha256", "aes", "vrf1")
    assert found.traps is not None
    plain = SnmpCredential("edge", "2c")
    assert (plain.slow_interval_s, plain.timeout_ms, plain.retries) == (300, 2000, 1)
