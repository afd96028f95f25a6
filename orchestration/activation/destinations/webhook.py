"""A destination that is a webhook: requests signed as the Standard Webhooks say."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from orchestration.activation.destinations.common import Secret
from orchestration.activation.destinations.http import Call, Rejections, Success, WebDestination

ROW = {"key": "$KEY", "values": "$ROW"}


class WebhookDestination(WebDestination):
    """A receiver of signed requests.

    Attributes:
        secrets: each begins with `whsec_`; a request has a signature of each, so that a receiver
            can change from one to the next.
        batch: rows of a request.
    """

    platform: ClassVar[str] = "Webhook"
    kind: Literal["webhook"]
    secrets: list[Secret] = Field(min_length=1, max_length=5)
    batch: Annotated[int, Field(ge=1, le=10_000)] = 50

    @property
    def add(self) -> Call:
        """The request for who is added or changed."""
        return Call(path="", body={"type": "members.added", "rows": "$ROWS"}, row=ROW)

    @property
    def remove(self) -> Call:
        """The request for who is taken away."""
        return Call(path="", body={"type": "members.removed", "rows": "$ROWS"}, row=ROW)

    @property
    def rejections(self) -> Rejections | None:
        """The standard has no word for single rows."""
        return None

    @property
    def success(self) -> Success | None:
        """The standard has the HTTP status only."""
        return None

    @property
    def knows_keys(self) -> bool:
        """The standard lets a receiver drop an id that it has seen."""
        return True

    @property
    def repeats(self) -> Literal["keyed"]:
        """A request may come again with its id."""
        return "keyed"
