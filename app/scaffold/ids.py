"""The id of a new migration."""

from __future__ import annotations

import re
import time

from miger.engine.errors import UsageError

MOST = 100  # characters of a name


def new_id(name: str, now: float | None = None) -> str:
    """A migration's id from what a person calls it: a timestamp (UTC) and the name in snake case.

    Raises UsageError for a name that is none, or that looks like a path.
    """
    if not name.strip() or re.search(r"[/\\\\'\"`\0]|\.\.", name):
        raise UsageError(f"{name!r} is no name for a migration", "use letters, digits and _: `add_user_email`")
    slug = re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
    if not slug or len(slug) > MOST:
        raise UsageError(f"{name!r} is no name for a migration", f"use up to {MOST} letters a to z, digits and _")
    return f"{time.strftime('%Y%m%d%H%M%S', time.gmtime(now))}_{slug}"


def slug_of(id: str) -> str:
    """The name in an id, without the time before it."""
    time_, _, slug = id.partition("_")
    return slug if time_.isdigit() and slug else id
