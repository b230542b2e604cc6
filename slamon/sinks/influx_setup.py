"""A bucket where there is none, and whether a server, a token and a bucket are what the configuration says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from influxdb_client.client.bucket_api import BucketsApi
from influxdb_client.client.organizations_api import OrganizationsApi
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules

from slamon.config.credentials import InfluxTarget
from slamon.sinks.delivery_errors import BadLines, BeyondRetention, Refused
from slamon.sinks.influx import InfluxWriter, client_of, told
from slamon.sinks.line_protocol import line
from slamon.sinks.points import health_point

_Buckets: Any = BucketsApi
_Organizations: Any = OrganizationsApi
_Rules: Any = BucketRetentionRules
DAY_S = 86_400

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself: `version` as it writes it, `major` 0 where it says nothing."""

    version: str
    major: int


def ask_server(target: InfluxTarget, now: Now) -> Server:
    """Return which server answers at the URL; raises `NotDelivered`."""
    client = client_of(target)
    found: dict[str, str] = {}

    def ping() -> int:
        answer = client.api_client.rest_client.request("GET", f"{target.url}/ping", headers={"Accept": "*/*"})
        found["version"] = answer.getheader("X-Influxdb-Version") or _named(answer.data)
        return int(answer.status)

    try:
        told(ping, target, now)
    finally:
        client.close()
    version = found.get("version", "")
    number = version.lstrip("vV").partition(".")[0]
    return Server(version, int(number) if number.isdigit() else 0)


def _named(body: bytes | None) -> str:
    try:
        parsed = json.loads(body or b"")
    except ValueError:
        return ""
    return str(parsed.get("version", "")) if isinstance(parsed, dict) else ""


def try_writing(target: InfluxTarget, vantage: str, now: Now) -> None:
    """Return when the token may write to the bucket; raises `NotDelivered`.

    A comment is written, which leaves nothing behind; a server that wants a point gets one (`delivery_check`).
    """
    writer = InfluxWriter(target, now)
    try:
        try:
            writer.write(b"# slamon check --online\n")
        except (BadLines, Refused) as error:
            if isinstance(error, Refused) and error.status not in (200, 202):
                raise
            text = line(health_point(vantage, now(), {"delivery_check": True}))
            writer.write(f"{text}\n".encode())
    except BeyondRetention:
        return
    finally:
        writer.close()


@dataclass(frozen=True, slots=True)
class Made:
    """What was done, or what a person has to do: sentences, and commands to copy."""

    said: str
    commands: tuple[str, ...] = ()


def set_up(target: InfluxTarget, keep_days: int, now: Now) -> Made:
    """Make the bucket with its retention on an InfluxDB 2, or return the commands for another; raises `NotDelivered`.

    `keep_days` 0 keeps for ever. A bucket that exists is left as it is.
    """
    server = ask_server(target, now)
    if server.major == 1:
        said = f"InfluxDB {server.version} has no buckets to make over this API; run these in `influx`:"
        return Made(said, _influx1(target, keep_days))
    if server.major == 3:
        return Made(f"InfluxDB {server.version} makes databases by its own command:", _influx3(target, keep_days))
    if server.major == 0:
        said = "this server does not say which InfluxDB it is; where it has databases, make one of this name:"
        return Made(said, (target.bucket,))
    client = client_of(target)
    found: list[Made] = []

    def make() -> int:
        found.append(_influx2(client, target, keep_days))
        return 0

    try:
        told(make, target, now)
    finally:
        client.close()
    return found[0]


def _influx2(client: Any, target: InfluxTarget, keep_days: int) -> Made:  # noqa: ANN401 - the library ships no types
    buckets = _Buckets(client)
    there = list(buckets.find_buckets(name=target.bucket, org=target.org).buckets or ())
    if there:
        return Made(f"bucket {target.bucket!r} is there already and was left as it is ({_kept(there[0])})")
    owners = _Organizations(client).find_organizations(org=target.org)
    if not owners:
        raise Refused(f"there is no organization {target.org!r}", "correct org, or make it in InfluxDB")
    rule = _Rules(type="expire", every_seconds=keep_days * DAY_S)
    buckets.create_bucket(bucket_name=target.bucket, org=owners[0], retention_rules=[rule] if keep_days else [])
    kept = f"{keep_days} days" if keep_days else "for ever"
    return Made(f"bucket {target.bucket!r} of organization {target.org!r} is made; it keeps data {kept}")


def _kept(bucket: Any) -> str:  # noqa: ANN401 - the library ships no types
    seconds = [rule.every_seconds for rule in bucket.retention_rules or () if rule.every_seconds]
    return f"keeps data for {seconds[0] // DAY_S} days" if seconds else "keeps data for ever"


def _influx1(target: InfluxTarget, keep_days: int) -> tuple[str, ...]:
    database, _, policy = target.bucket.partition("/")
    duration = f"{keep_days}d" if keep_days else "INF"
    made = f'CREATE DATABASE "{database}"'
    if not policy or policy == "autogen":
        return (made, f'ALTER RETENTION POLICY "autogen" ON "{database}" DURATION {duration}')
    return (made, f'CREATE RETENTION POLICY "{policy}" ON "{database}" DURATION {duration} REPLICATION 1')


def _influx3(target: InfluxTarget, keep_days: int) -> tuple[str, ...]:
    kept = f" --retention-period {keep_days}d" if keep_days else ""
    return (f"influxdb3 create database{kept} {target.bucket}",)
