"""Suites of expectations about sources: where they lie, how they are read, which are enforced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.errors import UserError
from orchestration.quality.suites import SUITES_DIR, Promise, read_promises, refuse_repeated
from orchestration.settings import DBT_PROJECT_DIR, Settings

PROPOSED, REVIEWED = "proposed", "reviewed"


@dataclass(frozen=True)
class SourceSuite:
    """The expectations about one source, as its file has them."""

    source: str
    status: str
    path: Path
    promises: tuple[Promise, ...]


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
    promises = read_promises(path, {"queries": {}, **content})
    refuse_repeated(path, promises)
    return SourceSuite(path.stem, content["status"], path, tuple(promises))


def reviewed_suites(settings: Settings) -> list[SourceSuite]:
    """The suites that runs enforce, ordered by source."""
    folder = suites_folder(settings)
    suites = [load_source_suite(path) for path in sorted(folder.glob("*.yml"))]
    return [suite for suite in suites if suite.status == REVIEWED]
