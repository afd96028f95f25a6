"""A few people whose records change, and the models of their history as SQL over them."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from tests.profile.history_by_hand import Key, Said
from tests.value.rendering import STARTED_AT, fill, hooks, render

MODEL = "profile/history/attribute_changes"
ATTRIBUTES = ("email", "city", "tier", "untracked")
PROFILES = ("p1", "p2", "p3")
RULES = ("recent", "precedence")
VALUES = "profile_id, attribute, attribute_value, is_cleared, source_record_id, change_reason"


@dataclass
class Statement:
    """What a record says of an attribute."""

    value: str | None
    updated_at: datetime | None

    @property
    def is_cleared(self) -> bool:
        return self.value is None


class World:
    """Records, whose they are, and the policy; what profiles say follows.

    Parameters:
        dice: decides what happens.
        begins_at: the first instant.
    """

    def __init__(self, dice: random.Random, begins_at: datetime) -> None:
        self.dice, self.now = dice, begins_at
        self.records: dict[str, dict[str, Statement]] = {}
        self.owners: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
        self.rules = dict.fromkeys(ATTRIBUTES, "recent")

    def go_on(self) -> None:
        """Some time passes, and some of all that can happen does."""
        self.now += timedelta(hours=self.dice.choice([1, 30, 24 * 20]))
        for _ in range(self.dice.randrange(4)):
            self.dice.choice([self.write, self.write, self.move, self.withdraw, self.rule])()

    def write(self) -> None:
        """A record comes or says something else, some of it late, some without a time."""
        record = self.dice.choice("12345")
        said = self.records.setdefault(record, {})
        back = self.dice.choice([0, 1, 400, 24 * 40, -5])
        at = self.dice.choice([self.now - timedelta(hours=back), None])
        for attribute in self.dice.sample(ATTRIBUTES, 2):
            said[attribute] = Statement(self.dice.choice(["a", "b", None]), at)
        if not self.owners[record]:
            self.owners[record].append((self.dice.choice(PROFILES), self.now))

    def move(self) -> None:
        """A record becomes another person's: a merge, a split or one that is undone."""
        if self.records:
            record, owner = self.dice.choice(sorted(self.records)), self.dice.choice(PROFILES)
            if self.owners[record][-1] != (owner, self.now) and (
                self.owners[record][-1][0] != owner and self.owners[record][-1][1] < self.now
            ):
                self.owners[record].append((owner, self.now))

    def withdraw(self) -> None:
        """A record's file goes."""
        if self.records:
            self.records.pop(self.dice.choice(sorted(self.records)))

    def rule(self) -> None:
        """The default policy merges an attribute by another rule."""
        self.rules[self.dice.choice(ATTRIBUTES)] = self.dice.choice(RULES)

    def said(self) -> dict[Key, Said]:
        """The winners, by rules of one line."""
        found: dict[Key, list[tuple[Any, ...]]] = defaultdict(list)
        for record, statements in self.records.items():
            for attribute, statement in statements.items():
                at = statement.updated_at or datetime.min
                place = -int(record) if self.rules[attribute] == "precedence" else at
                key = self.owners[record][-1][0], attribute
                found[key].append((not statement.is_cleared, place, record, statement))
        return {key: _winner(said) for key, said in found.items()}

    def moved(self) -> dict[str, datetime]:
        """Since when records that had another owner have this one."""
        return {r: owners[-1][1] for r, owners in self.owners.items() if len(owners) > 1}


def _winner(said: Iterable[tuple[Any, ...]]) -> Said:
    *_, record, statement = max(said, key=lambda candidate: candidate[:3])
    return Said(statement.value, statement.is_cleared, record, statement.updated_at)


class Lab:
    """The tables that the models read, and the history as they keep it.

    Parameters:
        days: what attribute_settings says of each attribute; 0 of all others.
    """

    def __init__(self, days: dict[str, int]) -> None:
        self.con = duckdb.connect(config={"threads": 1})
        self.con.execute("create schema operations")
        rows = [("any", 0, 0), *((name, kept, None) for name, kept in days.items())]
        settings = "attribute varchar, history_days int, completeness_weight int"
        fill(self.con, "attribute_settings", settings, rows)
        self._before: dict[Key, Said] = {}

    def give(self, world: World) -> None:
        """Bring the tables up to date with the world."""
        said = world.said()
        fill(
            self.con,
            "provenance",
            "profile_id varchar, attribute varchar, place int, attribute_value varchar, is_cleared "
            "boolean, source_system varchar, source_record_id varchar, updated_at timestamp",
            [(*k, 1, s.value, s.is_cleared, "s", s.record, s.updated_at) for k, s in said.items()],
        )
        changed = {k[0] for k in {*said, *self._before} if said.get(k) != self._before.get(k)}
        fill(self.con, "operations.delta_provenance", "profile_id varchar", [(p,) for p in changed])
        self._before = said
        ends = {r: [at for _, at in o[1:]] for r, o in world.owners.items()}
        fill(
            self.con,
            "identity_map_history",
            "record_key varchar, source_system varchar, source_record_id varchar, "
            "valid_from timestamp, valid_to timestamp",
            [
                ("s:" + record, "s", record, begun, end)
                for record, owners in world.owners.items()
                for (_, begun), end in zip(owners, [*ends[record], None], strict=True)
            ],
        )
        fill(
            self.con,
            "attribute_rules",
            "policy varchar, is_default boolean, attribute varchar, rule varchar",
            [("x", True, attribute, rule) for attribute, rule in world.rules.items()],
        )

    def run(self, at: datetime) -> list[tuple[Any, ...]]:
        """One run; a refresh of it finds the same rows. Returns what it adds."""
        with self.con.cursor() as con:
            there = {n for (n,) in con.execute("select table_name from duckdb_tables()").fetchall()}
            ruled = {t: f"main.{t}" for t in there & {"tracked_attributes"}}
            sql = self.at(at, render("profile/history/tracked_attributes", history=ruled))
            con.execute(f"create or replace table tracked_attributes as {sql}")
            if "attribute_changes" not in there:
                con.execute(f"create table attribute_changes as {self.at(at, render(MODEL))}")
                for macro in hooks("profile/history/attribute_history", "post_hook"):
                    con.execute(macro)
                return self.rows("from attribute_changes")
            for statement in hooks(MODEL, "pre_hook"):
                con.execute(self.at(at, statement))
            sql = self.at(at, render(MODEL, incremental=True))
            added = con.execute(f"from ({sql}) order by all").fetchall()
            # A replay is never a refresh.
            if not os.environ.get("C360_AS_OF"):
                refresh = self.at(at, render(MODEL, incremental=True, refreshed=True))
                assert added == con.execute(f"from ({refresh}) order by all").fetchall()
            con.execute(f"insert into attribute_changes {sql}")
            return added

    def at(self, at: datetime, sql: str) -> str:
        """A statement as it is on that day and in a run of that instant."""
        text = sql.replace("current_date", f"date '{at.date()}'")
        return text.replace(STARTED_AT.strftime("%Y-%m-%d %H:%M:%S.%f"), str(at))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the history."""
        return self.con.execute(sql).fetchall()
