"""Structured logs on standard error, ours and those of the libraries in one shape.

Whoever logs says an event and its details: ``log.info("handoff.claimed", handoff=…)``. What is
known of the request (``request_id``, ``account``) is added from context variables.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, BinaryIO, Literal

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

import services.redaction
from app.observability.redaction import redacted
from db.problems import forget_values

# Chatty, and some quote URLs that may hold secrets.
WARNINGS_ONLY = (
    "alembic",
    "httpx2",
    "httpcore2",
    "anthropic",
    "asyncio",
    "multipart",
    "hpack",
    "websockets",
)

OWN = frozenset({"level", "timestamp", "logger"})
"""Keys that ``add_origin`` fills: nothing in them to mask."""

Write = Callable[[bytes], None]


def configure(
    format: Literal["json", "console"] = "json",
    level: str = "INFO",
    *,
    stream: BinaryIO | None = None,
) -> None:
    """Send every log line of this process through here; safe to repeat. ``stream``: stderr.

    Uvicorn has to be started with ``log_config=None``. Its access log is silenced: the observer
    writes a line for each operation, with the request's id.
    """
    out = stream or sys.stderr.buffer
    write = _writer(out)
    render = as_json if format == "json" else _console(out)
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_origin,
        render_exception,
        redact_event,
        render,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda name="app", *_: LineLogger(name, write),
        cache_logger_on_first_use=False,  # so that loggers of modules follow a new configuration
    )
    _take_over_stdlib(StdlibHandler(processors, write), level)
    sys.excepthook = _log_crash


class LineLogger:
    """The end of structlog's chain: takes finished lines."""

    def __init__(self, name: str, write: Write) -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = write


class StdlibHandler(logging.Handler):
    """Records of libraries, through the same processors."""

    def __init__(self, processors: list[Processor], write: Write) -> None:
        super().__init__()
        self._processors = processors
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        event: Any = {"event": _message(record), "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        try:
            for process in self._processors:
                event = process(None, record.levelname.lower(), event)
            self._write(event)
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """The stock one prints message and arguments as they are, secrets included."""
        self._write(
            b'{"level":"error","event":"log.unreadable","logger":"%s"}' % record.name.encode()
        )


def add_origin(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["level"] = method
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    event.setdefault("logger", getattr(logger, "name", None))
    return event


def render_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Tracebacks without local variables and rows of the database: those are where secrets live.

    What a secret looks like in people's texts is known better by the rules for what leaves.
    """
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else None
    if error is None:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1]
    if error is not None:
        forget_values(error)
        told = "".join(traceback.format_exception(error)).rstrip()
        event["exception"] = services.redaction.redact(told).text
    return event


def redact_event(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {key: value if key in OWN else redacted(key, value) for key, value in event.items()}


def as_json(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    return orjson.dumps(event)


def _console(out: BinaryIO) -> Processor:
    render = structlog.dev.ConsoleRenderer(
        colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
    )

    def as_line(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        shown = {k: _printable(v) if isinstance(v, str) else v for k, v in event.items()}
        return render(logger, method, shown).encode("utf-8", "backslashreplace")

    return as_line


def _printable(text: str) -> str:
    """What clients send must not move the cursor of an operator's terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def _message(record: logging.LogRecord) -> Any:
    for given in record.args if isinstance(record.args, tuple) else ():
        if isinstance(given, BaseException):
            forget_values(given)
    try:
        return record.getMessage()
    except Exception:  # arguments that don't fit the message: still worth a line
        return record.msg


def _writer(out: BinaryIO) -> Write:
    def write(line: bytes) -> None:
        try:
            out.write(line + b"\n")
            out.flush()
        except (OSError, ValueError):
            return  # a closed or full standard error must not fail the request that logs

    return write


def _take_over_stdlib(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        # at DEBUG it writes frames of sockets down, with tokens and all that people say
        logger.setLevel(max(logging.INFO, logging.getLevelName(level)))
        # without a handler in reach uvicorn doesn't even prepare its access lines
        logger.propagate = name != "uvicorn.access"
    for name in WARNINGS_ONLY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.captureWarnings(True)


def _log_crash(
    kind: type[BaseException], error: BaseException, where: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, where)
    else:
        structlog.get_logger("app").critical("process.crashed", exc_info=error)
