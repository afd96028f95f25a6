"""Editing files of the dbt project: one command at a time, and all files of a change or none.

Seeds and YAML are read, changed and written by commands that may run at the same time, and may be
killed in between. The project's folder itself carries the lock, so nothing is left behind.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from orchestration.errors import UserError
from orchestration.private_files import project_files

JOURNAL = ".unfinished_change.json"
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.1


@contextmanager
def editing(project_dir: Path) -> Iterator[None]:
    """The right to change files of the project, for one process at a time.

    What a killed command left of its change is taken back first. Not reentrant.

    Parameters:
        project_dir: the dbt project.

    Raises:
        UserError: another command is still changing files after a minute.
    """
    handle = os.open(project_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        ends_at = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > ends_at:
                    raise UserError(
                        f"Another command is changing files in {project_dir}. Wait until it has "
                        "finished and try again."
                    ) from None
                time.sleep(POLL_SECONDS)
        # A team shares the project, so its files are made by the user's own umask.
        with project_files():
            _take_back(project_dir)
            yield
    finally:
        os.close(handle)


def take_back_unfinished(project_dir: Path) -> list[Path]:
    """Take back what a killed command left of its change.

    Parameters:
        project_dir: the dbt project.

    Returns:
        The files that were removed or given their text of before; none when nothing was unfinished
        or a command is at it now.
    """
    handle = os.open(project_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _take_back(project_dir)
    except BlockingIOError:
        return []
    finally:
        os.close(handle)


def write_all(project_dir: Path, texts: Mapping[Path, str]) -> None:
    """Write files so that after a kill at any moment the next command can take all of them back.

    Parameters:
        project_dir: the dbt project, which the caller is `editing`.
        texts: the new text of each file; folders are made.
    """
    before = {
        str(path.relative_to(project_dir)): path.read_text("utf-8") if path.exists() else None
        for path in texts
    }
    after = {str(path.relative_to(project_dir)): text for path, text in texts.items()}
    journal = project_dir / JOURNAL
    replace_text(journal, json.dumps({"before": before, "after": after}))
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)
    journal.unlink()


def _take_back(project_dir: Path) -> list[Path]:
    journal = project_dir / JOURNAL
    _remove_parts(journal)
    if not journal.exists():
        return []
    change = json.loads(journal.read_text("utf-8"))
    paths = {project_dir / name: name for name in change["after"]}
    now = {name: path.read_text("utf-8") if path.exists() else None for path, name in paths.items()}
    states = [{change["before"][name], change["after"][name]} for name in now]
    is_untouched = all(text in known for text, known in zip(now.values(), states, strict=True))
    taken_back = []
    # Whole, or taken on by somebody since: then it is no longer what a command left.
    if now != change["after"] and is_untouched:
        for path, name in paths.items():
            if now[name] != change["before"][name]:
                taken_back.append(path)
                _restore(path, change["before"][name])
    for path in paths:
        _remove_parts(path)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
    journal.unlink()
    return taken_back


def _restore(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
    else:
        replace_text(path, text)


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, on the disk before anything after it.

    Parameters:
        path: the file, of a project that the caller is `editing`.
        text: its new text.
    """
    _remove_parts(path)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as handle:
            if path.exists():
                os.fchmod(handle.fileno(), path.stat().st_mode & 0o7777)
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _remove_parts(path: Path) -> None:
    """Remove what killed commands left of a file that they were writing."""
    for part in path.parent.glob(f".{path.name}.*.new"):
        part.unlink(missing_ok=True)


def project_yaml() -> YAML:
    """Reads and writes the project's YAML files as they are kept, comments included."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def yaml_text(yaml: YAML, content: Any) -> str:
    """A file's text.

    Parameters:
        yaml: what `project_yaml` returned.
        content: what was read with it, or anything else that YAML can hold.
    """
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()
