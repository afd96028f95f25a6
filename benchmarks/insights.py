"""`insights`: the reporting model of many people and two years, built, published and asked.

The layers of a company that ran once are repeated until there are enough people, with a hundred
segments. dbt makes the reporting model from them; every day before is then put into its memory as
the day that is there, with other counts, and the model is made again. It is published through each
door, and readers in processes of their own ask every question of it at once. The same questions are
asked of the layers: of the models' own SQL in the place of the published tables.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.grown_company import OTHER, grow
from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from orchestration.daily import MARK, SCHEMA, keep_days
from orchestration.ingest.sql import quoted
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, Settings
from orchestration.terminal import Console
from orchestration.transform.parsing import load_manifest

BYTES_PER_PERSON = 4_000
"""The tables that the model reads, and what is sorted beside them."""
SEGMENTS, DAYS, READERS = 100, 730, 8
TABLES = ("table", "incremental")
MORE_SEGMENTS = """
    create temp table more as
    select 'generated_' || number as segment_name, number, 2 + 20 * number as per_mille
    from range(greatest({wanted} - (select count(*) from segments.definitions), 0)) as t (number);
    insert into segments.definitions
    select definitions.* replace (
        more.segment_name as segment_name, 1000 + more.number as segment_id,
        'Generated ' || more.number as title
    )
    from (from segments.definitions limit 1) as definitions cross join more;
    insert into segments.segment_membership
    select members.* replace (profiles.profile_id as profile_id, more.segment_name as segment_name)
    from (from segments.segment_membership limit 1) as members
    cross join more
    inner join profile.profiles on hash(profiles.profile_id, more.number) % 10000 < more.per_mille;
    insert into segments.segment_sizes
    select sizes.* replace (
        counted.segment_name as segment_name, counted.member_count as member_count
    )
    from (from segments.segment_sizes limit 1) as sizes
    cross join (
        select segment_name, count(*) as member_count
        from segments.segment_membership semi join more using (segment_name) group by all
    ) as counted;
"""
"""Members drawn at random, from two in ten thousand people to almost a fifth of them."""


def run(customers: int, console: Console) -> list[Measurement]:
    """Build, publish and ask.

    Parameters:
        customers: people, at least.
        console: where progress goes.

    Returns:
        What was made, each in a process of its own; then the p95 of the readers' slowest question
        as wall time, with every question's in `output`; then the same asked of the layers.

    Raises:
        UserError: there is not enough room on the disk, or a step failed.
    """
    folder = RESULTS / f"insights_{customers}"
    grow(folder, customers, BYTES_PER_PERSON, _read_tables, console)
    settings = Settings(folder, folder / "landing", DBT_PROJECT_DIR)
    environment = environment_for(folder)

    def take(name: str, *arguments: str, **more: str) -> Measurement:
        console.print(f"insights, {name}")
        made = measure(name, child("benchmarks.insights_steps", *arguments), environment | more)
        console.print(f"  {made.wall_seconds} s, {made.cpu_seconds} cpu s, {made.output}")
        return made

    _as_before(settings)
    results = [take("one day built", "build")]
    console.print(f"insights, {DAYS - 1} days before it")
    _remember(settings)
    results += [
        take(f"{DAYS} days built", "build"),
        take("sealed", "seal"),
        take("published, file", "publish", C360_PUBLISH_PARQUET="no"),
        take("published, with Parquet", "publish", C360_PUBLISH_PARQUET="yes"),
    ]
    results += _with_postgresql(take)
    # What a night costs: all is made again, and no day but the last one is another.
    take("built again", "build")
    take("sealed again", "seal")
    results.append(take("published again, with Parquet", "publish", C360_PUBLISH_PARQUET="yes"))
    results.append(_asked(settings, environment, console))
    results.append(take("asked of the layers", "layers"))
    return results


def _read_tables(company: Path) -> Mapping[str, str]:
    """The tables of people that the reporting model reads, through views as well."""
    settings = Settings(company, company / "landing", DBT_PROJECT_DIR)
    nodes = load_manifest(settings)["nodes"]
    wanted = [n for n in nodes.values() if "insights" in n["fqn"] and n["resource_type"] == "model"]
    found: dict[str, str] = {}
    seen: set[str] = set()
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        while wanted:
            node = wanted.pop()
            is_read = "insights" not in node["fqn"]
            table = f"{node['schema']}.{node['alias']}"
            if is_read and node["config"]["materialized"] in TABLES:
                columns = {name for name, *_ in con.execute(f"describe {table}").fetchall()}
                if columns & {"profile_id", "contact_value"} and columns & set(OTHER):
                    found[table] = ""
                continue
            parents = set(node["depends_on"].get("nodes", ())) - seen
            seen |= parents
            wanted += [nodes[parent] for parent in parents if parent in nodes]
    return dict(sorted(found.items()))


def _as_before(settings: Settings) -> None:
    """A hundred segments, and no day that was made before."""
    settings.insights_build_path.parent.mkdir(parents=True, exist_ok=True)
    settings.insights_build_path.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute(f"drop schema if exists {SCHEMA} cascade")
        for statement in MORE_SEGMENTS.format(wanted=SEGMENTS).split(";"):
            con.execute(statement) if statement.strip() else None


def _remember(settings: Settings) -> None:
    """Put the days before into the memory, with other counts each."""
    with duckdb.connect(str(settings.warehouse_path)) as con:
        keep_days(con)
        remembering = con.execute(
            "select table_name, list(column_name order by column_index), list(data_type order by "
            "column_index) from duckdb_columns() where database_name = current_database() and "
            f"schema_name = ? group by all having bool_or(column_name = '{MARK}')",
            [SCHEMA],
        ).fetchall()
        for table, columns, kinds in remembering:
            listed = []
            for name, kind in zip(columns, kinds, strict=True):
                if kind == "DATE" and name in ("date_key", "processed_on"):
                    listed.append(f"{name} - number::int")
                elif kind == "BIGINT" and name.endswith("_count"):
                    listed.append(f"{name} + hash(number, {name}) % 997")
                else:
                    listed.append(quoted(name))
            con.execute(
                f"insert into {SCHEMA}.{quoted(table)} select {', '.join(listed)} "
                f"from {SCHEMA}.{quoted(table)}, range(1, {DAYS}) as days (number)"
            )


def _with_postgresql(take: Any) -> list[Measurement]:
    from tests.postgresql import running

    with running() as server:
        server.sql("create role publisher login; grant create on database postgres to publisher")
        url = server.url_of("publisher")
        return [take("published, with PostgreSQL", "publish", C360_POSTGRES_URL=url)]


def _asked(settings: Settings, environment: dict[str, str], console: Console) -> Measurement:
    """All questions by readers at once; the slowest question's p95."""
    console.print(f"insights, {READERS} readers")
    command = child("benchmarks.insights_steps", "ask")
    readers = [
        subprocess.Popen([*command, str(n)], env=environment, cwd=PROJECT_ROOT,
                         stdout=subprocess.PIPE, text=True)
        for n in range(READERS)
    ]  # fmt: skip
    asked: dict[str, list[float]] = {}
    for reader in readers:
        output, _ = reader.communicate()
        for name, seconds in json.loads(output.strip().splitlines()[-1]).items():
            asked.setdefault(name, []).extend(seconds)
    p95 = {name: sorted(each)[int(0.95 * (len(each) - 1))] for name, each in asked.items()}
    slowest = dict(sorted(((n, round(s * 1000)) for n, s in p95.items()), key=lambda e: -e[1]))
    told = {
        "questions": len(p95),
        "asked": sum(len(each) for each in asked.values()),
        "median_ms": round(1000 * statistics.median(s for each in asked.values() for s in each)),
        "over_100_ms": sum(ms > 100 for ms in slowest.values()),
        "p95_ms": slowest,
        "file_megabytes": round(settings.published_path.stat().st_size / 1e6),
        "load": os.getloadavg()[0],
    }
    console.print(told)
    return Measurement("asked by readers", max(p95.values()), 0.0, 0.0, told)
