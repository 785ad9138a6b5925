"""Read a Python migration as text. Nothing here runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miger.engine.errors import Problem
from miger.engine.metadata import NO_METADATA, PYTHON_COMMENT, read_metadata
from miger.engine.migration import Migration, Section
from miger.engine.source import Source, checksum_of, not_utf8

# Compiled at the first Python file: many a project has none.
_DOCSTRING = r"(?s)\A(?:[ \t\r\f\n]|#[^\n]*(?:\n|\Z))*+[rRuU]?(?:(\"\"\"|''')(.*?)\1|([\"'])([^\n]*?)\3)"
_FUNCTION = r"(?m)^(async[ \t]+)?def[ \t]+(up|verify|down)[ \t]*\("


def read_python(path: str, chunks: Iterator[bytes]) -> Source:
    """What the Python file at `path` holds, its content coming in `chunks`."""
    content = b"".join(chunks)
    checksum = checksum_of(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return Source(checksum, NO_METADATA, (), "", [not_utf8(path, line)])
    metadata, problems = read_metadata(text, PYTHON_COMMENT, path)
    docstring = re.match(_DOCSTRING, text)
    title = ((docstring[2] or docstring[4] or "").strip().partition("\n")[0].strip()) if docstring else ""
    sections: dict[str, Section] = {}
    for match in re.compile(_FUNCTION).finditer(text, docstring.end() if docstring else 0):
        name, line = match[2], text.count("\n", 0, match.start()) + 1
        if match[1]:
            problems.append(Problem(path, line, f"async def {name} cannot be run", f"write def {name}(db)"))
        if name in sections:
            problems.append(Problem(path, line, f"a second def {name}", "make them one"))
        sections.setdefault(name, Section(name, line, 0, len(content)))
    if "up" not in sections:
        problems.append(Problem(path, None, "has no function up", "write def up(db), not indented"))
    return Source(checksum, metadata, tuple(sections.values()), title, problems)


def check_python(migration: Migration) -> Problem | None:
    """Whether the file of a Python migration compiles, and if not, where. Compiles, but runs nothing."""
    import warnings  # deferred: most starts check nothing

    try:
        with open(migration.path, "rb") as file:
            content = file.read()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, migration.path, "exec", dont_inherit=True)
    except OSError as error:
        return Problem(migration.path, None, f"cannot be read: {error.strerror}")
    except SyntaxError as error:
        return Problem(migration.path, error.lineno, f"is not valid Python: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nested too deeply
        return Problem(migration.path, None, f"is not valid Python: {str(error) or 'nested too deeply'}")
    return None
