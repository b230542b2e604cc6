"""The internal review of a month, as `slamon report MONTH --internal` writes it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from slamon.cli.files import put
from slamon.cli.output import progress
from slamon.cli.report_job import Job

if TYPE_CHECKING:
    from slamon.core.review_sums import Review

INTERNAL_FORMATS = ("xlsx", "html", "pdf")


def internal_files(job: Job, names: Sequence[str], folder: Path, chronic_from: int) -> Iterator[Path]:
    """Write the review in each format into a folder."""
    if "pdf" in names:
        from slamon.reports.pdf import check

        check()
    found = _review(job, chronic_from)
    for name in names:
        path = folder / f"{job.stem.replace('statement', 'internal', 1)}.{name}"
        with progress(f"writing {name}", None):
            put(path, internal_content(job, found, name))
        yield path


def internal_stream(job: Job, name: str, chronic_from: int) -> bytes:
    """Return the review in one format."""
    return internal_content(job, _review(job, chronic_from), name)


def internal_content(job: Job, review: Review, name: str) -> bytes:
    """Return one format of a review."""
    from slamon.reports.internal import internal_page, write_internal

    zone = _zone(job)
    if name == "xlsx":
        made = io.BytesIO()
        write_internal(made, job.header, review, job.language, zone)
        return made.getvalue()
    page = internal_page(job.header, review, job.language, zone)
    if name == "html":
        return page.encode("utf-8")
    from slamon.reports.pdf import pdf_of

    return pdf_of(page)


def _review(job: Job, chronic_from: int) -> Review:
    from slamon.cli.report_pieces import reviewed
    from slamon.core.review_sums import joined
    from slamon.service.statements import folded

    part = partial(reviewed, month=job.wanted.month, as_of=job.survey.as_of, chronic_from=chronic_from)
    with job.bar("review") as done:
        return joined(folded(job.survey, part, done), chronic_from)


def _zone(job: Job) -> ZoneInfo:
    """Return the zone of the first line: a review has one clock for all."""
    site = job.survey.site
    return site.terms(job.survey.line_ids[0]).zone if job.survey.line_ids else ZoneInfo("UTC")
