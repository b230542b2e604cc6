"""A batch on its way to the judge: rows in the judging's own numbers, and which of them the fast filter takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from slamon.core.judge import NOT_OBSERVED, Blindness
from slamon.core.quality import Verdict
from slamon.probes.columns import ROW, Rows
from slamon.service.history import History
from slamon.service.quiet import Bools, Ints, LimitTable, look, rounds
from slamon.service.quiet_lines import Advance, QuietLines
from slamon.store.rows import KEPT, VERDICTS

# What `quality.assess` says of a reading without the target that decides, or without a packet to it.
UNSENT = "no packets were sent to the target that decides"
VERDICT_AT = {verdict: number for number, verdict in enumerate(VERDICTS)}

_COPIED = tuple(name for name in ROW.names or () if name not in ("line", "blind"))


@dataclass(slots=True)
class Intake:
    """Rows in order of line and time; `came` is the place of each in its batch.

    `fast` are those that the filter took; `slow` those for the judge, in the order in which they came. Rows that lie
    before what their line has been observed to are in neither. `plain` rows are `UP` whatever stands in their windows,
    `compared` ones may need them; of a row under another watch than its line's own nobody knows before it is judged.
    """

    rows: Rows
    came: Ints
    plain: Bools
    compared: Bools
    fast: Ints
    slow: Ints
    blind: list[tuple[int, Blindness]]


def numbered(
    rows: Rows, numbers: Ints, history: History, reasons: Sequence[str], vantage: str | None
) -> tuple[Rows, Ints]:
    """Return the rows of known lines as the history keeps them, in order, and where each stood in the batch."""
    lines = numbers[rows["line"]]
    order = np.argsort(lines, kind="stable")
    order = order[np.searchsorted(lines[order], 0) :]
    came = rows[order]
    found = np.zeros(order.size, KEPT)
    found["line"] = lines[order]
    words = np.array([0, *(history.word(text) for text in reasons[1:])], np.uint32)
    found["blind"] = words[came["blind"]]
    found["vantage"] = history.word(vantage)
    for name in _COPIED:
        found[name] = came[name]
    return found, order


@dataclass(slots=True)
class Said:
    """What ports make of rows: `stirred` ones the judge must see, `loud` ones exceed a criterion by their own word."""

    stirred: Bools
    loud: Bools


def sift(rows: Rows, came: Ints, quiet: QuietLines, table: LimitTable, history: History, said: Said) -> Intake:
    """Let the filter take what it can: calm lines' observed ends move on, the others are marked as seated."""
    lines = rows["line"].astype(np.int64)
    starts, ends = rows["start"].astype(np.int64), rows["end"].astype(np.int64)
    limits = table.of(quiet.watch[lines])
    seen = look(rows, limits)
    windows = np.broadcast_to(np.asarray(limits.window_us), lines.shape)
    fits = (quiet.fit_from[lines] <= starts) & (starts < quiet.fit_until[lines])
    reasons = _reasons(rows, quiet, history)
    fast, slow, blind, plain = [], [], [], np.zeros(lines.size, np.bool_)
    for at in rounds(lines):
        mine, begin, end = lines[at], starts[at], ends[at]
        calm = fits[at] & ~quiet.seated[mine]
        fresh = quiet.until[mine] <= begin
        plain[at] = fits[at] & seen.up[at] & ~said.stirred[at] & quiet.undisturbed(mine, end, windows[at])
        taken = calm & fresh & ~said.stirred[at] & (seen.unseen[at] | plain[at])
        handed = ~taken & (fresh | ~calm)
        quiet.seated[mine[handed]] = True
        step, of = at[taken], mine[taken]
        ended = quiet.advance(Advance(of, begin[taken], end[taken], seen.unseen[step], reasons[step]))
        blind += [(int(came[step[place]]), blindness) for place, blindness in ended]
        loud = seen.loud[at] | said.loud[at] | ~fits[at]  # under another watch than the line's own nobody knows
        quiet.note_loud(mine[loud], begin[loud])
        fast.append(step)
        slow.append(at[handed])
    left = np.concatenate(slow)
    rows["verdict"] = VERDICT_AT[Verdict.UP]
    rows["verdict"][seen.unseen] = VERDICT_AT[Verdict.NO_DATA]
    compared = (seen.answered & ~plain) | ~fits
    return Intake(rows, came, plain, compared, np.sort(np.concatenate(fast)), left[np.argsort(came[left])], blind)


def _reasons(rows: Rows, quiet: QuietLines, history: History) -> Ints:
    blind = rows["blind"]
    numbers: npt.NDArray[np.int64] = np.full(blind.shape, quiet.reason(UNSENT))
    for word in np.unique(blind[blind != 0]).tolist():
        numbers[blind == word] = quiet.reason(history.text(word) or NOT_OBSERVED)
    return numbers
