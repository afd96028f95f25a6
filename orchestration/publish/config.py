"""Which doors the reporting model is published through, and how many versions are kept.

Everything is an environment variable, like the other settings of an installation. A password is
named by the file it stands in, or left to libpq (`PGPASSWORD`, `~/.pgpass`).
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from orchestration.errors import UserError
from orchestration.ingest.addresses import is_ambiguous, without_password

KEPT = "C360_KEPT_VERSIONS"
PARQUET = "C360_PUBLISH_PARQUET"
URL = "C360_POSTGRES_URL"
PASSWORD_FILE = "C360_POSTGRES_PASSWORD_FILE"  # noqa: S105 - a variable's name
SCHEMA = "C360_POSTGRES_SCHEMA"
READER = "C360_POSTGRES_READER"
DEFAULT_KEPT, MOST_KEPT = 3, 1000
LOCAL = ("", "localhost", "127.0.0.1", "::1")
AWAY = {
    # Unless the address says otherwise: the server must prove who it is, and a line that has
    # died is noticed after half a minute.
    "sslmode": "verify-full",
    "tcp_user_timeout": "30000",
    "keepalives_idle": "10",
    "keepalives_interval": "10",
}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,50}")


@dataclass(frozen=True)
class Server:
    """The PostgreSQL server that the model is published to.

    Attributes:
        address: its URL as declared, which may hold a password: never to be shown.
        password_file: the file with the password, None when libpq finds it.
        schema: the schema that is replaced.
        reader: the role that may read it, empty for nobody but the owner.
    """

    address: str
    password_file: Path | None
    schema: str
    reader: str

    def complete(self) -> str:
        """The URL with the password and what a server elsewhere needs.

        Raises:
            UserError: the password file can't be read or is open to others.
        """
        added = {} if is_local(self.address) else AWAY
        stated = re.findall(r"[?&](\w+)=", self.address)
        parameters = {key: value for key, value in added.items() if key not in stated}
        if self.password_file:
            parameters["password"] = _password(self.password_file)
        text = "&".join(f"{key}={quote(value, safe='')}" for key, value in parameters.items())
        return self.address + ("&" if "?" in self.address else "?") * bool(text) + text


@dataclass(frozen=True)
class Publication:
    """How the model is published.

    Attributes:
        kept: how many versions are kept, the current one included.
        parquet: whether the Parquet door is open.
        server: the PostgreSQL door, None when it is not declared.
    """

    kept: int
    parquet: bool
    server: Server | None

    @classmethod
    def from_env(cls) -> Publication:
        """Read the variables; an empty one counts as not set.

        Raises:
            UserError: a value can't be followed; no secret is in the message.
        """
        return cls(_kept(), _parquet(), _server())


def is_local(address: str) -> bool:
    """Whether every host of a PostgreSQL URL is this machine or a socket of it."""
    parts = urlsplit(address)
    hosts = re.findall(r"[?&]host(?:addr)?=([^&]*)", address)
    place = parts.netloc.rpartition("@")[2]
    if not hosts or place:
        hosts += [re.sub(r":\d*$", "", host).strip("[]") for host in place.split(",")]
    named = [name for host in hosts for name in unquote(host).split(",")]
    return all(name in LOCAL or name.startswith("/") for name in named)


def _value(name: str) -> str:
    return os.environ.get(name, "").strip()


def _kept() -> int:
    text = _value(KEPT) or str(DEFAULT_KEPT)
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not 1 <= int(text) <= MOST_KEPT:
        raise UserError(
            f"{KEPT} is {text[:20]!r}, which is no number of versions. Set a whole number from 1 "
            f"to {MOST_KEPT}, such as {KEPT}={DEFAULT_KEPT}, or unset it.",
            2,
        )
    return int(text)


def _parquet() -> bool:
    text = _value(PARQUET).lower() or "yes"
    if text not in ("yes", "no"):
        raise UserError(f"{PARQUET} is {text[:20]!r}. Set yes or no, or unset it for yes.", 2)
    return text == "yes"


def _server() -> Server | None:
    address = _value(URL)
    if not address:
        return None
    if not re.match(r"postgres(ql)?://", address) or is_ambiguous(address):
        raise UserError(
            f"{URL} can't be understood ({without_password(address)[:13]}...). Write "
            "postgresql://user@host:5432/database, percent-encode what is special in it, and leave "
            f"the password out: {PASSWORD_FILE} names its file.",
            2,
        )
    file = _value(PASSWORD_FILE)
    return Server(
        address,
        Path(file).expanduser() if file else None,
        _name(SCHEMA, "insights"),
        _name(READER, ""),
    )


def _name(variable: str, default: str) -> str:
    text = _value(variable) or default
    if text and not NAME.fullmatch(text):
        raise UserError(
            f"{variable} is {text[:60]!r}. Write a name of letters, digits and underscores, of at "
            "most 51, that begins with no digit.",
            2,
        )
    return text


def _password(file: Path) -> str:
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise UserError(
                f"{file}, which {PASSWORD_FILE} names, may be read by others. Take that from them: "
                f"chmod 600 {file}."
            )
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(
            f"{file}, which {PASSWORD_FILE} names, can't be read: {reason}. Name the file that "
            "holds the password."
        ) from None
    if not text:
        raise UserError(f"{file}, which {PASSWORD_FILE} names, is empty. Write the password in it.")
    return text
