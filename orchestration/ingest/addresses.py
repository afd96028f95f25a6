"""Addresses of servers as they may be declared, shown and logged: every secret is taken out.

An address may be a URL or a list of `key=value`, and libpq takes a password in either: before the
host, among the parameters, percent-encoded. What can't be taken apart for certain is not shown at
all, and no connection is made with it, because a driver's messages would quote parts of it.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

HIDDEN = "***"
SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)?$|pwd$|secret|token|credential|signature$|^sig$"
    r"|(access|client|server|account)_?key$",
    re.IGNORECASE,
)
URL = re.compile(r"\s*(?P<scheme>[A-Za-z][\w+.:-]*)://(?P<rest>.*)", re.DOTALL)
PAIR = re.compile(
    r"(?P<key>[\w%-]+)\s*=\s*(?P<value>'(?:\\.|[^'\\])*'|(?:\\.|[^\s\\'])*)(?=\s|$)", re.DOTALL
)
MISSPELT = re.compile(r"\s*(jdbc|postgres|redshift|mysql|mariadb|mssql|sqlserver|oracle)", re.I)
BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# What libpq knows. A parameter besides may be the rest of a password with an unescaped `&` in it.
PARAMETERS = frozenset({
    "host", "hostaddr", "port", "dbname", "user", "passfile", "require_auth",
    "channel_binding", "connect_timeout", "client_encoding", "options", "application_name",
    "fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval",
    "keepalives_count", "tcp_user_timeout", "replication", "gssencmode", "sslmode",
    "sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslrootcert", "sslcrl",
    "sslcrldir", "sslsni", "requirepeer", "ssl_min_protocol_version",
    "ssl_max_protocol_version", "krbsrvname", "gsslib", "gssdelegation", "service",
    "target_session_attrs", "load_balance_hosts", "ssl", "requiressl"
})  # fmt: skip


def without_password(address: str) -> str:
    """An address as it may be shown and stored.

    Parameters:
        address: a URL, a list of `key=value`, or anything else, which comes back as it is.

    Returns:
        The address without its secrets; `scheme://***` or `***` when it can't be told where they
        end.
    """
    return _taken_apart(address)[0]


def secrets_of(address: str) -> tuple[str, ...]:
    """The secrets in an address, as written, decoded and encoded, the longest first."""
    found = {form for raw in _taken_apart(address)[1] for form in _forms(raw)}
    return tuple(sorted(filter(None, found), key=lambda text: (-len(text), text)))


def without_secrets(text: str, address: str) -> str:
    """A message about an address, with every secret of that address masked."""
    for secret in secrets_of(address):
        text = text.replace(secret, HIDDEN)
    return text


def is_ambiguous(address: str) -> bool:
    """Whether it can't be told for certain where a secret in the address ends."""
    return without_password(address).endswith(HIDDEN)


def _taken_apart(address: str) -> tuple[str, list[str]]:
    """An address without its secrets, and these as they are written in it."""
    found = URL.fullmatch(address)
    if found:
        return _url(address, found["scheme"], found["rest"])
    if MISSPELT.match(address) and ":" in address and "@" in address:
        return HIDDEN, [address]
    return _pairs(address)


def _url(address: str, scheme: str, rest: str) -> tuple[str, list[str]]:
    hidden = (f"{scheme}://{HIDDEN}", [rest])
    before, mark, query = rest.partition("?")
    user, at, place = before.rpartition("@")
    name, _, password = user.partition(":")
    if re.search(r"[@/#\s]", user) or BROKEN_PERCENT.search(user):
        return hidden
    if "@" in query and ":" in before:
        # In postgresql://ann:4?x=@host the port is a password.
        return hidden
    secrets, kept = [password], []
    for parameter in re.split(r"[&;]", query) if mark else []:
        key, equals, value = parameter.partition("=")
        if SECRET_KEY.search(unquote(key)):
            secrets.append(value)
            if BROKEN_PERCENT.search(value):
                return hidden
        else:
            kept.append((unquote(key), equals, parameter))
    secrets = [secret for secret in secrets if secret]
    if not secrets:
        return address, []
    if any(key not in PARAMETERS or not equals for key, equals, _ in kept):
        return hidden
    told = "&".join(parameter for _, _, parameter in kept)
    return f"{scheme}://{name}{at}{place}" + (f"?{told}" if told else ""), secrets


def _pairs(address: str) -> tuple[str, list[str]]:
    secrets: list[str] = []
    if not any(SECRET_KEY.search(unquote(key)) for key in re.findall(r"([\w%-]+)\s*=", address)):
        return address, []
    kept = []
    for found in PAIR.finditer(address):
        if SECRET_KEY.search(unquote(found["key"])):
            secrets.append(found["value"].strip("'"))
        else:
            kept.append(found[0])
    if PAIR.sub("", address).strip():
        return HIDDEN, [address]
    return " ".join(kept), secrets


def _forms(raw: str) -> set[str]:
    return {raw, unquote(raw), quote(unquote(raw), safe=""), re.sub(r"\\(.)", r"\1", raw)}
