"""Destinations of files on other servers: SFTP, and object stores."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from orchestration.activation.destinations.common import Secret, Strict, Text, plain_address
from orchestration.activation.destinations.files import FilesDestination

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$")]
Timeout = Annotated[float, Field(gt=0, le=600)]


class KeyFile(Strict):
    """Where a private key stands; never the key.

    Attributes:
        file: that holds it.
    """

    file: Text


class SftpDestination(FilesDestination):
    """A folder of an SFTP server.

    Attributes:
        host, port: of the server.
        user: who logs in.
        host_key: the server's public key, as `ssh-keyscan` prints it behind the name.
        secret: the password.
        private_key: a key instead of a password, or before it.
        folder: at the server; it has to be there.
        private: addresses of private networks are allowed.
        timeout_seconds: without any answer.
    """

    platform: ClassVar[str] = "SFTP"
    kind: Literal["sftp"]
    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)] = 22
    user: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")]
    host_key: Text
    secret: Secret | None = None
    private_key: KeyFile | None = None
    folder: Annotated[str, Field(max_length=400)] = "."
    private: bool = False
    timeout_seconds: Timeout = 30

    @field_validator("host_key")
    @classmethod
    def _key(cls, text: str) -> str:
        import asyncssh

        try:
            asyncssh.import_public_key(text)
        except (asyncssh.KeyImportError, ValueError):
            raise ValueError(
                "host_key is no public key. It is the server's, such as `ssh-ed25519 AAAA…`: what "
                "`ssh-keyscan` prints behind the name, when its owner says that it is the one"
            ) from None
        return text

    @field_validator("folder")
    @classmethod
    def _folder(cls, folder: str) -> str:
        if not folder or not folder.isprintable() or ".." in folder.split("/"):
            raise ValueError("folder is a path at the server without `..`")
        return folder

    @model_validator(mode="after")
    def _some_secret(self) -> SftpDestination:
        if not self.secret and not self.private_key:
            raise ValueError("name the place of a password (secret) or of a private_key")
        return self


class ObjectStoreDestination(FilesDestination):
    """A bucket of an S3-compatible object store.

    Attributes:
        address: of the store: https, or http to this machine. The bucket goes in the path.
        bucket, region: of the store.
        prefix: what keys begin with, without the last slash.
        access_key, secret: where the two parts of the secret stand.
        private: addresses of private networks are allowed.
        timeout_seconds: for a reply.
    """

    platform: ClassVar[str] = "Object store"
    kind: Literal["object_store"]
    address: Text
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    prefix: Annotated[str, Field(pattern=r"^([A-Za-z0-9_=.-]+(/[A-Za-z0-9_=.-]+)*)?$")] = ""
    access_key: Secret
    secret: Secret
    private: bool = False
    timeout_seconds: Timeout = 30

    @model_validator(mode="after")
    def _address_and_prefix(self) -> ObjectStoreDestination:
        if urlsplit(plain_address(self.address)).path not in ("", "/"):
            raise ValueError("address is https://host: nothing behind it")
        if {".", ".."} & set(self.prefix.split("/")):
            raise ValueError("prefix has no part `.` or `..`")
        return self
