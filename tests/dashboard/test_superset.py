"""Pages as dashboards of Superset: what is shipped is what is made; charts find their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml

from orchestration.dashboard.pages import Page
from orchestration.dashboard.reading import read_pages
from orchestration.dashboard.superset import superset_files, write_superset
from orchestration.errors import UserError
from orchestration.questions.dialects import parsed
from orchestration.questions.files import read_question, select_of
from orchestration.settings import PROJECT_ROOT

SHIPPED = PROJECT_ROOT / "examples" / "superset_overview"
PAGES = read_pages().sound


def read(files: dict[str, str], folder: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(text) for path, text in files.items() if path.startswith(folder)]


def test_what_is_shipped_is_what_is_made_of_the_page() -> None:
    made = superset_files(next(page for page in PAGES if page.name == "overview"))
    shipped = {
        path.relative_to(SHIPPED).as_posix(): path.read_text(encoding="utf-8")
        for path in SHIPPED.rglob("*.yaml")
    }
    assert shipped == made, "write it again: c360 question superset overview"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_charts_find_data_sets_and_columns(page: Page) -> None:
    files = superset_files(page)
    [database] = read(files, "databases/")
    datasets = {dataset["uuid"]: dataset for dataset in read(files, "datasets/")}
    charts = {chart["uuid"]: chart for chart in read(files, "charts/")}
    [board] = read(files, "dashboards/")
    assert len(charts) == len(datasets) == len(page.items)
    for dataset, item in zip(datasets.values(), page.items, strict=True):
        assert dataset["database_uuid"] == database["uuid"]
        [tree] = sqlglot.parse(dataset["sql"], dialect="postgres")
        assert tree is not None
        assert (
            tree.named_selects == parsed(select_of(read_question(item.template).sql)).named_selects
        )
        assert {column["column_name"] for column in dataset["columns"]} <= set(tree.named_selects)
    for chart in charts.values():
        known = {column["column_name"] for column in datasets[chart["dataset_uuid"]]["columns"]}
        drawn = chart["params"]
        asked = [*drawn.get("all_columns", []), *drawn.get("groupby", [])]
        asked += [drawn["x_axis"]] if "x_axis" in drawn else []
        asked += [m["optionName"].removeprefix("metric_") for m in drawn.get("metrics", [])]
        assert asked and set(asked) <= known
    placed = [each for each in board["position"].values() if isinstance(each, dict)]
    standing = [each["meta"] for each in placed if each["type"] == "CHART"]
    assert [meta["uuid"] for meta in standing] == list(charts)
    rows = [each["children"] for each in placed if each["type"] == "ROW"]
    widths = {
        f"CHART-{item.id}": meta["width"] for item, meta in zip(page.items, standing, strict=True)
    }
    assert all(sum(widths[child] for child in row) == 12 for row in rows)


def test_a_folder_that_holds_something_and_a_page_that_is_none_are_refused(tmp_path: Path) -> None:
    write_superset("consent", tmp_path / "new")
    with pytest.raises(UserError, match="is there already"):
        write_superset("consent", tmp_path / "new")
    with pytest.raises(UserError, match="no sound page nothing"):
        write_superset("nothing", tmp_path / "other")
    assert not (tmp_path / "other").exists()
