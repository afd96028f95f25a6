"""Files that only their receiver can read: OpenPGP for a public key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from orchestration.errors import UserError


def fault_of_key(text: str) -> str:
    """Why a text can't be encrypted for, empty where it can."""
    from pysequoia import Cert, encrypt

    try:
        key = Cert.from_bytes(text.encode())
    except Exception:  # the library raises its own and bare ones
        return "can't be read"
    if key.has_secret_keys:
        return "holds a private key, which belongs to its owner only"
    # The library would encrypt for an expired key as well.
    if key.is_revoked or (key.expiration and key.expiration <= datetime.now(UTC)):
        return "is expired or revoked"
    try:
        encrypt(b"", recipients=[key])
    except Exception:  # as above
        return "is not made for encryption"
    return ""


def encrypt_file(file: Path, encrypted: Path, key: str) -> None:
    """Encrypt a file and take the readable one away.

    Parameters:
        file: that all who find it can read.
        encrypted: where the other goes.
        key: the receiver's public key. The bytes are others each time: that is what makes them
            secret.

    Raises:
        UserError: the key has become one that can't be used.
    """
    from pysequoia import Cert
    from pysequoia import encrypt_file as write

    fault = fault_of_key(key)
    if fault:
        raise UserError(f"encrypt_for {fault}. Ask the receiver for a new key. Nothing was sent.")
    write(str(file), str(encrypted), recipients=[Cert.from_bytes(key.encode())], armor=False)
    file.unlink()


def fingerprint(key: str) -> str:
    """Of a public key, as its owner knows it."""
    from pysequoia import Cert

    return str(Cert.from_bytes(key.encode()).fingerprint)
