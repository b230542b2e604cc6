"""Bad input of every kind gives problems, never another exception (reliability, campaign 5)."""

import json

from hypothesis import given
from hypothesis import strategies as st

from slamon.config.contracts import load_contracts, parse_contract
from slamon.config.inventory import parse_inventory
from slamon.config.inventory_cells import COLUMNS
from slamon.config.problems import InvalidInput
from slamon.config.readings import parse_reading, parse_readings
from slamon.config.settings import read_settings
from slamon.resources import contract_files, example

CONTRACTS, _ = load_contracts(contract_files(), None)
SHIPPED = [path.read_text(encoding="utf-8") for path in contract_files()]
CONFIG = example("slamon.example.toml").read_text(encoding="utf-8")
LINES = example("lines.example.csv").read_text(encoding="utf-8")
READING = '{"line":"L","start":"2026-10-03T00:00:00Z","end":"2026-10-03T00:01:00Z","cpe":{"sent":5,"received":0}}'

WORDS = st.sampled_from(
    ["", "[", "]", "{", "}", '"', "'''", "=", ",", "\n", "\r", "\0", "\x1b[2J", "nan", "inf", "1e99999", "-1",
     "9" * 5000, "true", "null", "2026-13-01", "0001-01-01", "9999-12-31", "[[limits]]", "[[compensation]]",
     "\ufeff", "\u202e", "\ud800", "::", "@", "..", "/"]
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, texts: list[str]) -> str:
    """A good text with parts cut out, doubled or replaced."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        until = min(len(text), at + draw(st.sampled_from([0, 1, 2, 5, 20, 200])))
        text = text[:at] + draw(WORDS | st.text(max_size=5)) + text[until:]
    return text


SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@given(st.text() | spoilt(SHIPPED))
def test_contracts_survive_anything(text):
    """A spoilt contract is a contract or a list of problems."""
    contract, problems = parse_contract(text, "c.toml")
    assert (contract is None) == bool(problems)
    assert all(str(problem).isprintable() or "\n" not in str(problem) for problem in problems)


@given(st.text() | spoilt([CONFIG]))
def test_configs_survive_anything(tmp_path_factory, text):
    """A spoilt config is settings or a list of problems."""
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    settings, problems, _ = read_settings(path, {})
    assert (settings is None) == bool(problems)


@given(st.text() | spoilt([LINES]))
def test_inventories_survive_anything(text):
    """A spoilt inventory is an inventory or a list of problems."""
    text = text.encode("utf-8", "replace").decode()
    inventory, problems = parse_inventory(text, "l.csv", CONTRACTS, {"default", "quiet"}, {"edge"})
    assert (inventory is None) == bool(problems)


@given(st.dictionaries(st.sampled_from([column.name for column in COLUMNS]), WORDS | st.text(max_size=12)))
def test_cells_survive_anything(cells):
    """Whatever stands in the cells of a row, what comes back is an inventory or problems."""
    names, values = ",".join(cells), ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values())
    text = f"{names}\n{values}\n".encode("utf-8", "replace").decode()
    inventory, problems = parse_inventory(text, "l.csv", CONTRACTS, {"default"}, set())
    assert (inventory is None) == bool(problems)


@given(st.binary() | spoilt([READING]).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_readings_survive_anything(raw):
    """A spoilt line is a reading or one problem."""
    try:
        list(parse_readings(raw.splitlines(keepends=True), "r.jsonl"))
    except InvalidInput as caught:
        assert len(caught.problems) == 1  # noqa: PT017 - the alternative is a reading


MEMBERS = [
    "line",
    "start",
    "end",
    "demarc",
    "cpe",
    "interface",
    "blind",
    "vantage",
    "sent",
    "received",
    "rtt_ms",
    "min",
    "oper",
]


@given(
    st.dictionaries(st.sampled_from(MEMBERS), JSON), st.sampled_from([(), ("cpe",), ("cpe", "rtt_ms"), ("interface",)])
)
def test_reading_members_survive_anything(members, place):
    """Whatever stands in the members of a reading, what comes back is a reading or one problem."""
    found = json.loads(READING)
    table = found
    for key in place:
        table = table.setdefault(key, {})
    table.update(members)
    try:
        parse_reading(found)
    except InvalidInput as caught:
        assert len(caught.problems) == 1  # noqa: PT017 - the alternative is a reading
