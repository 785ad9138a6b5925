"""Numbers and durations as people read them."""

from __future__ import annotations


def duration(ms: float) -> str:
    """A duration for people: `0.4 ms`, `31 ms`, `2.5 s`, `3 min 20 s`, `2 h 5 min`."""
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    if ms < 59_950:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 row`, `10,231 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
