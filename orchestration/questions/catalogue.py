"""The questions there are: files, and one per metric of the semantic model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.answers import show_table
from orchestration.questions.files import Question, names, read_question
from orchestration.terminal import Console


@dataclass(frozen=True)
class Asked:
    """A question, and the parameters that are left to bind.

    Attributes:
        question: what is asked.
        given: parameters as key=value.
    """

    question: Question
    given: Sequence[str]


def question(name: str, given: Sequence[str]) -> Asked:
    """The question of a name.

    Parameters:
        name: of a question file.
        given: parameters as key=value.

    Raises:
        UserError: there is no such question.
    """
    return Asked(read_question(name), given)


def listed() -> list[dict[str, Any]]:
    """Every question: name, title, question, grain and parameters."""
    return [
        {
            "name": name,
            **read_question(name).header.model_dump(include={"title", "question", "grain"}),
            "parameters": {
                key: parameter.model_dump(mode="json")
                for key, parameter in read_question(name).header.parameters.items()
            },
        }
        for name in names()
    ]


def show_list(console: Console) -> None:
    """Print the questions, a line each.

    Parameters:
        console: where to.
    """
    rows = [(row["name"], row["title"], ", ".join(row["parameters"])) for row in listed()]
    show_table(console, ("name", "title", "parameters"), ("VARCHAR",) * 3, rows)
