"""The shapes of compensation rules in a contract file, each with the rule that it becomes in the core."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import PlainValidator

from slamon.config.problems import Unfit
from slamon.config.validation import Positive, Share, Table, Text, one_of
from slamon.core.contract import (
    Basis,
    CumulativeHours,
    PlannedWorkWaiver,
    RestoreOverrun,
    Rule,
    ServiceExtension,
    StatutoryWaiver,
    Step,
    StepTable,
)
from slamon.core.facts import Category


class RuleTable(Table):
    """What every rule has."""

    rule: str
    clause: Text | None = None
    basis: Annotated[str, one_of(*Basis)] = "agreement"
    beside: bool = False

    def terms(self) -> Rule:
        raise NotImplementedError


class ServiceExtensionTable(RuleTable):
    """Free days for long interruptions."""

    at_least_hours: Positive = Fraction(24)
    rounding: Annotated[str, one_of("up", "down", "exact")] = "up"

    def terms(self) -> Rule:
        return ServiceExtension(self.clause, Basis(self.basis), self.beside, self.at_least_hours, self.rounding)


class AreaHours(Table):
    """The law's hours by area."""

    urban: Positive | None = None
    rural: Positive | None = None


class StatutoryWaiverTable(RuleTable):
    """Rent of the fault time, past the law's limit."""

    hours: AreaHours

    def terms(self) -> Rule:
        hours = {"urban": self.hours.urban, "rural": self.hours.rural}
        known = {area: limit for area, limit in hours.items() if limit is not None}
        return StatutoryWaiver(self.clause, Basis(self.basis), self.beside, known)


class UnitHours(Table):
    """How long a unit of overrun is, by category."""

    interruption: Positive | None = None
    degradation: Positive | None = None


class RestoreOverrunTable(RuleTable):
    """A share of the charge for each started unit of overrun."""

    unit_hours: UnitHours
    credit_per_unit: Share

    def terms(self) -> Rule:
        units = {Category.INTERRUPTION: self.unit_hours.interruption, Category.DEGRADATION: self.unit_hours.degradation}
        known = {category: unit for category, unit in units.items() if unit is not None}
        return RestoreOverrun(self.clause, Basis(self.basis), self.beside, known, self.credit_per_unit)


class PlannedWorkWaiverTable(RuleTable):
    """The charge of time interrupted by planned work."""

    def terms(self) -> Rule:
        return PlannedWorkWaiver(self.clause, Basis(self.basis), self.beside)


class CumulativeHoursTable(RuleTable):
    """A share of the charge for each started hour of the month's interruptions."""

    credit_per_hour: Share

    def terms(self) -> Rule:
        return CumulativeHours(self.clause, Basis(self.basis), self.beside, self.credit_per_hour)


def _from_minutes(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value < 0:
        raise Unfit("is not a number of minutes", "zero or more, such as 30")
    return Fraction(value)


class StepRow(Table):
    """From this many minutes on, this share."""

    from_minutes: Annotated[Fraction, PlainValidator(_from_minutes)]
    credit: Share


class StepTableTable(RuleTable):
    """Shares of the charge by restore time."""

    steps: list[StepRow]

    def terms(self) -> Rule:
        steps = tuple(Step(row.from_minutes, row.credit) for row in self.steps)
        return StepTable(self.clause, Basis(self.basis), self.beside, steps)


RULES: dict[str, type[RuleTable]] = {
    "service_extension": ServiceExtensionTable,
    "statutory_waiver": StatutoryWaiverTable,
    "restore_overrun": RestoreOverrunTable,
    "planned_work_waiver": PlannedWorkWaiverTable,
    "cumulative_hours": CumulativeHoursTable,
    "step_table": StepTableTable,
}
