"""What reaches a terminal: text from data is shown as it is written, never followed as an order.

A source's file names, column names and values may hold square brackets, terminal escapes, line
feeds or marks that turn the writing direction. So a console of ours reads no markup in what it
prints (`styled` is the one way to style), and shows every control character as `\\x1b` and the
like, wherever the text came from.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import fcntl
import io
import os
import re
import sys
import unicodedata
from collections.abc import Iterable
from typing import IO, Any

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.text import Text

HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Controls but the line feed, marks of direction, and what has no width and no letter needs."""

INSTEAD = {"✓": "+", "✗": "x", "…": "...", "—": "-", "→": "->", "·": "-", "–": "-", "█": "#"}
"""What stands for our own signs where a terminal lacks them."""

STANDARD_STREAM = "standard output"

_lacking: set[str] = set()
_own: dict[int, int] = {}
_closed: set[int] = set()


def literal(text: str) -> str:
    """The text with every character that would not be seen written as an escape, on one line.

    Parameters:
        text: a value, a name, a message: anything that came from outside.
    """
    return visible(text).replace("\n", "\\n")


def visible(text: str) -> str:
    """As `literal`, with the line feeds left."""
    return HIDDEN.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return {"\t": "\\t", "\r": "\\r"}.get(character) or (
        f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
    )


def styled(template: str, *values: object) -> Text:
    """A text with styles: markup is read in the template only, never in the values.

    Parameters:
        template: constant text with rich's markup and a `{}` for each value, such as
            `[bold]{}[/] has {} rows`.
        values: shown literally.
    """
    return Text.from_markup(template.format(*(escape(visible(str(value))) for value in values)))


class Console(rich.console.Console):
    """A console that takes no orders from what it prints.

    Parameters:
        options: as rich's; markup, emoji codes and highlighting are off.
    """

    def __init__(self, **options: Any) -> None:
        _forget_impossible_widths()
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})

    def on_broken_pipe(self) -> None:
        """Leave it to the caller, who knows whether the work goes on; rich would end the program.

        Raises:
            BrokenPipeError: always.
        """
        raise BrokenPipeError(errno.EPIPE, "Broken pipe", STANDARD_STREAM)

    def render_str(self, text: str, **options: Any) -> Text:
        """A string as text, its controls visible (so that widths are right)."""
        return super().render_str(visible(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Everything printed passes here, also texts that others have made."""
        for segment in super().render(renderable, options):
            if segment.control is None and HIDDEN.search(segment.text):
                yield Segment(visible(segment.text), segment.style)
            else:
                yield segment


def prepare_streams() -> None:
    """Let no character, no closed stream and no missing one break what is printed.

    What a terminal's encoding lacks is written as an escape; a stream that is closed leads
    nowhere (and its number is not given to the next file that is opened, as the kernel would).
    """
    codecs.register_error("c360", _instead)
    _forget_impossible_widths()
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        stream = getattr(sys, name)
        if stream is None or not _is_open(number):
            _lead_nowhere(number)
            _closed.add(number)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
        elif mode == "w":
            stream.flush()
            raw = io.BufferedWriter(_Named(number, "wb", closefd=False))
            lines = stream.line_buffering or number == 2
            wrapped = io.TextIOWrapper(raw, stream.encoding, "c360", line_buffering=lines)
            setattr(sys, name, wrapped)
    for number in (1, 2):
        # Not among the first numbers: one of those may be a stream that was closed.
        with contextlib.suppress(OSError):
            _own[number] = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 10)


def take_streams_back() -> None:
    """Print where the program was told to, whatever has become of its streams meanwhile.

    Dagster sends both to files while steps run, and does not give them back when it can't write
    those files any more, as on a full disk.
    """
    for number, own in _own.items():
        with contextlib.suppress(OSError):
            os.dup2(own, number)


def _forget_impossible_widths() -> None:
    for name in ("COLUMNS", "TERMINAL_WIDTH"):
        # Rich shows nothing in no columns, Typer reads any text as a number.
        if not re.fullmatch(r"0*[1-9]\d{0,5}", os.environ.get(name, "80"), re.ASCII):
            del os.environ[name]


class _Named(io.FileIO):
    """A standard stream that says which it is when it can't be written."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STANDARD_STREAM
            raise


def is_closed(number: int) -> bool:
    """Whether the standard stream of that number was closed when the command was started."""
    return number in _closed


def lacking() -> str:
    """The characters, in order, that could not be shown as they are and are no sign of ours."""
    return "".join(sorted(_lacking))


def is_terminal(stream: IO[str]) -> bool:
    """Whether somebody looks at the stream."""
    with contextlib.suppress(ValueError, OSError):
        return stream.isatty()
    return False


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    shown = ""
    for character in error.object[error.start : error.end]:
        if character in INSTEAD:
            shown += INSTEAD[character]
        elif unicodedata.name(character, "").startswith("BOX DRAWINGS"):
            shown += "|" if "VERTICAL" in unicodedata.name(character) else "-"
        else:
            _lacking.add(character)
            code = ord(character)
            # Half of a pair stands for a byte of a file name that is not in UTF-8.
            shown += (
                f"\\x{code - 0xDC00:02x}"
                if 0xDC80 <= code < 0xDD00
                else (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
            )
    return shown, error.end
