"""Logs as JSON lines: ids only, never a name, a phone, a place or a token."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import structlog

# A token, a scan's address and a typed code stand in paths; no line keeps them.
_SECRET_IN_PATH = re.compile(r"(?i)/(t|s)/[^/\s?\"']+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def without_secrets(text: str) -> str:
    """`text` with the secret part of every path replaced by `-`, and without control characters."""
    return _CONTROL.sub(" ", _SECRET_IN_PATH.sub(r"/\1/-", text))


def _scrub(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _scrubbed(value) for key, value in line.items()}


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(item) for item in value]
    return type(value).__name__ if isinstance(value, BaseException) else value


def set_up(*, debug: bool = False) -> None:
    """Send every log line of ours to standard error as one JSON object, and what a library says as another."""
    handler = logging.StreamHandler(cast(TextIO, _StandardError()))
    handler.setFormatter(LibraryLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # The server quotes what it could not read as a request; its lines take another way than those of the root.
    for servers_own in logging.getLogger("gunicorn.error").handlers:
        servers_own.setFormatter(LibraryLine())
    # Werkzeug and gunicorn would print request lines with tokens in them.
    for chatty in ("werkzeug", "gunicorn.access", "alembic", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_kind_of_fault,
            _scrub,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, _StandardError())),
        cache_logger_on_first_use=False,
    )


class LibraryLine(logging.Formatter):
    """A library's line under the rules of ours: one JSON object, no secret of a path, of a fault its kind alone."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line: dict[str, Any] = {"event": record.getMessage(), "level": record.levelname.lower(), "timestamp": moment}
        line |= {"logger": record.name, "exc_info": record.exc_info[1] if record.exc_info else None}
        return json.dumps(_scrub(None, "", _only_kind_of_fault(None, "", line)), ensure_ascii=False)


class _StandardError:
    """Standard error as it is at the moment of writing: a captured or reopened one is found again."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _only_kind_of_fault(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep where a fault arose and its kind; its message may quote what a person typed."""
    fault = line.pop("exc_info", None)
    fault = sys.exception() if fault is True else fault
    if isinstance(fault, BaseException):
        line["fault"] = type(fault).__name__
        trace = fault.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        if trace:
            line["at"] = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
    return line
