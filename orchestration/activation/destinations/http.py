"""Destinations that are HTTP: what every one of them says, and an API that a file describes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from orchestration.activation.destinations.common import (
    BaseDestination,
    Name,
    Secret,
    Strict,
    Text,
    plain_address,
)

PLACE = re.compile(r"\$(?P<name>ROWS|ROW|KEY|[a-z][a-z0-9_]{0,62})(?P<without>[|?]?)")
"""Where a value goes in a body. Columns' names are lower case, so the three can't be one's."""
OWN_HEADERS = ("authorization", "content-length", "content-type", "host", "idempotency-key")


def places(template: Any) -> Iterator[re.Match[str]]:
    """The places for values in a template, which is what JSON can say.

    Raises:
        ValueError: a text begins with `$` and is none.
    """
    if isinstance(template, dict):
        for name, value in template.items():
            if str(name).startswith("$"):
                raise ValueError(f"'{str(name)[:40]}' is a field's name, and no place for a value")
            yield from places(value)
    elif isinstance(template, list):
        for value in template:
            yield from places(value)
    elif isinstance(template, str) and template.startswith("$"):
        found = PLACE.fullmatch(template)
        if found is None:
            raise ValueError(f"'{template[:40]}' is no place: $column, $KEY, $ROW or $ROWS")
        yield found


def _template(value: Any) -> Any:
    list(places(value))
    return value


Template = Annotated[Any, AfterValidator(_template)]
Address = Annotated[Text, AfterValidator(plain_address)]
Header = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,62}$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]{1,400}$")]
Field_ = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
"""A field of a reply; `a.b` is b of a, and a number is a place in a list."""


class Call(Strict):
    """A request of an HTTP API.

    Attributes:
        method, path, query, headers: of the request; the path is below the destination's address.
        body: the body, with `$ROWS` where the list of rows goes.
        row: how a row looks; as it is without. `$column` is where a column's value goes, `$column|`
            where an empty text stands without one, `$column?` where its entry of a list stays
            without one, and `$KEY` the row's key, also within a text.
        format: json, or ndjson: a line per row and nothing else.
    """

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: Annotated[str, Field(pattern=r"^(/[\x21-\x7e]*)?$")]
    query: dict[Text, str | int] = Field(default_factory=dict)
    headers: dict[Header, HeaderValue] = Field(default_factory=dict)
    body: Template = Field(default_factory=lambda: {"rows": "$ROWS"})
    row: Template = "$ROW"
    format: Literal["json", "ndjson"] = "json"

    @model_validator(mode="after")
    def _fits(self) -> Call:
        if [place["name"] for place in places(self.body)] != ["ROWS"]:
            raise ValueError("body has $ROWS once, where the rows go, and no other place")
        if "ROWS" in {place["name"] for place in places(self.row)}:
            raise ValueError("row has places for columns ($email), $KEY or $ROW")
        own = [name for name in self.headers if name.lower() in OWN_HEADERS]
        if own:
            raise ValueError(f"the header {own[0]} is set by us")
        return self


class Rejections(Strict):
    """Where a reply names the rows that it did not take.

    Attributes:
        list: the field with a list of them.
        index: their field with the row's place in the request, from 0.
        id: instead of it, their field with a value of the row; not needed where each is that value.
        column: the column whose value it is; the key without.
        reason: their field with the cause.
        status: instead of both, their field with an HTTP status, where each row has an entry.
        count: the field with how many there are, where it doesn't say which.
    """

    list: Field_ | None = None
    index: Field_ = "index"
    id: Field_ | None = None
    column: Name | None = None
    reason: Field_ = "reason"
    status: Field_ | None = None
    count: Field_ | None = None

    @model_validator(mode="after")
    def _some(self) -> Rejections:
        if self.list is None and self.count is None:
            raise ValueError("name the list of refused rows, or the count")
        return self


class Success(Strict):
    """What a reply says that has a word of its own beside the HTTP status.

    Attributes:
        field: that has it.
        values: of a request that was taken.
        again: of what passes by itself.
        of_rows: of what is wrong with the rows. Anything else stops the sync.
    """

    field: Field_
    values: list[str | int | bool] = Field(min_length=1)
    again: list[str | int] = Field(default_factory=list)
    of_rows: list[str | int] = Field(default_factory=list)


class Authentication(Strict):
    """How a request says who we are.

    Attributes:
        kind: bearer; header, a header of that `name`; basic, with the `user`; oauth2, where a
            token is asked for at `address` with `client_id`, the secret and, where there is one, a
            `refresh_token`; or oauth1, signed with the secret, `client_id`, `token` and its secret.
        name, user, address, client_id, scope, refresh_token, token, token_secret: see there.
    """

    kind: Literal["bearer", "header", "basic", "oauth2", "oauth1"] = "bearer"
    name: Header | None = None
    user: Text | None = None
    address: Address | None = None
    client_id: Text | None = None
    scope: Text | None = None
    refresh_token: Secret | None = None
    token: Text | None = None
    token_secret: Secret | None = None

    NEEDED: ClassVar = {
        "bearer": (),
        "header": ("name",),
        "basic": ("user",),
        "oauth2": ("address", "client_id"),
        "oauth1": ("client_id", "token", "token_secret"),
    }

    @model_validator(mode="after")
    def _complete(self) -> Authentication:
        missing = [word for word in self.NEEDED[self.kind] if getattr(self, word) is None]
        if missing:
            raise ValueError(f"authentication of kind {self.kind} needs {', '.join(missing)}")
        return self


class Rate(Strict):
    """How fast requests may follow each other.

    Attributes:
        account: destinations of one account share it.
        requests_per_second: on average.
    """

    account: Name
    requests_per_second: Annotated[float, Field(gt=0, le=10_000)]


class WebDestination(BaseDestination):
    """What is reached over HTTP.

    Attributes:
        address: https, or http to this machine.
        batch: rows of a request.
        private: addresses of private networks are allowed.
        rate: how fast; as fast as it answers without.
        timeout_seconds: for a reply.
    """

    address: Address
    batch: Annotated[int, Field(ge=1, le=10_000)] = 500
    private: bool = False
    rate: Rate | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30


class HttpDestination(WebDestination):
    """An HTTP API.

    Attributes:
        secret: sent as `authentication` says; as a bearer token without.
        authentication: how a request says who we are.
        add, remove: the requests; without `remove` nothing can be taken away.
        rejections: where a reply names refused rows; without, a refused batch is halved.
        success: the reply's own word beside the HTTP status.
        repeats: what becomes of a request that is sent twice: safe (adding a member again changes
            nothing), keyed (the receiver drops what has the same Idempotency-Key) or unsafe.
    """

    platform: ClassVar[str] = "HTTP API"
    kind: Literal["http"]
    secret: Secret | None = None
    authentication: Authentication = Authentication()
    add: Call
    remove: Call | None = None
    rejections: Rejections | None = None
    success: Success | None = None
    repeats: Literal["safe", "keyed", "unsafe"] = "unsafe"

    @model_validator(mode="after")
    def _has_secret(self) -> HttpDestination:
        if self.authentication.kind != "bearer" and self.secret is None:
            raise ValueError(f"authentication of kind {self.authentication.kind} needs a secret")
        return self

    @property
    def takes_away(self) -> bool:
        """Whether it has a request for that."""
        return self.remove is not None

    @property
    def knows_keys(self) -> bool:
        """Whether it drops a request that comes again with the same key."""
        return self.repeats == "keyed"

    @property
    def may_repeat(self) -> bool:
        """Whether a request that comes twice does nothing more."""
        return self.repeats != "unsafe"

    @property
    def takes_columns(self) -> frozenset[str] | None:
        """The columns that have a place in what is added; None where each has, or only the key."""
        named = {place["name"] for place in places(self.add.row)}
        return None if "ROW" in named else frozenset(named - {"KEY"}) or None
