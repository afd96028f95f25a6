"""What `make check` counts about the structure is counted right, and compiled models stay short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Company
from tests.structure import counts
from tests.structure.limits import limits, over


def test_no_model_hides_more_sql_than_before(finished_company: Company) -> None:
    compiled = finished_company.settings.dbt_target_dir / "compiled" / "customer_360" / "models"
    grown = counts.models_that_grow(compiled)
    found = {"models_that_compile_to_more_than_twice": len(grown)}
    assert over(found, limits()) == [], grown


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two packages and three macros."""
    for name in ("DBT_PROJECT_DIR", "PROJECT_ROOT"):
        monkeypatch.setattr(counts, name, tmp_path)
    monkeypatch.setattr(counts, "PACKAGE", tmp_path / "orchestration")
    files = {
        "macros/own.sql": "{% macro twice(x) %}{{ once(x) }}{% endmacro %}\n"
        "{% macro once(x) %}{% endmacro %}\n{% macro _private(x) %}{% endmacro %}\n"
        "{% macro duckdb__once(x) %}{% endmacro %}\n",
        "models/one.sql": "select {{ twice('a') }}",
        "models/two.sql": "select {{ twice('b') }}",
        "orchestration/first/module.py": "ONE = 1\nTWO = 2\n",
        "orchestration/second/other.py": "VALUE = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_macros_are_counted_by_the_places_that_call_them(project: Path) -> None:
    assert set(counts.public_macros()) == {"twice", "once"}
    assert counts.macros_called_once() == ["once"]


def test_the_largest_package_is_the_one_with_most_lines(project: Path) -> None:
    assert counts.largest_package() == ("first", 66.7)


def test_a_model_grows_by_what_its_macros_write(project: Path) -> None:
    compiled = project / "compiled"
    compiled.mkdir()
    (compiled / "one.sql").write_text("select\n    a,\n    -- a comment\n    b\n")
    (compiled / "two.sql").write_text("select\n    b\n")
    assert counts.models_that_grow(compiled) == {"one": 3.0}


def test_a_count_over_its_limit_is_told() -> None:
    assert over({"pages": 3}, {"pages": 3}) == []
    assert "pages is 4, at most 3" in over({"pages": 4}, {"pages": 3})[0]
