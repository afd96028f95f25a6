"""`lookup`: how long it takes to look a person up, and to search, among many people.

Names and places of a company that is repeated are not made new, so that a search finds as many
people as in a large one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import duckdb

from benchmarks.grown_company import grow
from benchmarks.harness import RESULTS, Measurement
from orchestration.errors import UserError
from orchestration.lookup.layers import connect_people
from orchestration.lookup.person import Asked, look_up, profile_asked_for
from orchestration.lookup.search import search
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.terminal import Console

ASKED = 200
"""People who are looked up, and searched for."""
BYTES_PER_PERSON = 2_500
"""Of all tables that a look-up reads, and of what is sorted beside them."""
ORDERS = {
    "profile.profiles": "profile_id",
    "profile.provenance": "profile_id",
    "profile.consent": "profile_id",
    "profile.recorded_activities": "profile_id",
    "profile.behaviour": "profile_id",
    "profile.attribute_changes": "profile_id",
    "profile.profile_completeness": "profile_id",
    "profile.alternate_keys": "key_value",
    "profile.search_terms": "term, profile_id",
    "identity.identity_map": "profile_id",
    "identity.profile_identities": "profile_id",
    "identity.profile_ledger": "current_profile_id",
    "identity.household_members": "profile_id",
    "segments.segment_membership": "profile_id",
    "value.customer_totals": "profile_id",
    "value.loyalty_points": "profile_id",
}
"""The tables, each in the order of its model."""


def run(customers: int, console: Console) -> list[Measurement]:
    """Look people up and search among so many.

    Parameters:
        customers: people, at least.
        console: where progress goes.

    Returns:
        The p95 of each kind of question as wall time, its median in `output`.

    Raises:
        UserError: there is not enough room on the disk, or the run failed.
    """
    folder = RESULTS / f"lookup_{customers}"
    settings = Settings(folder, folder / "landing", DBT_PROJECT_DIR)
    grow(folder, customers, BYTES_PER_PERSON, lambda _: ORDERS, console)
    with connect_people(settings) as con:
        return _measured(con, settings, console)


def _measured(
    con: duckdb.DuckDBPyConnection, settings: Settings, console: Console
) -> list[Measurement]:
    people = con.execute(
        "select profile_id, given_name, family_name, city, email from profile.profiles "
        "where email is not null and given_name is not null and family_name is not null "
        "and city is not null "
        f"using sample {ASKED} rows (reservoir, 1)"
    ).fetchall()
    dice = random.Random(1)
    dice.shuffle(people)
    [(count,)] = con.execute("select count(*) from profile.profiles").fetchall()

    def whole(person: tuple[Any, ...]) -> None:
        look_up(con, profile_asked_for(con, person[0], None), Asked())

    def by_email(person: tuple[Any, ...]) -> None:
        # Whose address is a family's has to be asked for by an id.
        with suppress(UserError):
            look_up(con, profile_asked_for(con, "email", person[4]), Asked())

    def search_for(*columns: int) -> Callable[[tuple[Any, ...]], None]:
        def asked(person: tuple[Any, ...]) -> None:
            search(con, settings.dbt_project_dir, " ".join(person[n] for n in columns), 10)

        return asked

    questions = {
        "a person by id": whole,
        "a person by e-mail": by_email,
        "search, two names": search_for(1, 2),
        "search, two names and place": search_for(1, 2, 3),
        "search, e-mail": search_for(4),
    }
    results = []
    for name, ask in questions.items():
        ask(people[0])
        seconds, cpu = [], time.process_time()
        for person in people:
            begun = time.perf_counter()
            ask(person)
            seconds.append(time.perf_counter() - begun)
        seconds.sort()
        told = {"people": count, "median_ms": round(seconds[len(seconds) // 2] * 1000)}
        p95 = seconds[int(0.95 * (len(seconds) - 1))]
        each = (time.process_time() - cpu) / len(people)
        console.print(f"{name}: median {told['median_ms']} ms, p95 {p95 * 1000:.0f} ms")
        results.append(
            Measurement(name, wall_seconds=p95, cpu_seconds=each, peak_megabytes=0, output=told)
        )
    return results
