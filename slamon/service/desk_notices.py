"""Telling customers of planned work, and putting it on record as the notice that the agreement asks for (clause 3.3).

The notice counts once every customer concerned was told: work of which one of them knew nothing was not announced,
whatever the others knew. Who was told already is not told again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slamon.alerting.channel import Answer, Outcome, Parcel, attempt
from slamon.alerting.opening import opened
from slamon.config.channels import Channel, Sms, Smtp
from slamon.config.contacts import Contact
from slamon.config.problems import did_you_mean, quoted
from slamon.core.facts import Maintenance
from slamon.core.inventory import Line
from slamon.reports.texts import local
from slamon.service import clock
from slamon.service.alerting_attempts import FAILED, SENT, month_of
from slamon.service.alerting_by_hand import alerts_of
from slamon.service.desk import DeskError, Filed, filing, looking
from slamon.service.desk_maintenance import announced_in_time, lines_of, windows
from slamon.service.site import Site
from slamon.store import filed, outbox
from slamon.store.entry import Draft
from slamon.store.ledger import Transaction
from slamon.store.outbox import Spent

EMAIL, SMS = "email", "sms"
REASON = "maintenance_notice"

# Sends one message by one channel.
Sending = Callable[[Channel, Parcel], Answer]


def sent_now(spec: Channel, parcel: Parcel) -> Answer:
    """Send one message by one channel, now."""
    return attempt(opened(spec, clock.now), parcel)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one contact: in the record stand ids alone, `text` is kept sealed."""

    contact: Contact
    title: str
    text: str = field(repr=False)
    key: str
    to: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Work:
    """Planned work that is to be announced, and whom it concerns: lines by customer."""

    key: str
    window: Maintenance
    lines: Mapping[str, Sequence[Line]]


def notify(site: Site, key: str, by: str, via: str | None = None, sending: Sending = sent_now) -> Filed:
    """Tell the customers concerned by `by` (``email`` or ``sms``); put on record who was told what, and when."""
    spec = _spec(site, by, via)
    work = _work(site, key)
    told = _told_already(site, key)
    notices = [one for one in _notices(site, work, by) if (one.contact.customer_id, one.contact.id) not in told]
    reached = {customer for customer, _ in told}
    drafts: list[Draft] = []
    answers: list[tuple[Notice, Answer]] = []
    for notice in notices:
        answer = sending(spec, _parcel(notice, work))
        answers.append((notice, answer))
        drafts.append(_attempt(notice, answer, spec, work, clock.now()))
        if answer.outcome is Outcome.SENT:
            reached.add(notice.contact.customer_id)
    missing = sorted(set(work.lines) - reached)
    at = clock.now()
    complete = not missing and any(answer.outcome is Outcome.SENT for _, answer in answers)
    if complete:
        payload = {"notified_at": filed.moment(at), "channel": by, "customers": sorted(work.lines)}
        drafts.append(Draft(filed.MAINTENANCE_NOTIFIED, at, payload, subject=key))
    with filing(site) as desk:
        entries = desk.append(drafts)
        _count(desk.held, spec, [answer for _, answer in answers], at)
    return Filed(entries, (key,), tuple(_said(work, answers, by)), tuple(_warnings(site, work, missing, answers)))


def _spec(site: Site, by: str, via: str | None) -> Channel:
    wanted = Smtp if by == EMAIL else Sms
    fitting = {name: spec for name, spec in alerts_of(site).channels.items() if isinstance(spec.way, wanted)}
    if via is not None and via not in fitting:
        hint = did_you_mean(via, fitting, f"channels of kind {wanted.__name__.lower()}")
        raise DeskError(f"there is no channel {quoted(via)} for {by}", hint)
    if not fitting:
        kind = wanted.__name__.lower()
        raise DeskError(f"there is no channel for {by}", f"[alerts.channels.NAME] with kind = {kind!r}")
    return fitting[via] if via is not None else next(iter(fitting.values()))


def _work(site: Site, key: str) -> Work:
    known = windows(looking(site))
    if key not in known:
        hint = did_you_mean(key, known, "windows") or "see `slamon maintenance list`"
        raise DeskError(f"there is no planned work {quoted(key)}", hint)
    window, _ = known[key]
    if window.cancelled:
        raise DeskError(f"planned work {key} is cancelled", "there is nothing to announce")
    lines: dict[str, list[Line]] = {}
    for line in lines_of(site, window):
        if not line.departed:
            lines.setdefault(site.terms(line.line_id).period_at(window.start).customer_id, []).append(line)
    return Work(key, window, lines)


def _told_already(site: Site, key: str) -> set[tuple[str, str]]:
    found: list[Any] = [entry.payload for entry in site.ledger.entries(kinds={SENT}, subject=key)]
    return {(one["customer"], one["contact"]) for one in found if one.get("reason") == REASON}


def _notices(site: Site, work: Work, by: str) -> list[Notice]:
    contacts = [one for one in site.loaded.contacts if one.customer_id in work.lines]
    if not site.loaded.contacts:
        raise DeskError("there are no contacts", '[alerts] contacts = "contacts.csv" in slamon.toml names the file')
    found = []
    for contact in contacts:
        to = contact.email if by == EMAIL else contact.phone if contact.sms_consent else None
        if to is not None:
            title, text = _words(site, work, contact, short=by == SMS)
            key = hashlib.sha256(f"{work.key}\n{contact.customer_id}\n{contact.id}\n{by}\n{text}".encode()).hexdigest()
            found.append(Notice(contact, title, text, key[:32], to))
    return found


def _words(site: Site, work: Work, contact: Contact, *, short: bool) -> tuple[str, str]:
    lines = work.lines[contact.customer_id]
    terms = site.terms(lines[0].line_id)
    start, end = local(work.window.start, terms.zone), local(work.window.end, terms.zone)
    names = [line.line_id + (f" {line.current.name}" if line.current.name else "") for line in lines]
    rules = terms.contract_at(work.window.start).maintenance
    clause = "" if rules is None or rules.clause is None else rules.clause
    if contact.language == "en":
        title = f"Planned work {work.key}, {start} to {end}"
        some = names[0] if len(names) == 1 else f"{len(names)} lines ({lines[0].line_id} and others)"
        if short:
            return title, f"Planned work on {some}, {start} to {end} ({terms.zone.key}): service may be interrupted."
        under = f" Notice under clause {clause}." if clause else ""
        intro = f"{work.window.reason}: from {start} to {end} ({terms.zone.key}) these lines may be interrupted."
        return title, "\n".join([f"{intro}{under}", "", *names])
    title = f"计划施工通知 {work.key}：{start} 至 {end}"
    some = names[0] if len(names) == 1 else f"{lines[0].line_id}等{len(names)}条线路"
    if short:
        return title, f"计划施工通知：{some}将于{start}至{end}施工，期间业务可能中断。"
    under = f"（依据协议第 {clause} 条提前通知）" if clause else ""
    intro = f"因{work.window.reason}，下列线路将于 {start} 至 {end}（{terms.zone.key}）施工，期间业务可能中断。"
    return title, "\n".join([f"{intro}{under}", "", *names])


def _parcel(notice: Notice, work: Work) -> Parcel:
    lines = tuple(line.line_id for line in work.lines[notice.contact.customer_id])
    consent = notice.contact.sms_consent
    return Parcel(notice.key, notice.title, notice.text, notice.text, notice.to, REASON, lines, consent, urgent=False)


def _attempt(notice: Notice, answer: Answer, spec: Channel, work: Work, at: datetime) -> Draft:
    payload = {
        "key": notice.key,
        "reason": REASON,
        "customer": notice.contact.customer_id,
        "contact": notice.contact.id,
        "channel": spec.name,
        "answer": answer.said,
    }
    if answer.segments:
        payload |= {"segments": str(answer.segments), "cost": str(answer.cost)}
    kind = SENT if answer.outcome is Outcome.SENT else FAILED
    return Draft(kind, at, payload, subject=work.key, personal={"text": f"{notice.title}\n{notice.text}"})


def _count(held: Transaction, spec: Channel, answers: Sequence[Answer], at: datetime) -> None:
    for answer in answers:
        if answer.segments:
            outbox.spend(held, spec.name, month_of(at), Spent(1, answer.segments, answer.cost))


def _said(work: Work, answers: Sequence[tuple[Notice, Answer]], by: str) -> list[str]:
    said = []
    for one, answer in answers:
        what = f"told by {by}" if answer.outcome is Outcome.SENT else "not told"
        said.append(f"{one.contact.customer_id}/{one.contact.id}: {what} ({answer.said})")
    return said or [f"planned work {work.key}: nobody was left to tell by {by}"]


def _warnings(
    site: Site, work: Work, missing: Sequence[str], answers: Sequence[tuple[Notice, Answer]]
) -> Iterator[str]:
    if missing:
        named = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
        yield f"the notice does not count yet: nobody was told at {named}; run it again, or tell them another way"
    elif answers and not announced_in_time(site, windows(looking(site))[work.key][0]):
        yield "this notice is not in time for every contract that the work concerns; the statement says why"
