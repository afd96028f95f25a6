"""The macros that a node of dbt may call, wrapped when they are called.

dbt wraps all 740 for each of the 2,400 contexts of a run, some seven of which are called; what it
has wrapped and thrown away, Python's collector then has to find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from types import MappingProxyType
from typing import Any

Places = dict[str, Any]
"""Where to find what a name means: a mapping of macros and the name there, or, of a package, the
places of its names."""

PLACES_KEPT = 100


class Waiting(dict[str, Any]):
    """A mapping of which some values are made when they are first asked for.

    Parameters:
        names: of these values; what is set before counts.
        make: gives the value of a name.
    """

    __slots__ = ("make", "names")

    def __init__(
        self,
        names: Mapping[str, Any] = MappingProxyType({}),
        make: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__()
        self.names = names
        self.make = make

    def __missing__(self, name: str) -> Any:
        """The value, made now."""
        if self.make is None or name not in self.names:
            raise KeyError(name)
        self[name] = made = self.make(name)
        return made

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in self.names

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or another one where there is none."""
        try:
            return self[name]
        except KeyError:
            return default

    def fill(self) -> None:
        """Make all that is left."""
        for name in self.names:
            self[name]
        self.names = {}


def _filled_before(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def of_all(waiting: Waiting, *args: Any) -> Any:
        waiting.fill()
        return method(waiting, *args)

    return of_all


for _name in (
    "__eq__", "__ne__", "__iter__", "__len__", "__or__", "__repr__", "__reversed__", "__ror__",
    "__delitem__", "clear", "copy", "items", "keys", "pop", "popitem", "setdefault", "values",
):  # fmt: skip
    setattr(Waiting, _name, _filled_before(getattr(dict, _name)))


class Namespace(Waiting):
    """The macros that a node may call, by name and by package.

    Parameters:
        places: of all names.
        packages: the places of each package's names.
        shared: the context the macros are rendered in, the node and dbt's stack of calls.
    """

    __slots__ = ("_packages",)

    def __init__(self, places: Places, packages: dict[str, Places], shared: Any) -> None:
        self._packages = Waiting(packages, lambda name: _members(packages[name], shared))

        def make(name: str) -> Any:
            found = places[name]
            if isinstance(found, tuple):
                return _wrapped(found, shared)
            return self._packages[name]

        super().__init__(places, make)

    def get_from_package(self, package_name: str | None, name: str) -> Any:
        """As dbt's method: None where the package has no such macro."""
        if package_name is None:
            return self.get(name)
        if package_name not in self._packages:
            from dbt.exceptions import PackageNotFoundForMacroError

            raise PackageNotFoundForMacroError(package_name)
        return self._packages[package_name].get(name)


def _members(places: Places, shared: Any) -> Waiting:
    return Waiting(places, lambda name: _wrapped(places[name], shared))


def _wrapped(place: tuple[Mapping[str, Any], str], shared: Any) -> Any:
    macros, name = place
    return _wrapper()(macros[name], shared)


@cache
def _wrapper() -> type:
    """A wrapper of macros that does what dbt's does, made by one constructor instead of three."""
    from dbt.clients.jinja import MacroGenerator

    class Wrapped(MacroGenerator):  # type: ignore[misc]
        __slots__ = ("_shared", "macro")

        def __init__(self, macro: Any, shared: tuple[Any, Any, Any]) -> None:
            self.macro = macro
            self._shared = shared

        context = property(lambda self: self._shared[0])
        node = property(lambda self: self._shared[1])
        stack = property(lambda self: self._shared[2])

    return Wrapped


def build_namespace(
    builder: Any, macros: dict[str, dict[str, Any]], ctx: dict[str, Any]
) -> Namespace:
    """The macros that a node may call, as dbt's method gives them.

    Parameters:
        builder: dbt's, which knows the node.
        macros: by package and name.
        ctx: the context that they are rendered in.
    """
    internal = builder.internal_package_names_order
    places, packages = _places(macros, builder.search_package, builder.root_package, internal)
    return Namespace(places, packages, (ctx, builder.node, builder.thread_ctx))


_kept: dict[Any, tuple[Any, tuple[Places, dict[str, Places]]]] = {}


def _places(
    macros: dict[str, dict[str, Any]], own: str, root: str, internal: list[str]
) -> tuple[Places, dict[str, Places]]:
    """Where names are found, worked out once for all nodes of a package."""
    sizes = tuple((package, len(named)) for package, named in macros.items())
    key = (id(macros), sizes, own, root, *internal)
    if key not in _kept:
        if len(_kept) >= PLACES_KEPT:
            _kept.clear()
        # Kept with the macros, so that no others are known by their address.
        _kept[key] = (macros, _found(macros, own, root, internal))
    return _kept[key][1]


def _found(
    macros: dict[str, dict[str, Any]], own: str, root: str, internal: list[str]
) -> tuple[Places, dict[str, Places]]:
    from dbt.include.global_project import PROJECT_NAME

    packages: dict[str, Places] = {
        package: {name: (named, name) for name in named} for package, named in macros.items()
    }
    of_dbt: Places = {}
    # The packages that are first are those that win.
    for package in reversed(internal):
        of_dbt.update(packages.get(package, {}))
    others = {name: places for name, places in packages.items() if name not in internal}
    named = {PROJECT_NAME: of_dbt, **others}
    of_root, of_own = (others.get(package, {}) for package in (root, own))
    return {**of_dbt, **named, **of_root, **of_own}, {**others, PROJECT_NAME: of_dbt}


def waiting_context(begin: Callable[..., None]) -> Callable[..., None]:
    """Begin a context of dbt with a mapping that macros can wait in.

    Parameters:
        begin: dbt's constructor.
    """

    def begin_waiting(context: Any, *args: Any, **named: Any) -> None:
        begin(context, *args, **named)
        context._ctx = Waiting()

    return begin_waiting


def context_of(all_of_it: Callable[[Any], Any], but_macros: Callable[[Any], Any]) -> Any:
    """The context of a node, in which its macros wait.

    Parameters:
        all_of_it: dbt's method, which copies all macros into the context.
        but_macros: that of its parent class, which gives what else is in it.
    """

    def to_dict(context: Any) -> Any:
        if not isinstance(context.namespace, Namespace):
            return all_of_it(context)
        names = but_macros(context)
        macros = context.namespace
        for name in list(names):
            if name in macros:
                names[name] = macros[name]
        names.names, names.make = macros.names, macros.__getitem__
        return names

    return to_dict
