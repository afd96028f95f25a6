"""A proposed staging model: one entity out of one table, column by column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from orchestration.errors import UserError
from orchestration.sources import expressions
from orchestration.sources.drafts import Column, Doubt, Table
from orchestration.sources.entities import (
    DECLARED,
    STAGED_ONLY,
    STATEMENTS,
    Entity,
    EntityColumn,
)

SILENT = {"source_system", "source_file"}


@dataclass
class Feed:
    """What fills a column of an entity.

    Attributes:
        expression: SQL, with macros.
        columns: the columns of the table that it reads.
        reason: in a few words, for the table that is shown and the description that is written.
        confidence: 0 to 1.
        is_final: it reads typed columns, so it stands in the last select.
    """

    expression: str
    columns: tuple[Column, ...] = ()
    reason: str = ""
    confidence: float = 1.0
    is_final: bool = False


@dataclass
class Proposal:
    """One entity out of one table.

    Attributes:
        table: the source table.
        entity: the conformed entity.
        feeds: what fills its columns, by name; a column without is a typed null.
        steps: columns that are worked out before, so that windows may stand upon windows.
        helpers: further typed columns that checks or final expressions read.
        checks: condition, reason, column to blame.
        newest_by: the typed column that says how new a version is.
        is_folded: the table is finer than the entity.
        notes: what the user should know before it is used.
        doubts: what only the user can say.
        is_reviewed: a recogniser has made it, so the meaning of its columns is in no doubt.
        part: names the model where several of one table feed the entity.
    """

    table: Table
    entity: Entity
    feeds: dict[str, Feed] = field(default_factory=dict)
    steps: dict[str, Feed] = field(default_factory=dict)
    helpers: dict[str, Feed] = field(default_factory=dict)
    checks: list[tuple[str, str, str | None]] = field(default_factory=list)
    newest_by: str = "source_file"
    is_folded: bool = False
    notes: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    part: str = ""
    is_reviewed: bool = False

    def feed(
        self, name: str, expression: str | None, *columns: Column | None, reason: str = "",
        is_final: bool = False,
    ) -> None:  # fmt: skip
        """Fill a column of the entity, unless there is nothing to fill it with."""
        if not expression:
            return
        used = tuple(c for c in columns if c is not None)
        self.feeds[name] = Feed(
            _of_group(expression, used),
            used,
            reason or ", ".join(c.title for c in used),
            min(
                (c.confidence or 0.5 for c in used),
                default=0.5 if "source_row as" in expression else 1.0,
            ),
            is_final,
        )

    def help(self, name: str, expression: str, *columns: Column) -> None:
        """A typed column that only checks and final expressions read."""
        self.helpers[name] = Feed(_of_group(expression, columns), columns)

    def read(
        self, name: str, column: Column | None, how: Callable[[Column], str | None] | None = None
    ) -> None:
        """Fill a column of the entity out of one of the table, where it has that.

        Parameters:
            name: the entity's column.
            column: the table's.
            how: what reads it; a text as it is, apart from blanks around it, without.
        """
        if column is not None:
            self.feed(name, (how or expressions.text)(column), column)

    def doubt(self, column: Column, what: str, remedy: str) -> None:
        """Ask what only the user can say; `{}` in the remedy is the column."""
        self.doubts.append(Doubt(self.table.name, column.title, what, remedy.format(column.title)))

    def check(self, condition: str, reason: str, blame: Column | str | None = None) -> None:
        """Add a check; the first that fits is the row's fault."""
        name = blame.name if isinstance(blame, Column) else blame
        self.checks.append((condition, reason, name))

    def check_instant(self, name: str) -> None:
        """A fact needs a readable instant that is not in the future."""
        feed = self.feeds.get(name)
        if feed:
            blame = feed.columns[0] if feed.columns else None
            self.check(f"{name} is null", "invalid_timestamp", blame)
            self.check("{{ is_after_today('" + name + "') }}", "future_timestamp", blame)

    @property
    def columns(self) -> list[EntityColumn]:
        """The columns of the staging model, `source_file` last."""
        more = STAGED_ONLY.get(self.entity.name)
        extra = [more] if more is not None and more.name in self.feeds else []
        extra += STATEMENTS if self.table.keyed_by else ()
        return [*self.entity.columns[:-1], *extra, self.entity.columns[-1]]

    def reads(self, column: str) -> bool:
        """Whether a column of the model is what the source's YAML declares."""
        is_silent = self.table.keyed_by and column == "attributes"
        return column in DECLARED and not is_silent

    @property
    def takes_declared(self) -> bool:
        """Whether it takes attributes and identities that the source's YAML declares."""
        return any(c.name in DECLARED for c in self.entity.columns)

    @property
    def missing(self) -> list[EntityColumn]:
        """Columns that the entity can't do without and nothing fills."""
        return [
            c
            for c in self.entity.columns
            if c.is_required and c.name not in SILENT and c.name not in self.feeds
        ]

    @property
    def confidence(self) -> float:
        """How sure it is: that of the least certain column the entity can't do without."""
        needed = [
            f.confidence
            for c in self.entity.columns
            if c.is_required and (f := self.feeds.get(c.name))
        ]
        return min(needed, default=0.5)

    def require_complete(self) -> None:
        """Refuse a mapping that was asked for and can't be done.

        Raises:
            UserError: a column that the entity can't do without is fed by nothing.
        """
        if self.missing:
            names = ", ".join(c.name for c in self.missing)
            raise UserError(
                f"Table {self.table.name} can't feed {self.entity.name}: nothing in it is {names}. "
                "If a column is, say so with --rename, as in --rename column_2=customer_id, or map "
                "the table to something else.",
                2,
            )


def _of_group(expression: str, columns: tuple[Column, ...]) -> str:
    """A value that stands on one row of a group only, for all rows of it."""
    group = next((c.one_per for c in columns if c.one_per), None)
    if group is None:
        return expression
    inner = expression.replace("\n", "\n    ")
    return f"max(\n    {inner}\n) over (partition by {{{{ as_identifier('{group}') }}}})"
