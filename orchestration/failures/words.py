"""One place that turns whatever can happen into words: what, where, what to do about it.

The command line, Dagster's steps and the web pages all come here. What nobody has thought of gets
an id, one line, and its stack trace in the log under that id.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from typer import Abort

from orchestration.errors import UserError, without_values
from orchestration.failures.rules import explain
from orchestration.failures.seen import Seen
from orchestration.logs import LogFile, log, write_to
from orchestration.settings import Settings

MACHINE = re.compile(r"\bIO Error|Out of Memory Error|FATAL Error|has been invalidated|\[Errno \d")
STOPPED = "Stopped by you. The published model is as it was."
TOLD = "_told_as"
"""An error that passes here twice, as in a run and then in its command, keeps its id."""

PARAGRAPHS = ("UserError", "ShortageError")
"""Errors whose message is the paragraph already."""

STOPPED_CODE = 130
BROKEN_PIPE = 141
"""What a shell reports of a program that nobody listens to any more (128 + SIGPIPE)."""


@dataclass(frozen=True)
class Failure:
    """What went wrong, for whoever has to mend it.

    Attributes:
        text: one paragraph; empty where nothing is to be said.
        exit_code: for the command line; 1 a failed run or check or a state of the machine, 2 a
            wrong call, 3 something missing that another command makes, 130 stopped.
        id: under which the log has the details; empty where the text says it all.
    """

    text: str
    exit_code: int = 1
    id: str = ""


def in_words(error: BaseException, settings: Settings | None = None) -> Failure:
    """What an exception means for who sees it.

    Parameters:
        error: what was raised; its causes are looked at as well.
        settings: of the installation, to name its files; read from the environment when None.
    """
    known = getattr(error, TOLD, None)
    if isinstance(known, Failure):
        return known
    failure = _in_words(error, settings)
    with contextlib.suppress(AttributeError):
        setattr(error, TOLD, failure)
    return failure


def _in_words(error: BaseException, settings: Settings | None) -> Failure:
    if isinstance(error, KeyboardInterrupt | Abort):
        return Failure(STOPPED, STOPPED_CODE)
    chain = list(_chain(error))
    if any(isinstance(link, BrokenPipeError) for link in chain):
        return Failure("", BROKEN_PIPE)
    for link in chain:
        if isinstance(link, UserError):
            return Failure(_paragraph(str(link)), link.exit_code)
    settings = settings or _settings()
    for link in chain:
        if found := explain(Seen.of(link), settings):
            return Failure(_paragraph(found.text), found.exit_code)
    return _unexpected(type(chain[-1]).__name__, _stack(error), settings)


def serialised_in_words(
    causes: Sequence[tuple[str, str]], details: str, settings: Settings | None = None
) -> Failure:
    """As `in_words`, for an error of which only text is left, as Dagster keeps those of its steps.

    Parameters:
        causes: class name and message of the error and its causes, the outermost first. A message
            may begin with its class, as Dagster's do.
        details: the stack trace, for the log.
        settings: of the installation, to name its files.
    """
    bare = [(name, _without_class(name, message)) for name, message in causes]
    for name, message in bare:
        if name in PARAGRAPHS:
            return Failure(_paragraph(message))
    settings = settings or _settings()
    for name, message in bare:
        if found := explain(Seen.of_text(name, message), settings):
            return Failure(_paragraph(found.text), found.exit_code)
    name = bare[-1][0] if bare else "an error without a name"
    return _unexpected(name, without_values(details), settings)


def of_the_machine(message: str) -> str:
    """The words for a DuckDB or system error within a longer message, as dbt's of a model.

    Parameters:
        message: what dbt says of a model that could not run.

    Returns:
        A paragraph where the disk, the memory or a right is the cause; empty where the SQL is.
    """
    if not MACHINE.search(message):
        return ""
    found = explain(Seen.of_text("", message), _settings())
    return _paragraph(found.text) if found else ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the outermost first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        if isinstance(link, BaseExceptionGroup) and link.exceptions:
            link = link.exceptions[0]
        else:
            link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _without_class(name: str, message: str) -> str:
    """`orchestration.errors.UserError: text` as `text`."""
    head, mark, rest = message.partition(": ")
    return (rest if mark and head.rpartition(".")[2] == name else message).strip()


def _paragraph(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines() if line.strip())


def _stack(error: BaseException) -> str:
    # Values of rows may stand in messages, never in frames: those are lines of code.
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    return without_values("".join(told.format()))


def _unexpected(name: str, stack: str, settings: Settings | None) -> Failure:
    number = secrets.token_hex(4)
    where = _keep(number, name, stack, settings)
    return Failure(
        f"Something unexpected happened ({name}, id {number}). {where} The published model is as "
        "it was; starting the command again does no harm.",
        1,
        number,
    )


def _keep(number: str, name: str, stack: str, settings: Settings | None) -> str:
    if settings:
        write_to(settings)
    log().error("%s %s\n%s", number, name, stack)
    files = [handler for handler in log().handlers if isinstance(handler, LogFile)]
    if not files:
        return "There is no log that could keep the details."
    if files[0].problem:
        reason = getattr(files[0].problem, "strerror", None) or type(files[0].problem).__name__
        return (
            f"The details belong into {files[0].baseFilename}, which can't be written ({reason}); "
            "make it writable to have them."
        )
    return f"The details are in {files[0].baseFilename} under that id, for a report of the fault."


def _settings() -> Settings | None:
    try:
        return Settings.from_env()
    except Exception:  # whatever is wrong with the environment is not what went wrong here
        return None
