"""Every query of the dashboards, asked of the real InfluxDB after the points of the written schema went in.

A query that names what slamon does not write gives nothing in Grafana, and nobody sees why; here it is red.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from slamon.config.credentials import InfluxTarget
from slamon.config.secret import Secret
from slamon.core.quality import Verdict
from slamon.core.reading import InterfaceStats, Reading, TargetStats
from slamon.probes.protocol import Health
from slamon.resources import shipped_dir
from slamon.service.influx_scribe import _health_fields
from slamon.sinks.influx import InfluxWriter
from slamon.sinks.line_protocol import Point, line
from slamon.sinks.points import (
    IncidentEvent,
    IssuedCredit,
    credit_point,
    health_event_point,
    health_point,
    incident_point,
    interface_point,
    quality_points,
)
from tests.lab.influx import Influx1, influx1

GRAFANA = shipped_dir() / "grafana"
BOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
UID = "slamon-influxdb"
BEGIN = datetime(2026, 10, 3, 8, 0, tzinfo=UTC)
END = BEGIN + timedelta(hours=1)

# The written schema (docs/influxdb.md), and nothing else: measurement -> tags, fields.
SCHEMA: dict[str, tuple[set[str], set[str]]] = {
    "line_quality": (
        {"line", "target", "vantage", "tier"},
        {"sent", "received", "loss_ratio", "rtt_min_ms", "rtt_mean_ms", "rtt_max_ms", "ipdv_ms", "verdict"},
    ),
    "line_interface": (
        {"line", "vantage"},
        {"oper_up", "speed_mbps"}
        | {f"{way}_{what}" for way in ("in", "out") for what in ("errors", "octets", "packets")},
    ),
    "line_incident": (
        {"line", "tier", "category", "event", "vantage"},
        {"incident_id", "duration_s", "remaining_s", "breached"},
    ),
    "line_credit": ({"line", "tier"}, {"amount", "extension_days", "month", "revision"}),
    "slamon_health": (
        {"vantage"},
        {"lines", "loop_lag_max_ms", "probes_sent", "probes_received", "probes_per_s", "lost_sends", "skipped_sends"}
        | {"socket_drops", "late_replies", "duplicate_replies", "corrupt_replies", "forged_replies", "confirm_capped"}
        | {"queue_rows", "spool_points", "event", "detail"},
    ),
}


def board(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def queries(path: Path) -> list[tuple[str, str]]:
    """Every query of a board, with the panel or variable it belongs to."""
    made = board(path)
    found = [(panel["title"], target["query"]) for panel in made["panels"] for target in panel["targets"]]
    return found + [(one["name"], one["query"]) for one in made["templating"]["list"]]


ALL = [(path, title, query) for path in BOARDS for title, query in queries(path)]


def filled(query: str) -> str:
    """A query as Grafana sends it: the time shown, an interval, each variable one of its values or all of them."""
    low, high = (int(at.timestamp() * 1000) for at in (BEGIN - timedelta(minutes=1), END))
    text = query.replace("$timeFilter", f"time >= {low}ms AND time <= {high}ms").replace("$__interval", "1m")
    return re.sub(r"\$\{?(vantage|tier|line|target)\}?", ".*", text)


def quality() -> Iterator[Point]:
    stats = TargetStats(5, 5, 1.1, 1.3, 1.9, 0.2)
    shown = [(Verdict.UP, stats)] * 3 + [(Verdict.DEGRADED, TargetStats(5, 3, 1.1, 90.5, 200.0, 12.5))]
    shown += [(Verdict.DOWN, TargetStats(5, 0)), (Verdict.NO_DATA, TargetStats(0, 0))]
    for number, last in enumerate(shown):
        for nth, (verdict, one) in enumerate([*shown, last]):
            start = BEGIN + timedelta(minutes=nth)
            reading = Reading(f"GX-{number:04}", start, start + timedelta(seconds=10), one, one)
            tags = {"line": reading.line_id, "vantage": "nanning-1", "tier": ("AAA", "A")[number % 2]}
            yield from quality_points(reading, verdict, tags, ("demarc", "cpe"))


def points() -> Iterator[Point]:
    """A life of everything that is written, by the functions that write it."""
    yield from quality()
    port = InterfaceStats("up", "up", 100.0, 1, 2, 1200, 900, 150_000, 90_000)
    for nth in range(3):
        at = BEGIN + timedelta(minutes=nth)
        yield interface_point("GX-0000", "nanning-1", port, at)
        before, health = (Health(at=at - timedelta(seconds=s), lines=6, sent=1000 - s) for s in (10, 0))
        fields = _health_fields(health, before) | {"queue_rows": 3, "spool_points": 9}
        yield health_point("nanning-1", at, fields)
    yield health_event_point("nanning-1", BEGIN, 7, "clock_step", "the wall clock went back by 2 s")
    for nth, (event, breached) in enumerate([("opened", False), ("complaint", False), ("restored", True)]):
        at = BEGIN + timedelta(minutes=nth)
        left = -60 if breached else 3600
        for category in ("interruption", "degradation"):
            yield incident_point(
                IncidentEvent("GX-0000", event, at, "nanning-1", f"i-{category}", "AAA", category, 60, left, breached)
            )
    yield credit_point(IssuedCredit("GX-0000", BEGIN, "2026-09", 1, Decimal("3640.00"), Decimal(2), "AAA"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx1]:
    """The real server with these points in it."""
    with influx1(tmp_path_factory.mktemp("influx")) as made:
        writer = InfluxWriter(InfluxTarget(made.url, "noc", made.bucket, Secret("unused")), lambda: END)
        writer.write("".join(f"{text}\n" for point in points() if (text := line(point))).encode())
        writer.close()
        yield made


def test_the_points_are_the_schema(server: Influx1):
    """Tags and fields in the database are those of the documented schema, each of them and no other."""
    for measurement, (tags, fields) in SCHEMA.items():
        found_tags = server.query(f'SHOW TAG KEYS FROM "{measurement}"')
        found_fields = server.query(f'SHOW FIELD KEYS FROM "{measurement}"')
        assert {value[0] for value in found_tags[0]["values"]} == tags, measurement
        assert {value[0] for value in found_fields[0]["values"]} == fields, measurement
    assert {value[0] for value in server.query("SHOW MEASUREMENTS")[0]["values"]} == set(SCHEMA)


@pytest.mark.parametrize(
    ("path", "title", "query"),
    ALL,
    ids=[f"{nth:02} {path.stem}: {title}" for nth, (path, title, _) in enumerate(ALL)],
)
def test_a_query_shows_what_was_written(server: Influx1, path: Path, title: str, query: str):  # noqa: ARG001 - for the id
    """Asked as Grafana asks it, the server answers with values, in every column.

    Mutant: `rtt_mean_ms` misspelt in fleet.json gives no series at all: red.
    """
    found = server.query(filled(query))
    assert found, query
    columns = [name for name in found[0]["columns"] if name not in ("time", "key")]
    for column in columns:
        place = found[0]["columns"].index(column)
        assert any(values[place] is not None for one in found for values in one["values"]), f"{column}: {query}"


def quoted_names(query: str) -> set[str]:
    """The identifiers of a query, less the names that it gives itself."""
    return set(re.findall(r'"([^"]+)"', query)) - set(re.findall(r'AS "([^"]+)"', query))


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_no_query_names_what_is_not_in_the_schema(path: Path):
    """Measurement, tags and fields are those of one measurement; each name is quoted, so that none goes unseen."""
    for title, query in queries(path):
        (measurement,) = set(re.findall(r'FROM "(\w+)"', query))
        tags, fields = SCHEMA[measurement]
        assert quoted_names(query) - {measurement} <= tags | fields, f"{title}: {query}"
        bare = re.sub(r'"[^"]*"|\'[^\']*\'|/[^/]*/|\$\w+', " ", query)
        assert not re.findall(r"[a-z]+_[a-z_]+", bare.replace("non_negative_derivative", "")), query


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_board_can_be_provisioned(path: Path):
    """A stable uid, panels with ids of their own that do not lie on each other, the data source that is provisioned."""
    made = board(path)
    assert made["uid"] == f"slamon-{path.stem}"
    ids = [panel["id"] for panel in made["panels"]]
    assert len(ids) == len(set(ids))
    for panel in made["panels"]:
        assert panel["datasource"]["uid"] == UID
        assert all(target["datasource"]["uid"] == UID and target["rawQuery"] for target in panel["targets"])
    assert not _overlapping([panel["gridPos"] for panel in made["panels"]])
    for variable in made["templating"]["list"]:
        assert any(f"${variable['name']}" in query for _, query in queries(path)), variable["name"]


def _overlapping(places: Sequence[dict[str, int]]) -> bool:
    taken: set[tuple[int, int]] = set()
    for at in places:
        own = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        if taken & own or at["x"] + at["w"] > 24:
            return True
        taken |= own
    return False


def test_the_provisioning_names_the_same_data_source():
    """What the dashboards ask for is what the file gives; no token stands in it."""
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/slamon.yaml").read_text())["datasources"]
    assert (source["uid"], source["type"], source["jsonData"]["version"]) == (UID, "influxdb", "InfluxQL")
    assert source["secureJsonData"]["httpHeaderValue1"].startswith("Token $")
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/slamon.yaml").read_text())["providers"]
    assert provider["type"] == "file"
