"""Which package of orchestration/ imports which: there is an order, and no package is below itself.

Imports inside of functions count, because they only put a cycle off until the function is called;
those under TYPE_CHECKING do not, because they are never made.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

Imports = Mapping[tuple[str, str], str]
"""Who imports whom, with a place where that is: packages, and modules beside them as `name.py`."""


def imports_in(root: Path) -> Imports:
    """Who imports whom in the package `orchestration` below `root`."""
    package = root / "orchestration"
    found: dict[tuple[str, str], str] = {}
    for path in sorted(package.rglob("*.py")):
        importer = _unit(package, path.relative_to(package).with_suffix("").parts)
        for number, name in _imported(ast.parse(path.read_text()), path, root):
            imported = _unit(package, tuple(name.split(".")[1:]))
            if imported and importer and imported != importer:
                found.setdefault((importer, imported), f"{path.relative_to(root)}:{number} {name}")
    return found


def _unit(package: Path, parts: tuple[str, ...]) -> str:
    """The package a module is in, or its own name where it stands beside the packages."""
    if not parts or parts == ("__init__",):
        return ""
    if (package / parts[0]).is_dir():
        return parts[0]
    return f"{parts[0]}.py" if (package / f"{parts[0]}.py").is_file() else ""


def _imported(tree: ast.Module, path: Path, root: Path) -> Iterator[tuple[int, str]]:
    unmade = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in unmade:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            here = path.relative_to(root).parent.parts
            above = list(here[: len(here) - node.level + 1]) if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.startswith("orchestration."))


def closing(imports: Imports) -> list[str]:
    """The imports on cycles that go through a package, in words."""
    edges = set(imports)
    below = {unit: _reached(unit, edges) for edge in edges for unit in edge}
    return [
        f"{a} imports {b}: {imports[a, b]}"
        for a, b in sorted(edges)
        if a in below[b]
        and any(not unit.endswith(".py") and a in below[unit] for unit in below[b] & below[a])
    ]


def _reached(unit: str, edges: Collection[tuple[str, str]]) -> set[str]:
    found: set[str] = set()
    left = [unit]
    while left:
        at = left.pop()
        new = {b for a, b in edges if a == at} - found
        found |= new
        left.extend(new)
    return found
