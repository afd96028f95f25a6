"""Files of the project are changed by one command at a time, all of a change or nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration import project_files
from orchestration.errors import UserError
from orchestration.project_files import editing, replace_text, take_back_unfinished, write_all


def snapshot(project: Path) -> dict[str, str]:
    return {
        str(path.relative_to(project)): path.read_text()
        for path in sorted(project.rglob("*"))
        if path.is_file()
    }


def killed_at(moment: int, work: Callable[[], None]) -> bool:
    """Do the work in a process that dies before its n-th rename or removal; whether it died."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    count = 0

    def dying(original: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count > moment:
                os._exit(1)  # as kill -9: nothing of Python runs any more
            return original(*arguments, **options)

        return step

    Path.replace = dying(Path.replace)  # type: ignore[assignment,method-assign]
    Path.unlink = dying(Path.unlink)  # type: ignore[assignment,method-assign]
    try:
        work()
    finally:
        os._exit(0)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "old.yml").write_text("old\n")
    (tmp_path / "models").mkdir()
    return tmp_path


def change(project: Path) -> dict[Path, str]:
    return {
        project / "models" / "new" / "a.sql": "a\n",
        project / "models" / "new" / "a.yml": "b\n",
        project / "old.yml": "changed\n",
    }


def test_a_change_that_was_killed_is_taken_back_and_can_be_made_again(project: Path) -> None:
    before = snapshot(project)

    def work() -> None:
        with editing(project):
            write_all(project, change(project))

    moments = 0
    while killed_at(moments, work):
        for _ in range(2):  # the second time there is nothing left to do
            take_back_unfinished(project)
        now = snapshot(project)
        complete = {str(path.relative_to(project)): text for path, text in change(project).items()}
        assert now in (before, complete), f"half a change after a kill at moment {moments}"
        assert (project / "models" / "new").exists() == (now == complete)
        (project / "old.yml").write_text("old\n")
        for path in change(project):
            if path.name != "old.yml":
                path.unlink(missing_ok=True)
        moments += 1
    assert moments >= 5, "a rename per file, the journal, its removal"
    assert snapshot(project) == complete


def test_what_somebody_edited_since_is_his(project: Path) -> None:
    def work() -> None:
        with editing(project):
            write_all(project, change(project))

    assert killed_at(3, work), "the journal and two of three files are written"
    sql = project / "models" / "new" / "a.sql"
    sql.write_text("mine\n")
    assert take_back_unfinished(project) == []
    assert sql.read_text() == "mine\n"
    assert (project / "models" / "new" / "a.yml").exists()
    assert not (project / project_files.JOURNAL).exists()


def test_two_at_a_time_wait_for_each_other(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys, pathlib, time; from orchestration.project_files import *; "
        "path = pathlib.Path(sys.argv[1])\n"
        "for i in range(20):\n"
        "    with editing(path.parent):\n"
        "        replace_text(path, path.read_text() + sys.argv[2])\n"
    )
    path = project / "old.yml"
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), c]) for c in "xyz"]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    text = path.read_text()
    assert [text.count(c) for c in "xyz"] == [20, 20, 20]
    monkeypatch.setattr(project_files, "WAIT_SECONDS", 0.2)
    started = time.monotonic()
    with editing(project):
        replace_text(path, "held\n")
        with pytest.raises(UserError, match="Another command is changing files"), editing(project):
            pass
    assert time.monotonic() - started < 5
    assert path.read_text() == "held\n"
    assert snapshot(project) == {"old.yml": "held\n"}, "nothing is left beside it"
