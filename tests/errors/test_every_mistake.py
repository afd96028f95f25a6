"""Every mistake, state and environment ends in one paragraph: what, where, what to do.

The calls go through the real entry point, each in a process of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from orchestration.cli import app
from tests.errors import environments, parts, states, wrong_calls
from tests.errors.calls import Case, Result, Server, give_back
from tests.errors.commands import COMMANDS

NEVER = ("Traceback", "fault of the product", 'File "', "Something unexpected", "Error:", "Aborted")
CROOKED = environments.crooked()
CASES = [
    *wrong_calls.unknown_options(),
    *wrong_calls.CALLS,
    *wrong_calls.queries(),
    *environments.impossible(),
    *environments.alerts(),
    *environments.pages(),
    *environments.STREAMS,
    *states.published(),
    *states.places(),
    *parts.parts(),
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    give_back(tmp_path)


def call(case: Case, server: Server, bases: dict[str, Path], folder: Path) -> Result:
    data = folder / "data"
    if case.base != "nothing":
        shutil.copytree(bases[case.base], data)
    if case.arrange:
        case.arrange(data, folder)

    def filled(text: str) -> str:
        return text.replace("{folder}", str(folder)).replace("{data}", str(data))

    options = {
        name: filled(value) if isinstance(value, str) else value
        for name, value in case.options.items()
    }
    environment = {n: v if v is None else filled(v) for n, v in case.environment.items()}
    arguments = tuple(map(filled, case.arguments))
    return server.call(arguments, data, environment=environment, **options)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def test_no_command_is_left_out() -> None:
    told = {command[: len(path)] for path in commands(get_command(app)) for command in COMMANDS}
    assert set(commands(get_command(app))) <= told


def test_there_are_enough() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES + [case for case, _ in CROOKED]}) == len(CASES) + len(
        CROOKED
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_mistake_is_one_paragraph(
    case: Case, server: Server, bases: dict[str, Path], folder: Path
) -> None:
    result = call(case, server, bases, folder)
    said = f"{result.out}\n{result.err}"
    assert result.code == case.code, said
    assert [word for word in NEVER if word in said] == []
    assert len(result.words) > 20 and "\n\n" not in result.err.strip()
    assert "\x1b" not in said
    data = str(folder / "data")
    named = [part.replace("{data}", data).replace("{folder}", str(folder)) for part in case.says]
    assert [part for part in named if part not in result.words] == [], result.words


@pytest.mark.parametrize(("case", "answers"), CROOKED, ids=lambda value: getattr(value, "name", ""))
def test_what_must_not_matter_does_not(
    case: Case, answers: bool, server: Server, bases: dict[str, Path], folder: Path
) -> None:
    result = call(case, server, bases, folder)
    said = f"{result.out}\n{result.err}"
    assert result.code == case.code, said
    assert [word for word in NEVER if word in said] == []
    assert bool(result.out) is answers
