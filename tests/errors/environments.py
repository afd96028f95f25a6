"""Variables, streams and limits of a process that can't be, or that must not matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.errors.calls import Case

ASK = ("query", "from insights.dim_decile")
LOOK = ("status",)

IMPOSSIBLE = (
    *(("C360_THREADS", value) for value in ("0", "-1", "abc", "1e99", "1.5", "٣", "100000", "2 2")),
    *(
        ("C360_MEMORY_LIMIT", value)
        for value in ("0", "-1", "abc", "1e99", "4", "80%", "0GB", "1KB", "none", "-4GB", "9" * 40)
    ),
    *(("C360_MAX_TEMP", value) for value in ("0", "-1", "abc", "1e99", "0GB", "90%")),
    *(("C360_PUBLISHED_MODE", value) for value in ("0666", "777", "rw", "-1")),
    ("C360_PUBLISHED_GROUP", "nobody at all"),
    *(("C360_AS_OF", value) for value in ("abc", "2026-13-01", "9999-01-01", "1969-01-01")),
    *(("C360_STALL_MINUTES", value) for value in ("abc", "-1", "nan", "1e99")),
    *(("C360_RETRY_PAUSES", value) for value in ("abc", "-1", "1,,2", "1e99")),
    ("C360_DATA_DIR", "it's"),
    ("C360_DATA_DIR", "{{ env_var('HOME') }}"),
    ("C360_DATA_DIR", "two\nlines"),
    ("C360_DATA_DIR", "an\x1b[31mescape"),
    ("C360_DATA_DIR", "~nobody_of_that_name/x"),
    ("C360_DBT_PROJECT_DIR", "/nowhere"),
    ("C360_DATA_DIR", "what?"),
    ("C360_DATA_DIR", "back\\slash"),
)


MAIL = {"C360_ALERT_EMAIL_TO": "a@b.cc", "C360_ALERT_EMAIL_FROM": "a@b.cc"}
SERVER = {**MAIL, "C360_SMTP_HOST": "localhost"}
HOOK = "C360_ALERT_WEBHOOK"
ALERTS: tuple[tuple[str, str, dict[str, str | None], str], ...] = (
    (HOOK, "nowhere", {}, "https://"),
    (HOOK, "ftp://x/", {}, "https://"),
    ("C360_ALERT_EMAIL_TO", "nobody", {}, "team@example.com"),
    ("C360_SMTP_HOST", "", {**MAIL}, "C360_SMTP_HOST"),
    ("C360_SMTP_PORT", "abc", {**SERVER}, "65535"),
    ("C360_SMTP_TLS", "maybe", {**SERVER}, "starttls"),
    ("C360_ALERT_ON", "nope", {HOOK: "http://localhost:1/"}, "run_failed"),
)
REMEDIES = {
    "C360_DATA_DIR": "folder",
    "C360_DBT_PROJECT_DIR": "folder",
    "C360_AS_OF": "day",
    "C360_STALL_MINUTES": "such as",
    "C360_RETRY_PAUSES": "such as",
}


def alerts() -> list[Case]:
    """Channels for alerts that are declared in a way that can't be."""
    return [
        Case(
            f"alert test: {name}={value!r}",
            ("alert", "test"),
            2,
            (name, remedy),
            environment={**others, name: value},
        )
        for name, value, others, remedy in ALERTS
    ] + [
        Case("alert test: nobody to tell", ("alert", "test"), 3, (HOOK, "docs/alerts.md")),
        Case(
            "alert test: nobody listens",
            ("alert", "test"),
            1,
            ("channels",),
            environment={HOOK: "http://localhost:1/", "C360_RETRY_PAUSES": "0"},
        ),
    ]


def impossible() -> list[Case]:
    """Each with two commands: one that only looks and one that would write."""
    return [
        Case(
            f"{name}={value[:12]!r}: {command[0]}",
            command,
            2,
            (name, REMEDIES.get(name, "unset")),
            environment={name: value},
        )
        for number, (name, value) in enumerate(IMPOSSIBLE)
        for command in ((LOOK,) if number % 2 else (("run",),))
    ]


def _nothing_to_write(data: Path, folder: Path) -> None:
    (folder / "home").mkdir(mode=0o500)


CROOKED: list[tuple[str, dict[str, str | None], dict[str, Any]]] = [
    ("no HOME", {"HOME": None}, {}),
    ("a HOME that is gone", {"HOME": "/nowhere"}, {}),
    ("a HOME that is read-only", {"HOME": "{folder}/home"}, {}),
    ("no folder for temporary files", {"TMPDIR": "/nowhere"}, {}),
    ("one column", {"COLUMNS": "1"}, {}),
    ("no column", {"COLUMNS": "0"}, {}),
    ("columns in words", {"COLUMNS": "many"}, {}),
    ("a width in words", {"TERMINAL_WIDTH": "abc"}, {}),
    ("no colour", {"NO_COLOR": "1"}, {}),
    ("a dumb terminal", {"TERM": "dumb"}, {}),
    ("no terminal at all", {"TERM": None}, {}),
    ("Latin-1", {"PYTHONIOENCODING": "latin-1", "LANG": "de_DE.ISO-8859-1"}, {}),
    ("ASCII", {"PYTHONIOENCODING": "ascii", "LANG": "C", "LC_ALL": "C"}, {}),
    (
        "empty variables",
        dict.fromkeys(
            (
                "C360_THREADS",
                "C360_MEMORY_LIMIT",
                "C360_MAX_TEMP",
                "C360_PUBLISHED_MODE",
                "C360_PUBLISHED_GROUP",
                "C360_LANDING_DIR",
                "C360_DBT_PROJECT_DIR",
            ),
            "",
        ),
        {},
    ),
    ("limits with blanks", {"C360_MEMORY_LIMIT": " 1.5 gb ", "C360_THREADS": " 3 "}, {}),
    ("no input", {}, {"stdin": "closed"}),
    ("no error stream", {}, {"stderr": "closed"}),
    ("a reader that went away", {}, {"stdout": "broken"}),
    ("few files", {}, {"limits": {"NOFILE": 40}}),
]


def crooked() -> list[tuple[Case, bool]]:
    """Environments that must not matter: the answer comes, or its reader does not want it."""
    cases = []
    for name, environment, options in CROOKED:
        gone = options.get("stdout") == "broken"
        for command in (ASK, LOOK, ("query", "--help")):
            case = Case(
                f"{name}: {' '.join(command)[:14]}",
                command,
                141 if gone else 0,
                arrange=_nothing_to_write,
                environment=environment,
                base="published",
                options=options,
            )
            cases.append((case, not gone))
    return cases


def _is_relative(data: Path, folder: Path) -> None:
    (folder / "here").mkdir()


STREAMS = [
    Case(
        "a full disk behind the output",
        ASK,
        1,
        ("standard output", "Send it"),
        base="published",
        options={"stdout": "/dev/full"},
    ),
    Case(
        "a full disk behind JSON",
        (*ASK, "--format", "json"),
        1,
        ("standard output", "Send it"),
        base="published",
        options={"stdout": "/dev/full"},
    ),
    Case(
        "a full disk behind help",
        ("--help",),
        1,
        ("standard output", "Send it"),
        options={"stdout": "/dev/full"},
    ),
    Case(
        "no output",
        ASK,
        2,
        ("standard output", "Open it"),
        base="published",
        options={"stdout": "closed"},
    ),
    *(
        Case(
            f"the folder is gone: {command[0]}",
            command,
            2,
            ("folder", "cd"),
            _is_relative,
            options={"folder": "{folder}/here", "folder_is_gone": True},
        )
        for command in (ASK, LOOK, ("run",), ("source", "list"), ("new", "measure", "gifts"))
    ),
    Case(
        "no large files",
        ("demo", "--customers", "200", "--months", "3"),
        1,
        ("{data}", "ulimit -f"),
        options={"limits": {"FSIZE": 20_000}},
    ),
]


LOGIN = {"C360_LOGIN": "ann"}
PAGES: tuple[tuple[str, str, dict[str, str | None]], ...] = (
    ("C360_LISTEN", "nowhere", {}),
    ("C360_LISTEN", "0.0.0.0", {}),
    ("C360_ALLOWED_HOSTS", "http://x/", {}),
    ("C360_ALLOWED_HOSTS", "data.example.com", {}),
    ("C360_TRUSTED_PROXIES", "everybody", {}),
    ("C360_LOGIN_PASSWORD_FILE", "", {**LOGIN}),
    ("C360_LOGIN_PASSWORD_FILE", "/nowhere/password", {**LOGIN}),
)


def pages() -> list[Case]:
    """Who may open the pages, said in a way that can't be."""
    return [
        Case(
            f"{command}: {name}={value!r}",
            (command,),
            2,
            (name, "docs/access.md"),
            base="published",
            environment={**others, name: value},
        )
        for command in ("ui", "dashboard")
        for name, value, others in PAGES
    ]
