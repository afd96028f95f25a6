"""Destinations and syncs: reviewed files that say what leaves to where, read and checked.

`activation/destinations/<name>.yml` says where and how, `activation/syncs/<name>.yml` who and what.
Both are read as rule files are: plain YAML, and every fault is told with file, line and remedy.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, RootModel, ValidationError, model_validator

from orchestration.activation.destinations.common import Name, Strict, Text
from orchestration.activation.destinations.kinds import DESTINATION, KINDS, Destination
from orchestration.activation.identifiers import Format, format_of
from orchestration.errors import UserError
from orchestration.segments.catalogue import nearest
from orchestration.segments.declared import OWNER
from orchestration.segments.reading import Document, read_rule_text, shown
from orchestration.segments.refusals import refusal
from orchestration.settings import Settings
from orchestration.usage.policies import ACTIVATION, PolicyException

FOLDER = ACTIVATION
DOCS = "docs/activation.md and docs/destinations.md say what the files hold."
Share = Annotated[float, Field(ge=0, le=1)]
Source = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+\.[a-z0-9_]+$")]
Mode = Literal["snapshot", "insert", "update", "upsert", "mirror", "audience", "append"]
OWN_COLUMNS = (
    "blocked", "held_back", "invalid", "operation", "payload", "payload_hash", "profile_id",
    "sync_key",
)  # fmt: skip
"""What a run says beside the columns that leave; one of the same name would be taken for it."""
RESENDS = ("update", "upsert", "mirror", "audience")
"""Modes that send again what changed."""
DELETES = ("mirror", "audience")
"""Modes that take away what left the segment."""


class Column(Strict):
    """A column that leaves.

    Attributes:
        source: `schema.table.column` of a model with one row per profile.
        form: the identifier format it leaves in, such as meta.email; as it is without.
        country: the column with the country of telephone numbers and postal codes.
        is_hashed: the source holds hashes already.
        required: a row without it is invalid.
    """

    source: Source = Field(alias="from")
    form: Text | None = Field(default=None, alias="as")
    country: Source | None = None
    is_hashed: bool = False
    required: bool = False

    @property
    def format(self) -> Format | None:
        """The identifier format."""
        return format_of(self.form) if self.form else None


class Guard(Strict):
    """What stops a sync before anything is sent.

    Attributes:
        max_delete_share: of the rows at the other end.
        min_rows: fewer rows in the segment stop it.
        allow_empty: an empty segment may empty the other end.
        max_reject_share: of what is added; above it nothing is taken away.
    """

    max_delete_share: Share = 0.1
    min_rows: Annotated[int, Field(ge=0)] = 0
    allow_empty: bool = False
    max_reject_share: Share = 0.1


class Retry(Strict):
    """How rejected rows come again.

    Attributes:
        most: tries in all; after them a row is dead until it changes.
        wait_minutes: before the second try; doubled for each further one.
    """

    most: Annotated[int, Field(ge=1, le=100)] = 5
    wait_minutes: Annotated[float, Field(ge=0)] = 0


class Sync(Strict):
    """Who leaves with what to where.

    Attributes:
        title, owner: for people.
        destination: its file's name.
        segment: whose members leave.
        key: what says at the other end who a row is: profile_id, or the name of a column.
        columns: what leaves, by its name at the other end.
        mode: snapshot, insert, update, upsert, mirror, audience or append.
        purpose, channel: what a person must have agreed to.
        on_block: what becomes at the other end of who may not be contacted any more, in modes that
            delete nothing else: keep or delete.
        guard, retry: limits.
        schedule: each_refresh, after every refresh that was published, or manual: when somebody
            asks. Nothing leaves unasked, so manual is the default.
        nulls: whether an empty value is left out or sent as null.
        refresh_days: what was acknowledged that long ago is sent again, unchanged as it is: some
            platforms forget a member after a time.
        consent_max_age_minutes: consent is asked again before a batch when it was asked longer ago.
            An hour: what the warehouse can say changes with its refreshes, which are seldom closer.
        exceptions: policies that do not hold for this sync, by whom, why and until when.
    """

    title: Text
    owner: Annotated[str, Field(pattern=OWNER)]
    destination: Name
    segment: Name
    key: Name = "profile_id"
    columns: dict[Name, Column] = Field(min_length=1, max_length=200)
    mode: Mode
    purpose: Name
    channel: Name
    on_block: Literal["keep", "delete"] = "keep"
    guard: Guard = Guard()
    retry: Retry = Retry()
    schedule: Literal["each_refresh", "manual"] = "manual"
    nulls: Literal["omit", "send"] = "omit"
    refresh_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    consent_max_age_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    exceptions: list[PolicyException] = Field(default_factory=list, max_length=50)

    @model_validator(mode="before")
    @classmethod
    def _short_columns(cls, data: Any) -> Any:
        """`email: profile.profiles.email` is short for `email: {from: …}`."""
        columns = data.get("columns") if isinstance(data, dict) else None
        if not isinstance(columns, dict):
            return data
        longer = {n: {"from": c} if isinstance(c, str) else c for n, c in columns.items()}
        return {**data, "columns": longer}

    @model_validator(mode="after")
    def _key_and_forms(self) -> Sync:
        forms = {name for name, column in self.columns.items() if column.form}
        for name in self.columns:
            if name in OWN_COLUMNS or name.removesuffix("_reason") in forms - {name}:
                raise ValueError(f"no column can be called '{name}': it says something of its own")
        if self.key != "profile_id" and self.key not in self.columns:
            raise ValueError(f"key is '{self.key}', which is none of the columns nor profile_id")
        for column in self.columns.values():
            try:
                column.format  # noqa: B018
            except UserError as error:
                raise ValueError(str(error)) from None
        if self.refresh_days is not None and self.mode not in RESENDS:
            raise ValueError(f"{self.mode} sends nothing again, so refresh_days means nothing")
        if self.mode == "audience" and not any(c.form for c in self.columns.values()):
            raise ValueError("an audience needs a column with an identifier format (as:)")
        return self


class _AnyDestination(RootModel[Destination]):
    root: DESTINATION


def read_destination(settings: Settings, name: str) -> Destination:
    """A destination's file.

    Raises:
        UserError: there is none of that name, or it can't be followed.
    """
    document = _document(settings, "destinations", name)
    try:
        return _AnyDestination.model_validate(document.data).root
    except ValidationError as error:
        raise _refusal(document, error) from None


def read_sync(settings: Settings, name: str) -> tuple[Sync, Destination]:
    """A sync's file, with its destination.

    Raises:
        UserError: there is none of that name, or one of the two can't be followed.
    """
    document, sync = _read(settings, name)
    known = names(settings, "destinations")
    if sync.destination not in known:
        raise UserError(
            f"{document.place(('destination',))}: there is no destination '{sync.destination}'"
            f"{nearest(sync.destination, known)}. One is a file in {FOLDER}/destinations.",
            2,
        )
    destination = read_destination(settings, sync.destination)
    _require_able(document, sync, destination)
    return sync, destination


def schedule_of(settings: Settings, name: str) -> str:
    """When a sync runs by itself; what its destination's file says is not asked.

    Raises:
        UserError: there is none of that name, or its file can't be followed.
    """
    return _read(settings, name)[1].schedule


def _read(settings: Settings, name: str) -> tuple[Document, Sync]:
    document = _document(settings, "syncs", name)
    try:
        return document, Sync.model_validate(document.data)
    except ValidationError as error:
        raise _refusal(document, error) from None


def _require_able(document: Document, sync: Sync, destination: Destination) -> None:
    place = document.place(("mode",))
    if remedy := destination.refuses.get(sync.mode):
        raise UserError(f"{place}: {remedy}", 2)
    if (sync.mode in DELETES or sync.on_block == "delete") and not destination.takes_away:
        raise UserError(
            f"{place}: {sync.mode} takes away who left, and {sync.destination} says no `remove` "
            "request. Add one, or take a mode that only adds.",
            2,
        )
    taken = destination.takes_columns
    for name in sync.columns:
        if taken is not None and name not in taken:
            raise UserError(
                f"{document.place(('columns', name))}: {sync.destination} has no place for "
                f"'{name}'{nearest(name, sorted(taken))}. Give it one in its `row`, or leave the "
                "column out.",
                2,
            )


def names(settings: Settings, kind: str) -> list[str]:
    """The names of all destinations or syncs, in order of the alphabet."""
    folder = settings.dbt_project_dir / FOLDER / kind
    return sorted(path.stem for path in folder.glob("*.yml"))


def _document(settings: Settings, kind: str, name: str) -> Document:
    known = names(settings, kind)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) or name not in known:
        raise UserError(
            f"There is no {kind[:-1]} '{shown(name)}'{nearest(name, known)}. One is a file "
            f"{FOLDER}/{kind}/<name>.yml in the dbt project.",
            2,
        )
    path = settings.dbt_project_dir / FOLDER / kind / f"{name}.yml"
    return read_rule_text(path, f"{FOLDER}/{kind}/{name}.yml")


def _refusal(document: Document, error: ValidationError) -> UserError:
    kinds = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
    words = {
        "union_tag_not_found": f"'kind' is missing: {kinds}",
        "union_tag_invalid": f"kind is {kinds}",
    }
    return refusal(document, error, DOCS, words)
