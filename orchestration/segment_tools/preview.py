"""`c360 segment preview`: whom a segment has over the last run, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from orchestration.segment_tools.compiled import compiled, file_text
from orchestration.segment_tools.evaluation import Evaluator, connect_closed, filters, temporary
from orchestration.segment_tools.once import unique_tables
from orchestration.segment_tools.origins import (
    MASKED,
    Labels,
    NotFollowedError,
    Tracer,
    labels_of,
)
from orchestration.segment_tools.steps import PERSON, RESULT, SegmentQuery, read, text
from orchestration.segments.declared import FOLDER, Segment, segments_of
from orchestration.segments.files import named
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest

PREVIEWED = "c360_previewed"
KEPT_OUT = FOLDER / "membership" / "kept_out.sql"
STANDS_FOR = {
    ("segments", "segment_qualifications"): "c360_qualifications",
    ("segments", "definitions"): "c360_definitions",
}
"""What `kept_out` reads of active segments, and what stands for it here."""
MOST_SHOWN = 10
NOT_AS_READ = "can't be evaluated: the parser reads the SQL in another way"
LOST = "c360_previewed.profile_id in (select profile_id from c360_kept_out)"


@dataclass(frozen=True)
class Asked:
    """A segment that is asked about.

    Attributes:
        name: of the segment.
        segment: what the project has of that name; None for a file of SQL without one.
        where: the file of its SQL, for messages.
        sql: compiled.
        query: the same, taken apart.
    """

    name: str
    segment: Segment | None
    where: str
    sql: str
    query: SegmentQuery

    @property
    def state(self) -> str:
        """active, draft or inactive."""
        return self.segment.state if self.segment else "draft"

    @property
    def keeps_opted_out(self) -> bool:
        """Whether who has said no to everything may be a member."""
        return bool(self.segment and self.segment.said.get("keeps_opted_out", False))


def asked_about(settings: Settings, name: str, sql: Path | None = None) -> Asked:
    """The segment of a name with its SQL, or with that of a file in its place.

    Parameters:
        settings: paths.
        name: of the segment; with a file it need not be there yet.
        sql: a file of SQL.

    Raises:
        UserError: there is no such segment or file, or its SQL can't be compiled or is no segment.
    """
    project = settings.dbt_project_dir
    if sql is None:
        segment: Segment | None = named(project, name)
        path = project / FOLDER / f"{name}.sql"
        where = str(FOLDER / path.name)
    else:
        segment = next((s for s in segments_of(project) if s.name == name), None)
        path, where = sql, str(sql)
    made = compiled(settings, file_text(path), where)
    return Asked(name, segment, where, made, read(made, where))


def preview(settings: Settings, name: str, sql: Path | None = None) -> dict[str, Any]:
    """Who fulfils a rule over the last run, how many a run would publish, and how it comes to that.

    Parameters:
        settings: paths.
        name: of the segment.
        sql: a file whose SQL is asked about in its place.

    Returns:
        segment, state, qualified, kept_out by cause, members, profiles, share, ten people with the
        reason, steps and filters (see `evaluation.filters`).

    Raises:
        UserError: it can't be compiled or evaluated.
    """
    asked = asked_about(settings, name, sql)
    with connect_closed(settings) as con:
        found = sizes(con, settings, asked)
        manifest = load_manifest(settings)
        evaluator = Evaluator(con, asked.query, unique_tables(manifest))
        return {
            **found,
            "people": _people(con, asked, labels_of(con, manifest)),
            "steps": _steps(evaluator, found["qualified"]),
            "filters": filters(evaluator),
        }


def sizes(con: duckdb.DuckDBPyConnection, settings: Settings, asked: Asked) -> dict[str, Any]:
    """How many fulfil a rule, and how many of them a run would publish.

    Parameters:
        con: to the warehouse, from `connect_closed`.
        settings: paths.
        asked: the segment.

    Returns:
        segment, state, qualified, rows_too_many, kept_out by cause, members, profiles, share.

    Raises:
        UserError: it can't be evaluated.
    """
    hold_previewed(con, settings, asked)
    [(qualified, rows, members, profiles)] = con.execute(
        f"select count(distinct profile_id), count(*), "
        f"count(distinct profile_id) filter (where not ({LOST})), "
        f"(select count(*) from profile.profiles) from {PREVIEWED}"
    ).fetchall()
    causes = con.execute(
        "select cause, count(distinct profile_id) from c360_kept_out group by cause order by 1"
    ).fetchall()
    return {
        "segment": asked.name,
        "state": asked.state,
        "qualified": qualified,
        "rows_too_many": rows - qualified,
        "kept_out": dict(causes),
        "members": members,
        "profiles": profiles,
        "share": members / profiles if profiles else None,
    }


def hold_previewed(con: duckdb.DuckDBPyConnection, settings: Settings, asked: Asked) -> None:
    """Work out who fulfils a rule and who of them is kept out, as temporary tables.

    Parameters:
        con: to the warehouse.
        settings: paths.
        asked: the segment.

    Raises:
        UserError: it can't be evaluated.
    """
    temporary(con, PREVIEWED, asked.sql, asked.where)
    name = "'" + asked.name.replace("'", "''") + "'"
    keeps = str(asked.keeps_opted_out).lower()
    con.execute(
        f"create or replace temp view c360_qualifications as "
        f"select profile_id, {name} as segment_name from {PREVIEWED}"
    )
    con.execute(
        "create or replace temp view c360_definitions as "
        f"select {name} as segment_name, {keeps} as keeps_opted_out"
    )
    path = settings.dbt_project_dir / KEPT_OUT
    rule = read(compiled(settings, file_text(path), str(KEPT_OUT)), str(KEPT_OUT))
    for table in rule.tree.find_all(exp.Table):
        if stand_in := STANDS_FOR.get((table.db, table.name)):
            table.replace(exp.to_table(f"temp.{stand_in}", alias=table.alias_or_name))
    temporary(con, "c360_kept_out", text(rule.tree), str(KEPT_OUT))


def _people(con: duckdb.DuckDBPyConnection, asked: Asked, labels: Labels) -> list[dict[str, Any]]:
    columns = [name for name, *_ in con.execute(f"describe {PREVIEWED}").fetchall()]
    has_reason = "reason" in columns
    reason = "min(reason)" if has_reason and reason_is_shown(asked, labels) else "null"
    found = con.execute(
        f"select profile_id, cast({reason} as varchar) from {PREVIEWED} where not ({LOST}) "
        f"and profile_id is not null group by profile_id order by profile_id limit {MOST_SHOWN}"
    ).fetchall()
    masked = has_reason and reason == "null"
    return [{PERSON: p, "reason": MASKED if masked else why} for p, why in found]


def reason_is_shown(asked: Asked, labels: Labels) -> bool:
    """Whether a segment's reason is made of nothing that has a label of personal data.

    Parameters:
        asked: the segment.
        labels: of the warehouse.
    """
    tracer = Tracer(asked.query, labels.tables)
    try:
        parts = asked.query.steps[-1].parts
        names = [column.alias_or_name for column in parts[0].selects]
        reasons = [(part.selects[names.index("reason")].unalias(), part) for part in parts]
        return all(labels.show(tracer.origins(reason, part)) for reason, part in reasons)
    except (NotFollowedError, ValueError, IndexError):
        return False


def _steps(evaluator: Evaluator, qualified: int) -> list[dict[str, Any]]:
    """The people that each step still holds; what the parser reads must come to the same end."""
    counts = evaluator.people()
    if counts[RESULT] != qualified:
        counts = dict.fromkeys(
            counts, "can't be evaluated: the parser reads the SQL in another way"
        )
    return [
        {
            "step": name,
            "people": None if isinstance(count, str) else count,
            "says": count if isinstance(count, str) else None,
        }
        for name, count in counts.items()
    ]
