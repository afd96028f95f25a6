"""E-mail against a real server: TLS, login, what is tried again, and that nothing is injected."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.alerts.alert import Alert, Sent
from orchestration.alerts.delivery import Limits, deliver
from orchestration.alerts.mail import Mail
from tests.alerts.receivers import Post, certificate, mail_server

QUICK = Limits(5, 1, (0.01, 0.01))
AT = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
ALERT = Alert("gate_closed", "a gate is closed in identity", "Two promises broken.", AT, run_id="r")


def channel(post: Post, tls: str = "none", **changes: object) -> Mail:
    values: dict[str, object] = {
        "recipients": ("ops@example.com", "lead@example.com"),
        "sender": "c360@example.com",
        "host": "127.0.0.1",
        "port": post.port,
        "tls": tls,
    }
    return Mail(**{**values, **changes})  # type: ignore[arg-type]


def told(mail: Mail, alert: Alert = ALERT, limits: Limits = QUICK) -> Sent:
    ((_, _, sent),) = deliver({mail: [alert]}, limits)
    return sent


def test_a_message_arrives() -> None:
    with mail_server() as post:
        assert told(channel(post)).ok
    (message,) = post.messages
    assert message["Subject"] == "Customer 360: a gate is closed in identity"
    assert message["From"] == "c360@example.com"
    assert message["To"] == "ops@example.com, lead@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.com>")
    body = message.get_content()  # type: ignore[attr-defined]
    assert "Two promises broken." in body and "run: r" in body
    assert len(post.recipients[0]) == 2


@pytest.mark.parametrize("implicit", [False, True])
def test_login_only_within_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, implicit: bool
) -> None:
    tls, trusted = certificate(tmp_path)
    password = tmp_path / "password"
    password.write_text("s3cret pass\n")
    way = "ssl" if implicit else "starttls"
    with mail_server(tls, implicit) as post:
        mail = channel(post, way, user="c360", password_file=password)
        sent = told(mail)
        assert not sent.ok and "certificate" in sent.text and post.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert told(mail).ok
    assert post.logins == [("c360", "s3cret pass")]
    assert post.was_encrypted == [True]


def test_a_server_without_starttls_gets_no_password(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret")
    with mail_server() as post:
        sent = told(channel(post, "starttls", user="c360", password_file=password))
    assert not sent.ok and "STARTTLS" in sent.text
    assert post.logins == [] and post.messages == []


def test_the_wrong_kind_of_tls(tmp_path: Path) -> None:
    with mail_server() as post:
        sent = told(channel(post, "ssl"))
    assert not sent.ok and "C360_SMTP_TLS" in sent.text


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "EHLO"])
def test_for_now_is_tried_again(verb: str) -> None:
    with mail_server() as post:
        post.answers[verb] = ["451 later"] * (2 if verb == "RCPT" else 1)
        if verb == "EHLO":
            post.answers["EHLO"] = ["421 busy"]
        assert told(channel(post)).ok
    assert len(post.messages) == 1


@pytest.mark.parametrize(
    ("verb", "answer", "variable"),
    [
        ("MAIL", "550 no", "C360_ALERT_EMAIL_FROM"),
        ("RCPT", "550 no", "C360_ALERT_EMAIL_TO"),
        ("DATA", "554 no", "C360_SMTP_HOST"),
    ],
)
def test_for_good_is_tried_once(verb: str, answer: str, variable: str) -> None:
    with mail_server() as post:
        post.answers[verb] = [answer] * (2 if verb == "RCPT" else 1)
        sent = told(channel(post))
    assert not sent.ok and variable in sent.text
    assert post.messages == []


def test_a_wrong_password_is_tried_once_and_never_shown(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret")
    with mail_server() as post:
        post.answers["AUTH"] = ["535 wrong s3cret"]
        sent = told(channel(post, user="c360", password_file=password))
    assert not sent.ok and "C360_SMTP_USER" in sent.text and "s3cret" not in sent.text
    assert post.answers["AUTH"] == []


def test_some_recipients_are_refused() -> None:
    with mail_server() as post:
        post.answers["RCPT"] = ["550 no"]
        sent = told(channel(post))
    assert not sent.ok and "1 of 2 recipients" in sent.text
    assert len(post.messages) == 1, "not a second time to those who have it"


@pytest.mark.parametrize("goodbye", ["500 what", ""])
def test_how_they_say_goodbye_does_not_matter(goodbye: str) -> None:
    with mail_server() as post:
        post.answers["QUIT"] = [goodbye]
        assert told(channel(post)).ok
    assert len(post.messages) == 1


def test_a_silent_server_costs_no_more_than_the_bound() -> None:
    with mail_server() as post:
        post.is_silent = True
        began = time.monotonic()
        sent = told(channel(post), limits=Limits(1.0, 10, ()))
        assert time.monotonic() - began < 2
    assert not sent.ok


def test_nobody_listens() -> None:
    with mail_server() as post:
        pass
    sent = told(channel(post))
    assert not sent.ok and "can't be reached" in sent.text


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda folder: folder / "none", "can't be read"),
        (lambda folder: folder, "can't be read"),
        (lambda folder: _written(folder, b""), "empty"),
        (lambda folder: _written(folder, b"\xff\xfe"), "can't be read"),
        (lambda folder: _written(folder, "grün".encode()), "ASCII"),
    ],
)
def test_a_password_file_that_is_of_no_use(
    tmp_path: Path, make: Callable[[Path], Path], part: str
) -> None:
    with mail_server() as post:
        sent = told(channel(post, user="c360", password_file=make(tmp_path)))
    assert not sent.ok and part in sent.text and "C360_SMTP_PASSWORD_FILE" in sent.text
    assert post.messages == [] and "grün" not in sent.text


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "password"
    path.write_bytes(content)
    return path


def test_no_text_begins_a_header_or_ends_the_message() -> None:
    evil = "x\r\nBcc: thief@example.com\r\n\r\nbody\r\n.\r\nQUIT\u2028Bcc: a\x00"
    alert = Alert("warning", evil, evil, AT, run_id=evil, door=evil, step=evil, facts={evil: evil})
    with mail_server() as post:
        assert told(channel(post), alert).ok
    (message,) = post.messages
    assert message["Bcc"] is None
    assert set(message.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert "thief" not in message.as_string()
    assert len(post.recipients[0]) == 2
