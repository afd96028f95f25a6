"""Real servers on 127.0.0.1 that take alerts: one for webhooks, one for e-mail, with TLS or not."""

from __future__ import annotations

import base64
import email
import http.server
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG = 0
"""As an answer of a webhook: none, until the client has gone."""
HANG_SECONDS = 20.0


@dataclass
class Hook:
    """A webhook's receiver.

    Attributes:
        answers: the codes of the next answers; 200 once they are used up.
        posted: what came in, as JSON.
        headers: the headers of each.
    """

    port: int = 0
    answers: list[int] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/services/T0SECRET/hook"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what the tests are about."""


@contextmanager
def _served(handler: type[socketserver.BaseRequestHandler], tls: ssl.SSLContext | None = None):  # type: ignore[no-untyped-def]
    server = _Server(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def hook_server(*answers: int, tls: ssl.SSLContext | None = None) -> Iterator[Hook]:
    """A receiver that answers as it is told."""
    hook = Hook(answers=list(answers), scheme="https" if tls else "http")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.posted.append(json.loads(body))
            hook.headers.append(dict(self.headers))
            code = hook.answers.pop(0) if hook.answers else 200
            if code == HANG:
                time.sleep(HANG_SECONDS)
                return
            self.send_response(code)
            if 300 <= code < 400:
                self.send_header("Location", f"http://127.0.0.1:{hook.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            hook.posted.append({"followed": self.path})

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with _served(Handler, tls) as hook.port:
        yield hook


@dataclass
class Post:
    """A mail server.

    Attributes:
        answers: what to answer to a command instead of the usual, by its first word, once each;
            an empty one hangs up.
        messages: what came in.
        logins: user and password of each login.
        is_silent: accepts connections and never says a word.
    """

    port: int = 0
    answers: dict[str, list[str]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    is_silent: bool = False


class _Session:
    """One conversation of SMTP, as much of it as a client needs."""

    def __init__(self, post: Post, connection: Any, tls: ssl.SSLContext | None) -> None:
        self.post, self.connection, self.tls = post, connection, tls
        self.is_encrypted = isinstance(connection, ssl.SSLSocket)
        self.recipients: list[str] = []
        self.stream = connection.makefile("rb")

    def say(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\r\n")

    def run(self) -> None:
        self.say("220 test")
        while line := self.stream.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            if self.post.answers.get(verb):
                answer = self.post.answers[verb].pop(0)
                if not answer:
                    return
                self.say(answer)
                if answer.startswith("421"):
                    return
                continue
            if self.answer(verb, words):
                return

    def answer(self, verb: str, words: str) -> bool:
        if verb == "EHLO":
            offers = ["test", "AUTH PLAIN"] + ["STARTTLS"] * (self.tls is not None)
            for place, offer in enumerate(offers):
                self.say(f"250{' ' if place == len(offers) - 1 else '-'}{offer}")
        elif verb == "STARTTLS" and self.tls:
            self.say("220 go")
            self.connection = self.tls.wrap_socket(self.connection, server_side=True)
            self.stream, self.is_encrypted = self.connection.makefile("rb"), True
        elif verb == "AUTH":
            _, user, password = base64.b64decode(words.split(" ")[2]).decode().split("\0")
            self.post.logins.append((user, password))
            self.say("235 in")
        elif verb == "DATA":
            self.say("354 go")
            self.take_message()
        elif verb == "QUIT":
            self.say("221 bye")
            return True
        else:
            if verb == "RCPT":
                self.recipients.append(words)
            self.say("250 ok")
        return False

    def take_message(self) -> None:
        lines = []
        while (line := self.stream.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.post.messages.append(email.message_from_bytes(b"".join(lines), policy=default))
        self.post.recipients.append(self.recipients)
        self.post.was_encrypted.append(self.is_encrypted)
        self.say("250 taken")


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, implicit: bool = False) -> Iterator[Post]:
    """A mail server; with TLS it offers STARTTLS, or speaks TLS from the beginning."""
    post = Post()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if post.is_silent:
                time.sleep(HANG_SECONDS)
                return
            connection = self.request
            if tls and implicit:
                connection = tls.wrap_socket(connection, server_side=True)
            _Session(post, connection, None if implicit else tls).run()

    with _served(Handler) as post.port:
        yield post


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """A server's TLS with a certificate of its own making, and the file that makes it trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    named: x509.GeneralName = x509.DNSName(name)
    if name[0].isdigit():
        named = x509.IPAddress(ip_address(name))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted = folder / "certificate.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted
