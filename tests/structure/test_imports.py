"""There is an order of the packages of orchestration/: none imports itself by way of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.structure.imports import Imports, closing, imports_in

INDEPENDENT = {
    "alerts": {"runs"},
    "ingest": {"transform", "quality", "sources"},
    "policy": {"identity", "value", "transform", "ingest", "quality", "publish", "runs", "sources"},
    "transform": {"value", "quality", "publish", "runs", "sources"},
    "value": {"identity", "transform", "sources"},
    "identity": {"value"},
    "profiles": {"sources", "expectations"},
    "expectations": {"sources"},
}
"""What these packages do not import, also where that would close no cycle today."""


@pytest.fixture(scope="module")
def imports() -> Imports:
    return imports_in(PROJECT_ROOT)


def test_no_package_imports_itself_by_way_of_others(imports: Imports) -> None:
    assert len(imports) > 50
    assert closing(imports) == []


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
