"""What stands in data is shown as it is written, on every terminal, and steers none."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from orchestration.progress import ConsoleReporter
from orchestration.settings import PROJECT_ROOT
from orchestration.terminal import Console, literal, styled
from tests.conftest import Company, settings_in
from tests.errors.calls import Server

ODD = "[red]a[/] :smile: \x1b]0;owned\x07 \x9b31m \u202e \x00 \x7f"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def printed(*objects: object) -> str:
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system=None)
    for thing in objects:
        console.print(thing)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_whatever_is_printed_takes_no_orders() -> None:
    table = Table(ODD, title=ODD)
    table.add_row(ODD)
    text = printed(ODD, Text(ODD), table, styled("[bold]{}[/]", ODD), [ODD])
    assert not RAW.search(text)
    assert text.count("[red]a[/] :smile:") == 6
    assert "\\x1b]0;owned\\x07" in text and "\\x9b31m" in text and "\\u202e" in text


def test_styles_come_from_the_template_only() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=80)
    console.print(styled("[bold]{}[/] of {}", "[red]x[/]", 3))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "\x1b[1m[red]x[/]\x1b[0m of 3\n"


def test_names_of_people_keep_their_letters() -> None:
    for name in ("Zoë", "محمد\u200cعلی", "李雷", "Nguyễn", "👩\u200d💻"):
        assert literal(name) == name


def test_nobody_makes_a_console_of_another_kind() -> None:
    others = [
        str(path)
        for folder in ("orchestration", "benchmarks")
        for path in (PROJECT_ROOT / folder).rglob("*.py")
        if path.name != "terminal.py"
        and re.search(r"rich\.console import [^\n]*Console\b|rich\.markup", path.read_text())
    ]
    assert others == []


def test_a_reader_that_goes_away_does_not_end_the_work() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    with ConsoleReporter(Console(file=Gone())) as reporter:
        reporter.begin("staging")
        reporter.end("staging", "3 models")


def test_odd_columns_of_a_source_are_shown_literally(server: Server, tmp_path: Path) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(settings_in(tmp_path).dbt_project_dir, project)
    data = tmp_path / "data"
    file = data / "landing" / "odd [red].csv"
    file.parent.mkdir(parents=True)
    file.write_text("id,[red]mail[/],[/]\n1,a@b.cc,[bold]\x1b[31m\n2,d@e.ff,[/]\n")
    result = server.call(
        ("source", "add", "odd", str(file), "--yes"), data,
        environment={"C360_DBT_PROJECT_DIR": str(project)},
    )  # fmt: skip
    said = result.out + result.err
    assert not RAW.search(said)
    assert "Traceback" not in said and "unexpected" not in said
    assert "[red]" in said


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_what_a_terminal_lacks_is_written_as_an_escape(
    server: Server, tmp_path: Path, encoding: str
) -> None:
    from tests.dashboard import published_model

    data = tmp_path / "data"
    published_model.write(settings_in(data).published_path)
    sql = "select 'żółw ✓ 李' as a"
    result = server.call(("query", sql), data, environment={"PYTHONIOENCODING": encoding})
    assert result.code == 0
    assert "\\u017c" in result.out and "\\u674e" in result.out
    assert "PYTHONIOENCODING=utf-8" in result.err
    exact = server.call(
        ("query", sql, "--format", "json"), data, environment={"PYTHONIOENCODING": encoding}
    )
    assert "\\u017c" in exact.out and not exact.err


def test_a_program_without_its_project_says_where_it_runs(tmp_path: Path) -> None:
    for package in ("orchestration", "benchmarks"):
        shutil.copytree(
            PROJECT_ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for command in (["status"], ["run"], ["query", "select 1"], ["source", "list"]):
        ran = subprocess.run(
            [sys.executable, "-m", "orchestration.cli", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 3, ran.stderr
        assert "clone the repository" in ran.stderr and "Traceback" not in ran.stderr
        assert len(ran.stderr.strip().splitlines()) == 1


def test_head_does_not_make_it_complain(finished_company: Company) -> None:
    ran = subprocess.run(
        f"{sys.executable} -m orchestration.cli query 'from range(100000)' --limit 100000 "
        "--format csv | head -1",
        shell=True,
        env=finished_company.environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split() == ["range"] and ran.stderr == ""


LAST_WORDS = """
import contextlib, os, sys
from orchestration.terminal import prepare_streams, take_streams_back
prepare_streams()
os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
with contextlib.suppress(OSError):
    print("lost on a full disk", file=sys.stderr)
take_streams_back()
print("last words", file=sys.stderr)
"""


def test_last_words_are_said_though_a_step_has_kept_the_stream() -> None:
    """Dagster sends the streams to files on the disk, and leaves them there when it is full."""
    done = subprocess.run(
        [sys.executable, "-c", LAST_WORDS],
        cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "last words" in done.stderr and "Traceback" not in done.stderr
