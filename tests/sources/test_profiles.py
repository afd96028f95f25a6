"""Column profiles say what is there, against a count in plain Python, and name nobody."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.profiles import (
    ProfiledTable,
    changes_since_previous,
    counts,
    profile_tables,
    values,
)
from orchestration.profiles.assets import changes_markdown, overview_markdown
from orchestration.profiles.pages import write_source_pages
from tests.sources.loaded import everything, load

COLUMNS = ("number", "amount", "happened_at", "local_day", "code", "status", "note", "nothing")
TABLE = ProfiledTable("shop", "sales", "shop__sales", tuple((c, None, None) for c in COLUMNS))


def sales(count: int = 400) -> list[dict[str, Any]]:
    start = datetime(2025, 3, 1, 8, 30)
    return [
        {
            "number": str(i % 7),
            "amount": "free" if i % 100 == 0 else f"{(i * 37 % 1000) / 4:.2f}",
            "happened_at": (start + timedelta(hours=i)).isoformat(),
            "local_day": f"{start + timedelta(days=i):%d.%m.%Y}",
            "code": f"{i % 60:04}",
            "status": " open " if i % 3 else "",
            "note": None if i % 2 else f"Order {i}, thanks",
        }
        for i in range(count)
    ]


def row_of(con: duckdb.DuckDBPyConnection, column: str) -> dict[str, Any]:
    result = con.execute("select * from operations.column_profiles where column_name = ?", [column])
    names = [d[0] for d in result.description]
    [row] = result.fetchall()
    return dict(zip(names, row, strict=True))


def top_of(con: duckdb.DuckDBPyConnection, column: str) -> list[tuple[str, int]]:
    return con.execute(
        "select value, value_count from operations.column_top_values where column_name = ? "
        "order by rank",
        [column],
    ).fetchall()


def buckets_of(con: duckdb.DuckDBPyConnection, column: str) -> list[tuple[int, str, str, int]]:
    return con.execute(
        "select bucket, lower_bound, upper_bound, row_count from operations.column_histograms "
        "where column_name = ? order by bucket",
        [column],
    ).fetchall()


def test_numbers_equal_a_count_in_plain_python() -> None:
    rows = sales()
    with duckdb.connect() as con:
        load(con, TABLE, rows, "load1")
        [outcome] = profile_tables(con, [TABLE])
        assert outcome.state == "profiled", outcome.message
        for name in COLUMNS:
            found = row_of(con, name)
            raw = [row.get(name) for row in rows]
            values = [v.strip() for v in raw if v is not None and v.strip()]
            assert found["row_count"] == len(rows)
            assert found["null_count"] == raw.count(None), name
            assert found["null_count"] + found["empty_count"] + len(values) == len(rows), name
            assert found["distinct_count"] == len(set(values)), name
            lengths = {len(v) for v in values}
            ends = (found["min_length"], found["max_length"])
            assert ends == ((min(lengths), max(lengths)) if lengths else (None, None))
        kinds = {name: row_of(con, name)["data_kind"] for name in COLUMNS}
        assert kinds == {
            "number": "number", "amount": "number", "happened_at": "date", "local_day": "date",
            "code": "text", "status": "text", "note": "text", "nothing": "text",
        }  # fmt: skip
        assert row_of(con, "local_day")["date_format"] == "%d.%m.%Y"
        amounts = [float(row["amount"]) for row in rows if row["amount"] != "free"]
        found = row_of(con, "amount")
        assert (float(found["min_value"]), float(found["max_value"])) == (
            min(amounts), max(amounts)
        )  # fmt: skip
        assert found["mean_value"] == pytest.approx(sum(amounts) / len(amounts))
        assert row_of(con, "happened_at")["max_value"] == "2025-03-17 23:30:00"
        # A day without a time may be a birthday: the year is enough.
        assert row_of(con, "local_day")["min_value"] == "2025"
        counted = Counter(row["number"] for row in rows)
        assert top_of(con, "number") == sorted(counted.items(), key=lambda x: (-x[1], x[0]))
        assert top_of(con, "status") == [("open", 266)]
        buckets = buckets_of(con, "amount")
        low, width = min(amounts), (max(amounts) - min(amounts)) / 10
        expected = Counter(min(9, int((a - low) / width)) for a in amounts)
        assert [(b[0], b[3]) for b in buckets] == sorted(expected.items())
        assert (float(buckets[0][1]), float(buckets[-1][2])) == (low, max(amounts))
        assert sum(b[3] for b in buckets_of(con, "note")) == 200
        assert buckets_of(con, "nothing") == [] == top_of(con, "nothing")


SECRETS = ("Zacharias", "Quillfeather", "Quolle", "0176555", "1987-04-23", "zq@", "Nowhere")
PEOPLE = ProfiledTable(
    "club",
    "people",
    "club__people",
    (
        ("who", None, None),
        ("surname", "family_name", None),
        ("contact", "email", None),
        ("town", None, "I2"),
        ("call", None, None),
        ("card", None, None),
        ("day_of_birth", None, None),
        ("colour", None, None),
        ("rare", None, None),
        ("country", "country_code", None),
    ),
)


def people() -> list[dict[str, Any]]:
    return [
        {
            "who": f"Zacharias Quillfeather {chr(65 + i % 26)}{i}",
            "surname": "Quolle",
            "contact": f"zq@{i % 3}.example",
            "town": "Nowhere",
            "call": f"+490176555{i:04}",
            "card": str(987_650_000 + i),
            "day_of_birth": f"1987-04-{1 + i % 28:02}",
            "colour": "blue" if i % 2 else "red",
            # Few values, but one of them is of one person.
            "rare": "Quillfeather" if i == 5 else "-",
            "country": "DE" if i else "LI",
        }
        for i in range(300)
    ]


def test_no_person_appears_in_profile_pages_or_metadata(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        load(con, PEOPLE, people(), "load1")
        profile_tables(con, [PEOPLE])
        load(con, PEOPLE, people()[:200], "load2")
        profile_tables(con, [PEOPLE])
        pages = [path.read_text() for path in write_source_pages(tmp_path, con)]
        shown = "\n".join([everything(con), *pages, changes_markdown(con), overview_markdown(con)])
        assert [secret for secret in SECRETS if secret.lower() in shown.lower()] == []
        assert "9876" not in shown and "4901" not in shown
        assert ("blue", 100) in top_of(con, "colour") and "DE" in shown and "LI" in shown
        assert ("xx@9.xxxxxxx", 200) in top_of(con, "contact")
        assert ("Xxxxxx", 200) in top_of(con, "surname")
        assert all("http" not in page.replace("http://www.w3.org", "") for page in pages)


def test_only_what_changed_is_profiled_again_and_ten_loads_are_kept() -> None:
    with duckdb.connect() as con:
        load(con, TABLE, sales(100), "load1")
        load(con, PEOPLE, people(), "load1")
        tables = [TABLE, PEOPLE]
        assert [o.state for o in profile_tables(con, tables)] == ["profiled"] * 2
        assert [o.state for o in profile_tables(con, tables)] == ["unchanged"] * 2
        assert list(changes_since_previous(con, "shop")) == []
        load(con, TABLE, sales(125), "load2")
        assert [o.state for o in profile_tables(con, tables)] == ["profiled", "unchanged"]
        changes = {(c["column_name"], c["measure"]): c for c in changes_since_previous(con, "shop")}
        grown = changes["note", "row_count"]
        assert (grown["amount"], grown["previous_amount"], grown["change"]) == (125, 100, 25)
        assert grown["relative_change"] == pytest.approx(0.25)
        assert "| shop.sales | row_count | 100 | 125 | +25.0% |" in changes_markdown(con)
        narrow = ProfiledTable("shop", "narrow", "shop__narrow", (("status", None, None),))
        for number in range(3, 15):
            load(con, narrow, sales(number), f"load{number}")
            profile_tables(con, [narrow])
        kept = con.execute(
            "select distinct load_id from operations.column_profiles where source_table = 'narrow'"
        ).fetchall()
        assert {load_id for (load_id,) in kept} == {f"load{n}" for n in range(5, 15)}
        # A column that is said to be personal later loses its values, without a new load.
        told = ProfiledTable("shop", "sales", "shop__sales", (("status", None, "I1"),))
        assert [o.state for o in profile_tables(con, [told])] == ["profiled"]
        assert top_of(con, "status")[-1][0] == "xxxx"


def test_a_sample_is_marked_and_the_same_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "EXACT_DISTINCT_ROWS", 500)
    monkeypatch.setattr(values, "FULL_ROWS", 500)
    monkeypatch.setattr(values, "SAMPLE_ROWS", 300)
    monkeypatch.setattr(values, "SHAPE_ROWS", 200)
    seen = []
    for threads, backwards in ((1, False), (4, True)):
        with duckdb.connect() as con:
            con.execute(f"set threads = {threads}; set preserve_insertion_order = false")
            load(con, TABLE, sales(3000), "load1")
            if backwards:
                con.execute(
                    "create or replace table ingested.shop__sales as from ingested.shop__sales "
                    "order by source_row desc"
                )
            profile_tables(con, [TABLE])
            assert row_of(con, "note")["is_approximate"]
            assert row_of(con, "note")["null_count"] == 1500, "counts stay exact"
            assert sum(b[3] for b in buckets_of(con, "amount")) == pytest.approx(2970, rel=0.05)
            seen.append(everything(con))
    assert seen[0] == seen[1]


def test_hostile_columns_are_profiled_and_a_broken_view_stops_nothing() -> None:
    names = ['a "quoted" name', "nan", "eternal", "huge", "typed", "seen", "all", "order"]
    names += [f"c{number}" for number in range(70)]
    odd = ProfiledTable("odd", "columns", "odd__columns", tuple((n, None, None) for n in names))
    rows = [
        {
            'a "quoted" name': "x' \x01 \U0001f600",
            "nan": "Nan" if i % 2 else "Infinity",
            "eternal": "infinity" if i % 2 else "290000-01-01",
            "huge": f"{i}e300",
            "typed": i / 4,
            "seen": datetime(2026, 1, 1 + i),
            "all": "y" * 100_000,
        }
        for i in range(20)
    ]
    empty = ProfiledTable("odd", "empty", "odd__empty", (("x", None, None),))
    gone = ProfiledTable("odd", "gone", "odd__gone", (("x", None, None),))
    with duckdb.connect() as con:
        load(con, odd, rows, "load1", {"typed": "decimal(18, 2)", "seen": "timestamp"})
        load(con, empty, [], "load1")
        load(con, gone, [], "load1")
        con.execute("drop view landing.odd__gone")
        outcomes = profile_tables(con, [gone, odd, empty])
        assert [o.state for o in outcomes] == ["failed", "profiled", "profiled"]
        assert "landing.odd__gone" in outcomes[0].message
        assert row_of(con, "nan")["data_kind"] == "text"
        assert row_of(con, "eternal")["data_kind"] == "text"
        assert row_of(con, "huge")["data_kind"] == "number"
        assert row_of(con, "typed")["mean_value"] == pytest.approx(4.75 / 2)
        assert row_of(con, "seen")["data_kind"] == "date"
        assert row_of(con, "x")["row_count"] == 0
        assert row_of(con, "c69")["null_count"] == 20
        assert max(len(line) for line in everything(con).splitlines()) < 500
