"""dbt's exposures: which tables of insights each question and each page of the dashboards reads."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from orchestration.questions.files import QUESTIONS_DIR, names, read_question
from orchestration.settings import PROJECT_ROOT

FOLDER = Path("models", "insights", "exposures")
ASKING = ("template", "options", "as_of")
"""The fields of a page that name a question."""
HEADER = (
    "# Written by `c360 docs` from sql_templates and dashboards, for dbt's documentation.\n"
    "version: 2\n\nexposures:\n"
)
A_FILE = 16
"""Exposures in a file."""


def write_exposures(project: Path) -> list[Path]:
    """Write the exposures of every page and question; what is as it was stays untouched.

    Parameters:
        project: the dbt project.

    Returns:
        The files that are new or changed, or gone.
    """
    folder = project / FOLDER
    folder.mkdir(exist_ok=True)
    texts = exposure_files()
    changed = [path for path in folder.glob("*.yml") if path.name not in texts]
    for path in changed:
        path.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def exposure_files(
    questions: Path = QUESTIONS_DIR, pages: Path = PROJECT_ROOT / "dashboards"
) -> dict[str, str]:
    """The files of exposures by name.

    Parameters:
        questions: the folder of question files.
        pages: the folder of pages.

    Raises:
        UserError: a question file is none.
    """
    asked = {name: read_question(name, questions) for name in names(questions)}
    tables = {name: _tables(question.sql) for name, question in asked.items()}
    of_questions = [
        _exposure(f"question_{name}", asked[name].header.title, "analysis", tables[name])
        for name in asked
        if tables[name]
    ]
    of_pages = []
    for file in sorted(pages.glob("*.yml")):
        page = yaml.safe_load(file.read_text(encoding="utf-8"))
        read = {t for name in _asked(page) for t in tables.get(name, ())}
        of_pages.append(_exposure(f"page_{file.stem}", page["title"], "dashboard", sorted(read)))
    files = {"pages.yml": of_pages}
    for number, begin in enumerate(range(0, len(of_questions), A_FILE), start=1):
        files[f"questions_{number}.yml"] = of_questions[begin : begin + A_FILE]
    return {name: HEADER + "".join(exposures) for name, exposures in files.items()}


def _tables(sql: str) -> list[str]:
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    return sorted({table.name for table in tree.find_all(exp.Table) if table.db == "insights"})


def _asked(part: Any) -> Iterator[str]:
    """The names of questions anywhere in a page."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ASKING and isinstance(value, str):
                yield value
            yield from _asked(value)
    elif isinstance(part, list):
        for value in part:
            yield from _asked(value)


def _exposure(name: str, title: str, kind: str, tables: Sequence[str]) -> str:
    label = title if re.fullmatch(r"[A-Za-z][\w -]*", title) else f'"{title}"'
    references = textwrap.wrap(", ".join(f"ref('{table}')" for table in tables), 110)
    return (
        f"  - name: {name}\n    type: {kind}\n    label: {label}\n"
        "    owner: {name: marketing-analytics}\n    depends_on: [\n      "
        + "\n      ".join(references)
        + "\n    ]\n"
    )
