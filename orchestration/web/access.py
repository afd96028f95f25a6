"""What the environment says about who may open the pages: address, names, proxies, login."""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.errors import UserError
from orchestration.web.rules import LOCAL_NAMES, split_host

LISTEN = "C360_LISTEN"
ALLOWED_HOSTS = "C360_ALLOWED_HOSTS"
TRUSTED_PROXIES = "C360_TRUSTED_PROXIES"
LOGIN = "C360_LOGIN"
PASSWORD_FILE = "C360_LOGIN_PASSWORD_FILE"  # noqa: S105 - a name, not a password
PROXY_LOGIN = "C360_LOGIN_BY_PROXY"

HASHES = ("scrypt:", "pbkdf2:")
SHORTEST_PASSWORD = 8
PAGE = "docs/access.md describes it."


@dataclass(frozen=True)
class Login:
    """A user of the pages.

    Attributes:
        user: without a colon, which HTTP's Basic login can't carry.
        password: as it is, or as a hash of werkzeug's (`scrypt:…`).
    """

    user: str
    password: str = field(repr=False)

    @property
    def is_hashed(self) -> bool:
        """Whether the password is kept as a hash."""
        return self.password.startswith(HASHES)


@dataclass(frozen=True)
class Access:
    """Who may open the pages.

    Attributes:
        address: the one to listen on; this machine's own unless told otherwise.
        hosts: further names that browsers may call us by, lower case.
        proxies: addresses or networks whose X-Forwarded-For and -Proto are believed.
        logins: of who may come; none where nobody is asked.
    """

    address: str = "127.0.0.1"
    hosts: frozenset[str] = frozenset()
    proxies: tuple[str, ...] = ()
    logins: tuple[Login, ...] = ()

    @classmethod
    def from_env(
        cls,
        address: str | None = None,
        environment: Mapping[str, str] = os.environ,
        users: Iterable[Login] = (),
    ) -> Access:
        """Read what the environment says.

        Parameters:
            address: from the command line, before C360_LISTEN.
            environment: the variables.
            users: who may come in place of the one login that the environment names.

        Raises:
            UserError: a value is wrong, the password file is missing or open to others, or
                others than this machine's users could come in without a login.
        """
        listen = _address(address or environment.get(LISTEN) or cls.address)
        named = frozenset(_host(entry) for entry in _entries(environment, ALLOWED_HOSTS))
        logins = tuple(users) or _login(environment)
        is_local = ipaddress.ip_address(listen).is_loopback
        if not logins and not is_local:
            raise UserError(
                f"Listening on {listen} (--host or {LISTEN}) would open the page to everybody who "
                "reaches this machine. "
                f"Set {LOGIN} and {PASSWORD_FILE}, or listen on 127.0.0.1. {PAGE}",
                2,
            )
        if not logins and named - LOCAL_NAMES and environment.get(PROXY_LOGIN) != "yes":
            raise UserError(
                f"{ALLOWED_HOSTS} opens the page to others than this machine's users, and nothing "
                f"asks them who they are. Set {LOGIN} and {PASSWORD_FILE}; or, where the proxy "
                f"before this page asks, {PROXY_LOGIN}=yes. {PAGE}",
                2,
            )
        proxies = tuple(_network(entry) for entry in _entries(environment, TRUSTED_PROXIES))
        return cls(listen, named | _own_name(listen), proxies, logins)


def _entries(environment: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in environment.get(name, "").split(",") if part.strip()]


def _address(value: str) -> str:
    if value == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(value.strip("[]")))
    except ValueError:
        raise UserError(
            f"{value!r} (--host or {LISTEN}) is not an address to listen on. Give 127.0.0.1, the "
            f"address of a network card, or 0.0.0.0 for all of them. {PAGE}",
            2,
        ) from None


def _own_name(listen: str) -> frozenset[str]:
    # An address, unlike a name, can't be made to point here by somebody else.
    address = ipaddress.ip_address(listen)
    if address.is_unspecified:
        return frozenset()
    return frozenset({f"[{address}]" if address.version == 6 else str(address)})


def _host(entry: str) -> str:
    parts = split_host(entry)
    if parts is None or parts[1] is not None:
        raise UserError(
            f"{ALLOWED_HOSTS} has {entry!r}, which is not a host name. Give names as they stand in "
            "the browser's address, without http:// and port, separated by commas; there are no "
            f"wildcards. {PAGE}",
            2,
        )
    return parts[0]


def _network(entry: str) -> str:
    try:
        network = ipaddress.ip_network(entry)
    except ValueError:
        network = None
    if network is None or network.prefixlen == 0:
        raise UserError(
            f"{TRUSTED_PROXIES} has {entry!r}. Give the proxy's address, or the network it is in "
            f"(172.18.0.0/16), separated by commas; not everybody's. {PAGE}",
            2,
        )
    return entry


def _login(environment: Mapping[str, str]) -> tuple[Login, ...]:
    user, file = environment.get(LOGIN, ""), environment.get(PASSWORD_FILE, "")
    if not user and not file:
        return ()
    if not user or not file or ":" in user:
        raise UserError(
            f"A login needs a user without a colon in {LOGIN} and the file with the password in "
            f"{PASSWORD_FILE}; one of them is missing or wrong. {PAGE}",
            2,
        )
    login = Login(user, _password(Path(file)))
    mode = Path(file).stat().st_mode
    if not login.is_hashed and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UserError(
            f"{file} ({PASSWORD_FILE}) can be read by others than its owner. Close it: "
            f"chmod 600 {file}. {PAGE}",
            2,
        )
    return (login,)


def _password(file: Path) -> str:
    if file.exists() and not file.is_file():
        raise UserError(f"{file} ({PASSWORD_FILE}) is not a file.", 2)
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not in UTF-8"
        raise UserError(
            f"{file} ({PASSWORD_FILE}) can't be read: {reason}. Write the password into it, as a "
            f"file that only the owner of this process may read. {PAGE}",
            2,
        ) from None
    if len(password) < SHORTEST_PASSWORD:
        raise UserError(
            f"The password in {file} ({PASSWORD_FILE}) has less than {SHORTEST_PASSWORD} "
            f"characters. Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(24))'",
            2,
        )
    return password
