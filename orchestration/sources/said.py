"""What the user says of a source, and a proposal kept as a file: reviewed, and applied again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.errors import UserError

Feeds = dict[str, dict[str, str]]
"""A proposal, per model: column and the expression that fills it."""


class Said(BaseModel):
    """What `source add` is told beside name and place.

    Attributes:
        tables: only these of the tables found; all when empty.
        maps: entities per table, where the proposal is to be overruled; none is landing only.
        renames: what a column means, by its name in the file; ignore is nothing.
        formats: how a column is written: a date pattern, unit, decimal mark or time zone.
        types: what a column's values are; what is no such value counts for none.
        attributes: columns that become attributes of the person, with the attribute's name.
        namespaces: columns that hold an identity, with its namespace.
        keyed_by: columns with the customers' ids, with their namespace; their tables are keyed
            attribute files, and all their other columns attributes.
        currency: the currency of tables that do not say it, ISO 4217; EUR where nothing says it.
        set_aside: the share of a file's rows that may be set aside.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: tuple[str, ...] = ()
    maps: dict[str, tuple[str, ...]] = {}
    renames: dict[str, str] = {}
    formats: tuple[tuple[str, str], ...] = ()
    types: dict[str, str] = {}
    attributes: dict[str, str] = {}
    namespaces: dict[str, str] = {}
    keyed_by: dict[str, str] = {}
    currency: str | None = None
    set_aside: float | None = None

    def over(self, kept: Said) -> Said:
        """What a kept file says, and before it what is said now."""
        said = {k: v for k, v in dict(self).items() if v or v == 0.0}
        return Said(**{**dict(kept), **said})

    def with_currency(self) -> Said:
        """The same with the currency's code in capitals.

        Raises:
            UserError: the currency is no code.
        """
        code = self.currency
        if code is None:
            return self
        if not (len(code) == 3 and code.isascii() and code.isalpha()):
            raise UserError(f"'{code[:20]}' is no currency. Use an ISO 4217 code such as EUR.", 2)
        return self.model_copy(update={"currency": code.upper()})


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")

    said: Said = Said()
    feeds: Feeds = {}


def save(path: Path, said: Said, feeds: Feeds) -> None:
    """Write what was said, and what it made of the source; a file that is there is replaced.

    Raises:
        UserError: the file can't be written.
    """
    text = yaml.safe_dump(
        {"said": said.model_dump(mode="json", exclude_defaults=True), "feeds": feeds},
        sort_keys=False, allow_unicode=True, width=100,
    )  # fmt: skip
    try:
        path.write_text(
            "# A proposal of c360 source add. --from applies `said` again, and refuses where the\n"
            f"# data would be read otherwise than `feeds` says.\n{text}",
            encoding="utf-8",
        )
    except OSError as error:
        raise UserError(f"{path} can't be written ({error.strerror}). Choose another.", 2) from None


def read(path: Path) -> tuple[Said, Feeds]:
    """What a kept file says: the options, and the feeds.

    Raises:
        UserError: the file can't be read, or says what no option does.
    """
    try:
        kept = _Kept.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise UserError(
            f"{path} can't be read as a kept proposal. Write it with --save.", 2
        ) from None
    except ValidationError:
        raise UserError(
            f"{path} is no kept proposal. It has `said` ({', '.join(Said.model_fields)}) and "
            "`feeds`.",
            2,
        ) from None
    return kept.said, kept.feeds


def refuse_other_reading(kept: Feeds, now: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse data that would be read otherwise than it was when the proposal was kept.

    Raises:
        UserError: a model or the expression of a column differs.
    """
    differ = sorted({*kept} ^ {*now})
    for model in sorted({*kept} & {*now}):
        names = sorted({*kept[model]} | {*now[model]})
        differ += [f"{model}.{n}" for n in names if kept[model].get(n) != now[model].get(n)]
    if differ:
        raise UserError(
            "The data would be read otherwise than the kept proposal says: "
            f"{', '.join(differ[:6])}. Nothing was written. Look at it with --dry-run and keep it "
            "afresh with --save, or correct the file.",
            2,
        )
