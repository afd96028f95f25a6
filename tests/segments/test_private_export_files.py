"""A file of members is whole or not there, its owner's alone, and follows no link."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.segment_tools.export import spreadsheet_safe
from orchestration.segment_tools.files import new_file


def write(to: Path, text: str, replace: bool = False) -> None:
    with new_file(to, replace) as path:
        path.write_text(text)


def test_a_file_is_its_owners_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    to = tmp_path / "a.csv"
    write(to, "1")
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    with pytest.raises(UserError, match="there already"):
        write(to, "2")
    assert to.read_text() == "1"
    write(to, "3", replace=True)
    assert to.read_text() == "3" and [*tmp_path.iterdir()] == [to]
    with pytest.raises(ValueError), new_file(to, replace=True) as path:
        path.write_text("half")
        raise ValueError
    assert to.read_text() == "3" and [*tmp_path.iterdir()] == [to]


def test_what_comes_there_meanwhile_stays(tmp_path: Path) -> None:
    to = tmp_path / "a.csv"
    with pytest.raises(UserError, match="there already"), new_file(to, replace=False) as path:
        path.write_text("ours")
        to.write_text("theirs")
    assert to.read_text() == "theirs" and [*tmp_path.iterdir()] == [to]


@pytest.mark.parametrize("replace", [False, True])
def test_links_and_folders_are_refused(tmp_path: Path, replace: bool) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("theirs")
    link, dangling = tmp_path / "link.csv", tmp_path / "dangling.csv"
    link.symlink_to(outside)
    dangling.symlink_to(tmp_path / "nowhere.csv")
    for to, says in (
        (link, "is a link"),
        (dangling, "is a link"),
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "a.csv", "no folder"),
    ):
        with pytest.raises(UserError, match=says):
            write(to, "ours", replace)
    assert outside.read_text() == "theirs" and not (tmp_path / "nowhere.csv").exists()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"), ("+1+1", "'+1+1"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"), ("+491701234", "+491701234"), ("a=1", "a=1"), ("", ""), (None, None),
    ],
)  # fmt: skip
def test_no_text_is_a_formula(text: str | None, written: str | None) -> None:
    with duckdb.connect() as con:
        found = con.execute(
            f"select {spreadsheet_safe('x')} from (select cast(? as text) as x)", [text]
        )
        assert found.fetchall() == [(written,)]
