"""Logs: one JSON line for each event, to standard error. No names, no audio, no tokens, no vectors.

Of an error, the lines say where it came from and of which kind it is. Its words are there when it is one of ours, which
say what may be said; those of others often hold the very value that went wrong: a database tells the whole row that
broke a constraint.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import structlog
from structlog.typing import ExcInfo, Processor

from registry.errors import RegistryError


def told_without_values(exc_info: ExcInfo) -> str:
    """Answer where an error came from, and what led to it, without a value that anybody has sent or stored."""
    told: list[str] = []
    seen: set[int] = set()
    error: BaseException | None = exc_info[1]
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        told.append("".join(traceback.format_tb(error.__traceback__)) + _named(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nled to:\n".join(reversed(told))


def _named(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, RegistryError):
        return f"{kind}: {error.detail}"
    if isinstance(error, OSError):
        return f"{kind}: {error.strerror}"
    cause = getattr(error, "orig", None)  # of SQLAlchemy: what the database driver raised
    return kind if cause is None else f"{kind} ({type(cause).__qualname__} {getattr(cause, 'sqlstate', '') or ''})"


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.ExceptionRenderer(told_without_values),
)


def configure_logs(level: str) -> None:
    """Send our own lines from ``level`` upwards, and libraries' warnings, to standard error as JSON."""
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer(sort_keys=True)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


@contextmanager
def warnings_on_standard_error() -> Iterator[None]:
    """For a command: what it prints is its answer, so warnings go beside it, and nothing less is said."""
    before = structlog.get_config()
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer(sort_keys=True)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log what ends a process, as everything else is logged."""
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("process ends", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        structlog.get_logger().critical("thread ends", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))
