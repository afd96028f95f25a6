"""Where alerts go and which are sent: read from the environment, and refused where it is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol
from urllib.parse import urlsplit

from orchestration.alerts.alert import KINDS, Alert
from orchestration.alerts.mail import Mail
from orchestration.alerts.webhook import Webhook
from orchestration.errors import UserError

PORTS = {"starttls": 587, "ssl": 465, "none": 25}
MAIL_VARIABLES = (
    "C360_ALERT_EMAIL_FROM",
    "C360_SMTP_HOST",
    "C360_SMTP_PORT",
    "C360_SMTP_USER",
    "C360_SMTP_PASSWORD_FILE",
    "C360_SMTP_TLS",
)
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
LOCAL = ("localhost", "127.0.0.1", "::1")
MOST_RECIPIENTS = 50
HOW_TO_DECLARE = (
    "No channel for alerts is declared. Set C360_ALERT_WEBHOOK to the address of a webhook, or "
    "C360_ALERT_EMAIL_TO, C360_ALERT_EMAIL_FROM and C360_SMTP_HOST for e-mail; docs/alerts.md has "
    "all variables."
)


class Channel(Protocol):
    """Something that takes alerts."""

    @property
    def name(self) -> str:
        """What tells it from other channels."""

    @property
    def label(self) -> str:
        """The channel as it may be shown."""

    def send(self, alert: Alert, timeout: float) -> None:
        """Hand over one alert; see Webhook and Mail."""


@dataclass(frozen=True)
class Channels:
    """What the environment declares.

    Attributes:
        all: where alerts go, none by default.
        kinds: the kinds that are sent.
    """

    all: tuple[Channel, ...]
    kinds: frozenset[str]


def declared_channels(environ: Mapping[str, str] | None = None) -> Channels:
    """Read the channels from the environment.

    Parameters:
        environ: variables; those of this process by default.

    Raises:
        UserError: a variable is wrong or missing; the message names it and never shows a secret.
    """
    given = {
        name: value.strip()
        for name, value in (os.environ if environ is None else environ).items()
        if value.strip()
    }
    found: list[Channel] = []
    if "C360_ALERT_WEBHOOK" in given:
        found.append(_webhook(given["C360_ALERT_WEBHOOK"]))
    if "C360_ALERT_EMAIL_TO" in given:
        found.append(_mail(given))
    elif name := next((name for name in MAIL_VARIABLES if name in given), None):
        _refuse(f"{name} is set and C360_ALERT_EMAIL_TO is not. Set it to whom alerts are mailed.")
    return Channels(tuple(found), _kinds(given.get("C360_ALERT_ON", "all")))


def _refuse(message: str) -> NoReturn:
    raise UserError(message, 2)


def _kinds(text: str) -> frozenset[str]:
    if text.lower() == "all":
        return frozenset(KINDS)
    chosen = [part.strip().lower() for part in text.split(",") if part.strip()]
    unknown = [kind for kind in chosen if kind not in KINDS]
    if unknown or not chosen:
        _refuse(
            f"C360_ALERT_ON has {unknown[0] if unknown else 'nothing'!r}. Give all, or some of "
            f"{', '.join(KINDS)}, comma-separated."
        )
    return frozenset(chosen)


def _webhook(url: str) -> Webhook:
    # The address is a secret: what is wrong with it is told without it.
    example = "Give an address such as https://hooks.example.com/services/..."
    if re.search(r"[\x00-\x20\x7f]", url) or not url.isascii():
        _refuse(f"C360_ALERT_WEBHOOK has a blank or another character no address has. {example}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        _refuse(f"C360_ALERT_WEBHOOK is not an address. {example}")
    if parts.scheme not in ("http", "https") or not host or port == 0:
        _refuse(f"C360_ALERT_WEBHOOK must begin with https:// or http:// and a host. {example}")
    if not HOST.fullmatch(host):
        _refuse(f"C360_ALERT_WEBHOOK names a host that can't be one. {example}")
    return Webhook(url)


def _mail(given: Mapping[str, str]) -> Mail:
    recipients = tuple(part.strip() for part in given["C360_ALERT_EMAIL_TO"].split(","))
    for address in recipients:
        _require_address("C360_ALERT_EMAIL_TO", address)
    if len(recipients) > MOST_RECIPIENTS:
        _refuse(f"C360_ALERT_EMAIL_TO has more than {MOST_RECIPIENTS} addresses. Use a list's.")
    sender = given.get("C360_ALERT_EMAIL_FROM", "")
    if not sender:
        _refuse("C360_ALERT_EMAIL_TO is set; C360_ALERT_EMAIL_FROM must be the sender's address.")
    _require_address("C360_ALERT_EMAIL_FROM", sender)
    host = given.get("C360_SMTP_HOST", "")
    if not HOST.fullmatch(host):
        _refuse(
            "C360_ALERT_EMAIL_TO is set; C360_SMTP_HOST must be the name of a mail server, such "
            "as smtp.example.com, without a port."
        )
    tls = given.get("C360_SMTP_TLS", "starttls").lower()
    if tls not in PORTS:
        _refuse(f"C360_SMTP_TLS must be one of {', '.join(PORTS)}.")
    user = given.get("C360_SMTP_USER", "")
    password_file = given.get("C360_SMTP_PASSWORD_FILE")
    if bool(user) != bool(password_file):
        _refuse("Set C360_SMTP_USER and C360_SMTP_PASSWORD_FILE both, or neither for no login.")
    if user and tls == "none" and host.lower() not in LOCAL:
        _refuse(
            "C360_SMTP_TLS=none would send the password of C360_SMTP_USER to another machine for "
            "all to read. Use starttls or ssl."
        )
    return Mail(
        recipients,
        sender,
        host,
        _port(given.get("C360_SMTP_PORT"), PORTS[tls]),
        tls,
        user,
        Path(password_file) if password_file else None,
    )


def _port(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        _refuse("C360_SMTP_PORT must be a whole number from 1 to 65535.")
    return int(text)


def _require_address(variable: str, address: str) -> None:
    if not ADDRESS.fullmatch(address):
        _refuse(f"{variable} must be e-mail addresses such as team@example.com, comma-separated.")
