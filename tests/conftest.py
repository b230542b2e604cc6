"""What every test shares: the `lab` marker and the Hypothesis profiles."""

import functools
import os
import shutil
import subprocess

import pytest
from hypothesis import settings

# pytest loads readline, which tells the C environment a terminal's size; what tests start has no terminal.
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)
    os.unsetenv(_size)

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

# `ci` tries the same examples each time, so that a red gate is red for everyone; `dev` looks for new ones.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "dev"))


@functools.cache
def lab_obstacle() -> str | None:
    """Why network namespaces cannot be had here, or `None` where they can."""
    if os.geteuid() != 0:
        return "needs root"
    if missing := [tool for tool in ("ip", "nft", "unshare") if shutil.which(tool) is None]:
        return f"needs {' and '.join(missing)}"
    attempt = subprocess.run(
        ["unshare", "--net", "nft", "list", "ruleset"], capture_output=True, text=True, check=False, timeout=10
    )
    if attempt.returncode != 0:
        return f"the kernel grants no network namespace: {attempt.stderr.strip()}"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts files that wait for real packets first: they take the longest, and others compute meanwhile."""
    waiting = {item.path for item in items if item.get_closest_marker("lab") is not None}
    items.sort(key=lambda item: item.path not in waiting)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a `lab` test that cannot run here; in CI it fails, for nobody would notice that it was skipped."""
    if item.get_closest_marker("lab") is None:
        return
    obstacle = lab_obstacle()
    if obstacle is None:
        return
    if IN_CI:
        pytest.fail(f"a lab test may not be skipped in CI: {obstacle}", pytrace=False)
    pytest.skip(obstacle)
