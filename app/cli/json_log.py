"""Structured logs of a run (`--log-format json`), by structlog."""

from __future__ import annotations

import sys

import structlog

from miger.engine.events import Event, LogLine, StepFailed, as_record


class JsonLog:
    """An observer that writes one JSON object a line to stderr: timestamp, level, event, its data."""

    def __init__(self) -> None:
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )

    def __call__(self, event: Event) -> None:
        """Writes one event."""
        record = as_record(event)
        name = record.pop("event")
        level = "info"
        if isinstance(event, StepFailed):
            level = "error"
        elif isinstance(event, LogLine):
            level = str(record.pop("level"))
        getattr(self._log, level)(name, **record)
