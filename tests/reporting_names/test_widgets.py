"""Every number of a documented report, asked through the documented names, counted by hand."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.dialects.translate import translate
from orchestration.query import ask
from tests.reporting_names import audience_widgets, destination_widgets, profile_widgets

WIDGETS = [*profile_widgets.WIDGETS, *audience_widgets.WIDGETS, *destination_widgets.WIDGETS]


@pytest.mark.parametrize(
    ("dialect", "sql", "rows"), [pytest.param(*w[1:], id=w[0]) for w in WIDGETS]
)
def test_a_widget_shows_what_was_counted(
    con: duckdb.DuckDBPyConnection, dialect: str, sql: str, rows: list[tuple[str | None, ...]]
) -> None:
    translated = translate(con, sql, dialect)
    found = ask(con, translated.sql, 100, place=translated.place).rows
    assert found == rows if "order by" in sql.lower() else sorted(found) == sorted(rows)
