"""Random keyed attribute files, and what they say by a reading of their own."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.settings import Settings
from orchestration.sources.add import add_source
from orchestration.terminal import Console

FIRST_DAY = date(2026, 3, 1)
KEYS = [f"C{number}" for number in range(12)]
VALUES = {
    "shoe_size": ["", "", "41,5", "42", "43"],
    "joined": ["", "01.02.2024", "05.03.2024"],
    "club": ["", "red", "blue", 'said "no", twice'],
}
TYPED = {"41,5": "41.500000", "42": "42.000000", "43": "43.000000"} | {
    f"0{n}.0{m}.2024": f"2024-0{m}-0{n}" for n in (1, 5) for m in (2, 3)
}
"""A value as staging says it, where that is not the text itself."""


@dataclass(frozen=True)
class File:
    """A file: which columns it has, and rows of them by key."""

    columns: tuple[str, ...]
    rows: dict[str, tuple[str, ...]]


def add_keyed_source(settings: Settings, folder: Path) -> None:
    """Add a source `crm` of such files to a copy of the project."""
    seed = settings.dbt_project_dir / "seeds" / "policy" / "identity_namespaces.csv"
    seed.write_text(seed.read_text() + "crm_id,person,25,false,200,,,false,The CRM's number.\n")
    folder.mkdir(parents=True, exist_ok=True)
    described = folder / "described.csv"
    rows = "".join(f'C{n},"41,{n}",1{n}.02.2024,red\n' for n in range(10))
    described.write_text(f"customer_id,{','.join(VALUES)}\n{rows}")
    add_source(
        settings, "crm", str(described), yes=True, keyed_by={"customer_id": "crm_id"},
        formats=[("joined", "%d.%m.%Y")], console=Console(file=io.StringIO()),
    )  # fmt: skip
    described.unlink()
    sources = settings.dbt_project_dir / "models/staging/crm/_crm__sources.yml"
    text = sources.read_text()
    sources.write_text(re.sub(r"path: .*", "path: crm/**/*.csv", text))
    assert sources.read_text() != text


class Uploads:
    """What lies in the landing folder: files by path below `crm`."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder, self.dice = folder, dice
        self.files: dict[str, File] = {}

    def path(self) -> str:
        """The name of a new file: of a day or of none, some of deletions."""
        day = FIRST_DAY + timedelta(days=self.dice.randrange(12))
        folder = self.dice.choice(("", "Upserts/", "Upserts/", "Deletes/"))
        name = self.dice.choice(("a", "b")) + self.dice.choice((f"_{day}", f"_{day}", "", "_x"))
        return f"{folder}{name}.csv"

    def write(self, path: str | None = None) -> None:
        """Write a file, or write it anew."""
        path = path or self.path()
        if path.startswith("Deletes/"):
            columns: tuple[str, ...] = ()
            keys = self.dice.sample(KEYS, 3)
        else:
            columns = tuple(self.dice.sample(sorted(VALUES), self.dice.choice((1, 2, 3, 3))))
            keys = self.dice.sample(KEYS, self.dice.randrange(1, 9))
        rows = {k: tuple(self.dice.choice(VALUES[c]) for c in columns) for k in keys}
        self.files[path] = File(columns, rows)
        text = io.StringIO()
        lines = [["customer_id", *columns], *([key, *row] for key, row in rows.items())]
        csv.writer(text, lineterminator="\n").writerows(lines)
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.getvalue())

    def go_on(self) -> None:
        """Files come, also such as are older than others; one is written anew, one goes."""
        for _ in range(3):
            self.write()
        self.write(self.dice.choice(sorted(self.files)))
        if self.dice.random() < 0.5:
            gone = self.dice.choice(sorted(self.files))
            del self.files[gone]
            (self.folder / gone).unlink()

    def said(self) -> tuple[dict[tuple[str, str], str | None], dict[str, Counter[str]]]:
        """The last statement by key and attribute, and the effects of each file's rows."""
        state: dict[str, dict[str, str | None]] = {}
        effects: dict[str, Counter[str]] = {}
        for path in sorted(self.files, key=_place):
            file, counted = self.files[path], Counter[str]()
            for key, row in file.rows.items():
                if path.startswith("Deletes/"):
                    counted["unchanged" if key not in state else "deleted"] += 1
                    state.pop(key, None)
                    continue
                now = {c: TYPED.get(v, v) or None for c, v in zip(file.columns, row, strict=True)}
                before = state.get(key)
                if before is None:
                    counted["new"] += 1
                elif any(before.get(column) != value for column, value in now.items()):
                    counted["updated"] += 1
                else:
                    counted["unchanged"] += 1
                state[key] = {**(before or {}), **now}
            effects[f"crm/{path}"] = counted
        said = {(key, column): v for key, row in state.items() for column, v in row.items()}
        return said, effects


def _place(path: str) -> tuple[Any, ...]:
    """The order of files: the day, none before all; the name, a deletion behind it."""
    day = re.search(r"20\d\d-\d\d-\d\d", path)
    delivery = re.sub("^(Upserts|Deletes)/", "", path)
    return day[0] if day else "", delivery, path.startswith("Deletes/"), path


def last_day() -> datetime:
    """A day on which no file is of the future."""
    return datetime.combine(FIRST_DAY + timedelta(days=30), datetime.min.time())
