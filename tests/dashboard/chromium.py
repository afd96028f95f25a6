"""A headless Chromium, spoken to over its debugging pipe; needs no driver and no library.

The protocol is JSON with a null byte after each message, on file descriptors 3 (to the browser)
and 4 (from it).
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)


def find() -> str | None:
    """Where Chromium is, None where it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


class Browser:
    """One page in one browser with a profile of its own.

    Attributes:
        messages: what the page wrote to the console at level warning or error, and exceptions.
        requests: every address that was asked for.
        failures: requests that ended badly: address and reason.
    """

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        binary = find()
        if binary is None:
            raise FileNotFoundError("chromium is not installed")
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.failures: list[str] = []
        self._number = self._events = 0
        self._buffer = b""
        self._answers: dict[int, dict[str, Any]] = {}
        self._addresses: dict[str, str] = {}
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        self._start(binary)
        target = self._call("Target.createTarget", {"url": "about:blank"}, session=False)
        attached = self._call(
            "Target.attachToTarget",
            {"targetId": target["targetId"], "flatten": True},
            session=False,
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self.resize(width, height)

    def _start(self, binary: str) -> None:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()

        def place() -> None:  # the ends must be 3 and 4, whatever numbers they have here
            high_in, high_out = os.dup(to_browser), os.dup(from_browser)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        command = [binary, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(
            command,
            close_fds=False,
            preexec_fn=place,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and remove its profile."""
        os.close(self._write)
        os.close(self._read)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _call(
        self, method: str, parameters: dict[str, Any] | None = None, session: bool = True
    ) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while number not in self._answers:
            if time.monotonic() > deadline:
                raise TimeoutError(method)
            self._receive(1)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return dict(answer["result"])

    def _receive(self, seconds: float) -> None:
        if select.select([self._read], [], [], seconds)[0]:
            self._buffer += os.read(self._read, 1 << 20)
        while b"\0" in self._buffer:
            text, self._buffer = self._buffer.split(b"\0", 1)
            message = json.loads(text)
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self._note(message["method"], message.get("params", {}))

    def _note(self, event: str, about: dict[str, Any]) -> None:
        self._events += event.startswith("Network.")
        if event == "Network.requestWillBeSent":
            self._addresses[about["requestId"]] = about["request"]["url"]
            self.requests.append(about["request"]["url"])
        elif event == "Network.loadingFailed" and not about.get("canceled"):
            address = self._addresses.get(about["requestId"], "?")
            self.failures.append(f"{address}: {about['errorText']}")
        elif event == "Network.responseReceived" and about["response"]["status"] >= 400:
            self.failures.append(f"{about['response']['url']}: {about['response']['status']}")
        elif event == "Runtime.exceptionThrown":
            self.messages.append(json.dumps(about["exceptionDetails"])[:2000])
        elif event == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            said = [str(a.get("value", a.get("description"))) for a in about["args"]]
            self.messages.append(f"{about['type']}: {' '.join(said)}"[:2000])
        elif event == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            entry = about["entry"]
            self.messages.append(f"{entry['level']}: {entry['text']} {entry.get('url', '')}")

    def resize(self, width: int, height: int) -> None:
        """Give the page a size; below 600 wide it is a telephone."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def prefer(self, scheme: str) -> None:
        """What the system is said to prefer: light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", {"features": features})

    def log_in(self, user: str, password: str) -> None:
        """Send HTTP's Basic login with every request, as a browser does that was asked for it."""
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        self._call("Network.setExtraHTTPHeaders", {"headers": headers})

    def pdf(self, path: Path) -> None:
        """Print the page into a file, as the browser's own print does."""
        printed = self._call("Page.printToPDF", {"printBackground": True})
        path.write_bytes(base64.b64decode(printed["data"]))

    def open(self, address: str) -> None:
        """Go to an address; `wait_for` then says when it is there."""
        self._call("Page.navigate", {"url": address})

    def forget(self) -> None:
        """Start the notes anew."""
        for notes in (self.messages, self.requests, self.failures):
            notes.clear()

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression on the page."""
        answer = self._call(
            "Runtime.evaluate",
            {"expression": script, "returnByValue": True, "awaitPromise": True},
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def wait_for(self, script: str, seconds: float = 30) -> None:
        """Wait until a JavaScript expression is true.

        Parameters:
            script: the expression.
            seconds: to wait in which nothing was asked or answered; a page that still loads on a
                busy machine is waited for ten times as long.
        """
        began = moved = time.monotonic()
        seen = self._events
        while not self.run(f"Boolean({script})"):
            now = time.monotonic()
            if self._events != seen:
                seen, moved = self._events, now
            if now - moved > seconds or now - began > 10 * seconds:
                raise TimeoutError(
                    f"{script} did not become true in {now - began:.0f} s; console: "
                    f"{self.messages}; failed: {self.failures}"
                )
            self._receive(0.1)

    def idle(self, seconds: float) -> None:
        """Let the page go on by itself and collect what it says."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._receive(0.1)

    def accessibility_tree(self) -> list[dict[str, Any]]:
        """What a screen reader is given: nodes with role and name, ignored ones left out."""
        nodes = self._call("Accessibility.getFullAXTree")["nodes"]
        return [
            {
                "role": node.get("role", {}).get("value"),
                "name": node.get("name", {}).get("value", ""),
            }
            for node in nodes
            if not node.get("ignored")
        ]

    def screenshot(self, path: Path, whole: bool = False) -> None:
        """Save a picture of the viewport, or of the whole page.

        Parameters:
            path: a PNG file.
            whole: make the viewport as tall as the content for the picture.
        """
        picture = self._call(
            "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole}
        )
        path.write_bytes(base64.b64decode(picture["data"]))

    def press(self, key: str) -> None:
        """Press and release a key: Tab, Enter, ArrowDown, ArrowUp or Escape."""
        code = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40}[key]
        for kind in ("rawKeyDown", "keyUp"):
            about = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
            self._call("Input.dispatchKeyEvent", about)

    def type(self, text: str) -> None:
        """Type a text, letter by letter; Enter is a letter, too."""
        for letter in text:
            sent = "\r" if letter == "\n" else letter
            about = {"key": "Enter" if letter == "\n" else letter, "text": sent}
            self._call("Input.dispatchKeyEvent", {"type": "keyDown", **about})
            self._call("Input.dispatchKeyEvent", {"type": "keyUp", "key": about["key"]})

    def click(self, element: str) -> None:
        """Click the middle of an element, as a mouse does.

        Parameters:
            element: a JavaScript expression that gives it.
        """
        self.run(f"({element}).scrollIntoView({{block: 'center'}})")
        x, y = self.run(
            f"(() => {{const box = ({element}).getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]})()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            about = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self._call("Input.dispatchMouseEvent", about)

    def save_downloads(self, folder: Path) -> None:
        """Let downloads go to a folder."""
        self._call(
            "Browser.setDownloadBehavior",
            {"behavior": "allow", "downloadPath": str(folder)},
            session=False,
        )
