"""Expressions over labels: what may hold and what must, against all that might be carried."""

from __future__ import annotations

import random
from typing import Any

import pytest

from orchestration.usage.expressions import expression
from tests.usage.second_reading import holds, made, supersets


def test_an_expression_may_hold_when_it_holds_for_something_that_may_be_carried() -> None:
    """Exact where a label stands once: then no two parts can contradict each other."""
    chance = random.Random(251)
    held = refused = 0
    for _ in range(300):
        said = made(chance, 3)
        read = expression(said)
        for labels in supersets([]):
            could_be = list(supersets(labels))
            assert (
                read.may_hold(labels, True) == read.must_hold(labels, True) == holds(said, labels)
            )
            assert read.may_hold(labels, False) == any(holds(said, more) for more in could_be)
            assert read.must_hold(labels, False) == all(holds(said, more) for more in could_be)
            held, refused = held + holds(said, labels), refused + read.may_hold(labels, False)
    assert refused > held > 500


def test_a_contradiction_over_unknown_labels_refuses_rather_too_much() -> None:
    never = expression({"all": ["C1", {"not": "C1"}]})
    assert never.may_hold([], False) and not never.may_hold([], True)


@pytest.mark.parametrize(
    ("said", "asked", "text"),
    [
        ("C2", ["C2"], "C2"),
        ({"any": ["C1", {"all": ["C3", "I1"]}]}, ["C1", "C3", "I1"], "C1 or (C3 and I1)"),
        ({"all": ["C2", {"not": "third_party"}]}, ["C2"], "C2 and not third_party"),
        ({"not": {"not": "C4"}}, ["C4"], "not not C4"),
    ],
)
def test_what_is_asked_for_and_how_it_is_told(said: Any, asked: list[str], text: str) -> None:
    read = expression(said)
    assert list(read.asked_for()) == asked and str(read) == text


@pytest.mark.parametrize(
    "said",
    [None, 3, "", [], ["C1"], {}, {"any": []}, {"any": "C1"}, {"one": ["C1"]},
     {"any": ["C1"], "all": ["C2"]}, {"not": ["C1"]}, {"any": [None]}],
)  # fmt: skip
def test_what_is_no_expression_is_refused(said: Any) -> None:
    with pytest.raises(ValueError, match="label"):
        expression(said)


def test_nesting_has_an_end() -> None:
    said: Any = "C1"
    for _ in range(12):
        said = {"not": said}
    with pytest.raises(ValueError, match="deeper"):
        expression(said)
