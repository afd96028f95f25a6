"""What every destination's file says, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.segments.declared import OWNER
from orchestration.usage.policies import MARKETING_ACTIONS

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]


def plain_address(address: str) -> str:
    """An address of HTTP, held to what one may be.

    Parameters:
        address: as a file gives it.

    Raises:
        ValueError: it is not encrypted and leads elsewhere, or has more than host and path.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in THIS_MACHINE):
        raise ValueError("address begins with https:// (http:// only to this machine)")
    if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("address is https://host/path: no user, password, query or fragment")
    return address


class Strict(BaseModel):
    """A part of a file: nothing but its own words."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Secret(Strict):
    """Where a secret stands; never the secret.

    Attributes:
        env: an environment variable that holds it.
        file: a file that holds it.
    """

    env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
    file: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("name the secret's place: either env or file")
        return self


class BaseDestination(Strict):
    """What a destination's file says whatever its kind.

    Attributes:
        title, owner: for people.
        enabled: nothing is sent where it is false.
        marketing_actions: what it is for; policies judge by them.
        takes_files: whole files leave, one per run; otherwise rows in batches.
        is_table: it has a row per key, also one without values, and knows which batches arrived.
        platform: what insights call where it leads.
        refuses: modes that it can't be kept in, with what to take instead.
    """

    title: Text
    owner: Annotated[str, Field(pattern=OWNER)]
    enabled: bool = True
    marketing_actions: list[Literal[MARKETING_ACTIONS]] = Field(min_length=1)  # type: ignore[valid-type]
    takes_files: ClassVar[bool] = False
    is_table: ClassVar[bool] = False
    platform: ClassVar[str]
    refuses: ClassVar[Mapping[str, str]] = {
        "snapshot": "a snapshot is a file's mode. Take upsert, mirror or audience.",
    }

    @property
    def takes_away(self) -> bool:
        """Whether something can be taken away at the other end."""
        return True

    @property
    def takes_columns(self) -> frozenset[str] | None:
        """The columns that it has a place for; None where it has one for each."""
        return None

    @property
    def knows_keys(self) -> bool:
        """Whether it drops a batch that comes again with the same key."""
        return False

    @property
    def may_repeat(self) -> bool:
        """Whether what may have arrived can be sent once more without harm."""
        return True
