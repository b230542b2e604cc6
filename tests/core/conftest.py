"""Lets pytest explain the comparisons that facts make."""

import pytest

pytest.register_assert_rewrite("tests.core.telling")
