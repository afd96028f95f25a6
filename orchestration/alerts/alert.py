"""What somebody is told, and what became of telling it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

KINDS = {
    "run_failed": "a run ended with an error",
    "gate_closed": "a check closed a gate",
    "run_killed": "a run ended without a word: killed, crashed, out of memory, power cut",
    "slow_run": "a run takes much longer than usual, or hangs",
    "sync_failed": "a sync after a refresh did not send all that it should",
    "stale_source": "a source has no row as new as its YAML expects",
    "warning": "a check that only warns does not hold",
    "recovered": "what was told before is over",
}
"""Each kind of alert in words. A run that somebody stops is no alert: whoever stops it knows."""

LONGEST_TEXT = 1500
ADDRESS = re.compile(r"[^\s@<>()\[\],;:'\"/…]+@[^\s@<>()\[\],;:'\"/]+")
LOGIN = re.compile(r"(\w[\w+.-]*://)[^/\s]*@")
PARAMETER = re.compile(r"(?i)(passw\w*|pwd|token|secret|key)=[^\s&]+")
PHONE = re.compile(r"\+\d[\d ()/-]{5,}\d|\b\d{10,}\b")
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def safe(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text that may leave this machine.

    What is told names steps, models, checks and counts. Should anything else have come into a
    message, addresses, phone numbers and whoever logs in somewhere are taken out of it; so is what
    would begin a header, a command of a terminal or a mention in a chat.

    Parameters:
        text: what is to be told.
        longest: characters it is cut to.
    """
    text = UNSEEN.sub(" ", text)
    text = PARAMETER.sub(r"\1=…", LOGIN.sub(r"\1…@", text))
    text = ADDRESS.sub("…@…", text)
    text = PHONE.sub("…", text).replace("<", "‹").replace(">", "›")
    text = text.encode("utf-8", "replace").decode("utf-8").strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"


@dataclass(frozen=True, eq=False)
class Alert:
    """One thing that somebody is told.

    Attributes:
        kind: one of `KINDS`.
        title: half a sentence, the subject of an e-mail.
        text: what happened and what to do.
        at: when, UTC.
        run_id, door, step: of the run that it is about; empty where it is about none.
        facts: further numbers and names.
        cause: what makes two alerts the same; those of one cause are not sent again and again.
        subject: what recovers when it is over: a job, a source table.
    """

    kind: str
    title: str
    text: str
    at: datetime
    run_id: str = ""
    door: str = ""
    step: str = ""
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    cause: str = ""
    subject: str = ""

    def __post_init__(self) -> None:
        # Here and nowhere else, so that no channel can be given a text that is not safe.
        object.__setattr__(self, "title", safe(self.title, 150))
        object.__setattr__(self, "text", safe(self.text))
        for name in ("door", "step", "run_id"):
            object.__setattr__(self, name, safe(getattr(self, name), 100))
        facts = {safe(k, 50): safe(v, 200) if isinstance(v, str) else v for k, v in self._facts()}
        object.__setattr__(self, "facts", facts)

    def _facts(self) -> list[tuple[str, str | int | float]]:
        return list(self.facts.items())

    @property
    def body(self) -> str:
        """Text and facts as lines."""
        about = {"run": self.run_id, "started by": self.door, "step": self.step, **self.facts}
        lines = [f"{name}: {value}" for name, value in about.items() if value != ""]
        return "\n".join([self.text, "", *lines, f"at: {self.at:%Y-%m-%d %H:%M:%S} UTC"])


@dataclass(frozen=True)
class Sent:
    """What became of one alert on one channel.

    Attributes:
        kind: the alert's kind.
        channel: the channel as it may be shown, such as `webhook hooks.example.com`.
        ok: whether the receiver took it.
        text: `sent`, or why not; never with a secret.
        seconds: how long it took.
    """

    kind: str
    channel: str
    ok: bool
    text: str
    seconds: float = 0.0

    @property
    def sentence(self) -> str:
        """One line for the command line, the log and the run's record."""
        return f"Alert {self.kind} to {self.channel}: {self.text}"
