"""How requests say who we are: secrets in headers, tokens, signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from orchestration.activation.destinations.http import Authentication, HttpDestination
from orchestration.activation.destinations.webhook import WebhookDestination
from orchestration.activation.targets.credentials import secret_of
from orchestration.activation.targets.http_connection import open_connection
from orchestration.activation.targets.network import NotSentError
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.errors import UserError

EARLY_SECONDS = 60.0
MOST_TOKEN_BYTES = 64 * 1024
TOKENS: dict[tuple[str, str, str], tuple[str, float]] = {}
"""Tokens of this process with their end, by address, client and scope."""


class Headers(Protocol):
    """Makes the headers of a request that say who we are."""

    def of(self, method: str, url: str, idempotency_key: str, body: bytes) -> dict[str, str]:
        """The headers of one try.

        Raises:
            NotSentError: a token was needed and nobody answered.
            StopSyncError: a token was needed and refused.
        """
        ...

    def renew(self) -> bool:
        """After a 401: whether another try has other headers."""
        ...


class Fixed:
    """The same headers each time."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def of(self, method: str, url: str, idempotency_key: str, body: bytes) -> dict[str, str]:
        """The headers."""
        return self._headers

    def renew(self) -> bool:
        """There are no others."""
        return False


class Token:
    """A bearer token that is asked for when there is none, or the last one has ended."""

    def __init__(self, destination: HttpDestination, secret: str) -> None:
        said = destination.authentication
        self._destination, self._address = destination, str(said.address)
        self._id = (self._address, str(said.client_id), said.scope or "")
        self._asked = {
            "grant_type": "refresh_token" if said.refresh_token else "client_credentials",
            "client_id": str(said.client_id), "client_secret": secret,
            **({"scope": said.scope} if said.scope else {}),
            **({"refresh_token": secret_of(said.refresh_token)} if said.refresh_token else {}),
        }  # fmt: skip
        self._is_fresh = False

    def of(self, method: str, url: str, idempotency_key: str, body: bytes) -> dict[str, str]:
        """The header with the token."""
        token, ends = TOKENS.get(self._id, ("", 0.0))
        if time.monotonic() >= ends:
            token, ends = TOKENS[self._id] = self._fetched()
            self._is_fresh = True
        return {"Authorization": f"Bearer {token}"}

    def renew(self) -> bool:
        """A token that was refused is asked for again, unless it is new."""
        TOKENS.pop(self._id, None)
        was_fresh, self._is_fresh = self._is_fresh, False
        return not was_fresh

    def _fetched(self) -> tuple[str, float]:
        host = urlsplit(self._address).hostname
        connection = open_connection(
            self._address, self._destination.timeout_seconds, self._destination.private
        )
        try:
            connection.request(
                "POST",
                urlsplit(self._address).path or "/",
                urlencode(self._asked),
                {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            )
            response = connection.getresponse()
            reply = response.read(MOST_TOKEN_BYTES)
        except Exception as error:
            raise NotSentError(f"no token ({type(error).__name__})") from None
        finally:
            connection.close()
        try:
            found = json.loads(reply)
            token, seconds = found["access_token"], float(found.get("expires_in", 300))
        except (ValueError, KeyError, TypeError, AttributeError):
            token = None
        if response.status != 200 or not isinstance(token, str) or not token.isprintable():
            if response.status >= 500 or response.status == 429:
                raise NotSentError(f"no token (http_{response.status})")
            raise StopSyncError(
                f"{host} gives no token (http {response.status}): the secret is missing, wrong or "
                "may not do this",
                [],
            )
        return token, time.monotonic() + seconds - EARLY_SECONDS


class Signed:
    """The signature of the Standard Webhooks, with each of several secrets."""

    def __init__(self, destination: WebhookDestination) -> None:
        self._keys = [_webhook_key(secret_of(secret)) for secret in destination.secrets]

    def of(self, method: str, url: str, idempotency_key: str, body: bytes) -> dict[str, str]:
        """The id, which stays when a batch is sent again, the instant, and the signatures."""
        name, at = f"msg_{idempotency_key}", str(int(time.time()))
        return {
            "webhook-id": name,
            "webhook-timestamp": at,
            "webhook-signature": " ".join(signature(key, name, at, body) for key in self._keys),
        }

    def renew(self) -> bool:
        """There are no others."""
        return False


class OAuth1:
    """A signature over the address, as RFC 5849 says; a JSON body is no part of it."""

    def __init__(self, said: Authentication, secret: str) -> None:
        self._client, self._token = str(said.client_id), str(said.token)
        assert said.token_secret is not None
        self._key = f"{_coded(secret)}&{_coded(secret_of(said.token_secret))}"

    def of(self, method: str, url: str, idempotency_key: str, body: bytes) -> dict[str, str]:
        """The header, with a word that is used once."""
        words = {
            "oauth_consumer_key": self._client, "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": str(int(time.time())),
            "oauth_token": self._token, "oauth_version": "1.0",
        }  # fmt: skip
        words["oauth_signature"] = oauth1_signature(self._key, method, url, words)
        shown = ", ".join(f'{name}="{_coded(value)}"' for name, value in sorted(words.items()))
        return {"Authorization": f"OAuth {shown}"}

    def renew(self) -> bool:
        """There are no others."""
        return False


def oauth1_signature(key: str, method: str, url: str, words: Mapping[str, str]) -> str:
    """The signature of RFC 5849 with HMAC-SHA1.

    Parameters:
        key: both secrets, coded, with & between them.
        method, url: of the request.
        words: the header's, without the signature.
    """
    address, _, query = url.partition("?")
    pairs = [*words.items(), *parse_qsl(query, keep_blank_values=True)]
    listed = "&".join(f"{_coded(n)}={_coded(v)}" for n, v in sorted(pairs))
    text = "&".join(_coded(part) for part in (method, address, listed))
    made = hmac.new(key.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(made.digest()).decode()


def signature(key: bytes, name: str, at: str, body: bytes) -> str:
    """A signature of the Standard Webhooks.

    Parameters:
        key: the secret's bytes.
        name, at: the request's id and instant.
        body: as it leaves.
    """
    made = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(made.digest()).decode()}"


def headers_of(destination: HttpDestination | WebhookDestination) -> Headers:
    """What says who we are to a destination.

    Raises:
        UserError: a secret is not there, or is none.
    """
    if isinstance(destination, WebhookDestination):
        return Signed(destination)
    if destination.secret is None:
        return Fixed({})
    said, secret = destination.authentication, secret_of(destination.secret)
    if said.kind == "oauth2":
        return Token(destination, secret)
    if said.kind == "oauth1":
        return OAuth1(said, secret)
    if said.kind == "header":
        return Fixed({str(said.name): secret})
    if said.kind == "basic":
        both = base64.b64encode(f"{said.user}:{secret}".encode()).decode()
        return Fixed({"Authorization": f"Basic {both}"})
    return Fixed({"Authorization": f"Bearer {secret}"})


def _webhook_key(secret: str) -> bytes:
    start, _, text = secret.partition("_")
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if start != "whsec" or not 24 <= len(key) <= 64:
        raise UserError(
            "A webhook's secret is none: it begins with whsec_, and base64 of 24 to 64 bytes "
            "follows. Take the one that the receiver shows.",
            2,
        )
    return key


def _coded(text: str) -> str:
    return quote(text, safe="-._~")
