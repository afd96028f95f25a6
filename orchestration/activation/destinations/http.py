"""A destination that is an HTTP API."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from orchestration.activation.destinations.common import (
    THIS_MACHINE,
    BaseDestination,
    Name,
    Secret,
    Strict,
    Text,
)


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


class HttpDestination(BaseDestination):
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

    @property
    def takes_away(self) -> bool:
        """Whether it has a request for that."""
        return self.remove is not None

    @property
    def may_repeat(self) -> bool:
        """Whether a request that comes twice does nothing more."""
        return self.repeats != "unsafe"
