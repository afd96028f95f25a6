"""More than 500 hostile files: no stack trace, no lost good row, a message that says what to do."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import duckdb

from orchestration.ingest import Column, SourceTable, load_all
from orchestration.settings import Settings
from tests.sources.hostile import Hostile, all_hostile

COLUMNS = (Column("id"), Column("amount"), Column("note"))
FORMATS = ("csv", "ndjson", "json", "parquet", "excel", "sqlite")


def _deliver(number: int, hostile: Hostile, landing: Path) -> str:
    path = landing / hostile.format / f"{number:03}" / f"file.{hostile.format}"
    path.parent.mkdir(parents=True)
    if hostile.content is None:
        path.mkdir()
    else:
        path.write_bytes(hostile.content)
    return str(path.relative_to(landing))


def test_hostile_files(settings: Settings, tmp_path: Path) -> None:
    """All of a format are files of one table: the good ones among them must not suffer either."""
    cases = all_hostile(tmp_path)
    assert len(cases) >= 500
    assert max(Counter(case.name for case in cases).values()) == 1
    settings.landing_dir.mkdir(parents=True)
    names = {_deliver(i, case, settings.landing_dir): case for i, case in enumerate(cases)}
    tables = [SourceTable("s", f, f"s__{f}", f, f"{f}/*/file.{f}", COLUMNS, "t") for f in FORMATS]
    messages: dict[str, str] = {}
    for result in load_all(settings, tables):
        for message in result.failures:
            (name,) = [n for n in names if n in message] or [message]
            messages[name] = message
    found: dict[str, dict[str, int | None]] = defaultdict(dict)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        for name in FORMATS:
            rows = con.execute(
                f"select rows.source_file, id, source_row + line_offset from landing.s__{name} as "
                "rows asof left join (from operations.source_lines where source_table = ?) as "
                "lines on rows.source_file = lines.source_file and source_row >= from_row",
                [name],
            ).fetchall()
            for source_file, key, line in rows:
                found[source_file][key] = line
        read = dict(
            con.execute(
                "select source_file, sum(rows_loaded + rows_rejected) "
                "from operations.source_files group by 1"
            ).fetchall()
        )
        repeated = {
            row[0]: row[1].removeprefix("the same bytes as ")
            for row in con.execute(
                "select source_file, message from operations.ingest_log where action = 'repeated'"
            ).fetchall()
        }
    assert set(messages) <= set(names), "a message without a file"
    wrong = [
        f"{case.name}: {text}"
        for name, case in names.items()
        for origin in [repeated.get(name, name)]
        for text in _complaints(case, messages.get(name), found[origin], read.get(origin, 0))
    ]
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong)


def _complaints(
    case: Hostile, message: str | None, found: dict[str, int | None], read: int
) -> list[str]:
    if message:
        said = [] if message.endswith(".") and ". " in message else ["no advice"]
        said += ["data in the message"] if "note 4" in message or "x1" in message else []
        said += ["rows of a refused file"] if found or read else []
        said += [] if case.may_refuse else [f"refused: {message}"]
        return said
    lost = sorted(set(case.good) - set(found))
    moved = [
        f"{key} on line {found[key]}, not {line}"
        for key, line in case.good.items()
        if key in found and line is not None and found[key] != line
    ]
    gone = case.rows is not None and read != case.rows
    return (
        ([f"lost {lost}"] if lost else [])
        + ([f"{read} rows, not {case.rows}"] if gone else [])
        + moved[:1]
    )
