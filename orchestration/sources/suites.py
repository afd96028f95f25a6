"""Suites of expectations about sources: where they lie, how they are read, which are enforced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import UserError
from orchestration.quality.suites import SUITES_DIR, Promise
from orchestration.settings import DBT_PROJECT_DIR, Settings

PROPOSED, REVIEWED = "proposed", "reviewed"


@dataclass(frozen=True)
class SourcePromise(Promise):
    """An expectation about one landing view.

    Attributes:
        table: the source table.
        column: the column, empty where the rule is about the table.
        rule: what must hold, in words and without values.
    """

    table: str = ""
    column: str = ""
    rule: str = ""

    @property
    def subject(self) -> str:
        """The table, or its column, that the rule is about."""
        return f"{self.table}.{self.column}" if self.column else self.table


@dataclass(frozen=True)
class SourceSuite:
    """The expectations about one source, as its file has them."""

    source: str
    status: str
    path: Path
    promises: tuple[SourcePromise, ...]


def suites_folder(settings: Settings) -> Path:
    """Where the suites of sources are: with the product's own, or beside a project's models."""
    if settings.dbt_project_dir == DBT_PROJECT_DIR:
        return SUITES_DIR / "sources"
    return settings.dbt_project_dir / "expectations"


def load_source_suite(path: Path) -> SourceSuite:
    """Read a source's suite.

    Raises:
        UserError: the file is no YAML, lacks a field, names a promise twice or has another status
            than `proposed` and `reviewed`.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"{path} can't be read as YAML: {first}. Correct the file.") from None
    if not isinstance(content, dict) or content.get("status") not in (PROPOSED, REVIEWED):
        raise UserError(
            f"{path} needs a line `status: {PROPOSED}` (shown, not enforced) or "
            f"`status: {REVIEWED}` (a broken expectation stops the run before staging)."
        )
    queries = content.get("queries") or {}
    promises = tuple(
        _promise(path, number, entry, queries)
        for number, entry in enumerate(content.get("promises") or [], start=1)
    )
    names = [promise.name for promise in promises]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"{path} names the promise {repeated[0]} twice. Rename or remove one.")
    return SourceSuite(path.stem, content["status"], path, promises)


def _promise(
    path: Path, number: int, entry: Mapping[str, Any], queries: Mapping[str, str]
) -> SourcePromise:
    try:
        return SourcePromise(
            name=entry["name"],
            why=entry["why"],
            query=entry.get("query") or queries[entry["table"]],
            expectation=entry["expectation"],
            arguments=entry.get("arguments") or {},
            severity=entry.get("severity", "critical"),
            table=entry["table"],
            column=entry.get("column") or "",
            rule=entry.get("rule") or entry["name"].replace("_", " "),
        )
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{path}, promise {number}, lacks {error}. A promise needs name, why, table and "
            "expectation; its table needs an entry under queries, or the promise a query."
        ) from None


def reviewed_suites(settings: Settings) -> list[SourceSuite]:
    """The suites that runs enforce, ordered by source."""
    folder = suites_folder(settings)
    suites = [load_source_suite(path) for path in sorted(folder.glob("*.yml"))]
    return [suite for suite in suites if suite.status == REVIEWED]
