"""The text of /metrics is what Prometheus' own parser reads, its names follow the rules, and docs list it."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from slamon.sinks.metrics import FAMILIES, Family, Samples, exposition

DOCS = Path(__file__).resolve().parents[2] / "docs" / "monitoring.md"
# promtool's lint: a name ends in its base unit; what is no measure of anything has none.
UNITS = ("seconds", "bytes", "ratio")
COUNTED = ("lines", "points", "events", "info", "state", "open", "overdue", "by_verdict")


def everything() -> Samples:
    """A value for each family, under labels that must be escaped."""
    return {one.name: 2.5 if not one.labels else {tuple('a"\\\n' for _ in one.labels): 7} for one in FAMILIES}


def test_every_family_comes_back_from_the_parser_with_its_help_and_kind():
    """What is written is read as it was meant, odd label values included."""
    text = exposition(everything)().decode()
    found = {one.name: one for one in text_string_to_metric_families(text) if one.name.startswith("slamon_")}
    assert set(found) == {one.name.removesuffix("_total") for one in FAMILIES}
    for family in FAMILIES:
        read = found[family.name.removesuffix("_total")]
        assert (read.type, read.documentation) == ("counter" if family.counts else "gauge", family.help)
        (sample,) = read.samples
        assert (sample.name, set(sample.labels)) == (family.name, set(family.labels))
        assert all(value == 'a"\\\n' for value in sample.labels.values())


def test_what_is_not_known_is_left_out():
    """Absent is no zero: without InfluxDB there is no backlog of nought points."""
    text = exposition(lambda: {"slamon_lines": 3})().decode()
    assert re.findall(r"^slamon_\w+", text, re.MULTILINE) == ["slamon_lines"]


def test_the_process_speaks_for_itself():
    """CPU, memory and files of the daemon come under Prometheus' usual names."""
    text = exposition(dict)().decode()
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"} <= set(
        re.findall(r"^process_\w+", text, re.MULTILINE)
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_names_follow_the_rules(family: Family):
    """Base units at the end, `_total` for counters alone, no customer and no line in a label, help as a sentence."""
    assert re.fullmatch(r"slamon_[a-z][a-z_]*[a-z]", family.name)
    assert not re.search(r"_(ms|s|us|kb|mb|minutes|percent|count|sum|bucket)(_total)?$", family.name)
    assert family.help.endswith(".")
    assert not {"line", "line_id", "customer", "customer_id", "name"} & set(family.labels)
    if not family.counts:
        assert family.name.endswith((*UNITS, *COUNTED))


def test_the_docs_list_what_there_is():
    """The table of docs/monitoring.md has each family with its kind, labels and help, in the same order."""
    rows = re.findall(r"^\| `(slamon_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert rows == [
        (one.name, "counter" if one.counts else "gauge", ", ".join(f"`{n}`" for n in one.labels), one.help)
        for one in FAMILIES
    ]


def test_names_are_unique():
    """No family is there twice."""
    names = [one.name for one in FAMILIES]
    assert len(names) == len(set(names))
