"""Text made fit for a screen: safe, as wide as there is room, and times as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.cells import cell_len, chop_cells, set_cell_size
from textual.content import Content

ELLIPSIS = "…"
_BIDI = (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
_UNSAFE = {
    **{code: chr(0x2400 + code) for code in range(0x20)},  # ESC becomes ␛: a file's text must not steer the terminal
    0x7F: "␡",
    **dict.fromkeys((*range(128, 160), *_BIDI, *range(55296, 57344)), "�"),
}
_UNSAFE_BUT_LINES = {code: sign for code, sign in _UNSAFE.items() if code != 0x0A}
_MOST_CHARACTERS = 4000  # of a text on one line: what is beyond is cut before any width is measured


def printable(text: str) -> str:
    """One line that cannot steer the terminal: white space folded, control signs made visible."""
    cut = text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + ELLIPSIS
    return " ".join(cut.split()).translate(_UNSAFE)


def as_title(text: str) -> str:
    """A text for the border of a pane, where brackets would be taken for markup."""
    return Content(printable(text)).markup


def printable_lines(text: str) -> list[str]:
    """The lines of a text, tabs expanded to four cells, control signs made visible."""
    return text.replace("\r\n", "\n").expandtabs(4).translate(_UNSAFE_BUT_LINES).split("\n")


def fit(text: str, cells: int) -> str:
    """The text, cut with … where it is wider than `cells`."""
    if len(text) * 2 <= cells or cell_len(text) <= cells:
        return text
    return set_cell_size(text, cells - 1).rstrip() + ELLIPSIS if cells > 0 else ""


def wrapped(text: str, cells: int) -> Iterator[str]:
    """The text in lines of at most `cells`, broken at spaces where there are some. At least one line."""
    line = ""
    for word in text.split():
        if line and cell_len(line) + 1 + cell_len(word) <= cells:
            line += " " + word
            continue
        if line:
            yield line
        *full, line = chop_cells(word, max(cells, 2)) if cell_len(word) > cells else [word]
        yield from full
    yield line


def fit_end(text: str, cells: int) -> str:
    """The text, its beginning cut with … where it is wider than `cells`: for paths."""
    if cell_len(text) <= cells:
        return text
    return ELLIPSIS + set_cell_size(text[::-1], cells - 1)[::-1].lstrip() if cells > 0 else ""


def pieces(line: str, cells: int) -> Iterator[tuple[int, int]]:
    """Start and end of each screen line of a line of code: nothing is left out, words are kept whole if they fit."""
    start, most = 0, max(cells, 2)
    while True:
        window = line[start : start + 4 * most]  # a cell may take several characters
        if start + len(window) == len(line) and cell_len(window) <= most:
            break
        end = start + len(chop_cells(window, most)[0])
        space = line.rfind(" ", start, end)
        if space > start + (end - start) // 2:
            end = space + 1
        yield start, end
        start = end
    yield start, len(line)


def moment(at: str) -> str:
    """An ISO 8601 time to the second: `2026-01-05 12:04:31`."""
    return printable(at[:19].replace("T", " "))


def age(at: str, now: datetime) -> str:
    """How long ago an ISO 8601 time was: `now`, `40s`, `5min`, `3h`, `12d`, `8mo`, `2y`; "" for no time."""
    try:
        then = datetime.fromisoformat(at)
    except ValueError:
        return ""
    seconds = (now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()
    if seconds < 1:
        return "now"
    for unit, length in (("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f}{unit}"
    return f"{seconds:.0f}s"
