"""The rows that follow a `COPY … FROM stdin`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miger.engine.statements.buffer import Buffer
from miger.engine.statements.scanner import Malformed

_end_of_data = re.compile(r"\\\.\r?\n").match


def copy_data(buffer: Buffer) -> Iterator[str]:
    r"""The data from `buffer.start`, which is left at the `\.` line; counts lines in `copied_lines`."""
    buffer.copied_lines = 0
    at_line_start = True
    while True:
        if at_line_start:
            if buffer.limit - buffer.start < 4 and not buffer.at_end:
                _move(buffer)
                continue
            if _end_of_data(buffer.text, buffer.start):
                return
        stop = _data_end(buffer)
        if stop > buffer.start:
            data = buffer.text[buffer.start : stop]
            buffer.start = stop
            buffer.copied_lines += data.count("\n")
            at_line_start = data.endswith("\n")
            yield data
        elif buffer.at_end:
            raise Malformed(0, "the data of this COPY does not end", "add a line with only `\\.`")
        else:
            _move(buffer)


def end_of_data(buffer: Buffer) -> int:
    r"""The offset after the `\.` line at `buffer.start`."""
    found = _end_of_data(buffer.text, buffer.start)
    return min(found.end(), buffer.limit) if found else buffer.start


def _data_end(buffer: Buffer) -> int:
    r"""How far the data goes for sure: to the next line that may be `\.`, or nearly to the end."""
    text = buffer.text
    candidate = text.find("\n\\.", buffer.start)
    if candidate >= 0:
        return candidate + 1
    if buffer.at_end:
        return buffer.limit
    if text.endswith("\n\\"):
        return buffer.limit - 2
    return buffer.limit - 1 if text.endswith("\n") else buffer.limit


def _move(buffer: Buffer) -> None:
    buffer.more(buffer.start)
    buffer.start = 0
