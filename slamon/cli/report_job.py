"""What is to be reported: a month as asked for, with the header that every format shows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slamon.cli.output import progress

if TYPE_CHECKING:
    from slamon.reports.language import Language
    from slamon.reports.model import Header
    from slamon.service.site import Site
    from slamon.service.statements import Survey, Wanted

# A bar for what takes a second or more.
BAR_FROM_LINES = 300
PRINTED_BAR_FROM_LINES = 10


@dataclass(frozen=True, slots=True)
class Job:
    """A month of one site, of one customer or line where named."""

    survey: Survey
    header: Header
    wanted: Wanted
    language: Language
    bom: bool = False

    def bar(self, title: str, at_least: int = BAR_FROM_LINES) -> AbstractContextManager[Callable[[int], None]]:
        """Show a bar over the lines of the month."""
        return progress(title, len(self.survey.line_ids), at_least=at_least)

    @property
    def stem(self) -> str:
        """How the names of its files begin."""
        parts = ["statement", str(self.wanted.month), self.wanted.customer_id, self.wanted.line_id]
        return "-".join(part for part in parts if part)


def job_of(site: Site, month: str, customer: str | None, line: str | None, lang: str, *, bom: bool = False) -> Job:
    """Look at a month; raises `DeskError` for a customer or a line that is not there."""
    from slamon.config.problems import did_you_mean, quoted
    from slamon.core.calendar import BillingMonth
    from slamon.reports.language import LANGUAGES
    from slamon.reports.model import Header
    from slamon.service import clock
    from slamon.service.desk import DeskError, line_of
    from slamon.service.statements import Wanted, survey

    if line is not None:
        line_of(site, line)
    if customer is not None:
        known = {period.customer_id for one in site.lines.values() for period in one.periods}
        if customer not in known:
            raise DeskError(f"there is no customer {quoted(customer)}", did_you_mean(customer, known, "customers"))
    wanted = Wanted(BillingMonth.parse(month), customer, line)
    found = survey(site, wanted)
    header = Header(
        month=wanted.month,
        as_of=found.as_of,
        generated_at=clock.now(),
        ledger_heads=site.ledger.heads(),
    )
    return Job(found, header, wanted, LANGUAGES[lang], bom)
