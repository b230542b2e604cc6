"""Last month's statements, made by themselves once: from a day of the month on, and handed on by mail where asked.

What was made and what was mailed stands in the ledger, so that neither is done twice, whatever becomes of the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from slamon.alerting.channel import Attachment, Outcome, Parcel
from slamon.alerting.opening import opened
from slamon.config.settings import ReportPlan
from slamon.core.calendar import BillingMonth
from slamon.service.desk import DeskError
from slamon.service.site import Site
from slamon.store.entry import Draft

MADE = "report.made"
MAILED = "report.mailed"
# Mail servers commonly refuse more than 25 MB, and attachments grow by a third on the way.
MAIL_BYTES = 15 << 20


@dataclass(frozen=True, slots=True)
class Due:
    """What is still to be done of a month."""

    month: BillingMonth
    make: bool
    mail: bool


def month_before(now: datetime, zones: Iterable[ZoneInfo]) -> BillingMonth:
    """Return the last month that is over in all of some time zones."""
    current = min((BillingMonth.of(now, zone) for zone in zones), key=lambda month: (month.year, month.month))
    return current.preceding()


def due(site: Site, plan: ReportPlan, now: datetime) -> Due | None:
    """Tell what is to be done now; None before the day of the month, and once everything is done."""
    zones = {contract.zone for contract in site.contracts.versions}
    month = month_before(now, zones)
    if min(now.astimezone(zone).day for zone in zones) < plan.day:
        return None
    done = {entry.kind for entry in site.ledger.entries(kinds={MADE, MAILED}, subject=str(month))}
    found = Due(month, MADE not in done, plan.mail is not None and MAILED not in done)
    return found if found.make or found.mail else None


def folder_of(plan: ReportPlan, month: BillingMonth) -> Path:
    """Return where a month's files stand."""
    return plan.folder / str(month)


def note_made(site: Site, month: BillingMonth, files: Sequence[Path], at: datetime) -> None:
    """Record which files were made."""
    digests = {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
    site.ledger.append([Draft(MADE, at, {"month": str(month), "files": digests}, subject=str(month))])


def mail(site: Site, plan: ReportPlan, month: BillingMonth, now: Callable[[], datetime]) -> str:
    """Hand a month's files on and record it; raises `DeskError` where they were not taken."""
    alerts = site.loaded.settings.alerts
    if plan.mail is None or alerts is None:
        raise DeskError("[report] mail names no channel")
    files = sorted(path for path in folder_of(plan, month).iterdir() if path.is_file())
    size = sum(file.stat().st_size for file in files)
    carried = files if size <= MAIL_BYTES else []
    answer = opened(alerts.channels[plan.mail], now).send(_parcel(plan, month, files, carried))
    if answer.outcome is not Outcome.SENT:
        raise DeskError(f"{month} was not mailed by {plan.mail}: {answer.said}", "it is tried again tomorrow")
    payload = {"month": str(month), "channel": plan.mail, "files": [file.name for file in carried], "said": answer.said}
    site.ledger.append([Draft(MAILED, now(), payload, subject=str(month))])
    return f"mailed by {plan.mail}: {len(carried)} files" if carried else f"mailed by {plan.mail}: where the files are"


def _parcel(plan: ReportPlan, month: BillingMonth, files: Sequence[Path], carried: Sequence[Path]) -> Parcel:
    chinese = plan.lang == "zh"
    title = f"{month} 月账单" if chinese else f"Statements of {month}"
    names = "\n".join(f"  {file.name}" for file in files)
    if carried:
        said = "附件为上月账单,数据取自台账:" if chinese else "Attached are last month's statements, from the ledger:"
    else:
        said = (
            "账单文件过大,未作附件,请到监控主机上取:" if chinese else "The files are too large for mail; they are at:"
        )
        said += f"\n  {folder_of(plan, month)}"
    attached = tuple(Attachment(file.name, file.read_bytes()) for file in carried)
    return Parcel(f"report-{month}", title, f"{said}\n{names}", reason="report", urgent=False, files=attached)
