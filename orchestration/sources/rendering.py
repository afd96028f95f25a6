"""Staging SQL as the database sees it, without starting dbt: the project's macros and Jinja.

Adding a source measures on the data what the generated checks would set aside, before anything is
written. dbt takes seconds to parse a project; the macros of staging need none of what it adds.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from orchestration.macros import rendered
from orchestration.sources.templates import refuse_unknown_code


@cache
def readers(project_dir: Path, formats: tuple[str, ...]) -> dict[str, str]:
    """What staging reads as a number or an instant, as SQL over a text `v`, by its name.

    Parameters:
        project_dir: the dbt project whose macros are used.
        formats: formats of dates.
    """
    calls = {f: f"duckdb__parsed_timestamp('v', '{f}')" for f in formats}
    calls |= {mark: f"as_decimal('v', '{mark}')" for mark in ".,"}
    calls["email"] = "duckdb__as_email('v')"
    text = "\x1f".join(f"{{{{ {call} }}}}" for call in calls.values())
    return dict(zip(calls, render(project_dir, text, {}).split("\x1f"), strict=True))


def render(project_dir: Path, sql: str, relations: dict[str, str]) -> str:
    """SQL of a staging model for DuckDB.

    Parameters:
        project_dir: the dbt project whose macros are used.
        sql: the model's text.
        relations: the relation of each source table, as SQL says it.
    """
    refuse_unknown_code(sql, project_dir, "that is measured")
    return rendered(project_dir, sql, {"source": lambda _, table: relations[table]})
