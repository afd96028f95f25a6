"""Writes what was proposed: the sources YAML, the staging models, their place in the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from orchestration.errors import UserError
from orchestration.ingest.addresses import without_password
from orchestration.policy.declared_columns import KEYED
from orchestration.project_files import project_yaml, yaml_text
from orchestration.sources.drafts import Column, Table
from orchestration.sources.measure import DEFAULT_THRESHOLD
from orchestration.sources.model_text import folded, in_one_line, model_name, model_sql, model_yaml
from orchestration.sources.names import IDENTIFIER, reserved
from orchestration.sources.proposals import Proposal
from orchestration.sources.templates import is_unsafe, refuse_templates, refuse_unknown_code

DELIVERIES = {"sqlite": "a SQLite database", "postgresql": "a PostgreSQL database"}
LONG_NAME = 60


@dataclass
class Draft:
    """All that is to be written for a source.

    Attributes:
        source: the source's name.
        tables: the tables to declare.
        proposals: the staging models to write.
        thresholds: share of a file's rows that may be quarantined, by table, where not the default.
        notes: sentences for each proposal's description.
    """

    source: str
    tables: Sequence[Table]
    proposals: Sequence[Proposal]
    thresholds: dict[str, float]
    notes: Sequence[Sequence[str]]


def check_source_name(name: str) -> None:
    """Refuse a name that can't be a folder, a dbt source and a part of model names.

    Raises:
        UserError: the name is not lower snake case or means something to SQL or this project.
    """
    if not IDENTIFIER.fullmatch(name) or "__" in name or name.endswith("_"):
        raise UserError(
            f"'{name[:60]}' can't be the name of a source. Use lower-case letters, digits and "
            "single underscores, beginning with a letter, as in web_shop.",
            2,
        )
    if name in reserved() or name in ("ingest", "accounting"):
        raise UserError(
            f"'{name}' is a reserved word. Choose another name, as in {name}_system.", 2
        )


def files_of(draft: Draft, project_dir: Path) -> dict[Path, str]:
    """The new files of a source and their text; the sources YAML is extended if it exists.

    Parameters:
        draft: what to write.
        project_dir: the dbt project.

    Raises:
        UserError: a model or a declared table is there already.
    """
    folder = project_dir / "models" / "staging" / draft.source
    texts: dict[Path, str] = {}
    yaml_path = folder / f"_{draft.source}__sources.yml"
    texts[yaml_path] = _sources_yaml(draft, yaml_path)
    for proposal, notes in zip(draft.proposals, draft.notes, strict=True):
        name = name_of(draft, proposal)
        sql = model_sql(draft.source, proposal)
        refuse_unknown_code(sql, project_dir, name)
        content = {"version": 2, "models": [model_yaml(draft.source, proposal, name, notes)]}
        refuse_templates(content, name)
        for path, text in (
            (folder / f"{name}.sql", sql),
            (folder / f"{name}.yml", _dump(content)),
        ):
            if path.exists():
                raise UserError(
                    f"{path} exists and is yours to edit, so it is not overwritten. Delete it to "
                    "have it written afresh, or leave the table out with --table.",
                    2,
                )
            texts[path] = text
    return texts


def name_of(draft: Draft, proposal: Proposal) -> str:
    """The name of a proposal's model."""
    same = [p for p in draft.proposals if p.table is proposal.table]
    return model_name(draft.source, proposal, len(same) == 1)


def registered(draft: Draft, project_dir: Path) -> str:
    """The text of dbt_project.yml with the new models under `entity_sources`, comments kept.

    Parameters:
        draft: what is written.
        project_dir: the dbt project.
    """
    path = project_dir / "dbt_project.yml"
    yaml = project_yaml()
    content = yaml.load(path.read_text(encoding="utf-8"))
    sources = content.setdefault("vars", CommentedMap()).setdefault(
        "entity_sources", CommentedMap()
    )
    for proposal in draft.proposals:
        models = sources.setdefault(proposal.entity.name, CommentedSeq())
        name = name_of(draft, proposal)
        if name not in models:
            # What stands behind the last item (a comment, a blank line) belongs behind the new one.
            trailing = models.ca.items.pop(len(models) - 1, None) if len(models) else None
            models.append(name)
            if trailing:
                models.ca.items[len(models) - 1] = trailing
    return yaml_text(yaml, content)


def fed_by(project_dir: Path, source: str) -> set[str]:
    """The entities that the staging models of a source feed already."""
    path = project_dir / "dbt_project.yml"
    content = project_yaml().load(path.read_text(encoding="utf-8"))
    fed = content.get("vars", {}).get("entity_sources", {})
    start = f"stg_{source}__"
    return {entity for entity, models in fed.items() if any(m.startswith(start) for m in models)}


def _sources_yaml(draft: Draft, path: Path) -> str:
    yaml = project_yaml()
    tables = [_table(draft, table) for table in draft.tables]
    refuse_templates(tables, path.name)
    if path.exists():
        content = yaml.load(path.read_text(encoding="utf-8"))
        source = next((s for s in content["sources"] if s["name"] == draft.source), None)
        if source is None:
            raise UserError(
                f"{path} declares no source {draft.source}. Add it there or move the file."
            )
        there = {t["name"] for t in source["tables"]}
        again = sorted(there & {t.name for t in draft.tables})
        if again:
            raise UserError(
                f"{path} declares {', '.join(again)} already. Choose other tables with --table, or "
                "delete the entry to have it written afresh.",
                2,
            )
        source["tables"].extend(tables)
        return yaml_text(yaml, content)
    kinds = sorted({DELIVERIES.get(t.format, f"{t.format} files") for t in draft.tables})
    source = {
        "name": draft.source,
        "description": f"{draft.source.replace('_', ' ')}, delivered as {' and '.join(kinds)}.",
        "schema": "landing",
        "config": {
            "meta": {
                "owner": "team:data-platform",
                "system": draft.source.replace("_", " "),
                "delivery": " and ".join(kinds),
                "quarantine_threshold": DEFAULT_THRESHOLD,
            }
        },
        "tables": tables,
    }
    return _dump({"version": 2, "sources": [source]})


def _table(draft: Draft, table: Table) -> dict[str, Any]:
    fed = [p.entity.name for p in draft.proposals if p.table is table]
    text = f"Feeds {', '.join(fed)}." if fed else "Feeds nothing yet; it is loaded and that is all."
    meta: dict[str, Any] = {"format": table.format}
    if table.path:
        meta["path"] = table.path
    if table.url:
        meta["url"] = without_password(table.url)
    if table.database_table:
        meta["database_table"] = table.database_table
    if table.format == "postgresql" and (changed := table.meaning("updated_at")):
        meta["watermark"] = changed.source_name
    if table.options:
        meta["options"] = dict(table.options)
    if table.name in draft.thresholds:
        meta["quarantine_threshold"] = draft.thresholds[table.name]
    if table.keyed_by:
        meta[KEYED] = table.keyed_by
    if not fed:
        meta["landing_only"] = True
    if "options" in meta:
        meta["options"] = in_one_line(meta["options"])
    return {
        "name": table.name,
        "description": f"{text} One row per row of the source.",
        "identifier": f"{draft.source}__{table.name}",
        "config": {"meta": meta},
        "columns": [_column(c) for c in table.columns],
    }


def _column(column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": column.name}
    if column.file_type != "string":
        entry["data_type"] = column.file_type
    meta: dict[str, Any] = {}
    if column.source_name != column.name:
        meta["source_name"] = column.source_name
    if column.means:
        meta["semantic_type"] = column.means
    meta |= {k: in_one_line(v) if isinstance(v, dict) else v for k, v in column.declares.items()}
    if meta:
        entry["config"] = {"meta": meta}
    if len(column.source_name) >= LONG_NAME:
        meta["source_name"] = folded(column.source_name, is_sentence=False)
        return entry
    return in_one_line(entry)


def refuse_unsafe_names(tables: Sequence[Table]) -> None:
    """Names of a place that dbt would run as code, or that no YAML can hold.

    Raises:
        UserError: the name of a file, folder, sheet, table or column holds Jinja or control
            characters.
    """
    for table in tables:
        named = {
            "a file or folder name": table.path,
            "a name in its database": table.database_table or "",
            "the address of its server": without_password(table.url or ""),
            **{f"the option {key}": str(table.options[key]) for key in ("sheet", "member")
               if key in table.options},
        }  # fmt: skip
        for position, column in enumerate(table.columns, start=1):
            named[f"the name of column {position}"] = column.source_name
        for what, text in named.items():
            if is_unsafe(text):
                raise UserError(
                    f"Table {table.name} has line breaks, control characters or template braces in "
                    f"{what}, which would become code in the generated files. Rename it where it "
                    "comes from.",
                    2,
                )


def _dump(content: Any) -> str:
    return yaml_text(project_yaml(), content)
