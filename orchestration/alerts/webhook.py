"""A channel that posts JSON to an address, whose path is a secret and is never shown.

By the standard library and not by requests or urllib3: those write the address into their log when
they try again and into the texts of their errors.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from orchestration.alerts.alert import Alert
from orchestration.errors import UserError
from orchestration.retries import PassingError

PASSING_CODES = {408, 425, 429, 500, 502, 503, 504}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    # A POST that is sent on becomes a GET, and an address that is a secret would go elsewhere.
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


@dataclass(frozen=True)
class Webhook:
    """Where alerts are posted.

    Attributes:
        url: the whole address, a secret.
    """

    url: str = field(repr=False)
    name: str = "webhook"

    @property
    def host(self) -> str:
        """What may be shown of the address."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    @property
    def label(self) -> str:
        """The channel as it may be shown."""
        return f"webhook {self.host}"

    def send(self, alert: Alert, timeout: float) -> None:
        """Post one alert.

        Parameters:
            alert: what to tell. `text` has all of it, for chats; the other fields are for programs.
            timeout: seconds for connecting and for each answer.

        Raises:
            PassingError: nobody answers, or the receiver says 5xx or 429.
            UserError: it does not take the alert; another try would not help.
        """
        try:
            with self._open(alert, timeout) as response:
                response.read(1)
        except urllib.error.HTTPError as error:
            code = error.code
            error.close()
            raise self._refused(code) from None
        except urllib.error.URLError as error:
            raise self._unreachable(error.reason) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None

    def _open(self, alert: Alert, timeout: float) -> Any:
        parts = urlsplit(self.url)
        netloc = parts.netloc.rpartition("@")[2]
        headers = {"Content-Type": "application/json", "User-Agent": "customer-360"}
        if parts.username:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        request = urllib.request.Request(  # noqa: S310 (http and https only, see channels.py)
            urlunsplit(parts._replace(netloc=netloc)),
            data=json.dumps(as_json(alert)).encode(),
            headers=headers,
            method="POST",
        )
        return urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout)

    def _refused(self, code: int) -> UserError:
        if code in PASSING_CODES or code >= 500:
            return PassingError(f"{self.host} answers {code}")
        if 300 <= code < 400:
            return UserError(
                f"{self.host} answers {code} and sends on to another address, which is not "
                "followed. Give the final address in C360_ALERT_WEBHOOK."
            )
        return UserError(
            f"{self.host} answers {code} and does not take the alert. Check the address in "
            "C360_ALERT_WEBHOOK; the receiver may have withdrawn it."
        )

    def _unreachable(self, reason: object) -> UserError:
        if isinstance(reason, ssl.SSLCertVerificationError):
            return UserError(
                f"{self.host} shows a certificate that this machine does not trust. Correct the "
                "address in C360_ALERT_WEBHOOK, or name the authority's certificate in "
                "SSL_CERT_FILE."
            )
        if isinstance(reason, ssl.SSLError):
            return UserError(
                f"{self.host} does not speak TLS as this machine does. Check the address in "
                "C360_ALERT_WEBHOOK: https or http, and the port."
            )
        if isinstance(reason, http.client.InvalidURL | ValueError):
            return UserError(f"The address in C360_ALERT_WEBHOOK ({self.host}) can't be used.")
        if isinstance(reason, TimeoutError):
            return PassingError(f"{self.host} does not answer in time")
        if isinstance(reason, ConnectionRefusedError):
            return PassingError(f"{self.host} refuses the connection")
        return PassingError(f"{self.host} can't be reached ({type(reason).__name__})")


def as_json(alert: Alert) -> dict[str, Any]:
    """What is posted: `text` for chats, and each part for programs."""
    return {
        "text": f"Customer 360: {alert.title}\n{alert.body}",
        "kind": alert.kind,
        "title": alert.title,
        "run_id": alert.run_id,
        "door": alert.door,
        "step": alert.step,
        "at": alert.at.isoformat(),
        "facts": dict(alert.facts),
    }
