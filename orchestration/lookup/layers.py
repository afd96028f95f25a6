"""What looking people up reads, and which texts it can be asked with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from orchestration.errors import UserError
from orchestration.layers_reader import connect_layers
from orchestration.settings import Settings

NEEDED = {
    "policy.search_columns", "profile.alternate_keys", "profile.profiles", "profile.search_terms",
}  # fmt: skip


@contextmanager
def connect_people(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The layers with the people of the last run.

    Raises:
        UserError: there is no warehouse, a run is writing it, or its last run got not as far, or
            was one of a version that could not look people up.
    """
    with connect_layers(settings, with_personal_data=True) as con:
        if not standing(con) >= NEEDED:
            raise UserError(
                f"The warehouse in {settings.data_dir} has no people to look up: its last run did "
                "not get that far, or was one of an earlier version. Run `c360 run` first.",
                3,
            )
        yield con


def standing(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables and views that can be read, as schema.name."""
    found = con.execute(
        "select schema_name || '.' || view_name from duckdb_views() where not internal "
        "union all select schema_name || '.' || table_name from duckdb_tables() where not internal"
    ).fetchall()
    return {name for (name,) in found}


def require_readable(*texts: str | None) -> None:
    """Refuse bytes that a terminal has passed on and that are no text.

    Raises:
        UserError: one of them is not UTF-8.
    """
    for text in texts:
        if text is None:
            continue
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UserError(
                "What is asked for holds bytes that are not UTF-8. Write it in UTF-8.", 2
            ) from None
