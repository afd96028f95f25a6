"""Running a command of the command line so that a wrong call ends in a paragraph like all else."""

from __future__ import annotations

import sys
from pathlib import Path

import typer
from typer.exceptions import TyperException

from orchestration.errors import UserError
from orchestration.failures import STOPPED_CODE

PROGRAM = "c360"
NOTHING_ASKED = "NoArgsIsHelpError"


def run_command(app: typer.Typer) -> int:
    """Run the command that the arguments of the process name.

    Parameters:
        app: the commands.

    Returns:
        The exit code.

    Raises:
        UserError: the call is wrong; it says which part and where the help is.
        BaseException: whatever the command raised. Typer itself would end with "Aborted." where
            a file ends too early, and hide the interrupt of a user.
    """
    try:
        result = app(prog_name=PROGRAM, standalone_mode=False)
    except typer.Abort as stop:
        # The end of a file within the command, unlike one at a question, which has no cause.
        raise stop.__cause__ or KeyboardInterrupt() from None
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):
            raise stop.__context__ from None
        raise
    except TyperException as error:
        if type(error).__name__ == NOTHING_ASKED:
            print(error.format_message(), file=sys.stderr)
            return error.exit_code
        raise _wrong_call(error) from None
    if result == STOPPED_CODE:
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _wrong_call(error: TyperException) -> UserError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else PROGRAM
    message = " ".join(error.format_message().split()).rstrip(".")
    return UserError(f"{message}. `{command} --help` says what it takes.", error.exit_code)


def require_folder() -> None:
    """See that the folder the user stands in is there; relative paths would lead nowhere.

    Raises:
        UserError: it was removed meanwhile.
    """
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UserError(
            "The folder you are in has been removed. Go to another one (cd) and start again.", 2
        ) from None
