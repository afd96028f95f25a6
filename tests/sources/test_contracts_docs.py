"""The contract pages say what the conformed YAML says, all of it, and are not in git."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.profiles import personal
from orchestration.quality.contracts_docs import HELPERS, contract_pages, write_contracts
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from orchestration.transform.parsing import load_manifest
from tests.conftest import settings_in
from tests.parsed import parsed


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return load_manifest(parsed(settings_in(tmp_path_factory.mktemp("contracts"))))


def entities() -> dict[str, dict[str, Any]]:
    found = {}
    for path in (DBT_PROJECT_DIR / "models" / "conformed").glob("*.yml"):
        if path.stem not in HELPERS and not path.stem.endswith("unit_tests"):
            found[path.stem] = yaml.safe_load(path.read_text())["models"][0]
    return found


def test_every_entity_has_a_page_with_all_its_columns(manifest: Mapping[str, Any]) -> None:
    pages = contract_pages(manifest)
    assert set(pages) == {"README.md", *(f"{name}.md" for name in entities())}
    for name, entity in entities().items():
        page = pages[f"{name}.md"]
        assert f"({name}.md)" in pages["README.md"]
        rows = [line for line in page.splitlines() if line.startswith("| `")]
        for column in entity["columns"]:
            [row] = [r for r in rows if r.split("`")[1] == column["name"] and r.count("|") == 7]
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            meta = column.get("config", {}).get("meta", {})
            required = {"type": "not_null"} in column.get("constraints", [])
            assert cells[1:5] == [
                column["data_type"],
                "yes" if required else "",
                meta.get("label", ""),
                meta.get("semantic_type", "").replace("_", " "),
            ], f"{name}.{column['name']}"
            assert " ".join(column["description"].split()) in cells[5]
    orders = pages["orders.md"]
    assert "Key: `source_system`, `order_id`." in orders and "`stg_web_shop__orders`" in orders
    assert "One of `completed`, `cancelled`." in orders
    assert "| `invalid_amount` |" in orders and "| `bot_traffic` |" not in orders
    assert "| `unknown_order` |" in pages["order_lines.md"]


def test_writing_removes_pages_of_entities_that_are_gone(
    manifest: Mapping[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "old_entity.md").write_text("old")
    written = write_contracts(manifest, tmp_path)
    assert written[0].name == "README.md" and set(tmp_path.iterdir()) == set(written)


def test_pages_are_generated_and_not_in_git() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "docs/contracts/orders.md"],
        cwd=PROJECT_ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if ignored.returncode > 1:
        pytest.skip("this is no checkout")
    assert ignored.returncode == 0


def test_labels_and_meanings_do_not_contradict_each_other() -> None:
    """A column labelled as personal must not mean something whose values may be shown."""
    meanings: dict[str, set[str]] = {}
    for entity in entities().values():
        for column in entity["columns"]:
            meta = column.get("config", {}).get("meta", {})
            if meaning := meta.get("semantic_type"):
                meanings.setdefault(meaning, set()).add(str(meta.get("label", "")))
    assert len(meanings) > 30
    labelled = [m for m, labels in meanings.items() if labels & {"I1", "I2"}]
    assert personal.SHOWN not in {personal.visibility(m, None) for m in labelled}
    for private in ("email", "phone", "birth_date", "street", "loyalty_id", "login"):
        assert meanings[private] <= {"I1", "I2"}
        assert personal.visibility(private, None) == personal.HIDDEN
