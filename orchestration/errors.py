"""The one kind of error a user may see: a paragraph that says what, where and what to do."""

from __future__ import annotations

import re


class UserError(Exception):
    """A mistake or a state the user can mend, told in one paragraph and never with a stack trace.

    Parameters:
        message: what happened, where (file, row, column, model) and what to do about it.
        exit_code: the process exit code the command line ends with. 1 is a failed run or check,
            2 a wrong call, 3 something missing that another command makes.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def without_values(message: str) -> str:
    """A database message without the quoted values in it, which may be personal data."""
    return re.sub(r"(?i)(could not convert|cast|invalid|duplicate|constraint)(.*)", _mask, message)


def _mask(match: re.Match[str]) -> str:
    # To the last quote of the line: a value may hold quotes itself.
    return match.group(1) + re.sub(r"""(['"]).*\1""", r"\1...\1", match.group(2))
