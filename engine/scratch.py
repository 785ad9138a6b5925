"""Names of scratch databases, which nobody but Miger makes, and which of them were left behind."""

from __future__ import annotations

import os
import re
import time
from hashlib import sha256

from miger.engine.owner import Owner, is_gone

PREFIX = "miger_scratch_"
OLD_SECONDS = 24 * 3600.0  # after which a copy made on another machine is in nobody's use

_NAME = re.compile(rf"{PREFIX}(\d+)_([0-9a-f]{{8}})_(\d+)_(\d*)_[0-9a-f]{{6}}")


def new_scratch_name(owner: Owner) -> str:
    """A new name, at most 63 characters long: when it was made, and by which process of which machine."""
    unique = os.urandom(3).hex()
    return f"{PREFIX}{int(time.time())}_{_short(owner.machine)}_{owner.pid}_{owner.process}_{unique}"


def is_left_over(name: str, owner: Owner) -> bool:
    """Whether a database of this name is ours, and the process that made it is gone. `owner` is who asks."""
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    made, machine, pid, process = found.groups()
    if machine == _short(owner.machine) and owner.machine:
        return is_gone(int(pid), process)
    return time.time() - int(made) > OLD_SECONDS


def _short(machine: str) -> str:
    return sha256(machine.encode()).hexdigest()[:8]
