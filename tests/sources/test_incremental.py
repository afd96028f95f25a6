"""Whatever happened to the files in between, landing is what one load of today's files gives."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.ingest import Column, SourceTable, load_all
from orchestration.ingest.readers import Outcome, Target
from orchestration.ingest.readers.delimited import read_delimited
from orchestration.settings import Settings

COLUMNS = (Column("id"), Column("amount", data_type="decimal(18,2)"), Column("note"))
ORDERS = SourceTable("shop", "orders", "shop__orders", "csv", "shop/**/*.csv", COLUMNS)
ID_NOTE = (Column("id"), Column("note"))
EVENTS = SourceTable("web", "events", "web__events", "ndjson", "web/**/*.ndjson", ID_NOTE)
RESULTS = {
    "rows": "select id, amount::varchar, note, source_file, source_row, is_deleted "
    "from landing.shop__orders",
    "events": "select id, note, null, source_file, source_row, is_deleted from landing.web__events",
    "rejects": "select source_table, source_file, line_number, column_name, value, reason "
    "from landing.rejected_lines",
    "files": "select source_table, source_file, sum(rows_loaded)::int, sum(rows_rejected)::int, "
    "sum(rows_superseded)::int, arg_max(content_hash, part) from operations.source_files "
    "group by 1, 2",
    "lines": "select r.id, r.source_file, r.source_row + l.line_offset, '', '', '' "
    "from landing.shop__orders as r asof join "
    "(from operations.source_lines where source_table = 'orders') as l "
    "on r.source_file = l.source_file and r.source_row >= l.from_row",
}


def results(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        return {
            name: con.execute(f"select * from ({sql}) order by all").fetchall()
            for name, sql in RESULTS.items()
        }


def fresh(settings: Settings, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    once = Settings(folder, settings.landing_dir, settings.dbt_project_dir)
    load_all(once, [ORDERS, EVENTS])
    return results(once)


LINES = (
    "{k},{v}.50,note {k}",
    '{k},{v},"two\nlines"',
    "{k},not a number,n",
    "{k},1",
    "{k},2.25,n,more",
    "",
    '{k},3,4" tape',
)
OBJECTS = ('{{"id": "{k}", "note": "{v}"}}', '{{"id": ', "")


class Deliveries:
    """A landing folder to which things happen."""

    def __init__(self, landing: Path, seed: int) -> None:
        self.landing, self.random, self.count = landing, random.Random(seed), 0
        self.clock = 1_700_000_000

    def lines(self, name: str) -> str:
        kinds = (
            LINES if name.endswith("csv") else ('{{"id": "{k}", "note": "{v}"}}', '{{"id": ', "")
        )
        text = ""
        for _ in range(self.random.randint(1, 6)):
            self.count += 1
            line = self.random.choice((kinds[0], kinds[0], *kinds))
            text += line.format(k=f"k{self.count}", v=self.random.randint(1, 99)) + "\n"
        return text

    def put(self, name: str, text: str, mode: str = "w") -> None:
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, newline="") as handle:
            handle.write(text)
        # Each change at its own second, as a changed file has on a real disk.
        self.clock += 1
        os.utime(path, (self.clock, self.clock))

    def files(self) -> list[Path]:
        return sorted(p for p in self.landing.rglob("*.*") if p.is_file())

    def new(self) -> None:
        folder = self.random.choice(("shop", "shop/Deletes", "web"))
        suffix, header = ("ndjson", "") if folder == "web" else ("csv", "id,amount,note\n")
        name = f"{folder}/{self.random.choice('abcdefgh')}.{suffix}"
        self.put(name, header + self.lines(name))

    def grow(self) -> None:
        path = self.random.choice(self.files())
        self.put(str(path.relative_to(self.landing)), self.lines(path.name), "a")

    def torn(self) -> None:
        path = self.random.choice(self.files())
        self.put(str(path.relative_to(self.landing)), "k0,9", "a")

    def remove(self) -> None:
        files = self.files()
        path = self.random.choice(files)
        if sum(p.suffix == path.suffix for p in files) > 1:
            path.unlink()

    def rename(self) -> None:
        path = self.random.choice(self.files())
        path.rename(path.with_stem(self.random.choice("abcdefghxyz")))

    def copy(self) -> None:
        path = self.random.choice(self.files())
        target = path.with_stem(self.random.choice("abcdefghxyz"))
        self.put(str(target.relative_to(self.landing)), path.read_text())

    def touch(self) -> None:
        path = self.random.choice(self.files())
        self.put(str(path.relative_to(self.landing)), "", "a")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_incremental_equals_full(settings: Settings, tmp_path: Path, seed: int) -> None:
    deliveries = Deliveries(settings.landing_dir, seed)
    deliveries.put("web/a.ndjson", '{"id": "w"}\n')
    deliveries.put("shop/a.csv", "id,amount,note\nk0,1,n\n")
    happenings = (
        deliveries.new,
        deliveries.new,
        deliveries.grow,
        deliveries.grow,
        deliveries.torn,
        deliveries.remove,
        deliveries.rename,
        deliveries.copy,
        deliveries.touch,
    )
    for step in range(8):
        for _ in range(deliveries.random.randint(1, 4)):
            deliveries.random.choice(happenings)()
        load_all(settings, [ORDERS, EVENTS])
        assert results(settings) == fresh(settings, tmp_path / f"fresh{step}"), step


def test_nothing_is_read_twice(settings: Settings) -> None:
    deliveries = Deliveries(settings.landing_dir, 0)
    deliveries.put("shop/a.csv", "id,amount,note\n1,1,n\n")
    deliveries.put("shop/b.csv", "id,amount,note\n2,1,n\n")
    assert [t.files_read for t in load_all(settings, [ORDERS])] == [2]
    assert [t.files_read for t in load_all(settings, [ORDERS])] == [0]
    deliveries.put("shop/b.csv", "3,1,n\n", "a")
    (again,) = load_all(settings, [ORDERS])
    assert (again.files_read, again.rows_read, again.bytes_read) == (1, 1, 6)
    deliveries.put("shop/c.csv", "id,amount,note\n1,1,n\n")
    (again,) = load_all(settings, [ORDERS])
    assert (again.files_read, again.rows_loaded) == (0, 3), "the same bytes as a.csv"
    deliveries.put("shop/a.csv", "id,amount,note\n1,2,n\n")
    (again,) = load_all(settings, [ORDERS])
    assert (again.files_read, again.rows_loaded) == (2, 4), "c.csv is its own file now"
    with duckdb.connect(str(settings.warehouse_path)) as con:
        actions = con.execute("select action from operations.ingest_log order by rowid").fetchall()
    assert [a for (a,) in actions][:4] == ["loaded", "loaded", "extended", "repeated"]


def test_files_wait_for_their_marker_and_their_hour(settings: Settings) -> None:
    marked = SourceTable(
        "shop", "orders", "o", "csv", "shop/**/*.csv", COLUMNS, completeness_marker=".fin"
    )
    deliveries = Deliveries(settings.landing_dir, 0)
    deliveries.put("shop/a.csv", "id,amount,note\n1,1,n\n")
    deliveries.put("shop/b.csv", "id,amount,note\n2,1,n\n")
    deliveries.put("shop/b.csv.fin", "")
    deliveries.put("shop/c.csv", "id,amount,note\n3,1,n\n")
    deliveries.put("shop/c.fin", "")
    (loaded,) = load_all(settings, [marked])
    assert (loaded.rows_loaded, list(loaded.waiting)) == (2, ["shop/a.csv"])
    deliveries.put("shop/IncrementalData/2999/01/01/00/Upserts/d.csv", "id,amount,note\n4,1,n\n")
    deliveries.put("shop/IncrementalData/2020/01/01/00/Upserts/e.csv", "id,amount,note\n5,1,n\n")
    deliveries.put("shop/a.csv.fin", "")
    (loaded,) = load_all(settings, [ORDERS])
    assert loaded.rows_loaded == 4
    assert list(loaded.waiting) == ["shop/IncrementalData/2999/01/01/00/Upserts/d.csv"]


def test_all_files_gone_is_no_reason_to_lose_the_rows(settings: Settings) -> None:
    deliveries = Deliveries(settings.landing_dir, 0)
    deliveries.put("shop/a.csv", "id,amount,note\n1,1,n\n")
    deliveries.put("web/a.ndjson", '{"id": "w"}\n')
    load_all(settings, [ORDERS, EVENTS])
    (settings.landing_dir / "shop" / "a.csv").unlink()
    orders, _ = load_all(settings, [ORDERS, EVENTS])
    assert orders.rows_loaded == 1
    assert "are gone" in orders.failures[0]


@pytest.mark.parametrize(
    ("policy", "file", "outcome"),
    [
        ("stop", "id,amount,note,extra\n1,1,n,e\n", "failed"),
        ("ignore", "id,amount,note,extra\n1,1,n,e\n", [("1", "n")]),
        ("evolve", "id,amount,note,extra\n1,1,n,e\n", [("1", "n", "e")]),
        ("stop", "id,amount\n1,1\n", "failed"),
        ("ignore", "id,amount\n1,1\n", [("1", None)]),
        ("evolve", "id,amount\n1,1\n", [("1", None)]),
    ],
)
def test_changed_columns_follow_the_sources_policy(
    settings: Settings, policy: str, file: str, outcome: object
) -> None:
    every = dict.fromkeys(("new", "missing", "retyped"), policy)
    table = SourceTable("shop", "orders", "o", "csv", "shop/*.csv", COLUMNS, on_schema_change=every)
    Deliveries(settings.landing_dir, 0).put("shop/a.csv", file)
    (loaded,) = load_all(settings, [table])
    with duckdb.connect(str(settings.warehouse_path)) as con:
        if outcome == "failed":
            assert "column" in loaded.failures[0]
            assert con.execute("select count(*) from landing.o").fetchone() == (0,)
            return
        names = [row[0] for row in con.execute("describe landing.o").fetchall()]
        extra = ", extra" if "extra" in names else ""
        assert con.execute(f"select id, note{extra} from landing.o").fetchall() == outcome
        drift = con.execute("select column_name, change from operations.schema_drift").fetchall()
        assert drift == [("extra", "new")] if "extra" in file else drift == [("note", "missing")]


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (lambda path: path.unlink(), "went away while it was read"),
        (lambda path: path.write_text("id,amount,note\n"), "changed while it was read"),
    ],
)
def test_a_file_that_is_not_left_alone_costs_only_itself(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[Path], object],
    says: str,
) -> None:
    deliveries = Deliveries(settings.landing_dir, 0)
    deliveries.put("shop/a.csv", "id,amount,note\n1,1,n\n")
    load_all(settings, [ORDERS])
    deliveries.put("shop/a.csv", "id,amount,note\n1,2,n\n2,2,n\n")
    deliveries.put("shop/b.csv", "id,amount,note\n3,3,n\n")

    def disturbed(table: SourceTable) -> object:
        def read(con: object, target: Target, path: Path) -> Outcome:
            if target.source_file == "shop/a.csv":
                happens(path)
            return read_delimited(con, target, path)  # type: ignore[arg-type]

        return read

    monkeypatch.setattr("orchestration.ingest.file_loads.reader_of", disturbed)
    (loaded,) = load_all(settings, [ORDERS])
    (message,) = loaded.failures
    assert says in message
    with duckdb.connect(str(settings.warehouse_path)) as con:
        found = con.execute(
            "select id, amount::int from landing.shop__orders order by 1"
        ).fetchall()
    assert sorted(found) == [("1", 1), ("3", 3)]


def test_a_bad_value_in_a_typed_column_is_set_aside_with_its_place(settings: Settings) -> None:
    Deliveries(settings.landing_dir, 0).put(
        "shop/a.csv", 'id,amount,note\n1,1,"a\nb"\n2,"1,5",n\n3,3,n\n'
    )
    load_all(settings, [ORDERS])
    with duckdb.connect(str(settings.warehouse_path)) as con:
        rejected = con.execute(
            "select line_number, column_name, value, reason from landing.rejected_lines"
        ).fetchall()
    assert rejected == [(4, "amount", "1,5", "invalid_type")]


def test_a_source_that_is_taken_out_takes_its_rows_along(settings: Settings) -> None:
    deliveries = Deliveries(settings.landing_dir, 0)
    deliveries.put("shop/a.csv", "id,amount,note\n1,1,n\n2\n")
    deliveries.put("web/a.ndjson", '{"id": "w"}\n')
    load_all(settings, [ORDERS, EVENTS])
    load_all(settings, [EVENTS])
    with duckdb.connect(str(settings.warehouse_path)) as con:
        homes = con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_name like 'shop%'"
        ).fetchall()
        left = con.execute(
            "select source_system from operations.source_files union "
            "select source_system from landing.rejected_lines"
        ).fetchall()
    assert (homes, left) == ([], [("web",)])
