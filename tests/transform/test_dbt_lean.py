"""What dbt does without gives what dbt gives."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import networkx as nx
import pytest
from dbt.clients.jinja import MacroStack
from dbt.context import macros
from dbt_common.clients import agate_helper
from dbt_common.events.base_types import EventLevel

from orchestration.transform.dbt_lean import (
    build_namespace,
    cycle_finder,
    heard_only,
    kept_testers,
)


def as_shipped(module: ModuleType) -> ModuleType:
    """The module as dbt ships it, whatever has been done to it in this process."""
    found = importlib.util.spec_from_file_location("as_shipped", Path(str(module.__file__)))
    assert found and found.loader
    fresh = importlib.util.module_from_spec(found)
    found.loader.exec_module(fresh)
    return fresh


def macro(package: str, name: str) -> SimpleNamespace:
    return SimpleNamespace(package_name=package, name=name, unique_id=f"macro.{package}.{name}")


MACROS = {
    package: {name: macro(package, name) for name in names}
    for package, names in {
        "dbt": ("everywhere", "of_dbt", "inside"),
        "dbt_duckdb": ("everywhere", "inside", "of_duckdb"),
        "shop": ("everywhere", "of_shop"),
        "tools": ("everywhere", "of_shop", "of_tools"),
    }.items()
}


@pytest.mark.parametrize("package", ["shop", "tools", "dbt"])
def test_a_node_may_call_what_dbt_lets_it_call(package: str) -> None:
    builder = as_shipped(macros).MacroNamespaceBuilder
    arguments = ("shop", package, MacroStack(), ["dbt_duckdb", "dbt"], object())
    context: dict[str, Any] = {}
    theirs = builder(*arguments).build_namespace(MACROS, context)
    ours = build_namespace(builder(*arguments), MACROS, context)
    assert said(dict(ours)) == said(dict(theirs))
    assert len(ours) == len(theirs)
    for place in (None, "dbt", "shop", "tools"):
        for name in ("everywhere", "inside", "of_shop", "of_tools", "nothing"):
            found = [said({"x": n.get_from_package(place, name)}) for n in (ours, theirs)]
            assert found[0] == found[1], (place, name)


def said(namespace: dict[str, Any]) -> dict[str, Any]:
    """All that a namespace says of each macro; contexts and stacks are the same objects."""
    told: dict[str, Any] = {}
    for name, member in namespace.items():
        if isinstance(member, dict):
            told[name] = said(member)
        elif member is not None:
            parts = vars(member)
            told[name] = {key: id(part) for key, part in parts.items()}
    return told


def test_a_cycle_is_still_named() -> None:
    find = cycle_finder(lambda _: "a --> b")
    assert find(SimpleNamespace(graph=nx.DiGraph([("a", "b"), ("b", "c")]))) is None
    assert find(SimpleNamespace(graph=nx.DiGraph([("a", "b"), ("b", "a")]))) == "a --> b"


@pytest.mark.parametrize("value", ["2026-01-01", "2026-01-01T10:00:00", "007", "1", "null", ""])
def test_columns_are_told_as_dbt_tells_them(value: str) -> None:
    make = as_shipped(agate_helper).build_type_tester
    kept = kept_testers(make)
    for texts in ([], ["a"], ["b", "a"]):
        for nulls in ((), ("null", "")):
            found = [
                [type(t).__name__ for t in made(texts, nulls).run([[value, value]], ["a", "b"])]
                for made in (kept, make)
            ]
            assert found[0] == found[1]
    assert kept(["a"], ()) is kept({"a"}, [])


def test_only_messages_that_somebody_takes_are_written() -> None:
    fired: list[str] = []

    def fire(_manager: Any, e: Any, *_: Any) -> None:
        fired.append(type(e).__name__)

    def event(name: str, level: EventLevel) -> Any:
        return type(name, (), {"level_tag": lambda self: level})()

    lean, silent = heard_only(fire), SimpleNamespace(loggers=[])
    lean(silent, event("SQLQuery", EventLevel.DEBUG))
    assert fired == []
    lean(silent, event("NodeFinished", EventLevel.DEBUG))
    lean(silent, event("SomeWarning", EventLevel.WARN))
    lean(silent, event("Raised", EventLevel.DEBUG), EventLevel.ERROR)
    lean(SimpleNamespace(loggers=[object()]), event("SQLQuery", EventLevel.DEBUG))
    assert fired == ["NodeFinished", "SomeWarning", "Raised", "SQLQuery"]
