"""Who may look at people just now: whoever has given the password in this tab, not long ago.

The browser keeps HTTP's Basic login until it is closed, so that alone could not be ended. The
token of a session stands in the tab's own memory and is sent as a header, which no other page, no
other port of the machine and no link can do.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from orchestration.customers.roles import Users
from orchestration.web.login import Doorkeeper
from orchestration.web.rules import Refusal

MOST_SESSIONS = 1000


@dataclass
class _Session:
    user: str
    begun: float
    seen: float


class Sessions:
    """The sessions of a page, in its memory: a restart ends all.

    Parameters:
        users: who may come, and how long a session lasts.
        clock: seconds that only go forward.
    """

    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic) -> None:
        self._users = users
        self._clock = clock
        self._door = Doorkeeper(users.logins.values(), clock)
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()

    def begin(self, user: str, password: str, address: str) -> str | Refusal:
        """A token for a user who gives the password; or why there is none.

        Parameters:
            user: whom the guard has let in.
            password: given once more.
            address: of the client; guesses are counted for each.
        """
        login = base64.b64encode(f"{user}:{password}".encode("utf-8", "replace")).decode()
        refusal = self._door.refuse(f"Basic {login}", address)
        if refusal:
            status = 403 if refusal.status == 401 else refusal.status
            # Not 401: the browser would ask by itself, and forget who is logged in.
            return Refusal(status, "The password is wrong." if status == 403 else refusal.text)
        token = secrets.token_urlsafe(32)
        now = self._clock()
        self._sessions[_key(token)] = _Session(user, now, now)
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return token

    def goes_on(self, user: str, token: str) -> bool:
        """Whether a token is that of a session of the user, which it prolongs."""
        key = _key(token)
        session = self._sessions.get(key)
        if session is None or session.user != user:
            return False
        now, roles = self._clock(), self._users.roles
        if (
            now - session.seen > roles.idle_minutes * 60
            or now - session.begun > roles.longest_minutes * 60
        ):
            del self._sessions[key]
            return False
        session.seen = now
        return True

    def end(self, token: str) -> None:
        """End the session of a token, if there is one."""
        self._sessions.pop(_key(token), None)


def _key(token: str) -> bytes:
    # Looked up by a digest, so that the time of a look says nothing of a token.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
