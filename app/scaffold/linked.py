"""A folder beside that of the migrations, with all its files in it, for trying what is not written yet."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def linked_folder(folder: str) -> Iterator[str]:
    """A folder of the same name with every file of `folder`, by a link where there are links; gone on leaving.

    Empty where `folder` does not exist: the first migration makes it.
    """
    with tempfile.TemporaryDirectory(prefix="miger-trial-") as home:
        copied = os.path.join(home, os.path.basename(folder) or "migrations")
        os.mkdir(copied)
        _fill(folder, copied)
        yield copied


def _fill(real: str, folder: str) -> None:
    with contextlib.suppress(FileNotFoundError), os.scandir(real) as entries:
        for entry in entries:
            target = os.path.join(folder, entry.name)
            try:
                os.symlink(os.path.abspath(entry.path), target)
            except OSError:
                if entry.is_file():
                    shutil.copy2(entry.path, target)
