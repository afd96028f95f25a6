"""What dbt does again and again, done once or not at all.

A run invokes dbt once per layer and has it make and test some 900 nodes. At each invocation dbt
looks for a cycle edge by edge and sums the graph up for a file that nobody reads; for each node it
wraps every macro of the project several times, compiles the same templates, tells the database the
settings of all its connections, makes parsers of dates that no result has, and writes messages that
no log takes. What comes of a run is the same without. What a foreign key refers to dbt can't find a
second time in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

from orchestration.transform.dbt_macros import build_namespace, context_of, waiting_context

HEARD = ("NodeStart", "NodeFinished")
"""The messages for debugging that `run_dbt` listens to."""

TEMPLATES = 5_000
"""So many compiled templates are kept at most; a run has some 2,000."""


@cache
def be_lean() -> None:
    """Have every later invocation of dbt in this process do without what is described above."""
    from dbt.adapters.duckdb.environments import Environment
    from dbt.compilation import Compiler, Linker
    from dbt.context.base import BaseContext
    from dbt.context.configured import ConfiguredContext
    from dbt.context.macros import MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext
    from dbt_common.clients import agate_helper
    from dbt_common.clients.jinja import MacroFuzzEnvironment
    from dbt_common.dataclass_schema import dbtClassMixin
    from dbt_common.events.base_types import BaseEvent
    from dbt_common.events.event_manager import EventManager

    Linker.find_cycles = cycle_finder(Linker.find_cycles)
    Linker.get_graph_summary = _no_summary
    found = found_once(Compiler._compile_relation_for_foreign_key_constraint_to)
    Compiler._compile_relation_for_foreign_key_constraint_to = found  # type: ignore[method-assign]
    BaseContext.__init__ = waiting_context(BaseContext.__init__)
    MacroNamespaceBuilder.build_namespace = build_namespace
    ManifestContext.to_dict = context_of(ManifestContext.to_dict, ConfiguredContext.to_dict)
    MacroFuzzEnvironment.compile = kept_code(MacroFuzzEnvironment.compile)  # type: ignore[method-assign]
    validate = validated_once(dbtClassMixin.validate.__func__)  # type: ignore[attr-defined]
    dbtClassMixin.validate = classmethod(validate)  # type: ignore[assignment]
    once, each = settings_by_scope(Environment.initialize_db, Environment.initialize_cursor)
    Environment.initialize_db, Environment.initialize_cursor = once, each
    agate_helper.build_type_tester = kept_testers(agate_helper.build_type_tester)
    EventManager.fire_event = heard_only(EventManager.fire_event)  # type: ignore[method-assign]
    BaseEvent.pb_msg = written_when_read(BaseEvent.__init__)
    BaseEvent.__init__ = _keep_what_it_says  # type: ignore[method-assign, assignment]


def found_once(slow: Callable[..., str]) -> Callable[..., str]:
    """Take a table that a foreign key refers to for found when it is one.

    Parameters:
        slow: dbt's method, which writes what it finds into the manifest and refuses it later.
    """

    def find(compiler: Any, manifest: Any, node: Any, to: str) -> str:
        return to if to.startswith('"') else slow(compiler, manifest, node, to)

    return find


def cycle_finder(slow: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
    """Look for a cycle only in a graph that has one.

    Parameters:
        slow: dbt's method, which names it.
    """
    import networkx as nx

    def find(linker: Any) -> str | None:
        return None if nx.is_directed_acyclic_graph(linker.graph) else slow(linker)

    return find


def _no_summary(_linker: Any, _manifest: Any) -> dict[int, Any]:
    return {}


def kept_code(compile_source: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a template once for all nodes that are written the same.

    Parameters:
        compile_source: Jinja's method; of one class, all environments of dbt are equal.
    """
    kept: dict[tuple[type, str], Any] = {}

    def compile_template(environment: Any, source: Any, *others: Any, **named: Any) -> Any:
        if others or named or not isinstance(source, str):
            return compile_source(environment, source, *others, **named)
        key = (type(environment), source)
        if key not in kept:
            if len(kept) >= TEMPLATES:
                kept.clear()
            kept[key] = compile_source(environment, source)
        return kept[key]

    return compile_template


def validated_once(validate: Callable[[type, Any], None]) -> Callable[[type, Any], None]:
    """Hold what a node declares to its schema once for all nodes that declare the same.

    Parameters:
        validate: dbt's method, which raises where something is wrong; that is not kept.
    """
    valid: set[tuple[type, str]] = set()

    def validate_new(of: type, data: Any) -> None:
        if (key := (of, repr(data))) not in valid:
            validate(of, data)
            valid.add(key)

    return validate_new


def settings_by_scope(
    open_database: Callable[..., Any], open_cursor: Callable[..., Any]
) -> tuple[classmethod[Any, Any, Any], classmethod[Any, Any, Any]]:
    """Tell DuckDB a setting of the whole database once, and each cursor those of its session.

    Parameters:
        open_database: dbt's method, which knows none of the settings of the profile.
        open_cursor: dbt's method, which repeats all of them.
    """
    of_session: set[str] = set()

    def initialize_db(_: type, creds: Any, plugins: Any = None) -> Any:
        con = open_database(creds, plugins)
        open_cursor(creds, con)
        # DuckDB calls TimeZone global, too; so it is asked what a new cursor does not know.
        told, new = (
            [_value(c, name) for name in creds.settings or {}] for c in (con, con.cursor())
        )
        pairs = zip(creds.settings or {}, told, new, strict=True)
        of_session.update(name for name, here, there in pairs if here != there)
        return con

    def initialize_cursor(
        _: type, creds: Any, cursor: Any, plugins: Any = None, registered_df: Any = None
    ) -> Any:
        settings = {k: v for k, v in (creds.settings or {}).items() if k in of_session}
        known = SimpleNamespace(settings=settings, retries=creds.retries)
        return open_cursor(known, cursor, plugins, registered_df or {})

    return classmethod(initialize_db), classmethod(initialize_cursor)


def _value(con: Any, setting: str) -> Any:
    return con.execute("select current_setting(?)", [setting]).fetchone()


def kept_testers(make: Callable[..., Any]) -> Callable[..., Any]:
    """Make what tells the types of a result's columns once for all results with these columns.

    Parameters:
        make: dbt's function.
    """
    kept = lru_cache(maxsize=1000)(make)

    def tester(
        text_columns: Iterable[str], string_null_values: Iterable[str] = ("null", "")
    ) -> Any:
        return kept(frozenset(text_columns), tuple(string_null_values))

    return tester


def heard_only(fire: Callable[..., None]) -> Callable[..., None]:
    """Write no message for debugging where no log takes it.

    Parameters:
        fire: dbt's method.
    """
    from dbt_common.events.base_types import EventLevel

    def fire_event(manager: Any, e: Any, level: Any = None, *others: Any, **named: Any) -> None:
        is_heard = manager.loggers or type(e).__name__ in HEARD
        if is_heard or (level or e.level_tag()) != EventLevel.DEBUG:
            fire(manager, e, level, *others, **named)

    return fire_event


def _keep_what_it_says(event: Any, *args: Any, **kwargs: Any) -> None:
    event.__dict__["said"] = (args, kwargs)


def written_when_read(write: Callable[..., None]) -> property:
    """The body of a message of dbt, made when it is first looked at.

    Parameters:
        write: dbt's constructor, which sets `pb_msg`.
    """

    def read(event: Any) -> Any:
        if "body" not in event.__dict__:
            args, kwargs = event.__dict__["said"]
            write(event, *args, **kwargs)
        return event.__dict__["body"]

    return property(read, lambda event, body: event.__dict__.__setitem__("body", body))
