"""The contract of each conformed entity as a page, generated from the models' YAML.

The pages are not in git: dbt's manifest holds all that they say, so `c360 docs` writes them anew.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from orchestration.private_files import project_files

HELPERS = frozenset({
    "clock_days", "crawler_events", "refresh_period", "row_conservation", "set_aside_rows",
    "user_agents",
})  # fmt: skip
"""Conformed models that no source feeds by itself."""
ALWAYS = {"unreadable_line", "invalid_type"}
BY_VERSION = {"duplicate_row", "superseded_version", "deleted_row"}


@project_files()
def write_contracts(manifest: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write a page per conformed entity and an index; pages of entities that are gone go.

    Parameters:
        manifest: dbt's manifest.json.
        folder: where the pages go, e.g. docs/contracts.

    Returns:
        The paths of what was written, the index first.
    """
    pages = contract_pages(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


def contract_pages(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The pages as texts by file name, README.md first."""
    environment = Environment(  # noqa: S701 (Markdown is not HTML)
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["one_line"] = _one_line
    reasons = _reject_reasons(manifest)
    models = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    entities = [
        _entity(manifest, models, models[name], reasons)
        for name in sorted(models)
        if models[name]["fqn"][1] == "conformed" and name not in HELPERS
    ]
    pages = {"README.md": environment.get_template("contracts.md").render(entities=entities)}
    page = environment.get_template("contract.md")
    return pages | {f"{e['node']['name']}.md": page.render(e) for e in entities}


def _entity(
    manifest: Mapping[str, Any],
    models: Mapping[str, Any],
    node: Mapping[str, Any],
    reasons: list[dict[str, str]],
) -> dict[str, Any]:
    """What the templates say of an entity."""
    parents = [p.split(".")[-1] for p in node["depends_on"]["nodes"] if p.startswith("model.")]
    staging, made_from = (
        [models[n] for n in sorted(parents) if models[n]["fqn"][1] == layer]
        for layer in ("staging", "conformed")
    )
    values = {t["column_name"]: t["values"] for t in _tests(manifest, node, "accepted_values")}
    return {
        "node": node,
        "grain": _grain(node),
        "key": next((t["columns"] for t in _tests(manifest, node, "unique_combination")), []),
        "columns": [
            {
                **column,
                "meta": {**column.get("meta", {}), **column.get("config", {}).get("meta", {})},
                "is_required": any(r["type"] == "not_null" for r in column.get("constraints", ())),
                "values": values.get(name, []),
            }
            for name, column in node["columns"].items()
        ],
        "staging": staging,
        "is_made": bool(made_from),
        "made_from": [n["name"] for n in made_from if n["name"] not in HELPERS],
        "reasons": _reasons_of(node, staging, reasons),
    }


def _tests(
    manifest: Mapping[str, Any], node: Mapping[str, Any], name: str
) -> Iterator[dict[str, Any]]:
    for test in manifest["nodes"].values():
        about = test.get("test_metadata") or {}
        if test.get("attached_node") == node["unique_id"] and about.get("name") == name:
            said = about["kwargs"]
            yield {**said, **said.get("arguments", {}), "column_name": test["column_name"]}


def _grain(node: Mapping[str, Any]) -> str:
    _, _, grain = (
        _one_line(node["description"])
        .replace("one row per", "One row per")
        .partition("One row per")
    )
    return grain.strip().split(". ")[0].rstrip(".")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _reject_reasons(manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed" and node["name"] == "reject_reasons":
            path = Path(node["root_path"]) / node["original_file_path"]
            with path.open(newline="", encoding="utf-8") as handle:
                return list(csv.DictReader(handle))
    return []


def _reasons_of(
    node: Mapping[str, Any], staging: list[Mapping[str, Any]], reasons: list[dict[str, str]]
) -> list[dict[str, str]]:
    """Why rows of an entity are set aside, each with what becomes of them."""
    if not staging:
        return []
    code = "\n".join(n["raw_code"] for n in (node, *staging))
    named = ALWAYS | (BY_VERSION if "judge_versions(" in code else set())
    if node["name"] == "order_lines":
        named = named | {"unknown_order"}
    return [
        {**r, "fate": _fate(r)}
        for r in reasons if r["reason"] in named or f"'{r['reason']}'" in code
    ]  # fmt: skip


def _fate(reason: Mapping[str, str]) -> str:
    if reason.get("outcome") == "superseded" or reason["reason"] in BY_VERSION:
        return "another row stands for it"
    if reason.get("is_fault", "true").lower() == "false":
        return "quarantined, no fault of the file"
    return "quarantined until its file is corrected"
