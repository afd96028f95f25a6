"""The dashboard with the customer page, served in this process, and a client of it."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from orchestration.customers.app import PAGE, TOKEN, with_customers
from orchestration.customers.roles import Users
from orchestration.settings import Settings
from orchestration.web.access import Access
from orchestration.web.server import GuardedServer, address_of, listen
from tests.customers.people import PASSWORD

AGGREGATE = "an aggregate page"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def said(self) -> Any:
        return json.loads(self.text)


@dataclass
class Client:
    """Asks as a user, with the session that `enter` has begun."""

    address: str
    user: str | None = None
    session: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        path: str,
        said: Any = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """Send a request with the headers that the page's own scripts send, but for those given."""
        sent: dict[str, str | None] = {"Origin": self.address, "Sec-Fetch-Site": "same-origin"}
        if self.user is not None:
            login = base64.b64encode(f"{self.user}:{PASSWORD}".encode()).decode()
            sent["Authorization"] = f"Basic {login}"
        if method == "POST":
            sent["Content-Type"] = "application/json"
        if self.session:
            sent[TOKEN] = self.session
        sent.update(headers or {})
        connection = http.client.HTTPConnection(self.address.split("//")[1], timeout=60)
        try:
            connection.request(
                method,
                path,
                None if method == "GET" else json.dumps({} if said is None else said).encode(),
                {name: value for name, value in sent.items() if value is not None},
            )
            response = connection.getresponse()
            told: dict[str, str] = {}
            for name, value in response.getheaders():
                told[name.lower()] = ", ".join(filter(None, (told.get(name.lower()), value)))
            return Answer(response.status, told, response.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def ask(
        self, what: str, headers: Mapping[str, str | None] | None = None, **said: Any
    ) -> Answer:
        """Ask the customer page."""
        return self.send("POST", f"/customers/ask/{what}", said, headers)

    def person(self, profile: str, kind: str = "", limit: int = 50, since: str = "") -> Answer:
        """Look at a person."""
        return self.ask("person", profile=profile, kind=kind, limit=limit, since=since)

    def enter(self, password: str = PASSWORD) -> Answer:
        """Give the password; later requests have the session."""
        answer = self.ask("enter", password=password)
        if answer.status == 200:
            self.session = answer.said["session"]
        return answer


@contextmanager
def served(settings: Settings, users: Users, dashboard: ASGIApp | None = None) -> Iterator[str]:
    """The pages behind the guard; gives their address.

    Parameters:
        settings: paths.
        users: who may come.
        dashboard: the pages without persons; a word when None.
    """
    app = with_customers(dashboard or PlainTextResponse(AGGREGATE), settings, users)
    access = Access(logins=tuple(users.logins.values()))
    with listen(access, 0, "c360 dashboard") as taken:
        server = GuardedServer(app, PAGE, access)
        thread = threading.Thread(target=server.run, args=(taken,))
        thread.start()
        try:
            yield address_of(taken)
        finally:
            server.end()
            thread.join()


def entered(address: str, user: str) -> Client:
    """A client of a user who has given the password."""
    client = Client(address, user)
    assert client.enter().status == 200
    return client
