"""Config, contracts and inventory together."""

from pathlib import Path

import pytest

from slamon.config.contracts import parse_contract
from slamon.config.loaded import Loaded, load
from slamon.config.problems import InvalidInput, Problem
from slamon.resources import contract_files, example

ROWS = "line_id,customer_id,monthly_rent,contract,in_service_from,product,cpe\n"
ROW = "L1,C1,100,hourly-credit,2026-01-01,circuit,192.0.2.1\n"


def write(folder: Path, config: str = "", lines: str = ROWS + ROW, **contracts: str) -> Path:
    (folder / "slamon.toml").write_text(config, encoding="utf-8")
    (folder / "lines.csv").write_text(lines, encoding="utf-8")
    (folder / "contracts").mkdir(exist_ok=True)
    for name, text in contracts.items():
        (folder / "contracts" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder / "slamon.toml"


def places(path: Path) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load(path, {})
    return [f"{Path(problem.file).name}: {problem.where}" for problem in caught.value.problems]


def test_the_examples_that_ship_load():
    """A newcomer's copy of the examples is right: config, contracts, inventory."""
    found = load(example("slamon.example.toml"), {})
    assert list(found.inventory.lines) == [f"GX-000{n}" for n in range(1, 6)]
    assert found.contracts.ids() == {path.stem for path in contract_files()}
    assert found.notes == ()
    for read in found.contract_files:
        assert parse_contract(read.text, read.file) == (read.contract, [])
    assert tuple(read.contract for read in found.contract_files) == found.contracts.versions


def test_a_minimal_config_loads(tmp_path):
    """An empty config, an inventory beside it: that is all it takes."""
    found = load(write(tmp_path), {})
    assert isinstance(found, Loaded)
    assert list(found.inventory.lines) == ["L1"]


def test_problems_of_all_files_come_at_once(tmp_path):
    """One run of `slamon check` shows what is wrong in config, contracts and inventory."""
    path = write(
        tmp_path,
        "[monitor]\nvantage = 3\n[profiles.fast]\npackets = 0\n[alerts]\nx = 1\n",
        ROWS.replace("cpe", "profile,cpe")
        + ROW.replace("192", "fast,192")
        + "L 2,C1,100,x,2026-01-01,circuit,none,h\n",
        bad='id = "bad"',
    )
    assert places(path) == [
        "slamon.toml: monitor.vantage", "slamon.toml: alerts.x", "slamon.toml: profiles.fast.packets",
        "bad.toml: title", "bad.toml: effective_from", "bad.toml: currency", "bad.toml: timezone",
        "lines.csv: row 3, column line_id",
    ]  # fmt: skip


def test_a_broken_contract_does_not_spoil_its_rows(tmp_path):
    """Rows that name a contract which cannot be read are not called wrong for it."""
    path = write(tmp_path, lines=ROWS + ROW.replace("hourly-credit", "bad"), bad='id = "bad"\nx = 1')
    assert not [place for place in places(path) if place.startswith("lines")]


def test_a_broken_profile_does_not_spoil_its_lines(tmp_path):
    """A profile or credential that is wrong itself is known all the same; one that is not there is not."""
    lines = ROWS.replace("cpe", "profile,cpe") + ROW.replace("192", "fast,192")
    assert places(write(tmp_path, "[profiles.fast]\npackets = 0", lines)) == ["slamon.toml: profiles.fast.packets"]
    assert places(write(tmp_path, "", lines)) == ["lines.csv: row 2, column profile"]


def test_a_profile_sends_from_its_own_source_the_inherited_one_or_none(tmp_path):
    """A profile inherits the source; an empty one says that the machine chooses, whatever `default` says."""
    config = '[profiles.default]\nsource = "192.0.2.7"\n[profiles.a]\n[profiles.b]\nsource = ""\n'
    found = load(write(tmp_path, config + '[profiles.c]\nsource = "2001:DB8::0:7"\n'), {}).settings.profiles
    sources = {name: profile.source for name, profile in found.items()}
    assert sources == {"default": "192.0.2.7", "a": "192.0.2.7", "b": None, "c": "2001:db8::7"}


def test_a_source_of_another_family_than_its_lines_is_refused(tmp_path):
    """Nothing could be sent to them; a host name may have an address of any family."""
    config = '[profiles.default]\nsource = "2001:db8::7"\n'
    assert places(write(tmp_path, config)) == ["lines.csv: row 2, column cpe"]
    load(write(tmp_path, config, ROWS + ROW.replace("192.0.2.1", "cpe.example")), {})


def test_a_config_that_is_not_toml_is_one_problem(tmp_path):
    """Nothing follows from a file that cannot be read; only the shipped contracts were looked at beside it."""
    assert places(write(tmp_path, "[", lines="rubbish")) == ["slamon.toml: "]


def test_a_config_that_is_not_there_is_one_problem(tmp_path):
    """No file, no traceback."""
    assert places(tmp_path / "nope.toml") == ["nope.toml: "]


def test_notes_say_what_nobody_would_notice(tmp_path):
    """A contract in the shipped one's place is mentioned."""
    own = next(p for p in contract_files() if p.stem == "hourly-credit").read_text(encoding="utf-8")
    path = write(tmp_path, "", own=own.replace('"1/30"', '"1/60"'))
    told = f"{tmp_path}/contracts/own.toml stands in for the shipped hourly-credit of 2019-01-01"
    assert load(path, {}).notes == (told,)


def test_a_problem_prints_on_one_line_without_control_characters():
    """What came from a file cannot drive the terminal that shows the message."""
    problem = Problem("a\nb", "k\x1b[2J", "is \u202ewrong", "do\x07")
    assert str(problem) == "a\\x0ab: k\\x1b[2J: is \\x202ewrong; do\\x07"
