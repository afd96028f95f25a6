"""Segments' SQL held to what a segment may read and to the columns that the warehouse has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.errors import UserError
from orchestration.segment_tools.compiled import compiled, file_text
from orchestration.segments.checks import check_sql
from orchestration.segments.compile_command import warehouse_types
from orchestration.segments.declared import FOLDER, Segment, segments_of
from orchestration.segments.files import named
from orchestration.settings import Settings

LOCAL = "warehouse"
"""What dbt calls the warehouse before a schema."""


def check(settings: Settings, names: Sequence[str] = ()) -> Iterator[tuple[Segment, str]]:
    """Segments, each with what is wrong with its SQL; empty where nothing is.

    Parameters:
        settings: paths.
        names: of segments; all without.

    Raises:
        UserError: there is no such segment, or no warehouse to compare with.
    """
    project = settings.dbt_project_dir
    asked = [named(project, name) for name in names] or segments_of(project)
    types = warehouse_types(settings)
    if not types:
        raise UserError("There is no warehouse to compare segments with. Run `c360 run` first.", 3)
    for segment in asked:
        where = str(FOLDER / segment.path.name)
        try:
            sql = compiled(settings, file_text(segment.path), where)
            check_sql(where, sql, types, LOCAL)
        except UserError as error:
            yield segment, str(error)
        else:
            yield segment, ""
