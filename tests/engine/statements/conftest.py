import pytest

from miger.engine.statements import buffer


@pytest.fixture
def small_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes in no more text at once than a chunk, so that every cut shows."""
    monkeypatch.setattr(buffer, "LEAST", 1)
