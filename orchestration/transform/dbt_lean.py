"""What dbt does again and again, done once or not at all.

A run invokes dbt once per layer and has it make and test some 850 nodes. At each invocation dbt
looks for a cycle edge by edge and sums the graph up for a file that nobody reads; for each node it
wraps every macro of the project several times, makes parsers of dates that no result has, and
writes messages that no log takes. What comes of a run is the same without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

HEARD = ("NodeStart", "NodeFinished")
"""The messages for debugging that `run_dbt` listens to."""


@cache
def be_lean() -> None:
    """Have every later invocation of dbt in this process do without what is described above."""
    from dbt.compilation import Linker
    from dbt.context.macros import MacroNamespaceBuilder
    from dbt_common.clients import agate_helper
    from dbt_common.events.event_manager import EventManager

    Linker.find_cycles = cycle_finder(Linker.find_cycles)
    Linker.get_graph_summary = _no_summary
    MacroNamespaceBuilder.build_namespace = build_namespace
    agate_helper.build_type_tester = kept_testers(agate_helper.build_type_tester)
    EventManager.fire_event = heard_only(EventManager.fire_event)  # type: ignore[method-assign]


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


def build_namespace(builder: Any, macros: dict[str, dict[str, Any]], ctx: dict[str, Any]) -> Any:
    """The macros that a node may call, as dbt's method gives them, each wrapped in one step.

    Parameters:
        builder: dbt's, which knows the node.
        macros: by package and name.
        ctx: the context that they are rendered in.
    """
    from dbt.clients.jinja import MacroGenerator

    said = {"context": ctx, "node": builder.node, "stack": builder.thread_ctx}
    internal: dict[str, dict[str, Any]] = {}
    packages: dict[str, dict[str, Any]] = {}
    for package, named in macros.items():
        wrapped: dict[str, Any] = {}
        for macro in named.values():
            # Its three constructors, one above the other, take most of the time.
            wrapped[macro.name] = generator = MacroGenerator.__new__(MacroGenerator)
            generator.__dict__ = {**said, "macro": macro}
        (internal if package in builder.internal_package_names else packages)[package] = wrapped
    own, root = builder.search_package, builder.root_package
    of_dbt: dict[str, Any] = {}
    # The packages that are first are those that win.
    for package in reversed(builder.internal_package_names_order):
        of_dbt.update(internal.get(package, {}))
    return _namespace()(
        dict(packages.get(root, {}) if root != own else {}),
        dict(packages.get(own, {})),
        of_dbt,
        packages,
    )


@cache
def _namespace() -> type:
    """dbt's mapping, which looks five others through for each name, with one that has them all."""
    from dbt.context.macros import MacroNamespace
    from dbt.include.global_project import PROJECT_NAME

    class Namespace(MacroNamespace):  # type: ignore[misc]
        def __init__(self, *of_packages: Any) -> None:
            super().__init__(*of_packages)
            root, own, of_dbt, packages = of_packages
            self._all = {**of_dbt, PROJECT_NAME: of_dbt, **packages, **root, **own}

        def __getitem__(self, key: str) -> Any:
            return self._all[key]

        def __iter__(self) -> Iterator[str]:
            return iter(self._all)

        def __len__(self) -> int:
            return len(self._all)

    return Namespace


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
