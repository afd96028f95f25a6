"""What dbt does without gives what dbt gives."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import duckdb
import networkx as nx
import pytest
from dbt.adapters.duckdb import environments
from dbt.clients.jinja import MacroStack
from dbt.context import macros
from dbt_common.clients import agate_helper, jinja
from dbt_common.events import base_types
from dbt_common.events.base_types import EventLevel

from orchestration.transform.dbt_lean import (
    cycle_finder,
    heard_only,
    kept_code,
    kept_testers,
    settings_by_scope,
    validated_once,
    written_when_read,
)
from orchestration.transform.dbt_macros import Waiting, build_namespace, context_of


def as_shipped(module: ModuleType) -> ModuleType:
    """The module as dbt ships it, whatever has been done to it in this process."""
    found = importlib.util.spec_from_file_location(
        module.__name__,
        Path(str(module.__file__)),
        submodule_search_locations=getattr(module, "__path__", None),
    )
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
            parts = ("macro", "context", "node", "stack")
            told[name] = {part: id(getattr(member, part)) for part in parts}
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


SETTINGS = {
    "memory_limit": "1GB",
    "threads": "1",
    "preserve_insertion_order": "false",
    "TimeZone": "Asia/Tokyo",
}


def test_every_cursor_has_the_settings_that_dbt_gives_it(tmp_path: Path) -> None:
    shipped = as_shipped(environments).Environment
    once, each = settings_by_scope(shipped.initialize_db, shipped.initialize_cursor)
    lean: Any = type("Lean", (shipped,), {"initialize_db": once, "initialize_cursor": each})
    told = {}
    for environment in (shipped, lean):
        path = str(tmp_path / f"{environment.__name__}.duckdb")
        creds = SimpleNamespace(
            path=path, settings=SETTINGS, config_options={}, retries=None, extensions=None,
            filesystems=None, attach=None, is_motherduck=False, secrets_sql=list,
        )  # fmt: skip
        con = environment.initialize_db(creds)
        cursors = [environment.initialize_cursor(creds, con.cursor(), {}, {}) for _ in range(2)]
        told[environment] = [[value_of(cursor, name) for name in SETTINGS] for cursor in cursors]
        con.close()
    assert told[lean] == told[shipped]
    assert told[lean][0] == ["953.6 MiB", 1, False, "Asia/Tokyo"]


def value_of(con: duckdb.DuckDBPyConnection, name: str) -> Any:
    return (con.execute("select current_setting(?)", [name]).fetchone() or [None])[0]


def test_equal_templates_are_compiled_once_and_say_what_each_is_asked() -> None:
    compiled: list[str] = []

    def compiling(environment: Any, source: Any, *args: Any, **named: Any) -> Any:
        compiled.append(str(source))
        return environment_class.compile(environment, source, *args, **named)

    environment_class = as_shipped(jinja).MacroFuzzEnvironment
    lean = type("Lean", (environment_class,), {"compile": kept_code(compiling)})
    texts = ["{{ who }}, {{ f() }}", "{{ who }}!", "{{ who }}, {{ f() }}"]
    said_by = [
        lean().from_string(text, globals={"f": lambda n=number: n}).render({"who": f"w{number}"})
        for number, text in enumerate(texts)
    ]
    assert said_by == ["w0, 0", "w1!", "w2, 2"]
    assert compiled == texts[:2]


def test_a_message_is_written_when_it_is_read() -> None:
    shipped = as_shipped(base_types).BaseEvent
    write = shipped.__init__

    class Note(shipped):  # type: ignore[misc, valid-type]
        pb_msg = written_when_read(write)

        def __init__(self, **kwargs: Any) -> None:
            self.__dict__["said"] = ((), kwargs)

    theirs = type("Note", (shipped,), {})(msg=3)
    ours = Note(msg=3)
    assert "body" not in vars(ours)
    assert ours.to_dict() == theirs.to_dict()
    assert ours.msg == "3"
    ours.msg = "four"
    assert ours.msg == "four" and ours.to_json() == '{"msg": "four"}'
    with pytest.raises(AttributeError):
        _ = ours.nothing


def test_what_is_wrong_is_told_of_each_node_and_what_is_right_is_looked_at_once() -> None:
    looked: list[object] = []

    def validate(of: type, data: Any) -> None:
        looked.append(data)
        if data["materialized"] == 1:
            raise ValueError(f"{of.__name__}: 1 is no text")

    lean = validated_once(validate)
    for data in ({"materialized": "view"}, {"materialized": "view"}, {"materialized": "1"}):
        lean(int, data)
    lean(str, {"materialized": "view"})
    assert len(looked) == 3
    for _ in range(2):
        with pytest.raises(ValueError, match="int: 1 is no text"):
            lean(int, {"materialized": 1})
    assert len(looked) == 5


@pytest.mark.parametrize("package", ["shop", "dbt"])
def test_a_context_has_the_macros_that_dbt_copies_into_it(package: str) -> None:
    """What is set in it goes before a macro, and a macro before what dbt begins it with."""
    builder = as_shipped(macros).MacroNamespaceBuilder
    arguments = ("shop", package, MacroStack(), ["dbt_duckdb", "dbt"], object())
    theirs: dict[str, Any] = {"ref": 1, "of_dbt": 2}
    theirs.update(builder(*arguments).build_namespace(MACROS, theirs))
    ours = Waiting()
    ours.update({"ref": 1, "of_dbt": 2})
    holder = SimpleNamespace(namespace=build_namespace(builder(*arguments), MACROS, ours))
    to_dict = context_of(lambda _: pytest.fail("macros were copied"), lambda _: ours)
    assert to_dict(holder) is ours
    for context in (theirs, ours):
        context["inside"] = "set"
        assert context["ref"] == 1 and context["inside"] == "set" and "nothing" not in context
        assert context.get("nothing", 3) == 3 and context.get("of_tools") is None
        with pytest.raises(KeyError):
            context["nothing"]
    assert ours["of_dbt"].macro is theirs["of_dbt"].macro is MACROS["dbt"]["of_dbt"]
    assert ours["of_dbt"].context is ours
    # One package is one mapping, wherever it is asked for: dbt's unit tests change macros in it.
    ours["dbt"]["inside"] = "another"
    assert holder.namespace.get_from_package("dbt", "inside") == "another"
    names = {name for name in theirs if name != "inside"}
    assert {name for name in ours if name != "inside"} == names
    assert len(ours) == len(theirs) and ours.copy().keys() == theirs.keys()
    for name in names - {"ref"}:
        found = [c[name] if isinstance(c[name], dict) else c[name].macro for c in (ours, theirs)]
        if isinstance(found[0], dict):
            assert found[0].keys() == found[1].keys()
        else:
            assert found[0] is found[1]


def test_a_macro_that_is_read_anew_is_the_one_that_is_called() -> None:
    builder = as_shipped(macros).MacroNamespaceBuilder
    arguments = ("shop", "shop", MacroStack(), ["dbt_duckdb", "dbt"], object())
    named = {"shop": {"one": macro("shop", "one")}}
    build_namespace(builder(*arguments), named, {})["one"]
    named["shop"]["one"] = again = macro("shop", "one")
    named["shop"]["two"] = macro("shop", "two")
    now = build_namespace(builder(*arguments), named, {})
    assert now["one"].macro is again and now["two"].macro is named["shop"]["two"]
