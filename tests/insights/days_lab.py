"""The facts that remember days, over a company whose layers before are given day by day.

Their people are those of a finished company, who arrive one after the other. What is remembered
is made by dbt, with the macros and models as they are; what it should be is the text of each model,
run by itself over what is given on that day, which knows of no other day.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from time import process_time
from unittest import mock

import duckdb

from orchestration.daily import keep_days, prepare
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from tests.own_data import project_copy
from tests.parsed import parsed

MEMORIES = ("segment_sizes", "completeness_distribution", "attribute_completeness")
"""Models of layers before that remember days themselves, whatever becomes of the run."""
KEPT_BEFORE = ("fact_segment_size", "fact_profile_completeness", "fact_attribute_completeness")
REF = re.compile(r"ref\('(\w+)'\)")
REFS_OF_MACROS = {
    "profile_namespaces",
    "customer_attributes",
    "loyalty_points",
    "revenue_by_category",
}
CLOCK = {
    "refresh_period": "select $day::date as as_of_on",
    "membership_period": "select $day::date as as_of_on, $recorded as is_recorded",
    "membership_changes": """
        select segment_name, profile_id, 'entered' as change, $day::date as changed_on
        from (from given.segment_membership except all from given.members_before)""",
}
"""What the clock and the history of segments say on a day."""
CARRIED = {
    "fact_segment_size": {"entered_count": "0", "left_count": "0"},
    "processing_log": {"process_status": "CARRIED"},
}
"""What a day that no refresh ended on says otherwise than the last one before it."""
PEOPLE_FROM = 100
"""Of 500 parts of all people so many are there on the first day; each day brings one more."""

Row = tuple[str | None, ...]
Days = dict[date, set[Row]]
Tables = dict[str, set[Row]]


@dataclass(frozen=True)
class Step:
    """One refresh: of which day, how many days' people have come, and how it goes."""

    day: date
    arrived: int
    replays: bool = False
    passes: bool = True


@dataclass
class Trends:
    """The oracle: what each table says of each day that was recorded, each day for itself.

    Attributes:
        kept: by table and day.
        columns: the columns of each table.
    """

    kept: dict[str, Days] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)

    def publish(self, step: Step, said: Tables) -> Tables:
        """What is published after a refresh that found this, without a hole in its days."""
        shown: Tables = {}
        for table, rows in said.items():
            known = self.kept.get(table, {})
            later = any(day > step.day for day in known)
            if step.replays:
                # The history of segments goes on from its last day only.
                is_told = not (later and table == "fact_segment_size")
                recorded = known | ({step.day: rows} if is_told else {})
            else:
                recorded = {d: r for d, r in known.items() if d < step.day} | {step.day: rows}
            if step.passes or table in KEPT_BEFORE:
                self.kept[table] = recorded
            shown[table] = set(self._filled(table, recorded, step.day))
        return shown

    def _filled(self, table: str, recorded: Days, until: date) -> set[Row]:
        rows: set[Row] = set()
        day = min(recorded)
        while day <= until:
            last = max(known for known in recorded if known <= day)
            instead = {"date_key": str(day), "processed_on": str(day)}
            instead |= CARRIED.get(table, {}) if day != last else {}
            for row in recorded[last]:
                named = zip(self.columns[table], row, strict=True)
                rows.add(tuple(instead.get(column, value) for column, value in named))
            day += timedelta(days=1)
        return rows


class DaysLab:
    """A data folder whose days are refreshed one after the other.

    Parameters:
        folder: where it is made.
        finished: the warehouse whose people arrive.
        facts: those that are made besides `KEPT_BEFORE`; all that remember days when empty.
    """

    def __init__(self, folder: Path, finished: Path, facts: Sequence[str] = ()) -> None:
        project = project_copy(folder / "project")
        snapshots = [
            path.stem
            for path in sorted((project / "models" / "insights").glob("*.sql"))
            if "'daily_snapshot'" in path.read_text()
        ]
        self.tables = [*(facts or snapshots), *KEPT_BEFORE]
        self.models = [*MEMORIES, "dim_segment", *self.tables]
        refs = self._cut_down(project)
        self.settings = Settings(folder / "data", folder / "landing", project)
        self.settings.insights_build_path.parent.mkdir(parents=True)
        self.given = sorted(refs - {*self.models, *CLOCK})
        self.clauses = self._take(finished)
        nodes = load_manifest(parsed(self.settings))["nodes"]
        self.files = {nodes[u]["name"]: nodes[u]["original_file_path"] for u in nodes}
        self.texts: dict[str, str] = {}
        self.oracle = Trends()

    def refresh(self, step: Step) -> tuple[Tables, Tables]:
        """Bring what has arrived into the facts.

        Returns:
            What is published, and what it should be.
        """
        self._give(step)
        began = process_time()
        environment = {"C360_AS_OF": str(step.day) if step.replays else ""}
        with mock.patch.dict(os.environ, environment):
            results = list(run_dbt(self.settings, ["run", "--select", *self.models]))
        close_connections()
        self.seconds = process_time() - began
        failed = [(r.unique_id, r.message) for r in results if r.status != "success"]
        assert not failed, failed
        if not self.texts:
            compiled = self.settings.dbt_target_dir / "compiled" / "customer_360"
            self.texts = {name: (compiled / self.files[name]).read_text() for name in self.models}
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            con.execute(f"attach '{self.settings.insights_build_path}' as insights")
            expected = self.oracle.publish(step, self._from_scratch(con))
            found = {t: _rows(con, f"insights.main.{t}") for t in self.tables}
            if step.passes:
                keep_days(con)
        return found, expected

    def _cut_down(self, project: Path) -> set[str]:
        """Leave the models that are made, and a place for what they read. Returns their refs."""
        refs = {*REFS_OF_MACROS, *CLOCK}
        for path in [p for p in (project / "models").rglob("*.*") if p.is_file()]:
            if path.stem not in self.models:
                path.unlink()
            elif path.suffix == ".sql":
                refs |= set(REF.findall(path.read_text()))
            else:
                # Foreign keys lead to tables that are not here.
                text = path.read_text().partition("\nunit_tests:")[0]
                path.write_text(re.sub(r"\n *- \{type: foreign_key.*", "", text))
        for unwanted in ("tests", "seeds"):
            shutil.rmtree(project / unwanted)
        (project / "models" / "given").mkdir()
        for name in refs - set(self.models):
            stub = "{{ config(schema='given') }} select 1 as stands_elsewhere"
            (project / "models" / "given" / f"{name}.sql").write_text(stub)
        return refs

    def _take(self, finished: Path) -> dict[str, str]:
        """Copy the layers before. Returns which rows of each table have arrived, as a condition."""
        clauses = {}
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            prepare(con)
            con.execute(f"attach '{finished}' as finished (read_only)")
            con.execute("create schema given; create schema everybody")
            for name in self.given:
                [schema] = con.execute(
                    "select schema_name from (select schema_name, table_name, database_name from "
                    "duckdb_tables() union all select schema_name, view_name, database_name from "
                    "duckdb_views()) where database_name = 'finished' and table_name = ?",
                    [name],
                ).fetchone() or [""]
                con.execute(f"create table everybody.{name} as from finished.{schema}.{name}")
                columns = [c for c, *_ in con.execute(f"describe everybody.{name}").fetchall()]
                clauses[name] = "true"
                if "profile_id" in columns:
                    clauses[name] = "hash(profile_id) % 500 < $people"
                if name == "segment_membership":
                    # Some leave for a week, and come again.
                    clauses[name] += " and hash(profile_id, segment_name, $people // 7) % 10 > 0"
                if name == "definitions":
                    # One ends and one begins within the year.
                    clauses[name] = (
                        "case segment_name when 'win_back' then $people < 300 "
                        "when 'multi_channel' then $people > 150 else true end"
                    )
            con.execute(
                "create table given.segment_membership as from everybody.segment_membership limit 0"
            )
        return clauses

    def _give(self, step: Step) -> None:
        known = self.oracle.kept.get("fact_segment_size", {})
        recorded = not (step.replays and any(day > step.day for day in known))
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            con.execute(
                "create or replace table given.members_before as from given.segment_membership"
            )
            for name, clause in self.clauses.items():
                sql = f"from everybody.{name} where {clause}".replace(
                    "$people", str(PEOPLE_FROM + step.arrived)
                )
                con.execute(f"create or replace table given.{name} as {sql}")
            for name, sql in CLOCK.items():
                sql = sql.replace("$day", f"'{step.day}'").replace("$recorded", str(recorded))
                con.execute(f"create or replace table given.{name} as {sql}")

    def _from_scratch(self, con: duckdb.DuckDBPyConnection) -> Tables:
        """What the models say of what is given, without any memory."""
        made: dict[str, str] = {}
        for name in self.models:
            text = self.texts[name]
            for relation, table in made.items():
                text = text.replace(relation, table)
            con.execute(f"create or replace temp table scratch_{name} as {text}")
            for place in ('"warehouse"."segments"', '"warehouse"."profile"', '"insights"."main"'):
                made[f'{place}."{name}"'] = f"temp.scratch_{name}"
        said = {}
        for table in self.tables:
            names = [c for c, *_ in con.execute(f"describe insights.main.{table}").fetchall()]
            self.oracle.columns[table] = names
            said[table] = _rows(con, f"(select {', '.join(names)} from temp.scratch_{table})")
        return said


def _rows(con: duckdb.DuckDBPyConnection, relation: str) -> set[Row]:
    rows = con.execute(f"select columns(*)::varchar from {relation}").fetchall()
    # A row twice would be no set.
    assert len(rows) == len(set(rows)), relation
    return set(rows)


def differences(
    found: Mapping[str, set[Row]], expected: Mapping[str, set[Row]]
) -> dict[str, object]:
    """Per table with any: some rows that are only published, and some that only should be."""
    return {
        table: (
            sorted(map(str, found[table] - rows))[:3],
            sorted(map(str, rows - found[table]))[:3],
        )
        for table, rows in expected.items()
        if found[table] != rows
    }
