"""Who is at the door: HTTP's Basic login, checked in constant time, with a limit on guesses.

Basic and not a cookie: a browser sends it to this address and port only, while a cookie of
127.0.0.1 goes to whatever listens on any other port of the machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from werkzeug.security import check_password_hash

from orchestration.web.access import Login
from orchestration.web.rules import Refusal

MOST_FAILURES = 10
WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 1000
CHALLENGE = (("www-authenticate", 'Basic realm="Customer 360", charset="UTF-8"'),)


class Doorkeeper:
    """Knows the logins and who has failed them lately.

    Parameters:
        logins: of every user.
        clock: seconds that only go forward.
    """

    def __init__(
        self, logins: Iterable[Login], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._logins = {login.user: login for login in logins}
        # Somebody unknown is answered as late as somebody known.
        self._stranger = Login("", next(iter(self._logins.values())).password)
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._key = secrets.token_bytes(32)
        self._admitted: dict[str, bytes] = {}

    def refuse(self, authorization: str | None, address: str) -> Refusal | None:
        """Whether somebody is not let in.

        Parameters:
            authorization: the header of that name.
            address: of the client; guesses are counted for each.

        Returns:
            None for a user with the right password.
        """
        if authorization is None:
            return Refusal(401, "Please log in.", CHALLENGE)
        wait = self._seconds_to_wait(address)
        if wait > 0:
            # Also for the right password: an answer would tell which guess was right.
            headers = (("retry-after", str(int(wait) + 1)),)
            return Refusal(429, "Too many wrong logins from your address. Wait a minute.", headers)
        if self._is_right(authorization):
            return None
        self._count_failure(address)
        return Refusal(401, "The user or the password is wrong.", CHALLENGE)

    def _is_right(self, authorization: str) -> bool:
        sent = _sent(authorization)
        if sent is None:
            return False
        user, _, password = sent.partition(":")
        # Hashing a password is slow on purpose; whoever has been let in is known by this.
        token = hashlib.blake2b(sent.encode(), key=self._key).digest()
        if hmac.compare_digest(token, self._admitted.get(user, b"")):
            return True
        login = self._logins.get(user, self._stranger)
        if login.is_hashed:
            right = check_password_hash(login.password, password)
        else:
            right = hmac.compare_digest(password.encode(), login.password.encode())
        if right and login is not self._stranger:
            self._admitted[user] = token
            return True
        return False

    def _seconds_to_wait(self, address: str) -> float:
        failures = self._failures.get(address)
        if failures is None or len(failures) < MOST_FAILURES:
            return 0.0
        return failures[0] + WINDOW_SECONDS - self._clock()

    def _count_failure(self, address: str) -> None:
        failures = self._failures.setdefault(address, deque(maxlen=MOST_FAILURES))
        failures.append(self._clock())
        self._failures.move_to_end(address)
        while len(self._failures) > MOST_ADDRESSES:
            self._failures.popitem(last=False)


def user_of(authorization: str | None) -> str:
    """The user whom a header names; whether the password is right, `Doorkeeper.refuse` says.

    Parameters:
        authorization: the header of that name.
    """
    return (_sent(authorization or "") or "").partition(":")[0]


def _sent(authorization: str) -> str | None:
    """User and password as they were sent; None where that is no Basic login."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
