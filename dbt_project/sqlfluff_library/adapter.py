"""dbt's `adapter` while a model is only being linted: a dispatched macro is its first argument."""

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """The macro of the engine, as an expression that can stand where its result would."""
    return lambda *arguments: str(arguments[0]) if arguments else f"'{name}'"
