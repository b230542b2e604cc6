"""docs/fusion.md, printed from the tables of the code: ``python -m tests.core.fusion_page > docs/fusion.md``."""

import sys
from collections.abc import Iterator

from slamon.core.fusion import FUSION, PORT_SAYS, Part
from slamon.core.location import LOCATION

_TARGET = {Part.TARGET: "the target", Part.PORT: "the port"}


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# What packets and ports say together"
    yield ""
    yield "Printed from `slamon/core/fusion.py` and `slamon/core/location.py`; a test holds them together. Why the rows"
    yield "are as they are stands in [decision 0008](decisions/0008-packets-and-ports.md)."
    yield ""
    yield "## The state of the carrier's port"
    yield ""
    yield "A word of the port counts until two of its intervals after the reading that carries it."
    yield ""
    yield "| state | says of the line | because |"
    yield "|---|---|---|"
    for state, said in PORT_SAYS.items():
        yield f"| {state} | {said.says} | {said.because} |"
    yield ""
    yield "## The verdict"
    yield ""
    yield "*Packets* are those to the target that decides: the demarc, or the CPE where no demarc is configured. What"
    yield "decided is the incident's `evidence`."
    yield ""
    yield "| packets | port | verdict | decided by | because |"
    yield "|---|---|---|---|---|"
    for (packets, says), fused in FUSION.items():
        verdict = "by the criteria" if fused.verdict is None else fused.verdict
        yield f"| {packets} | {says} | {verdict} | {_parts(fused.parts)} | {fused.because} |"
    yield ""
    yield "## Where the fault seems to lie"
    yield ""
    yield "The first row that holds states the cause. It is advice: it moves no money."
    yield ""
    yield "| when | cause |"
    yield "|---|---|"
    for row in LOCATION:
        yield f"| {row.when} | {row.cause or 'nothing tells'} |"


def _parts(parts: tuple[Part, ...]) -> str:
    return " and ".join(_TARGET[part] for part in parts) or "-"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in page())
