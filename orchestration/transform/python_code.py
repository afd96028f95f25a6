"""The Python that a model calls: its own text and the modules of this project it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "orchestration"


def called_code(root: Path, text: str) -> dict[str, str]:
    """What a Python text and the project's modules that it imports do.

    Parameters:
        root: the folder that the package lies in.
        text: of a dbt model in Python.

    Returns:
        The syntax tree as text, without comments and docstrings, by module; the text itself has
        the name "". Modules that those import are there as well.

    Raises:
        SyntaxError: a text is no Python.
    """
    found = {"": _behaviour(text)}
    left = list(_imported(ast.parse(text)))
    while left:
        module = left.pop()
        path = _file_of(root, module)
        if path is None or module in found:
            continue
        found[module], imported = _read(path, path.stat().st_mtime_ns)
        left += imported
    return dict(sorted(found.items()))


@cache
def _read(path: Path, _mtime: int) -> tuple[str, tuple[str, ...]]:
    """A module's behaviour and imports. The time only tells this process to look again."""
    text = path.read_text(encoding="utf-8")
    return _behaviour(text), tuple(_imported(ast.parse(text)))


def _file_of(root: Path, module: str) -> Path | None:
    if module.split(".")[0] != PACKAGE:
        return None
    place = root.joinpath(*module.split("."))
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            # What is imported from a package may be a module of it.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _behaviour(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    return ast.dump(tree)
