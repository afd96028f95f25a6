"""Events that never happened, through the models of the identity layer: who would be who?

An event is a record that shows its values when it happens. So `crm_id: ann, cookie: 42` links Ann
to the cookie, and what is refused is refused by the SQL that a run executes, for the same reason.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.errors import UserError
from orchestration.identity.scratch import build, copy_identity_layer, elsewhere
from orchestration.locking import WriterLock
from orchestration.policy.namespaces import NAMESPACE_COLUMNS
from orchestration.policy.seeds import read_seed
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.terminal import Console, literal
from orchestration.transform.dbt import close_connections
from orchestration.warehouse import rows

Event = Sequence[tuple[str, str]]
"""What an event shows: namespace and value, in the order written."""

FIRST_DAY = datetime(2026, 1, 1)
SYSTEM = "event"
WANTED = ("+identity_map", "+refused_links", "+profile_identities")

PEOPLE = """
select map.profile_id,
    list(cast(map.source_record_id as integer) order by cast(map.source_record_id as integer))
        as events,
    coalesce(first(identities.found), []) as identities
from identity.identity_map as map
left join (
    select profile_id,
        list({'namespace': namespace, 'value': identity_value}
            order by namespace, identity_value) as found
    from identity.profile_identities group by profile_id
) as identities on identities.profile_id = map.profile_id
group by map.profile_id
order by min(cast(map.source_record_id as integer))
"""
REFUSED = """
select cast(source_record_id as integer) as event, namespace, identity_value as value, reason,
    evidence
from identity.refused_links
order by event, namespace, value, reason
"""


def read_events(path: Path) -> list[Event]:
    """The events of a file: one a line, `NAMESPACE: value, NAMESPACE: value`, the newest last.

    Empty lines and what follows a # are left out. A value may hold colons, but no comma.

    Raises:
        UserError: the file can't be read, a line says something else, or there is no event.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as text ({type(error).__name__}).", 2) from None
    events: list[Event] = []
    for number, line in enumerate(lines, start=1):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        shown = []
        for part in text.split(","):
            namespace, colon, value = (piece.strip() for piece in part.partition(":"))
            if not (namespace and colon and value):
                raise UserError(
                    f"{path}, line {number}: between two commas stands no `NAMESPACE: value`. "
                    "Write an event as in `crm_id: ann, cookie: 42`.",
                    2,
                )
            shown.append((namespace, value))
        events.append(shown)
    if not events:
        raise UserError(f"{path} holds no event. Write one a line: `crm_id: ann, cookie: 42`.", 2)
    return events


def simulate_events(
    events: Sequence[Event],
    policy: Path | None = None,
    project_dir: Path = DBT_PROJECT_DIR,
    workshop: Path | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Who would be who after these events, by the models of the identity layer.

    Parameters:
        events: oldest first; namespaces are told from each other without regard to case.
        policy: a folder with policy files in place of the project's, None for the project's own.
        project_dir: the dbt project.
        workshop: a folder to work in. What dbt learns about the project stays there, which makes
            the next simulation quicker. None for a temporary one.

    Returns:
        The people, by their first event: `profile_id`, `events` (numbers from 1) and `identities`
        (namespace and value of each, as compared). And the refused values: `event`, `namespace`,
        `value`, `reason`, `evidence`.

    Raises:
        UserError: the policy can't be followed.
    """
    with ExitStack() as stack:
        folder = workshop or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="c360_")))
        stack.enter_context(WriterLock(folder))
        stack.enter_context(elsewhere())
        settings = Settings(folder / "data", folder / "landing", folder / "project")
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        settings.warehouse_path.unlink(missing_ok=True)
        shutil.rmtree(settings.dbt_project_dir, ignore_errors=True)
        observations = folder / "observations.parquet"
        copy_identity_layer(project_dir, settings.dbt_project_dir, policy, observations)
        pq.write_table(_observations(events, settings.dbt_project_dir), observations)
        with duckdb.connect(str(settings.warehouse_path)) as con:
            con.execute("create schema operations")
        build(settings, "simulate", ["--select", *WANTED])
        close_connections()
        with duckdb.connect(str(settings.warehouse_path)) as con:
            return rows(con, PEOPLE), rows(con, REFUSED)


def _observations(events: Sequence[Event], project: Path) -> pa.Table:
    seed = project / "seeds" / "policy" / "identity_namespaces.csv"
    names = {
        row["namespace"].lower(): row["namespace"] for row in read_seed(seed, NAMESPACE_COLUMNS)
    }
    found: dict[tuple[int, str, str], None] = {}
    for number, event in enumerate(events, start=1):
        for namespace, value in event:
            found[number, names.get(namespace.lower(), namespace), value] = None
    moments = [FIRST_DAY + timedelta(days=number) for number, _, _ in found]
    return pa.table(
        {
            "source_system": [SYSTEM for _ in found],
            "source_record_id": [str(number) for number, _, _ in found],
            "record_key": [f"{SYSTEM}:{number}" for number, _, _ in found],
            "namespace": [namespace for _, namespace, _ in found],
            "identity_value": [value for _, _, value in found],
            "country_code": pa.nulls(len(found), pa.string()),
            "given_name": pa.nulls(len(found), pa.string()),
            "birth_date": pa.nulls(len(found), pa.date32()),
            "observation_count": [1 for _ in found],
            "first_observed_at": moments,
            "last_observed_at": moments,
        }
    )


def show(
    console: Console, people: Sequence[dict[str, Any]], refused: Sequence[dict[str, Any]]
) -> None:
    """Print who is who, and what was refused."""
    for number, person in enumerate(people, start=1):
        identities = ", ".join(f"{i['namespace']}: {i['value']}" for i in person["identities"])
        events = ", ".join(str(event) for event in person["events"])
        console.print(
            f"Person {number}: {literal(identities) or 'no identity that counts'} "
            f"(event{'s' * (len(person['events']) > 1)} {events})",
            highlight=False,
            soft_wrap=True,
        )
    if not refused:
        console.print("Nothing was refused.")
    for row in refused:
        what = f"{row['namespace']}: {row['value']}"
        console.print(
            f"Refused in event {row['event']}: {literal(what)}\n  {row['reason']}: "
            f"{literal(row['evidence'])}",
            highlight=False,
            soft_wrap=True,
        )
