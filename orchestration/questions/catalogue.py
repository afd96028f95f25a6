"""The questions there are: files, and one per metric of the semantic model."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.answers import show_table
from orchestration.errors import UserError
from orchestration.questions.files import Question, names, read_question
from orchestration.questions.metric_sql import PREFIX, SHAPES, metric_question
from orchestration.questions.semantics import read_layer
from orchestration.terminal import Console, literal


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
        name: of a question file, or metric: and the name of a metric.
        given: parameters as key=value.

    Raises:
        UserError: there is no such question.
    """
    if name.startswith(PREFIX):
        return Asked(*metric_question(read_layer(), name.removeprefix(PREFIX), given))
    if name not in names():
        near = difflib.get_close_matches(name, names(), 3)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise UserError(
            f"There is no question {literal(name)}.{meant} `c360 question list` lists them.", 2
        )
    return Asked(read_question(name), given)


def listed() -> list[dict[str, Any]]:
    """Every question: name, title, question, grain and parameters.

    Those of a metric are `by` and `grain`, which shape the question, and what it can be asked for.
    """
    layer = read_layer()
    metrics = [metric_question(layer, name, [])[0] for name in sorted(layer.metrics)]
    return [
        {
            "name": each.name,
            **each.header.model_dump(include={"title", "question", "grain"}),
            "parameters": {
                **({"by": SHAPES["by"], "grain": SHAPES["grain"]} if each in metrics else {}),
                **{
                    key: parameter.model_dump(mode="json")
                    for key, parameter in each.header.parameters.items()
                },
            },
        }
        for each in [*map(read_question, names()), *metrics]
    ]


def show_list(console: Console) -> None:
    """Print the questions, a line each.

    Parameters:
        console: where to.
    """
    rows = [(row["name"], row["title"], ", ".join(row["parameters"])) for row in listed()]
    show_table(console, ("name", "title", "parameters"), ("VARCHAR",) * 3, rows)
