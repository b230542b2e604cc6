"""The worked example of docs/how-a-credit-comes-about: what the page shows is what the commands print."""

import json
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.docs.pages import DOCS
from tests.service.places import Place, place
from tests.service.runs import SLAMON

SHANGHAI = ZoneInfo("Asia/Shanghai")
FROM, TO = datetime(2026, 10, 1, tzinfo=SHANGHAI), datetime(2026, 11, 1, tzinfo=SHANGHAI)
CUT = datetime(2026, 10, 12, 9, 14, 20, tzinfo=SHANGHAI)
BACK = datetime(2026, 10, 12, 16, 1, 40, tzinfo=SHANGHAI)
HEADER = "line_id,name,customer_id,customer_name,product,tier,span,monthly_rent,contract,in_service_from,demarc,cpe"
ROW = "GX-0001,南宁总部,C1001,某银行,internet_line,AAA,intra_city,3000.00,cmcc-internet-line,2026-01-01,198.51.100.1,"
PAGES = [DOCS / "how-a-credit-comes-about.md", DOCS / "how-a-credit-comes-about.zh-CN.md"]


def windows(start: datetime, end: datetime, received: int) -> list[str]:
    """One reading an hour is as good as one each ten seconds where nothing changes; the edges are exact."""
    found = []
    while start < end:
        step = min(timedelta(hours=1), end - start)
        target = {"sent": 5, "received": received}
        found.append(
            {"line": "GX-0001", "start": start.isoformat(), "end": (start + step).isoformat(), "demarc": target}
        )
        start += step
    return [json.dumps(one) for one in found]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Place:
    """The month of the page, replayed."""
    made = place(tmp_path_factory.mktemp("worked"))
    (made.folder / "lines.csv").write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    cut = timedelta(seconds=10)
    bad = [*windows(CUT, CUT + cut, 0), *windows(CUT + cut, CUT + 2 * cut, 0), *windows(CUT + 2 * cut, BACK, 0)]
    readings = made.folder / "readings.jsonl"
    readings.write_text("\n".join([*windows(FROM, CUT, 5), *bad, *windows(BACK, TO, 5)]) + "\n", encoding="utf-8")
    run(made, "replay", str(readings))
    return made


def run(site: Place, *words: str) -> str:
    done = subprocess.run(
        [*SLAMON, "-c", str(site.config), *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands(page: Path) -> tuple[list[list[str]], list[str]]:
    """What a page's console block types, word by word, and what it shows."""
    (block,) = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = block.replace("\\\n", "").splitlines()
    typed = [line.removeprefix("$ slamon ").replace("'", "").split() for line in lines if line.startswith("$")]
    return typed, [line for line in lines if line and not line.startswith(("$", "..."))]


def test_both_pages_show_the_same():
    """The Chinese page types the same commands and prints the same answers."""
    assert commands(PAGES[0]) == commands(PAGES[1])


def test_the_commands_print_what_the_page_shows(site: Place):
    """Every line of the answer is one of the real answer; the amounts are worked out by hand on the page."""
    typed, shown = commands(PAGES[0])
    *filings, (*show, number) = typed
    for words in filings:
        run(site, *words)
    (found,) = json.loads(run(site, "incident", "list", "--json"))["incidents"]
    answer = [line.rstrip() for line in run(site, *show, f"#{found['number']}").splitlines()]
    for line in shown:
        assert line.rstrip().replace(number, f"#{found['number']}") in answer, line
    statement = json.loads(run(site, "report", "2026-10", "--format", "json", "-o", "-"))
    assert statement["customers"][0]["credit_total"] == "525.24"
    for page in PAGES:
        assert "525.24" in page.read_text(encoding="utf-8")
