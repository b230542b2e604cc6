"""`slamon alert`: try channels, see what would be said, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from slamon.cli.errors import FAILED
from slamon.cli.options import MONTH, Invocation, by_option, json_option, pass_invocation
from slamon.cli.output import put_json, put_table, say

if TYPE_CHECKING:
    from slamon.service.alerting_by_hand import Tested


@click.group("alert", short_help="Try channels; what would be said, and what was.")
def command() -> None:
    """Try channels, see what would be said of an incident, and what was said and answered."""


@command.command("test")
@click.argument("name", metavar="PERSON|CHANNEL")
@by_option
@json_option
@pass_invocation
@click.pass_context
def test(ctx: click.Context, invocation: Invocation, name: str, by: str | None, *, as_json: bool) -> None:
    """Send a test message to a person, by each channel, or by one channel; exit code 1 where one did not take it."""
    from slamon.service.alerting_by_hand import send_test

    with invocation.site(by) as site:
        found = send_test(site, name)
    if as_json:
        put_json({"tests": [_tested(one) for one in found]})
    else:
        say(*(f"{one.channel}: {one.answer.outcome} ({one.answer.said})" for one in found))
    if any(one.answer.outcome != "sent" for one in found):
        ctx.exit(FAILED)


def _tested(one: Tested) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "person": one.person,
        "outcome": one.answer.outcome,
        "answer": one.answer.said,
        "segments": one.answer.segments,
        "cost": str(one.answer.cost),
    }


@command.command("preview")
@click.argument("incident")
@json_option
@pass_invocation
def preview(invocation: Invocation, incident: str, *, as_json: bool) -> None:
    """Show what would be said of INCIDENT now, to whom and by which channels, if nothing had been said of it yet."""
    from slamon.service import clock
    from slamon.service.alerting_by_hand import preview as previewed

    with invocation.site(read_only=True) as site:
        found = previewed(site, incident, clock.now())
    if as_json:
        shown = [
            {
                "person": one.message.receiver,
                "reason": one.message.reason,
                "channels": list(one.channels),
                "title": one.worded.title,
                "body": one.worded.body,
                "sms": one.worded.sms,
            }
            for one in found
        ]
        put_json({"messages": shown})
        return
    if not found:
        say("Nothing would be said: the incident is over, muted by planned work, or nobody is on call.")
    for one in found:
        say(f"to {one.message.receiver} by {', '.join(one.channels)} ({one.message.reason})", one.worded.title)
        say(*(f"    {line}" for line in one.worded.body.splitlines()), f"    SMS: {one.worded.sms}")


@command.command("history")
@click.argument("incident", required=False)
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@json_option
@pass_invocation
def history(invocation: Invocation, incident: str | None, last: int, *, as_json: bool) -> None:
    """Show what was sent, of INCIDENT or of all, with what the channels answered; the newest last."""
    from slamon.service.alerting_history import attempts

    with invocation.site(read_only=True) as site:
        found = attempts(site, incident)[-last:]
    if as_json:
        put_json({"notifications": found})
        return
    columns = ("At", "What", "Reason", "To", "Channel", "Try", "Answer", "Key")
    rows = [
        (
            one["at"],
            one["what"],
            one.get("reason"),
            one.get("person"),
            one.get("channel"),
            one.get("attempt"),
            one.get("answer"),
            str(one.get("key", ""))[:12],
        )
        for one in found
    ]
    put_table(columns, rows, "Nothing was sent.")


@command.command("costs")
@click.option("--month", type=MONTH, metavar="YYYY-MM", help="The present one by default (UTC).")
@json_option
@pass_invocation
def costs(invocation: Invocation, month: str | None, *, as_json: bool) -> None:
    """Show how many short messages a month had by each channel, how many segments, and what they cost."""
    from slamon.reports.texts import money
    from slamon.service import clock
    from slamon.service.alerting_attempts import month_of
    from slamon.store.outbox import spendings

    chosen = month or month_of(clock.now())
    with invocation.site(read_only=True) as site:
        found = spendings(site.ledger, chosen)
    if as_json:
        rows = [
            {"channel": name, "messages": one.messages, "segments": one.segments, "cost": str(one.cost)}
            for name, one in found.items()
        ]
        put_json({"month": chosen, "channels": rows})
        return
    table = [(name, one.messages, one.segments, money(one.cost)) for name, one in found.items()]
    put_table(("Channel", "Messages", "Segments", "Cost"), table, f"No short messages in {chosen}.")
