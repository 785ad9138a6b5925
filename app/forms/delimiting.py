"""A statement with semicolons of its own, in a file for MySQL or MariaDB: between two DELIMITER lines."""

from __future__ import annotations

from miger.engine.statements import split

_DELIMITERS = ("//", "$$", ";;", "||", "//;//")


def delimited(sql: str, dialect: str) -> str | None:
    """The statement as the client needs it whose body would be cut at its semicolons; None for any other."""
    if dialect != "mysql" or ";" not in sql or _is_one(sql):
        return None
    delimiter = next((one for one in _DELIMITERS if one not in sql), _DELIMITERS[-1])
    return f"DELIMITER {delimiter}\n{sql.rstrip()}\n{delimiter}\nDELIMITER ;"


def _is_one(sql: str) -> bool:
    return len(list(split(f"{sql};", "mysql"))) <= 1
