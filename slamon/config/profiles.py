"""Profiles: how lines are probed and judged. Every profile inherits what it does not say from `default`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from slamon.config.addresses import address, family_of
from slamon.config.contract_file import identifier
from slamon.config.problems import Problem, Unfit, quoted
from slamon.config.validation import Number, Table, one_of, validate
from slamon.core.quality import Criterion, Metric, Profile

# RFC 1191's plateaus end at 65535; below 16 bytes the cookie that proves a reply to be ours has no room (F8, F10).
SMALLEST_PAYLOAD_BYTES, LARGEST_PAYLOAD_BYTES = 16, 65507 - 8
MOST_PACKETS_PER_S = 2  # even pacing below what routers' ICMP rate limits swallow (F7)

SHIPPED = Profile(
    degraded=(
        Criterion(Metric.LOSS_RATIO, above=0.05, window_s=60),
        Criterion(Metric.RTT_MEAN_MS, above=100, window_s=300),
        Criterion(Metric.IPDV_MS, above=50, window_s=300),
        Criterion(Metric.ERROR_RATIO, above=0.0001, window_s=300),
        Criterion(Metric.SPEED_MBPS),
    )
)

_RATIOS = (Metric.LOSS_RATIO, Metric.ERROR_RATIO, Metric.DISCARD_RATIO)


def _positive(value: float) -> float:
    if value <= 0:
        raise Unfit("is not above zero")
    return value


def _not_negative(value: float) -> float:
    if value < 0:
        raise Unfit("is negative")
    return value


def _source(value: str) -> str:
    if value and family_of(value) is None:
        raise Unfit(f"{quoted(value)} is no IP address", "an address of this machine, such as 192.0.2.10")
    return address(value) if value else ""


def _below(value: object) -> float | str:
    if value == "contracted":
        return "contracted"
    if isinstance(value, str):
        raise Unfit(f"{quoted(value)} is no threshold", 'a number of Mbit/s, or "contracted"')
    return _threshold(value)


def _threshold(value: object) -> float:
    try:
        number = float(str(value)) if not isinstance(value, bool) else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e12:
        raise Unfit(f"{quoted(str(value))} is no threshold", 'zero or more, such as 100 or "0.05"')
    return number


PositiveNumber = Annotated[Number, AfterValidator(_positive)]
Duration = Annotated[Number, AfterValidator(_not_negative)]


class CriterionTable(Table):
    """One criterion of a profile: a metric with its threshold."""

    metric: Annotated[str, one_of(*Metric)]
    above: Annotated[float, PlainValidator(_threshold)] | None = None
    below: Annotated[float | str, PlainValidator(_below)] | None = None
    window_s: PositiveNumber | None = None

    @model_validator(mode="after")
    def _sensible(self) -> CriterionTable:
        if self.metric == Metric.SPEED_MBPS:
            if self.below is None or self.above is not None or self.window_s is not None:
                raise Unfit("speed_mbps takes `below` and nothing else", 'such as below = "contracted"')
        elif self.above is None or self.below is not None:
            raise Unfit(f"{self.metric} takes `above`", f'such as {{ metric = "{self.metric}", above = "0.05" }}')
        if self.metric in _RATIOS and self.above is not None and self.above > 1:
            raise Unfit(f"{self.metric} is never above 1", "a ratio, not percent: 0.05 for 5 %")
        return self

    def criterion(self) -> Criterion:
        below = self.below if isinstance(self.below, float) else None
        return Criterion(Metric(self.metric), self.above, below, self.window_s)


class ProfileTable(Table):
    """What a profile says by itself; None is inherited."""

    interval_s: PositiveNumber | None = None
    packets: Annotated[int, Field(ge=1, le=1000)] | None = None
    timeout_ms: Annotated[int, Field(ge=1, le=60_000)] | None = None
    payload_bytes: Annotated[int, Field(ge=SMALLEST_PAYLOAD_BYTES, le=LARGEST_PAYLOAD_BYTES)] | None = None
    dscp: Annotated[int, Field(ge=0, le=63)] | None = None
    source: Annotated[str, AfterValidator(_source)] | None = None
    open_after_s: Duration | None = None
    degraded_open_after_s: Duration | None = None
    close_after_s: Duration | None = None
    degraded: list[CriterionTable] | None = None

    def over(self, inherited: Profile, name: str) -> Profile:
        """Return the inherited profile with what this one says; criteria are replaced, not merged."""
        said: dict[str, Any] = {key: getattr(self, key) for key in self.model_fields_set if key != "degraded"}
        if "source" in said:
            said["source"] = self.source or None  # "": whatever this machine chooses, whatever `default` says
        if self.degraded is not None:
            said["degraded"] = tuple(table.criterion() for table in self.degraded)
        return replace(inherited, name=name, **said)


def profiles_of(tables: Mapping[str, object], file: str) -> tuple[dict[str, Profile], list[Problem]]:
    """Return the profiles of ``[profiles.*]``, `default` among them, with everything that is wrong with them."""
    default, problems = _profile("default", tables.get("default", {}), SHIPPED, file)
    profiles = {"default": default}
    for name, table in tables.items():
        if name != "default":
            profiles[name], more = _profile(name, table, default, file)
            problems += more
    return profiles, problems


def _profile(name: str, data: object, inherited: Profile, file: str) -> tuple[Profile, list[Problem]]:
    key = f"profiles.{name}"
    try:
        identifier(name)
    except Unfit as unfit:
        return inherited, [unfit.at(file, "profiles")]
    table, problems = validate(ProfileTable, data, file, key)
    if table is None:
        return inherited, problems
    profile = table.over(inherited, name)
    if profile.packets > MOST_PACKETS_PER_S * profile.interval_s:
        reason = f"{profile.packets} packets in {profile.interval_s:g} s are more than {MOST_PACKETS_PER_S} a second"
        hint = "routers limit ICMP and the rest would look like loss: fewer packets or a longer interval_s"
        problems.append(Problem(file, f"{key}.packets", reason, hint))
    return profile, problems
