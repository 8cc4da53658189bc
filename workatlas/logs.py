"""Logs as JSON lines on standard error; every line of a request carries its id, none a key or a password."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_SECRETS: Final = re.compile(
    r"wa_[0-9a-f]{16}_[0-9a-f]{48}|whsec_[\w+/=-]+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?<=[Bb]earer )\S+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_HIDDEN: Final = "(hidden)"


def configure(level: str) -> None:
    """Send the logs of all libraries to standard error as JSON, from this level up."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def hide_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace whatever looks like a key, a token or a password in an address."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _SECRETS.sub(_HIDDEN, value)
    return event
