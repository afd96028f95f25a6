"""`c360 source add` of what is no file, what is cut, what would become code; and a second try."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import sqlite3
import tarfile
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.ingest import Column, SourceTable, archives, load_all
from orchestration.settings import Settings
from orchestration.sources.rendering import render
from orchestration.sources.sniff import find_tables
from orchestration.sources.templates import refuse_templates, refuse_unknown_code
from tests.orchestration.test_project_files import killed_at, snapshot
from tests.own_data import project_copy
from tests.sources.added import add
from tests.sources.workbooks import workbook

CUSTOMERS = "customer_id,email,first_name\nC1,a@x.org,Ann\nC2,b@x.org,Bob\n"
CODE = "{{ env_var('C360_TEST_SECRET') }}"


def write(path: Path, content: str | bytes = CUSTOMERS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_pipe_and_its_like_are_refused_at_once(tmp_path: Path) -> None:
    root, tmp_path = tmp_path / "root", tmp_path / "place"
    tmp_path.mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "circle.csv").symlink_to(tmp_path / "circle.csv")
    (tmp_path / "away.csv").symlink_to(tmp_path / "nowhere")
    bad = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xe9.csv"))
    bad.write_text(CUSTOMERS)
    cases = {"pipe.csv": "a pipe", "circle.csv": "circle", "away.csv": "not there"}
    for name, reason in cases.items():
        with pytest.raises(UserError, match=reason):
            find_tables(str(tmp_path / name), tmp_path)
    with pytest.raises(UserError, match=r"b\\xe9.csv has a name that is not UTF-8"):
        find_tables(str(bad), tmp_path)
    with pytest.raises(UserError, match="a device"):
        find_tables("/dev/zero", tmp_path)
    with pytest.raises(UserError, match=r"pipe.csv is left out: it is a pipe"):
        find_tables(str(tmp_path / "p*.csv"), tmp_path)
    write(tmp_path / "customers.csv")
    added = add(root, "crm", tmp_path)
    assert added.feeds() == {"customers": "customer_records"}
    for name in (*cases, "b\\xe9.csv"):
        assert f"{name} is left out" in added.shown


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def packed(kind: str, data: bytes) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", data)
    elif kind == "tar":
        with tarfile.open(fileobj=out, mode="w") as archive:
            entry = tarfile.TarInfo("a.csv")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    else:
        out.write(COMPRESS[kind](data))
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    made = bytearray(packed("zip", data))
    made[6] |= 1  # the flag in the file's own header, and in the directory behind it
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


ROWS = "id,note\n" + "".join(f"{i},{i * 7919 % 1000003}\n" for i in range(30_000))
ARCHIVES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut.csv.gz": (lambda d: packed("gz", d)[:-2000], "cut short"),
    "head.csv.gz": (lambda d: packed("gz", d)[:20], "cut short"),
    "cut.zip": (lambda d: packed("zip", d)[:-2000], "cut short"),
    "flipped.zip": (
        lambda d: (z := packed("zip", d))[:5000] + bytes([z[5000] ^ 255]) + z[5001:],
        "damaged",
    ),
    "locked.zip": (encrypted, "encrypted"),
    "a.csv.bz2": (lambda d: packed("bz2", d), "bzip2, which is not read"),
    "a.csv.xz": (lambda d: packed("xz", d), "xz, which is not read"),
    "a.csv.zst": (lambda d: b"\x28\xb5\x2f\xfd" + d, "Zstandard, which is not read"),
    "a.tar": (lambda d: packed("tar", d), "tar, which is not read"),
    "a.tar.gz": (lambda d: packed("gz", packed("tar", d)), "another archive"),
    "twice.csv.gz": (lambda d: packed("gz", packed("gz", d)), "another archive"),
    "inside.zip": (lambda d: packed("zip", packed("zip", d)), "another archive"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_cannot_be_unpacked_is_one_paragraph(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    make, complaint = ARCHIVES[name]
    path = write(settings.landing_dir / "shop" / name, make(ROWS.encode()))
    write(settings.landing_dir / "shop" / "good.csv", "id,note\ng,1\n")
    with pytest.raises(UserError, match=complaint) as refused:
        add(tmp_path, "shop", path)
    assert name in str(refused.value)
    shop = SourceTable("shop", "a", "shop__a", "csv", "shop/*", (Column("id"), Column("note")))
    (result,) = load_all(settings, [shop])
    (message,) = result.failures
    assert complaint in message and name in message
    assert result.rows_loaded == 1, "the good file beside it"


def test_an_archive_larger_than_the_disk_is_not_unpacked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = b"id,note\n" + b"1,1\n" * 10**6
    bomb = write(settings.landing_dir / "shop" / "bomb.zip", packed("zip", rows))
    write(settings.landing_dir / "shop" / "good.csv", "id,note\ng,1\n")
    asked: list[Path] = []

    def room(folder: Path) -> int:
        asked.append(folder)
        return 3_000_000 - 10_000_000 * (len(asked) > 2)

    monkeypatch.setattr(archives, "_room", room)
    shop = SourceTable("shop", "a", "shop__a", "csv", "shop/*", (Column("id"), Column("note")))
    (result,) = load_all(settings, [shop])
    assert "bomb.zip can't be unpacked" in result.failures[0]
    assert result.rows_loaded == 1, "the good file beside it"
    assert len(asked) == 1, "the archive says itself how large it is, so nothing was unpacked"
    bomb.unlink()
    write(settings.landing_dir / "shop" / "bomb.csv.gz", packed("gz", rows))
    (message,) = load_all(settings, [shop])[0].failures
    assert "bomb.csv.gz can't be unpacked" in message
    assert len(asked) == 3, "this one does not; it ends where there is no room any more"


def _sqlite(path: Path, table: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as con:
        con.execute(f'create table "{table}" (customer_id text, email text)')
        con.execute(f"""insert into "{table}" values ('1', 'a@x.org'), ('2', 'b@x.org')""")
        con.commit()
    return path


def _parquet(path: Path, column: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        query = f"""select 1 as customer_id, 'a@x.org' as "{column}" """
        con.sql(query).write_parquet(str(path))
    return path


SHEET = [["customer_id", "email"], ["1", "a@x.org"], ["2", "b@x.org"]]
PLACES: dict[str, Callable[[Path, str], Path]] = {
    "file": lambda root, code: write(root / f"{code}.csv"),
    "folder": lambda root, code: write(root / code / "2026" / "a.csv").parents[1],
    "folder above": lambda root, code: write(root / code / "a.csv"),
    "archive": lambda root, code: write(root / f"{code}.csv.gz", packed("gz", CUSTOMERS.encode())),
    "column": lambda root, code: write(root / "a.csv", CUSTOMERS.replace("email", f'"{code}"')),
    "json key": lambda root, code: write(
        root / "a.ndjson", "".join(json.dumps({"id": n, code: "x@y.org"}) + "\n" for n in "123")
    ),
    "parquet column": lambda root, code: _parquet(root / "a.parquet", code),
    "database table": lambda root, code: _sqlite(root / "a.sqlite", code),
    "database": lambda root, code: _sqlite(root / f"{code}.sqlite", "members"),
    "sheet": lambda root, code: workbook(root / "a.xlsx", {code[:31]: SHEET, "other": SHEET}),
    "workbook": lambda root, code: workbook(root / f"{code}.xlsx", {"a": SHEET}),
    "cell above the columns": lambda root, code: workbook(
        root / "a.xlsx", {"a": [["customer_id", code], *SHEET[1:]]}
    ),
}


@pytest.mark.parametrize("code", [CODE, "a{% set x = 1 %}b", "a{# b"])
@pytest.mark.parametrize("place", PLACES)
def test_no_name_becomes_code(
    place: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C360_TEST_SECRET", "printed")
    (tmp_path / "data").mkdir()
    location = PLACES[place](tmp_path / "data", code.replace("/", ""))
    project = project_copy(tmp_path / "dbt_project")
    before = snapshot(project)
    with pytest.raises(UserError, match="would become code") as refused:
        add(tmp_path, "crm", location)
    assert "printed" not in str(refused.value)
    assert snapshot(project) == before


def test_values_and_renames_are_no_code_either(tmp_path: Path) -> None:
    text = "customer_id,email,status,note\n" + "".join(
        f"{i},p{i}@x.org,{CODE if i % 2 else 'active'},{CODE}\n" for i in range(40)
    )
    path = write(tmp_path / "customers.csv", text)
    with pytest.raises(UserError, match="there is no meaning"):
        add(tmp_path, "crm", path, renames={"note": CODE})
    added = add(tmp_path, "crm", path)
    written = "".join(p.read_text() for p in added.folder.iterdir())
    assert "env_var" not in written.replace("env_var_c360_test_secret", "")
    assert "{{ env" not in written


def test_the_last_look_before_writing(tmp_path: Path) -> None:
    """Whatever the checks of names overlook, no template gets through by another way."""
    project = project_copy(tmp_path / "dbt_project")
    for text in (CODE, "a {% do x %}", "{#"):
        for content in ({"a": [{"b": text}]}, {text: 1}, [("x", text)]):
            with pytest.raises(UserError, match="would execute"):
                refuse_templates(content, "x")
    refuse_templates({"a": ["{ b }", 1, None, {"c": "}} %} #}"}]}, "x")
    good = "select {{ as_instant('a') }} from {{ source('a', 'b') }}"
    refuse_unknown_code(good, project, "x")
    for sql in (
        f"select '{CODE}'",
        "select {{ as_instant(env_var('HOME')) }}",
        "{% set x = 1 %}",
        "select {{ ''.__class__ }}",
        "select {{ as_instant('a' ~ target.name) }}",
        "select {{ source",
    ):
        with pytest.raises(UserError, match="would hold code"):
            refuse_unknown_code(sql, project, "x")
        with pytest.raises(UserError, match="would hold code"):
            render(project, sql, {})


def test_a_killed_add_can_be_repeated(tmp_path: Path) -> None:
    project = project_copy(tmp_path / "dbt_project")
    before = snapshot(project)
    path = write(tmp_path / "customers.csv")

    def work() -> None:
        add(tmp_path, "crm", path)

    assert killed_at(3, work)
    folder = project / "models" / "staging" / "crm"
    assert (folder / "stg_crm__customers.sql").exists(), "the killed one had begun to write"
    assert "stg_crm__customers" not in (project / "dbt_project.yml").read_text()
    added = add(tmp_path, "crm", path)
    assert "left half done was taken back" in added.shown
    assert added.feeds() == {"customers": "customer_records"}
    assert added.reasons("customers") == {None: 2}
    changed = {name for name, text in snapshot(project).items() if before.get(name) != text}
    names = ("_crm__sources.yml", "stg_crm__customers.sql", "stg_crm__customers.yml")
    assert changed == {"dbt_project.yml", *(f"models/staging/crm/{name}" for name in names)}


def test_names_with_brackets_are_names(tmp_path: Path) -> None:
    path = write(tmp_path / "customers [a].csv")
    write(tmp_path / "customers a.csv", CUSTOMERS.replace("C", "D"))
    added = add(tmp_path, "crm", path)
    (model,) = added.models
    rows = added.rows(model.removeprefix("stg_crm__"), "source_record_id")
    assert rows == [("C1",), ("C2",)]


@pytest.mark.slow
def test_thousands_of_columns_are_answered_in_seconds(tmp_path: Path) -> None:
    tail = " and its long explanation" * 4
    names = ["customer_id", "email", *(f"attribute {i}{tail}" for i in range(3_000))]
    rows = [",".join([f"C{r}", f"c{r}@x.org", *["x"] * 3_000]) for r in range(3)]
    path = write(tmp_path / "wide.csv", "\n".join([",".join(names), *rows, ""]))
    assert path.read_text().index("\n") > 256 * 1024, "longer than what is looked at otherwise"
    started = time.process_time()
    added = add(tmp_path, "crm", path)
    assert time.process_time() - started < 40, "minutes where each column is a query of its own"
    assert added.feeds() == {"wide": "customer_records"}
    assert len(added.table("wide")["columns"]) == 3_002
    endless = write(tmp_path / "endless.csv", b"x" * 9_000_000)
    with pytest.raises(UserError, match=r"endless.csv has a first line of more than 8 MB"):
        add(tmp_path, "other", endless)


def test_a_column_may_have_the_name_of_what_is_counted(tmp_path: Path) -> None:
    write(tmp_path / "files" / "customers.csv", "id,email,position\nC1,a@x.org,first\n")
    added = add(tmp_path / "root", "crm", tmp_path / "files")
    assert added.rows("customers", "email") == [("a@x.org",)]
