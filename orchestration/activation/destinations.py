"""What a destination's file may say: where it leaves to, and how."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.segments.declared import OWNER

MARKETING_ACTIONS = (
    "analytics", "combine_with_identity", "cross_site_targeting", "data_science", "email_targeting",
    "export_to_third_party", "onsite_ads", "onsite_personalisation", "segment_match",
    "single_identity_personalisation",
)  # fmt: skip
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]


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


class _Destination(Strict):
    title: Text
    owner: Annotated[str, Field(pattern=OWNER)]
    enabled: bool = True
    marketing_actions: list[Literal[MARKETING_ACTIONS]] = Field(min_length=1)  # type: ignore[valid-type]


class FileDestination(_Destination):
    """A folder of files that somebody fetches.

    Attributes:
        folder: below `outbox` in the data folder.
        format: of the files.
        formula_guard: put an apostrophe before texts that a spreadsheet takes for a formula.
    """

    kind: Literal["file"]
    folder: Name
    format: Literal["csv", "parquet", "ndjson"] = "csv"
    formula_guard: bool = False


class Call(Strict):
    """A request of an HTTP API.

    Attributes:
        method, path: of the request, below the destination's address.
        rows: the field of the body that holds the rows.
        fields: further fields of the body, as they are.
    """

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: Annotated[str, Field(pattern=r"^/[\x21-\x7e]*$")]
    rows: Name = "rows"
    fields: dict[Name, str | int | bool] = Field(default_factory=dict)


class Rejections(Strict):
    """Where a reply names the rows that it did not take.

    Attributes:
        list: the field with a list of them.
        index: their field with the row's place in the request, from 0.
        reason: their field with the cause.
    """

    list: Name
    index: Name = "index"
    reason: Name = "reason"


class HttpDestination(_Destination):
    """An HTTP API.

    Attributes:
        address: https, or http to this machine.
        secret: sent as `Authorization: Bearer …`.
        add, remove: the requests; without `remove` nothing can be taken away.
        rejections: where a reply names refused rows; without, a refused batch is halved.
        batch: rows of a request.
        repeats: what becomes of a request that is sent twice: safe (adding a member again changes
            nothing), keyed (the receiver drops what has the same Idempotency-Key) or unsafe.
        private: addresses of private networks are allowed.
        timeout_seconds: for a reply.
    """

    kind: Literal["http"]
    address: Text
    secret: Secret | None = None
    add: Call
    remove: Call | None = None
    rejections: Rejections | None = None
    batch: Annotated[int, Field(ge=1, le=10_000)] = 500
    repeats: Literal["safe", "keyed", "unsafe"] = "unsafe"
    private: bool = False
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30

    @model_validator(mode="after")
    def _plain_address(self) -> HttpDestination:
        parts = urlsplit(self.address)
        local = parts.hostname in THIS_MACHINE
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise ValueError("address begins with https:// (http:// only to this machine)")
        if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("address is https://host/path: no user, password, query or fragment")
        return self


Destination = FileDestination | HttpDestination
