"""Taking a profile apart: never_link rows, which the next run follows and a review can see."""

from __future__ import annotations

import csv
import getpass
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from orchestration.errors import UserError
from orchestration.identity.warehouse import connect_identity, profile_of
from orchestration.policy.overrides import OVERRIDE_COLUMNS, check_overrides
from orchestration.policy.seeds import Row, read_seed
from orchestration.project_files import editing, replace_text
from orchestration.settings import Settings
from orchestration.warehouse import rows

MOST_RECORDS = 40
REASON = "Unmerged: these records are not one person's."


@dataclass(frozen=True)
class Plan:
    """What unmerging would do.

    Attributes:
        profile_id: the profile.
        records: the records that are to be parted from each other.
        others: records of the profile that are left to the remaining links.
        rows: rows to be added to identity_overrides.csv.
        already: pairs that have a never_link in force.
        path: the file.
    """

    profile_id: str
    records: tuple[str, ...]
    others: int
    rows: tuple[dict[str, str], ...]
    already: int
    path: Path


def plan_unmerge(
    settings: Settings,
    profile_id: str | None,
    records: Sequence[str] = (),
    author: str | None = None,
    reason: str = REASON,
) -> Plan:
    """Work out the rows that part the records of a profile from each other.

    Parameters:
        settings: paths.
        profile_id: the profile; None takes that of the records.
        records: only these, as source_system:source_record_id; empty for all of the profile.
        author: who decides; None for the name of the user.
        reason: why, for whoever reads it in a year.

    Raises:
        UserError: the profile or a record is not known, there is nothing to part, so many records
            that nobody could review the pairs, or a decision says that they belong together.
    """
    with connect_identity(settings) as con:
        if records:
            profiles = {record: profile_of(con, record) for record in records}
            profile_id = profile_id or profiles[records[0]]
            strangers = [r for r, p in profiles.items() if p != profile_id]
            if strangers:
                raise UserError(f"{strangers[0]} is not in profile {profile_id}.", 2)
        found = [
            (row["source_system"], row["source_record_id"])
            for row in rows(
                con,
                "select source_system, source_record_id from identity.identity_map "
                "where profile_id = ? order by source_system, source_record_id",
                [profile_id],
            )
        ]
    if not found:
        raise UserError(
            f"There is no profile {profile_id}. identity.profile_ledger says what became of ids "
            "of earlier runs.",
            2,
        )
    chosen = [r for r in found if not records or ":".join(r) in records]
    if len(chosen) < 2:
        raise UserError(f"{profile_id} has one such record; there is nothing to part.", 2)
    if len(chosen) > MOST_RECORDS:
        raise UserError(
            f"{profile_id} has {len(chosen)} records, which would be "
            f"{len(chosen) * (len(chosen) - 1) // 2} rows. Name those that do not belong together "
            "with --records, or change identity_namespaces, which parts all of a kind.",
            2,
        )
    path = settings.dbt_project_dir / "seeds" / "policy" / "identity_overrides.csv"
    before = read_seed(path, OVERRIDE_COLUMNS)
    today = _today()
    in_force = {_pair(row) for row in before if _is_in_force(row, today)}
    added = []
    for a, b in combinations(chosen, 2):
        if frozenset((":".join(a), ":".join(b))) not in in_force:
            names = [*a, *b, author or _user(), reason, today, ""]
            added.append(dict(zip(OVERRIDE_COLUMNS, ["never_link", *names], strict=True)))
    check_overrides([*before, *_numbered(path, before, added)])
    pairs = len(chosen) * (len(chosen) - 1) // 2
    return Plan(
        str(profile_id),
        tuple(":".join(r) for r in chosen),
        len(found) - len(chosen),
        tuple(added),
        pairs - len(added),
        path,
    )


def _name(path: Path) -> str:
    return f"seeds/policy/{path.name}"


def write_plan(plan: Plan) -> int:
    """Add the rows to the file, whole or not at all, beside what others have decided meanwhile.

    Parameters:
        plan: what `plan_unmerge` gave.

    Returns:
        The number of rows that were added; a pair that is parted by now is not added again.

    Raises:
        UserError: a decision that was written meanwhile says that two of the records belong
            together, or another command keeps the project's files for itself.
    """
    with editing(plan.path.parents[2]):
        before = read_seed(plan.path, OVERRIDE_COLUMNS)
        in_force = {_pair(row) for row in before if _is_in_force(row, _today())}
        rows = [row for row in plan.rows if _pair(row) not in in_force]
        check_overrides([*before, *_numbered(plan.path, before, rows)])
        with plan.path.open(newline="", encoding="utf-8") as handle:
            header = next(csv.reader(handle))
        with plan.path.open(newline="", encoding="utf-8") as handle:
            text = handle.read()
        out = io.StringIO()
        writer = csv.DictWriter(out, header, restval="", lineterminator="\n")
        writer.writerows(rows)
        if rows:
            replace_text(plan.path, text + "\n" * (not text.endswith("\n")) + out.getvalue())
    return len(rows)


def _numbered(path: Path, before: Sequence[Row], added: Sequence[dict[str, str]]) -> list[Row]:
    last = before[-1].line if before else 1
    return [Row(_name(path), last + number, row) for number, row in enumerate(added, 1)]


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _pair(row: Mapping[str, str] | Row) -> frozenset[str]:
    return frozenset(
        f"{row[f'source_system_{side}']}:{row[f'source_record_id_{side}']}" for side in "ab"
    )


def _is_in_force(row: Row, today: str) -> bool:
    return (
        row["decision"] == "never_link"
        and row["valid_from"] <= today
        and (not row["valid_to"] or row["valid_to"] > today)
    )
