"""Which package of orchestration/ imports which: there is an order, and no package is below itself.

Imports inside of functions count, because they only put a cycle off until the function is called;
those under TYPE_CHECKING do not, because they are never made.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT

Imports = Mapping[tuple[str, str], str]
"""Who imports whom, with a place where that is: packages, and modules beside them as `name.py`."""

ALLOWED: Mapping[tuple[str, str], str] = {
    ("transform", "ingest"): (
        "Forgetting all layers (`c360 run --rebuild`) also has every file read again. Gone when "
        "whoever asks for a rebuild tells both."
    ),
    ("runs", "alerts"): (
        "A run that ends or is found dead is told before it is over, and what is told is the "
        "run's record, which alerts read."
    ),
}
"""Imports that close a cycle and stay for now, each with its reason."""

INDEPENDENT = {
    "policy": {"identity", "value", "transform", "ingest", "quality", "publish", "runs", "sources"},
    "transform": {"value", "quality", "publish", "runs", "sources"},
    "value": {"identity", "transform", "sources"},
    "identity": {"value"},
    "profiles": {"sources", "expectations"},
    "expectations": {"sources"},
}
"""What these packages do not import, also where that would close no cycle today."""


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


def closing(imports: Imports, allowed: Collection[tuple[str, str]] = ()) -> list[str]:
    """The imports on cycles that go through a package, in words.

    Parameters:
        imports: who imports whom.
        allowed: imports to leave out.
    """
    edges = {edge for edge in imports if edge not in allowed}
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


@pytest.fixture(scope="module")
def imports() -> Imports:
    return imports_in(PROJECT_ROOT)


def test_no_package_imports_itself_by_way_of_others(imports: Imports) -> None:
    assert len(imports) > 50
    assert closing(imports, ALLOWED) == []


@pytest.mark.parametrize("edge", ALLOWED)
def test_what_is_allowed_still_closes_a_cycle(imports: Imports, edge: tuple[str, str]) -> None:
    """Whoever dissolves one takes it off the list, so that it can't come back."""
    assert edge in imports
    assert closing(imports, set(ALLOWED) - {edge}) != []


@pytest.mark.parametrize("package", INDEPENDENT)
def test_packages_that_know_nothing_of_others(imports: Imports, package: str) -> None:
    assert (PROJECT_ROOT / "orchestration" / package).is_dir()
    known = {b: place for (a, b), place in imports.items() if a == package}
    assert {b: place for b, place in known.items() if b in INDEPENDENT[package]} == {}


@pytest.mark.parametrize(
    ("text", "is_seen"),
    [
        ("from orchestration.first.a import x\n", True),
        ("import orchestration.first.a as a\n", True),
        ("from orchestration import first\n", True),
        ("from ..first import a\n", True),
        ("def later():\n    from orchestration.first.a import x\n", True),
        ("from orchestration.between import x\n", True),
        ("if TYPE_CHECKING:\n    import orchestration.first.a\n", False),
        ("if typing.TYPE_CHECKING:\n    pass\nelse:\n    import orchestration.first\n", True),
        ("from orchestration.second.c import x\n", False),
        ("import json\n", False),
    ],
)
def test_cycles_are_noticed(tmp_path: Path, text: str, is_seen: bool) -> None:
    files = {
        "first/a.py": "from orchestration.second.b import y\n",
        "second/b.py": text,
        "second/c.py": "x = 1\n",
        "between.py": "from orchestration.first.a import x\n",
        # Two modules beside the packages are no matter of packages.
        "one.py": "import orchestration.two\n",
        "two.py": "import orchestration.one\n",
    }
    for name, content in files.items():
        path = tmp_path / "orchestration" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    found = closing(imports_in(tmp_path))
    assert bool(found) == is_seen
    assert not is_seen or any("second/b.py:" in line for line in found)
