"""One environment of `miger.toml`: its values, and how they come out of what the file says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from miger.engine.durations import parse_duration
from miger.engine.interpolation import InterpolationError, interpolate
from miger.engine.secrets import Secret

OUT_OF_ORDER = ("error", "warn", "allow")

KeyPath = tuple[str | int, ...]
Complain = Callable[[KeyPath, str, str], None]


class Environment(NamedTuple):
    """One database and the rules for it. Times are seconds; None means no limit.

    `folder` is where miger.toml lies: what a relative path in the URL of a plugin's database starts from.
    `schema` says where the wanted schema is written, "" if nowhere. `scratch` is where scratch databases are made
    for generating migrations; None means the server of `url`.
    """

    name: str
    url: Secret
    protected: bool = False
    read_only: bool = False
    lock_timeout: float | None = 5.0
    statement_timeout: float | None = None
    pool_size: int = 5
    out_of_order: str = "error"
    lease: float = 30.0
    lease_wait: float = 60.0
    folder: str = ""
    schema: str = ""
    scratch: Secret | None = None


def resolve_environment(
    name: str,
    table: Mapping[str, object],
    *,
    folder: str,
    out_of_order: str,
    variables: Mapping[str, str],
    complain: Complain,
    schema: str = "",
) -> Environment | None:
    """The environment that `table` (already valid by the schema) describes, with its references filled in.

    `out_of_order` and `schema` are the project's. Everything wrong goes to `complain(path, message, hint)`; then the
    answer is None. Messages never hold a value that may be secret.
    """
    texts: dict[str, str] = {}
    complaints: list[str] = []

    def wrong(key: str, message: str, hint: str = "") -> None:
        complaints.append(message)
        complain(("environments", name, key), f"environments.{name}.{key} {message}", hint)

    for key, value in table.items():
        if isinstance(value, str):
            try:
                texts[key] = interpolate(value, variables)
            except InterpolationError as error:
                wrong(key, f"cannot be filled in: {error}", error.hint)
    values = {**table, **texts}
    if complaints:  # the rest would only repeat them
        return None

    def seconds(key: str, default: float | None) -> float | None:
        value = values.get(key)
        if not isinstance(value, (str, int, float)):
            return default
        try:
            return parse_duration(value) or None
        except ValueError as error:
            wrong(key, str(error))
            return default

    policy = str(values.get("out_of_order", out_of_order))
    if policy not in OUT_OF_ORDER:
        wrong("out_of_order", f'must be "error", "warn" or "allow", not {policy!r}')
    lease = seconds("lease", 30.0)
    if lease is None:
        wrong("lease", "must be longer than 0", "30s is the default")
    size = values.get("pool_size", 5)
    url = _url(texts, folder, wrong)
    environment = Environment(
        name=name,
        url=Secret(url),
        protected=values.get("protected") is True,
        read_only=values.get("read_only") is True,
        lock_timeout=seconds("lock_timeout", 5.0),
        statement_timeout=seconds("statement_timeout", None),
        pool_size=size if isinstance(size, int) else 5,
        out_of_order=policy,
        lease=lease or 30.0,
        lease_wait=seconds("lease_wait", 60.0) or 0.0,
        folder=folder,
        schema=texts.get("schema", schema).strip(),
        scratch=_scratch(texts, url, folder, wrong),
    )
    return None if complaints else environment


def _url(texts: Mapping[str, str], folder: str, wrong: Callable[[str, str, str], None]) -> str:
    """The URL, from `url` or out of `url_file`, ready to be used."""
    key = "url" if "url" in texts else "url_file"
    if key == "url":
        url = texts[key].strip()
    else:
        path = os.path.join(folder, texts[key])
        try:
            with open(path, encoding="utf-8-sig") as file:
                url = file.read().strip()
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "it is not UTF-8 text"
            wrong(key, f"cannot be read: {path}: {reason}", "it has to hold the database URL")
            return ""
    return _usable(key, url, folder, wrong)


def _scratch(texts: Mapping[str, str], url: str, folder: str, wrong: Callable[[str, str, str], None]) -> Secret | None:
    """Where scratch databases are made: the same kind of database as that of `url`. Nothing said is None."""
    written = texts.get("scratch", "").strip()
    if not written:
        return None
    found = _usable("scratch", written, folder, wrong)
    kind = _kind(url)
    if "://" in found and kind and _kind(found) != kind:
        wrong("scratch", f"is another kind of database than the environment's: {_kind(found)}", f"it has to be {kind}")
    return Secret(found)


def _kind(url: str) -> str:
    """The kind of database that a URL's scheme means."""
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    return _SAME_KIND.get(scheme, scheme)


_SAME_KIND = {"postgres": "postgresql", "mariadb": "mysql", "mongodb+srv": "mongodb"}


def _usable(key: str, url: str, folder: str, wrong: Callable[[str, str, str], None]) -> str:
    """The URL with the path of an SQLite file made absolute; complains of what is no database URL."""
    if not url:
        wrong(key, "is empty", "it has to be a database URL, such as sqlite:///shop.db")
    elif url.partition(":")[0].lower() == "sqlite":
        try:
            return _absolute_sqlite(url, folder)
        except ValueError as error:
            wrong(key, str(error), "give a file, such as sqlite:///shop.db")
    elif "://" not in url:
        wrong(key, "is no database URL: it has no ://", "write it like postgresql://user@host/database")
    return url


def _absolute_sqlite(url: str, folder: str) -> str:
    """The URL of an SQLite file, its path taken from `folder`. Raises ValueError where there is no file."""
    path, mark, query = url[len("sqlite:") :].partition("?")
    if path.startswith("//") and not path.startswith("///") and path != "//":
        raise ValueError("needs three slashes: sqlite:///file, or four for an absolute path")
    if not path.startswith("//"):
        raise ValueError("is no database URL: sqlite: is followed by three slashes and a file")
    path = path[3:]
    if path in ("", ":memory:", "/:memory:") or "mode=memory" in query:
        raise ValueError("names no file: each connection would get an empty database of its own in memory")
    if path.startswith("file:"):
        raise ValueError("must be a plain path, without file:")
    absolute = os.path.normpath(os.path.join(folder, path))
    if "?" in absolute:
        raise ValueError(f"leads into a folder with a ? in its name, which a URL cannot hold: {absolute}")
    return f"sqlite:///{absolute}{mark}{query}"
