"""Really started servers, and a client that can send what a browser never would."""

from __future__ import annotations

import base64
import http.client
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.settings import PROJECT_ROOT, Settings

USER, PASSWORD = "ana", "correct horse battery staple"
SECONDS_TO_START = 180


def basic(user: str = USER, password: str = PASSWORD) -> str:
    """The Authorization header of a login."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass(frozen=True)
class Answer:
    """What a server has sent."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Served:
    """A started `c360 ui` or `c360 dashboard`."""

    process: subprocess.Popen[str]
    port: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def ask(
        self,
        method: str,
        path: str,
        headers: Iterable[tuple[str, str]] = (),
        body: str | None = None,
        login: str | None = basic(),
        source: str = "127.0.0.1",
    ) -> Answer:
        """Send a request as it is, headers repeated and addresses unresolved where asked for.

        Parameters:
            headers: Host and Authorization are added where they don't say otherwise.
            login: the Authorization header.
            source: the address to come from.
        """
        sent = list(headers)
        named = {name.lower() for name, _ in sent}
        if "host" not in named:
            sent.insert(0, ("Host", self.host))
        if login is not None and "authorization" not in named:
            sent.append(("Authorization", login))
        if body is not None:
            sent.append(("Content-Length", str(len(body.encode()))))
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=(source, 0)
        )
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent:
                connection.putheader(name, value)
            connection.endheaders(body.encode() if body is not None else None)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            told: dict[str, str] = {}
            for name, value in response.getheaders():
                told[name.lower()] = ", ".join(filter(None, (told.get(name.lower()), value)))
            return Answer(response.status, told, text)
        finally:
            connection.close()

    def end(self, number: int, seconds: float = 60) -> int:
        """Send a signal and give the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


def launch(settings: Settings, command: str, *arguments: str, **environment: str) -> Served:
    """Start a page; `wait_for` then says when it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", command, *arguments],
        env={**os.environ, **environment, "C360_DATA_DIR": str(settings.data_dir)},
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    served = Served(process)

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            served.lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                served.port = served.port or int(found[1])

    threading.Thread(target=read, daemon=True).start()
    return served


def wait_for(served: Served) -> None:
    """Wait until the page answers its health check."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert served.process.poll() is None, served.output
        try:
            if served.port and served.ask("GET", "/health", login=None).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise TimeoutError(served.output)


@contextmanager
def page(settings: Settings, command: str, **environment: str) -> Iterator[Served]:
    """A page on a free port, killed at the end where it has not ended by itself."""
    served = launch(settings, command, "--port", "0", **environment)
    try:
        wait_for(served)
        yield served
    finally:
        if served.process.poll() is None:
            served.process.terminate()
            try:
                served.process.wait(60)
            except subprocess.TimeoutExpired:
                served.process.kill()
                served.process.wait()


def login_in(folder: Path, password: str = PASSWORD) -> dict[str, str]:
    """The environment of a login whose password file lies in a folder."""
    file = folder / "password"
    file.write_text(password + "\n")
    file.chmod(0o600)
    return {"C360_LOGIN": USER, "C360_LOGIN_PASSWORD_FILE": str(file)}
