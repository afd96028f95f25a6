"""`c360 segment why`: why a person is in a segment or not, as its SQL and the warehouse say."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import literal
from orchestration.lookup.person import profile_asked_for
from orchestration.segment_tools.evaluation import Evaluator, connect_closed
from orchestration.segment_tools.falling import Falling
from orchestration.segment_tools.kept import kept_why
from orchestration.segment_tools.origins import MASKED, labels_of
from orchestration.segment_tools.preview import (
    PREVIEWED,
    Asked,
    asked_about,
    hold_previewed,
    reason_is_shown,
)
from orchestration.segment_tools.steps import PERSON
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest


def why(settings: Settings, name: str, key: str) -> dict[str, Any]:
    """Whether a person is in a segment, since when, and which condition decides.

    Parameters:
        settings: paths.
        name: of the segment.
        key: the profile's id, also a former one, or a record as source_system:source_record_id.

    Returns:
        segment, state, profile_id, asked (what was asked for); is_member, stays, changes and
        clauses as of the last run, see `kept_why`; fulfils (the rule as it is written now),
        reason, kept_out, steps, and falls_out where the rule does not hold (see `falling`).

    Raises:
        UserError: nobody has that id, or the segment can't be evaluated.
    """
    asked = asked_about(settings, name)
    with connect_closed(settings) as con:
        try:
            profile = profile_asked_for(con, key, None)
        except duckdb.CatalogException:
            raise UserError(
                f"The warehouse in {settings.data_dir} has no people to look up. Run `c360 run`.", 3
            ) from None
        hold_previewed(con, settings, asked)
        kept = kept_why(con, name, profile, key)
        evaluator = Evaluator(con, asked.query)
        labels = labels_of(con, load_manifest(settings))
        counts = evaluator.counts("count(*)", f"{PERSON} = {literal(profile)}")
        found = _now(con, profile)
        fulfils = found is not None
        reason = found if reason_is_shown(asked, labels) or not found else MASKED
        falling = Falling(evaluator, labels, profile, counts)
        return {
            "segment": name,
            "state": asked.state,
            "profile_id": profile,
            "asked": key,
            **kept,
            "fulfils": fulfils,
            "reason": reason or None,
            "kept_out": _kept_out(con, profile),
            "says": _said(asked, kept["is_member"], fulfils, _kept_out(con, profile)),
            "steps": [
                {
                    "step": step,
                    "holds": None if isinstance(count, str) else count > 0,
                    "says": count
                    if isinstance(count, str)
                    else (None if count else f"has no row in {step}"),
                }
                for step, count in counts.items()
            ],
            "falls_out": [] if fulfils else falling.explained(),
        }


def _now(con: duckdb.DuckDBPyConnection, profile: str) -> str | None:
    """The reason of who fulfils the rule, empty without one; None of who does not."""
    columns = [name for name, *_ in con.execute(f"describe {PREVIEWED}").fetchall()]
    reason = "coalesce(cast(min(reason) as varchar), '')" if "reason" in columns else "''"
    [(count, found)] = con.execute(
        f"select count(*), {reason} from {PREVIEWED} where profile_id = ?", [profile]
    ).fetchall()
    return str(found) if count else None


def _kept_out(con: duckdb.DuckDBPyConnection, profile: str) -> str | None:
    found = con.execute(
        "select cause from c360_kept_out where profile_id = ?", [profile]
    ).fetchall()
    return str(found[0][0]) if found else None


def _said(asked: Asked, is_member: bool, fulfils: bool, kept_out: str | None) -> str:
    if asked.state != "active":
        return f"the segment is {asked.state} and has no members"
    if kept_out:
        return f"fulfils the rule and is kept out: {kept_out}"
    if is_member != fulfils:
        return "the rule was edited since the last run, which had another answer"
    return "fulfils the rule" if fulfils else "does not fulfil the rule"
