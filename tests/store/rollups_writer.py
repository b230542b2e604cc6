"""A process that writes windows of two lines, far apart in the file, until it is killed.

Its arguments are the FOLDER of the history and the number of the window to BEGIN with. The line `ready` comes first,
then the number of each window whose write came back.
"""

import itertools
import os
import sys
from datetime import timedelta
from pathlib import Path

from slamon.store.rollups import Rollups, Tally
from tests.store.test_rollups import BASE, rows_of, ten_seconds

FLEET = [f"GX-{number:04}" for number in range(1200)]
SHOWN = (0, 1199)


def main(folder: str, begin: int) -> None:
    """Write one window of each line after the other, and a line for each write that came back."""
    os.write(1, b"ready\n")
    with Rollups.open(Path(folder)) as kept:
        for number in itertools.count(begin):
            tally = Tally()
            start = BASE + timedelta(seconds=10 * number)
            tally.add(rows_of([ten_seconds(line, start) for line in SHOWN]))
            kept.write(tally, FLEET, {})
            os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
