"""A process that appends and says which entries were acknowledged.

Its arguments are URL, WRITER, NAME and COUNT (of commits; 0 goes on until killed). Each commit holds one to five
entries and the state of line GX-1, which is the subject of the last of them.
"""

import itertools
import os
import sys

from slamon.store.ledger import Ledger
from tests.store.facts import draft, stamp


def main(url: str, writer: str, name: str, count: int) -> None:
    """Append `count` groups, and write a line with number and subject for each entry that was acknowledged."""
    os.write(1, b"ready\n")
    with Ledger.open(url, writer=writer, stamp=stamp) as ledger:
        number = 0
        for group in range(count) if count else itertools.count():
            subjects = [f"{name}-{number + one}" for one in range(1 + group % 5)]
            number += len(subjects)
            seqs = ledger.commit([draft(number, subject=one) for one in subjects], states={"GX-1": subjects[-1]})
            os.write(1, "".join(f"{seq} {one}\n" for seq, one in zip(seqs, subjects, strict=True)).encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
