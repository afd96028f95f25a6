"""`segments`: rules as `c360 segment compile` makes models of them, beside queries by hand.

People, ten activities each on average and a row of attributes for every second, in the columns that
the rules read and in the order of the layers. Both ways make one table per rule, one by one; ours
holds the reason, too. Then an attribute rule is previewed.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import duckdb

from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from benchmarks.segment_rules import AS_OF, CHANNELS, COUNTRIES, TIERS, TYPES
from orchestration.errors import UserError
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.terminal import Console
from orchestration.transform.parsing import load_manifest

BYTES_PER_PERSON = 600
"""The warehouse, the tables of members and what spills, with room to spare."""
PREVIEWED = """
    select profiles.profile_id
    from {{ ref('profiles') }} as profiles
    inner join {{ ref('customer_attributes') }} as customer_attributes
        on profiles.profile_id = customer_attributes.profile_id
    where profiles.country_code = 'CH' and customer_attributes.net_amount >= 500
"""
PERSON = "'p' || printf('%016x', (person::hugeint * {step})::ubigint)"
"""Ids that look like those of the ledger, in their order."""
TABLES = """
    create schema profile;
    create schema value;
    create schema conformed;
    create schema segments;
    create table conformed.refresh_period as
    select {as_of} + time '23:59:59' as as_of_at, {as_of} as as_of_on;
    create table profile.profiles as
    select
        {person} as profile_id,
        {countries}[1 + (hash(person + 1e10) % 8)::int] as country_code,
        {tiers}[1 + (hash(person + 2e10) % 4)::int] as loyalty_tier
    from range({people}) as t (person);
    create table value.customer_totals as
    select
        {person} as profile_id,
        (1 + hash(person + 3e10) % 6)::bigint as purchase_count,
        ((hash(person + 4e10) % 60000) / 100.0)::decimal(18, 2) as net_amount,
        {as_of} - (hash(person + 5e10) % 730)::int as last_purchased_on
    from range({people}) as t (person)
    where hash(person + 6e10) % 2 = 0;
    create view value.customer_attributes as
    select
        profile_id, purchase_count, net_amount,
        (as_of_on - last_purchased_on)::bigint as days_since_last_purchase
    from value.customer_totals
    cross join conformed.refresh_period;
    create table profile.recorded_activities as
    select
        {person} as profile_id,
        {types}[1 + (hash(person, number + 1e10) % 100)::int] as activity_type,
        {as_of} - 729 + to_seconds((hash(person, number + 2e10) % (730 * 86400))::bigint)
            as occurred_at,
        ((hash(person, number + 3e10) % 20000) / 100.0)::decimal(18, 2) as amount,
        {channels}[1 + (hash(person, number + 4e10) % 4)::int] as channel
    from (
        select person, unnest(range((hash(person + 7e10) % 21)::bigint)) as number
        from range({people}) as t (person)
    ) as happened;
    create table profile.consent as
    select
        profile_id, 'n' as code, 'any' as purpose, 'any' as channel, 'any' as topic,
        'any' as contact_value
    from profile.profiles
    where hash(profile_id) % 50 = 0;
    create table profile.expired_profiles as
    select profile_id from profile.profiles where hash(profile_id) % 50 = 1;
    create table segments.segment_membership (profile_id varchar);
"""


def run(customers: int, console: Console, rules: int) -> list[Measurement]:
    """Measure rules one by one, compiled and by hand, and a preview.

    Parameters:
        customers: people.
        console: where progress goes.
        rules: how many are generated.

    Returns:
        A measurement each and their ratios; `differing` names rules whose members differ.

    Raises:
        UserError: there is not enough room on the disk.
    """
    folder = RESULTS / f"segments_{customers}"
    warehouse = _warehouse(folder, customers, console)
    environment, results = environment_for(folder), []
    for way in ("compiled", "by_hand"):
        console.print(f"{rules} rules, {way}")
        command = child("benchmarks.run_rules", str(warehouse), way, str(rules))
        results.append(measure(f"{rules} rules, {way}", command, environment))
    ours, theirs = results
    told = {
        "wall, compiled / by hand": round(ours.wall_seconds / theirs.wall_seconds, 2),
        "cpu, compiled / by hand": round(ours.cpu_seconds / theirs.cpu_seconds, 2),
        "members": sum(ours.output.values()),
    }
    console.print(told)
    differing = [name for name, count in ours.output.items() if theirs.output[name] != count]
    ratios = Measurement("ratios", 0.0, 0.0, 0.0, told, differing=tuple(differing))
    return [*results, ratios, _preview(folder, console)]


def _preview(folder: Path, console: Console) -> Measurement:
    """An attribute rule, asked about for the second time in a process."""
    from orchestration.segment_tools.preview import preview

    settings = Settings(folder, folder / "landing", DBT_PROJECT_DIR)
    load_manifest(settings)
    sql = folder / "previewed.sql"
    sql.write_text(PREVIEWED)
    for _ in range(2):
        begun, cpu = time.perf_counter(), time.process_time()
        found = preview(settings, "previewed", sql)
        wall, used = time.perf_counter() - begun, time.process_time() - cpu
    return Measurement("preview", round(wall, 2), round(used, 2), 0, {"people": found["members"]})


def _warehouse(folder: Path, customers: int, console: Console) -> Path:
    path = folder / "warehouse.duckdb"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(folder).free, customers * BYTES_PER_PERSON
    if free < needed:
        raise UserError(
            f"{folder} has {free / 1e9:.0f} GB left; this benchmark needs {needed / 1e9:.0f} GB. "
            "Take fewer customers or another data folder (C360_DATA_DIR)."
        )
    console.print(f"Making {customers:,} people with {customers * 10:,} activities …")
    made = path.with_suffix(".making")
    made.unlink(missing_ok=True)
    types = [name for name, share in TYPES.items() for _ in range(share)]
    person = PERSON.format(step=(2**64 - 1) // (customers + 1))
    with duckdb.connect(str(made)) as con:
        con.execute("set threads = 2")
        con.execute(
            TABLES.format(
                person=person,
                people=customers,
                as_of=AS_OF,
                types=types,
                countries=list(COUNTRIES),
                tiers=list(TIERS),
                channels=list(CHANNELS),
            )
        )
    made.rename(path)
    return path
