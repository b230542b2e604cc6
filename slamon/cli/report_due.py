"""`slamon report --due`: what the timer asks for each morning."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from slamon.cli.options import Invocation
from slamon.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

    from slamon.config.settings import ReportPlan
    from slamon.core.calendar import BillingMonth
    from slamon.service.site import Site


def make_due(invocation: Invocation) -> None:
    """Make and mail last month's statements where they are due and not done yet; say what was done."""
    from slamon.service import clock
    from slamon.service.report_due import due, mail

    with invocation.site() as site:
        plan = site.loaded.settings.report
        if plan is None:
            raise click.UsageError("the config has no [report]: nothing says when and how statements are made")
        found = due(site, plan, clock.now())
        if found is None:
            say("nothing is due")
            return
        if found.make:
            for file in _made(site, plan, found.month):
                say(str(file))
        if found.mail:
            say(mail(site, plan, found.month, clock.now))


def _made(site: Site, plan: ReportPlan, month: BillingMonth) -> list[Path]:
    """Make a month's files beside their place, then put them there at once and record them."""
    from slamon.cli.report_files import to_folder
    from slamon.cli.report_job import job_of
    from slamon.service import clock
    from slamon.service.report_due import folder_of, note_made

    folder = folder_of(plan, month)
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    for _ in to_folder(job_of(site, str(month), None, None, plan.lang), plan.formats, making):
        pass
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was ended before it could be recorded
    making.rename(folder)
    files = sorted(folder.iterdir())
    note_made(site, month, files, clock.now())
    return files
