"""A process of its own: one line's statement again and again, from an open ledger to JSON text; prints seconds."""

from __future__ import annotations

import json
import os
import sys
import time

from slamon.core.statement import LineStatement
from slamon.reports.json import encode, line_object
from slamon.service.site import open_site
from slamon.service.statements import Wanted, statements, survey
from tests.bench.month import MONTH


def main(config: str, line_id: str, runs: str) -> None:
    took = []
    with open_site(config, os.environ, read_only=True) as site:
        for _ in range(int(runs)):
            began = time.perf_counter()
            texts = list(statements(survey(site, Wanted(MONTH, line_id=line_id)), _text))
            took.append(time.perf_counter() - began)
            if len(texts) != 1:
                sys.exit(f"{len(texts)} statements of one line")
    print(json.dumps(took))


def _text(line: LineStatement) -> str:
    return encode(line_object(line))


if __name__ == "__main__":
    main(*sys.argv[1:])
