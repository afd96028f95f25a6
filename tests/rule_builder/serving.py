"""The page served in this process, over a toy catalogue or a company."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from orchestration.rule_builder.app import TOKEN, guarded
from orchestration.rule_builder.builder import Builder
from orchestration.segments.drafts import Drafts
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.web.access import Access
from orchestration.web.server import address_of, listen
from tests.conftest import settings_in
from tests.segments.world import KINDS_OF_ACTIVITY, catalogue

SECRET = "the-token-of-this-test"


class ToyBuilder(Builder):
    """Builds over the toy company of tests/segments, without a warehouse."""

    def __init__(self, folder: Any, project: Any = DBT_PROJECT_DIR) -> None:
        super().__init__(settings_in(folder, project))

    def values(self, table: str, column: str) -> dict[str, Any]:
        told = KINDS_OF_ACTIVITY if column == "activity_type" else ()
        return {"values": [{"value": value, "people": 12} for value in told], "says": ""}

    def _drafts(self) -> Drafts:
        return Drafts(self._settings.dbt_project_dir, {}, catalogue(), (), {})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def says(self) -> str:
        return str(json.loads(self.text)["says"])


@dataclass(frozen=True)
class Asking:
    """A client of the page."""

    address: str

    def ask(
        self,
        what: str,
        said: Any = None,
        headers: Mapping[str, str | None] | None = None,
        method: str = "POST",
        body: bytes | None = None,
    ) -> Answer:
        """Ask, with the headers that the page sends where others are not given."""
        sent = {
            "Content-Type": "application/json",
            TOKEN: SECRET,
            "Origin": self.address,
            **(headers or {}),
        }
        content = json.dumps({} if said is None else said).encode() if body is None else body
        connection = http.client.HTTPConnection(self.address.split("//")[1], timeout=60)
        try:
            connection.request(
                method,
                what,
                content if method == "POST" else None,
                {name: value for name, value in sent.items() if value is not None},
            )
            response = connection.getresponse()
            told: dict[str, str] = {}
            for name, value in response.getheaders():
                told[name.lower()] = ", ".join(filter(None, (told.get(name.lower()), value)))
            return Answer(response.status, told, response.read().decode("utf-8", "replace"))
        finally:
            connection.close()


@contextmanager
def served(builder: Builder) -> Iterator[Asking]:
    """The page of a builder."""
    with listen(Access(), 0, "c360 segment build") as taken:
        server = guarded(builder, SECRET, Access())
        thread = threading.Thread(target=server.run, args=(taken,))
        thread.start()
        try:
            yield Asking(address_of(taken))
        finally:
            server.end()
            thread.join()
