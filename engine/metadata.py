"""Read the TOML block in the comments of a migration, without running anything."""

from __future__ import annotations

import re
from typing import NamedTuple

from miger.engine.errors import Problem

SQL_COMMENT = "--"
PYTHON_COMMENT = "#"

# What nearly all blocks look like, so that nearly no start has to wait for a TOML parser. Compiled at the first block.
_SIMPLE = (
    r'(?:depends = \[((?:"[A-Za-z0-9._-]+"(?:, "[A-Za-z0-9._-]+")*)?)\]'
    r'|phase = "(expand|contract)"'
    r"|transaction = (true|false)"
    r'|release = "([A-Za-z0-9._ -]+)")'
)
_STRING = r'"([^"]+)"'


class Metadata(NamedTuple):
    """What the block says; `depends` is None where it is left out.

    `allow` holds one table a hazard that is accepted. `first_line` and `last_line` are where the block
    lies in the file (from 1); both are 0 where there is none.
    """

    depends: tuple[str, ...] | None = None
    phase: str | None = None
    transaction: bool = True
    release: str | None = None
    allow: tuple[dict[str, object], ...] = ()
    first_line: int = 0
    last_line: int = 0


NO_METADATA = Metadata()


def read_metadata(text: str, comment: str, file: str) -> tuple[Metadata, list[Problem]]:
    """The metadata in `text`, which is a file's head or a whole file; and what is wrong with it.

    `comment` is what comments start with: `SQL_COMMENT` or `PYTHON_COMMENT`. `file` is for the problems.
    """
    if "///" not in text:
        return NO_METADATA, []
    pattern = rf"^{comment}[ \t]*///[ \t]*miger[ \t]*\r?$"
    openings = [match.span() for match in re.finditer(pattern, text, re.MULTILINE)]
    if not openings:
        return NO_METADATA, []
    opening_start, opening_end = openings[0]
    first_line = text.count("\n", 0, opening_start) + 1
    content, terminated = _block(text, opening_end, comment)
    last_line = first_line + len(content) + terminated
    if not terminated:
        hint = f"end it with a line {comment} ///"
        problem = Problem(file, first_line, "the metadata block is not closed", hint)
        return Metadata(first_line=first_line, last_line=last_line), [problem]
    metadata = _simple(content, first_line, last_line)
    problems: list[Problem] = []
    if metadata is None:
        metadata, problems = _parsed("\n".join(content), first_line, last_line, file)
    problems += [
        Problem(
            file,
            text.count("\n", 0, start) + 1,
            f"a second metadata block; the first is on line {first_line}",
            "make them one",
        )
        for start, _ in openings[1:]
    ]
    return metadata, problems


def _block(text: str, opening_end: int, comment: str) -> tuple[list[str], bool]:
    """The lines of the block without their comment signs, and whether it is closed."""
    content: list[str] = []
    at = opening_end + 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].rstrip("\r")
        if not line.startswith(comment):
            return content, False
        line = line[len(comment) :].removeprefix(" ")
        if line.strip() == "///":
            return content, True
        content.append(line)
        at = end + 1
    return content, False


def _simple(content: list[str], first_line: int, last_line: int) -> Metadata | None:
    """The metadata of a block in the plainest form; None where only a TOML parser can tell."""
    values: dict[str, str] = {}
    for line in content:
        match = re.fullmatch(_SIMPLE, line)
        if match is None:
            return None
        key = line[: line.index(" ")]
        if key in values:
            return None
        values[key] = match[match.lastindex or 0]
    depends = None
    if "depends" in values:
        depends = tuple(re.findall(_STRING, values["depends"]))
        if len(set(depends)) != len(depends):
            return None
    return Metadata(
        depends=depends,
        phase=values.get("phase"),
        transaction=values.get("transaction") != "false",
        release=values.get("release"),
        first_line=first_line,
        last_line=last_line,
    )


def _parsed(source: str, first_line: int, last_line: int, file: str) -> tuple[Metadata, list[Problem]]:
    """The metadata by way of TOML and the schema. `first_line` is that of the opening line."""
    import tomllib  # deferred with the validator: most projects get by without them here

    from miger.engine.schemas.validators import validate_migration
    from miger.engine.schemas.violation import JsonSchemaValuesException

    nothing = Metadata(first_line=first_line, last_line=last_line)
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        from miger.engine.config_lines import line_of_error, reason_of_error

        line = min(first_line + line_of_error(error, source), last_line)
        return nothing, [Problem(file, line, f"the metadata is not valid TOML: {reason_of_error(error)}")]
    try:
        validate_migration(document)
    except JsonSchemaValuesException as violations:
        from miger.engine.config_lines import line_of
        from miger.engine.schemas.explain import explain

        return nothing, [
            Problem(file, first_line + (line_of(source, finding.path) or 0), finding.message, finding.hint)
            for finding in explain(violations, document)
        ]
    depends, allow = document.get("depends"), document.get("allow", [])
    metadata = Metadata(
        depends=None if depends is None else tuple(depends),
        phase=document.get("phase"),
        transaction=document.get("transaction", True),
        release=document.get("release"),
        allow=tuple(allow) if isinstance(allow, list) else (allow,),
        first_line=first_line,
        last_line=last_line,
    )
    return metadata, []
