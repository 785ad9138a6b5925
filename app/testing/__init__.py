"""Tests for others to run: `miger.testing.contract`, what every backend has to do. Needs pytest."""

import pytest

pytest.register_assert_rewrite("miger.testing.contract")  # else a failure would not show its values
