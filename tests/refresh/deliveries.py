"""Random deliveries of a small company: files that come, change, grow, repeat others and go."""

from __future__ import annotations

import csv
import json
import random
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.refresh.source_rows import SERVER, TABLES, TABLES_AND_SERVER, Row, entry, member

KEYS = 90
"""So few that deliveries hold versions, repetitions and deletions of each other's keys."""
FIRST_DAY = datetime(2026, 3, 1)
TODAY = datetime(2026, 5, 1)


@dataclass
class Company:
    """What lies in its landing folder, and on its server.

    Attributes:
        landing: the landing folder.
        dice: what decides.
        columns: the declared columns by table.
        files: rows of each file, by table and name.
        server: rows of the server's table.
        entries: rows of the loyalty ledger.
        news_from: from this day on the rows of new files are dated.
    """

    landing: Path
    dice: random.Random
    columns: Mapping[str, Sequence[str]]
    files: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    server: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    news_from: datetime = FIRST_DAY

    def begin(self) -> None:
        """The first delivery: two files of each table, a database, a server."""
        for table in TABLES:
            for name in ("a", "b"):
                self.write(table, name, self.rows(table, self.dice.randrange(50, 80)))
        self.loyalty(120)
        self.server = self.rows(SERVER, 80)

    def go_on(self) -> None:
        """The next one: to each table happens something else."""
        for table in TABLES:
            names = [name for of, name in self.files if of == table]
            self.dice.choice(
                (self.come, self.change, self.grow, self.go, self.repeat, self.delete)
            )(table, self.dice.choice(names))
            if self.dice.random() < 0.5:
                self.come(table, "")
        latest = max(self.server, key=lambda row: str(row["occurred_at"]))
        # It is read again, because it is of the watermark.
        latest["event_type"] = "clicked"
        self.server += self.rows(SERVER, 15)

    def come(self, table: str, _: str) -> None:
        self.write(table, f"n{self.dice.randrange(1000)}", self.rows(table, 8))

    def change(self, table: str, name: str) -> None:
        rows = [row for row in self.files[table, name] if self.dice.random() > 0.1]
        self.write(table, name, rows + self.rows(table, 2))

    def grow(self, table: str, name: str) -> None:
        self.write(table, name, self.files[table, name] + self.rows(table, 4))

    def go(self, table: str, name: str) -> None:
        if len([of for of, _ in self.files if of == table]) > 2:
            del self.files[table, name]
            path(self.landing, table, name).unlink()

    def repeat(self, table: str, name: str) -> None:
        again = f"r{self.dice.randrange(1000)}"
        self.files[table, again] = self.files[table, name]
        shutil.copy(path(self.landing, table, name), path(self.landing, table, again))

    def delete(self, table: str, _: str) -> None:
        self.write(table, f"Deletes/d{self.dice.randrange(1000)}", self.rows(table, 5))

    def rows(self, table: str, count: int) -> list[Row]:
        made = [row for _ in range(count) for row in self._made(table)]
        # Some come twice, in one delivery.
        return made + [dict(row) for row in made if self.dice.random() < 0.05]

    def _made(self, table: str) -> list[Row]:
        row = TABLES_AND_SERVER[table](self)
        if table == "events" and self.dice.random() < 0.03:
            # A program: more than fifty events in a minute, most of them in one file.
            number, minute = self.dice.randrange(10**6), self.instant()[:16]
            return [
                {**row, "event_id": f"p{number}.{n}", "occurred_at": f"{minute}:{n:02}"}
                for n in range(self.dice.choice((49, 51, 54)))
            ]
        return [row]

    def write(self, table: str, name: str, rows: list[Row]) -> None:
        """Write a file; one that has only grown keeps its first bytes."""
        self.files[table, name] = rows
        target = path(self.landing, table, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        columns = self.columns[table]
        with target.open("w", newline="") as handle:
            if target.suffix == ".ndjson":
                handle.writelines(json.dumps(dict.fromkeys(columns) | row) + "\n" for row in rows)
                return
            writer = csv.DictWriter(handle, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def loyalty(self, entries: int = 0, members: int = 30) -> None:
        """Write the loyalty database with other members, and another ledger of so many entries."""
        if entries:
            burst = {"member_no": "m1", "entry_type": "earned", "points": 1}
            self.entries = [entry(self) for _ in range(entries)] + [
                {**burst, "entry_id": f"b{n}", "booked_at": "2026-03-02 10:00:00"}
                for n in range(52)
            ]
        target = self.landing / "loyalty" / "loyalty.sqlite"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        tables = {
            "members": [member(self) for _ in range(members)],
            "points_ledger": self.entries,
            "tiers": [
                {"tier": tier, "tier_rank": n, "threshold_points": 100 * n}
                for n, tier in enumerate(("Bronze", "Silver", "Gold"))
            ],
        }
        with sqlite3.connect(target) as con:
            for table, rows in tables.items():
                names = self.columns[table]
                con.execute(f"create table {table} ({', '.join(names)})")
                con.executemany(
                    f"insert into {table} values ({', '.join('?' * len(names))})",
                    [[row.get(name) for name in names] for row in rows],
                )
        con.close()

    def key(self, letter: str) -> str | None:
        """One of few keys; now and then none, or one with blanks around it."""
        number = self.dice.randrange(KEYS)
        return self.dice.choice([f"{letter}{number}"] * 18 + [f" {letter}{number} ", None])

    def instant(self) -> str:
        """Mostly of the days of the news; some are late, unreadable or yet to come."""
        if (chance := self.dice.random()) < 0.02:
            return self.dice.choice(("", "2026?03?01", "1970-01-01 00:00:00"))
        if chance < 0.08:
            ahead = TODAY + timedelta(days=self.dice.choice((1, 2, 3, 900)))
            return f"{ahead:%Y-%m-%d} {self.dice.randrange(24):02}:10:00"
        first = FIRST_DAY if chance < 0.2 else self.news_from
        # A few lie days ahead of all others, and wait for the clock to pass them.
        ahead_by = 12 + self.dice.randrange(8) if chance > 0.9 else self.dice.randrange(12)
        day = first + timedelta(days=ahead_by)
        return f"{day:%Y-%m-%d} {self.dice.randrange(24):02}:{self.dice.randrange(60):02}:00"

    def birth(self) -> str:
        """Some are born tomorrow, which is no birth date yet."""
        soon = TODAY + timedelta(days=self.dice.randrange(4))
        return self.dice.choice(("1980-02-29", "31/02/1980", "", f"{soon:%Y-%m-%d}"))

    def one(self, *values: object) -> object:
        return self.dice.choice(values)


def path(landing: Path, table: str, name: str) -> Path:
    """Where a file lies."""
    source = {"events": "web_tracking"}.get(table, "web_shop")
    source = "email_marketing" if table in ("contacts", "campaigns", "consents") else source
    suffix = "ndjson" if table == "events" else "csv"
    return landing / source / table / f"{name}.{suffix}"
