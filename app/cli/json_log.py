"""Structured logs of a run (`--log-format json`), by structlog."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import structlog

from miger.cli.output import silence
from miger.engine.events import Event, LogLine, StepFailed, as_record


def write_record(level: str, event: str, data: Mapping[str, object]) -> None:
    """Writes one JSON object on a line of stderr: timestamp, level, event, its data."""
    log = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    try:
        getattr(log, level)(event, **data)
    except OSError:  # its reader has gone, or its disk is full: that stops no run
        silence(sys.stderr)


def log_event(event: Event) -> None:
    """An observer that writes each event."""
    record = as_record(event)
    name = str(record.pop("event"))
    level = "info"
    if isinstance(event, StepFailed):
        level = "error"
    elif isinstance(event, LogLine):
        level = str(record.pop("level"))
    write_record(level, name, record)
