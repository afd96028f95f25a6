"""`deciles` and `rfm`: our models beside one hand-written query each, over the same tables.

Ten orders per customer over two years, nine tenths of the customers in four tiers of different
sizes, amounts in steps of a cent with many ties. Our SQL is what dbt compiles, executed bare, so
that SQL is compared with SQL; what dbt adds per model is in `overhead`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from orchestration.errors import UserError
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.terminal import Console
from orchestration.transform.dbt import close_connections, run_dbt

ORDERS = 10
MODELS = {
    "deciles": (
        "decile_values",
        "ranking_windows",
        "ranking_values",
        "ranking_places",
        "ranking_buckets",
        "deciles",
    ),
    "rfm": ("customer_totals", "customer_attributes", "rfm"),
}
"""The models of ours that make what the hand-written query makes, in their order."""
BYTES_PER_CUSTOMER = 1_500
"""Input, both outputs and what spills, with room to spare."""
TABLES = """
    create schema profile;
    create schema conformed;
    create schema policy;
    create schema value;
    create table profile.profiles as
    select
        'p' || substr(md5(i::varchar), 1, 16) as profile_id,
        true as is_known,
        case when i % 10 < 4 then 'FLYER' when i % 10 < 7 then 'FREQUENT'
            when i % 10 < 9 then 'SILVER' else 'GOLD' end as loyalty_tier
    from range({customers}) as t (i);
    create table profile.purchases as
    select
        'p' || substr(md5((hash(i) % {customers})::varchar), 1, 16) as profile_id,
        timestamp '2024-11-01' + to_seconds((hash(i, 1) % (730 * 86400))::bigint) as booked_at,
        ((hash(i, 2) % 20000) / 100.0 - 10)::decimal(18, 2) as line_amount,
        'EUR' as currency
    from range({orders}) as t (i);
    create table value.purchase_days as
    select
        profile_id, cast(booked_at as date) as bought_on,
        sum(line_amount)::decimal(18, 2) as net_amount, max(line_amount) > 0 as is_purchase,
        (count(*) filter (where line_amount >= 0))::int as order_count,
        min(booked_at) filter (where line_amount >= 0) as first_ordered_at,
        max(booked_at) filter (where line_amount >= 0) as last_ordered_at,
        sum(greatest(-line_amount, 0))::decimal(18, 2) as returned_amount,
        cast(null as decimal(18, 2)) as margin_amount, 'EUR' as currency
    from profile.purchases
    group by all;
    create table conformed.refresh_period as
    select date '2026-10-31' as as_of_on, date '2026-10-01' as month_start_on;
    create table policy.look_backs as
    select * from (values ('1', 1), ('3', 3), ('6', 6), ('9', 9), ('12', 12), ('lifetime', null))
        as t (look_back, months);
    create table policy.rankings as
    select 'deciles' as ranking, 'net_revenue' as metric, 'loyalty_tier' as category_type,
        10 as buckets, 'ntile' as rule, '1 3 6 9 12 lifetime' as look_backs;
"""


def run_deciles(customers: int, console: Console) -> list[Measurement]:
    """Deciles of one measure in four tiers over six look-backs."""
    return _run("deciles", customers, console)


def run_rfm(customers: int, console: Console) -> list[Measurement]:
    """RFM scores and groups from days of purchases."""
    return _run("rfm", customers, console)


def _run(name: str, customers: int, console: Console) -> list[Measurement]:
    """Measure ours and the hand-written query in turns.

    Parameters:
        name: a key of `MODELS`.
        customers: how many; ten orders each.
        console: where progress goes.

    Returns:
        A measurement each and their ratios.

    Raises:
        UserError: there is not enough room on the disk.
    """
    folder = RESULTS / f"rankings_{customers}"
    _company(folder, customers, console)
    queries = folder / "queries"
    _compile(folder, queries, console)
    environment = environment_for(folder)
    results = []
    for way, names in (("ours", MODELS[name]), ("by hand", (f"by_hand_{name}",))):
        console.print(f"{name}, {way}")
        command = child(
            "benchmarks.run_queries",
            str(folder / "warehouse.duckdb"),
            *(str(queries / f"{query}.sql") for query in names),
        )
        results.append(measure(f"{name}, {way}", command, environment))
    ours, theirs = results
    ratio = {
        "wall, ours / by hand": round(ours.wall_seconds / theirs.wall_seconds, 2),
        "cpu, ours / by hand": round(ours.cpu_seconds / theirs.cpu_seconds, 2),
        "rows": [ours.output, theirs.output],
    }
    console.print(ratio)
    return [*results, Measurement("ratios", 0.0, 0.0, 0.0, ratio)]


def _company(folder: Path, customers: int, console: Console) -> None:
    path = folder / "warehouse.duckdb"
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(folder).free, customers * BYTES_PER_CUSTOMER
    if free < needed:
        raise UserError(
            f"{folder} has {free / 1e9:.0f} GB left; this benchmark needs {needed / 1e9:.0f} GB. "
            "Take fewer customers or another data folder (C360_DATA_DIR)."
        )
    console.print(f"Making {customers:,} customers with {customers * ORDERS:,} orders …")
    made = path.with_suffix(".making")
    made.unlink(missing_ok=True)
    with duckdb.connect(str(made)) as con:
        con.execute("set preserve_insertion_order = false")
        con.execute(TABLES.format(customers=customers, orders=customers * ORDERS))
    made.rename(path)


def _compile(folder: Path, queries: Path, console: Console) -> None:
    """Have dbt compile our models, and put the hand-written queries beside them."""
    console.print("Compiling …")
    settings = Settings(folder, folder / "landing", DBT_PROJECT_DIR)
    models = sorted({model for models in MODELS.values() for model in models})
    list(run_dbt(settings, ["compile", "--select", *models]))
    close_connections()
    queries.mkdir(exist_ok=True)
    compiled = settings.dbt_target_dir / "compiled" / "customer_360" / "models" / "value"
    for model in models:
        shutil.copy(compiled / f"{model}.sql", queries / f"{model}.sql")
    for path in (Path(__file__).parent / "by_hand").glob("*.sql"):
        shutil.copy(path, queries / f"by_hand_{path.name}")
