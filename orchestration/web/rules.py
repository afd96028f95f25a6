"""The guard's rules, in one function of a request: what a page of ours answers, and to whom.

They hold for Dagster's page, the data docs and the dashboard alike. The person at the browser may
do everything; a page from elsewhere that is open in the same browser may do nothing, and must not
read anything either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

HEALTH_PATH = "/health"
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?P<port>\d{1,5}))?")
DEFAULT_PORTS = {"http": 80, "https": 443}

FETCH = ("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")
DECIDING = frozenset({"host", "origin", "content-type", "authorization", *FETCH})
"""Headers that decide. Whoever sends one twice wants two readers to take different ones."""

RESPONSE_HEADERS: Mapping[str, str] = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""What every answer tells the browser. Not `no-referrer`: under it browsers send `Origin: null`
with forms of our own."""

FRAMES_POLICY = "frame-ancestors 'none'"
OWN_FILES_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing but our own files, and no text that becomes HTML or a script."""


@dataclass(frozen=True)
class Page:
    """What a web application of ours needs beside reading.

    Attributes:
        name: for messages.
        calls: paths that take POST, as JSON, and nothing else: what they are asked may be a
            change. All others only answer GET and HEAD.
        sockets: paths that open a WebSocket.
    """

    name: str
    calls: frozenset[str] = frozenset()
    sockets: frozenset[str] = frozenset()


DAGSTER = Page("Dagster", calls=frozenset({"/graphql"}), sockets=frozenset({"/graphql"}))
DASHBOARD = Page("The dashboard", calls=frozenset({"/_dash-update-component"}))
BUILDER = Page(
    "The rule builder",
    calls=frozenset(
        f"/ask/{what}" for what in ("form", "values", "check", "count", "open", "save")
    ),
)


@dataclass(frozen=True)
class Asked:
    """A request as far as the rules look at it.

    Attributes:
        method: in capitals; GET for a WebSocket's handshake.
        path: decoded, without the query.
        headers: names in lower case, in the order in which they came.
        scheme: http or https as the browser sees it, as far as that is known.
        is_socket: the handshake of a WebSocket.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    scheme: str | None = None
    is_socket: bool = False

    def header(self, name: str) -> str | None:
        """The header's value, None when it was not sent."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered.

    Attributes:
        status: of the answer.
        text: one sentence or two for whoever has asked; nothing that was sent is repeated.
        headers: further headers of the answer.
    """

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


def judge(asked: Asked, page: Page, hosts: Collection[str] = ()) -> Refusal | None:
    """Whether a request may reach the application behind, before anybody's login is looked at.

    Parameters:
        asked: the request.
        page: the application's needs.
        hosts: names in lower case that are answered to beside this machine's own.

    Returns:
        None to let it pass.
    """
    return (
        _unclear(asked)
        or _foreign_host(asked, hosts)
        or _foreign_origin(asked)
        or _foreign_fetch(asked)
        or _wrong_method(asked, page)
    )


def _unclear(asked: Asked) -> Refusal | None:
    names = Counter(name for name, _ in asked.headers if name in DECIDING)
    if any(count > 1 for count in names.values()):
        return Refusal(400, "A header that may be sent once was sent twice.")
    # Browsers resolve these before they ask; what is behind need not be asked whether it does.
    if ".." in re.split(r"[/\\]", asked.path) or "\0" in asked.path:
        return Refusal(400, "There is no such address.")
    return None


def split_host(value: str) -> tuple[str, int | None] | None:
    """A Host header as name and port; None when it is not one.

    Parameters:
        value: `name`, `name:port` or `[address]:port`, in any case.
    """
    found = HOST.fullmatch(value.lower())
    if not found:
        return None
    port = int(found["port"]) if found["port"] else None
    return None if port is not None and not 0 < port < 65536 else (found["name"], port)


def _foreign_host(asked: Asked, hosts: Collection[str]) -> Refusal | None:
    # A page elsewhere can make its own name point to this machine (DNS rebinding); the browser
    # then calls us by that name. Ports don't matter: tunnels and containers change them.
    sent = split_host(asked.header("host") or "")
    if sent is None:
        return Refusal(400, "The request does not say which host it wants.")
    if sent[0] in LOCAL_NAMES or sent[0] in hosts:
        return None
    return Refusal(
        403,
        "This page answers to localhost and 127.0.0.1 only. To open it by another name, start it "
        "with C360_ALLOWED_HOSTS=<that name> (docs/access.md).",
    )


def _foreign_origin(asked: Asked) -> Refusal | None:
    origin = asked.header("origin")
    if origin is None:
        return None
    scheme, separator, rest = origin.partition("://")
    sent, host = split_host(rest), split_host(asked.header("host") or "")
    if separator and sent and host and scheme in DEFAULT_PORTS and asked.scheme in (None, scheme):
        port = DEFAULT_PORTS[scheme]
        if (sent[0], sent[1] or port) == (host[0], host[1] or port):
            return None
    return Refusal(
        403,
        "The request comes from another page than this one, and was refused. Behind a proxy: pass "
        "the browser's Host header on, with its port (docs/access.md).",
    )


def _foreign_fetch(asked: Asked) -> Refusal | None:
    if asked.header("sec-fetch-site") in (None, "same-origin", "none"):
        return None
    # A link from a chat or a mail may be followed. Nothing else from elsewhere is wanted: no
    # frame, no picture, no script, no form.
    followed = (
        asked.method in ("GET", "HEAD")
        and not asked.is_socket
        and asked.header("sec-fetch-mode") == "navigate"
        and asked.header("sec-fetch-dest") == "document"
    )
    if followed:
        return None
    return Refusal(403, "Another page may link to this one, and may not load or ask anything.")


def _wrong_method(asked: Asked, page: Page) -> Refusal | None:
    if asked.is_socket:
        return None if asked.path in page.sockets else Refusal(404, "There is no such socket.")
    is_call = asked.path in page.calls
    if asked.method == "POST" and is_call:
        # Exactly this: a browser lets any page send `text/plain; application/json` unasked.
        kind = (asked.header("content-type") or "").partition(";")[0].strip().lower()
        if kind == "application/json":
            return None
        return Refusal(415, "Only JSON is taken here (Content-Type: application/json).")
    if asked.method in ("GET", "HEAD") and not is_call:
        return None
    allowed = "POST" if is_call else "GET, HEAD"
    return Refusal(405, f"{page.name} takes {allowed} at this address.", (("allow", allowed),))
