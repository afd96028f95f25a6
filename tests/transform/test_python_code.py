"""The rules of a Python model are what its code does, and not how it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from orchestration.transform.python_code import called_code

MODEL = """
def model(dbt, session):
    from orchestration.scores import scored
    return scored(session)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package of three modules, one of which nobody calls."""
    package = tmp_path / "orchestration"
    package.mkdir()
    (package / "scores.py").write_text(
        '"""Scores."""\nfrom orchestration import rounding\n\n\n'
        'def scored(session):\n    """Score."""\n    return rounding.places\n'
    )
    (package / "rounding.py").write_text("places = 2\n")
    (package / "charts.py").write_text("colour = 1\n")
    return tmp_path


def edit(root: Path, module: str, before: str, after: str) -> None:
    path = root / "orchestration" / module
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("scores.py", "Scores.", "Scores of pairs."),
        ("scores.py", '"""Score."""', '"""Another description."""'),
        ("scores.py", "\n\n\ndef", "\n\n\n# a reason\ndef"),
        ("charts.py", "1", "2"),
    ],
)
def test_comments_and_what_is_not_called_change_nothing(
    root: Path, module: str, before: str, after: str
) -> None:
    known = called_code(root, MODEL)
    edit(root, module, before, after)
    assert called_code(root, MODEL) == known


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [("scores.py", "rounding.places", "3"), ("rounding.py", "2", "3")],
)
def test_code_that_is_called_counts(root: Path, module: str, before: str, after: str) -> None:
    known = called_code(root, MODEL)
    edit(root, module, before, after)
    changed = called_code(root, MODEL)
    names = {name for name in known | changed if known.get(name) != changed.get(name)}
    assert names == {f"orchestration.{module.removesuffix('.py')}"}


def test_the_models_of_the_project_reach_their_code() -> None:
    model = PROJECT_ROOT / "dbt_project" / "models" / "identity" / "scored_pairs.py"
    found = called_code(PROJECT_ROOT, model.read_text())
    assert {"orchestration.identity.scoring", "orchestration.identity.match_tables"} <= set(found)
    assert "orchestration.dashboard" not in found
