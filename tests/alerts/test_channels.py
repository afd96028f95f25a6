"""The variables of the environment: each mistake names its variable, none shows a secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.alerts.alert import KINDS
from orchestration.alerts.channels import declared_channels
from orchestration.alerts.mail import Mail
from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT
from tests.alerts.receivers import hook_server, mail_server

MAIL = {
    "C360_ALERT_EMAIL_TO": "ops@example.com",
    "C360_ALERT_EMAIL_FROM": "c360@example.com",
    "C360_SMTP_HOST": "smtp.example.com",
}


def test_nothing_is_declared_by_default() -> None:
    channels = declared_channels({"C360_ALERT_WEBHOOK": "  ", "PATH": "/bin"})
    assert channels.all == () and channels.kinds == set(KINDS)


def test_both_channels() -> None:
    channels = declared_channels(
        {
            **MAIL,
            "C360_ALERT_WEBHOOK": "https://hooks.example.com/x",
            "C360_ALERT_EMAIL_TO": "a@b.c, d@e.f",
        }
    )
    assert [c.label for c in channels.all] == [
        "webhook hooks.example.com",
        "e-mail 2 addresses through smtp.example.com:587",
    ]


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("ssl", 465), ("none", 25)])
def test_each_kind_of_tls_has_its_port(tls: str, port: int) -> None:
    (mail,) = declared_channels({**MAIL, "C360_SMTP_TLS": tls}).all
    assert isinstance(mail, Mail) and (mail.tls, mail.port) == (tls, port)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("C360_ALERT_WEBHOOK", "hooks.example.com/S3CRET"),
        ("C360_ALERT_WEBHOOK", "ftp://example.com/S3CRET"),
        ("C360_ALERT_WEBHOOK", "file:///etc/S3CRET"),
        ("C360_ALERT_WEBHOOK", "https:///S3CRET"),
        ("C360_ALERT_WEBHOOK", "https://example.com:99999/S3CRET"),
        ("C360_ALERT_WEBHOOK", "https://example.com:0/S3CRET"),
        ("C360_ALERT_WEBHOOK", "https://[::1/S3CRET"),
        ("C360_ALERT_WEBHOOK", "https://example.com/S3CRET x"),
        ("C360_ALERT_WEBHOOK", "https://example.com/S3CRET\r\nHost: other"),
        ("C360_ALERT_WEBHOOK", "https://exämple.com/S3CRET"),
        ("C360_ALERT_WEBHOOK", "https://exa%20mple/S3CRET"),
        ("C360_ALERT_EMAIL_TO", "ops"),
        ("C360_ALERT_EMAIL_TO", "ops@example.com,"),
        ("C360_ALERT_EMAIL_TO", "Ops <ops@example.com>"),
        ("C360_ALERT_EMAIL_TO", "ops@example.com\r\nBcc: x@y.z"),
        ("C360_ALERT_EMAIL_TO", ",".join(["ops@example.com"] * 51)),
        ("C360_ALERT_EMAIL_FROM", ""),
        ("C360_ALERT_EMAIL_FROM", "me\nX: y@example.com"),
        ("C360_SMTP_HOST", ""),
        ("C360_SMTP_HOST", "smtp example"),
        ("C360_SMTP_HOST", "smtp://example.com"),
        ("C360_SMTP_PORT", "0"),
        ("C360_SMTP_PORT", "65536"),
        ("C360_SMTP_PORT", "٢٥"),
        ("C360_SMTP_PORT", "25 "[:2] + "x"),
        ("C360_SMTP_TLS", "yes"),
        ("C360_SMTP_USER", "only"),
        ("C360_SMTP_PASSWORD_FILE", "/only"),
        ("C360_ALERT_ON", "failures"),
        ("C360_ALERT_ON", ","),
    ],
)
def test_a_mistake_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(UserError) as caught:
        declared_channels({**MAIL, name: value})
    assert name in str(caught.value) and caught.value.exit_code == 2
    assert "S3CRET" not in str(caught.value) and "\n" not in str(caught.value)


def test_half_of_the_mail_settings() -> None:
    with pytest.raises(UserError, match="C360_ALERT_EMAIL_TO"):
        declared_channels({"C360_SMTP_HOST": "smtp.example.com"})


def test_no_password_goes_out_in_clear() -> None:
    login = {"C360_SMTP_USER": "u", "C360_SMTP_PASSWORD_FILE": "/p", "C360_SMTP_TLS": "none"}
    with pytest.raises(UserError, match="C360_SMTP_TLS=none"):
        declared_channels({**MAIL, **login})
    assert declared_channels({**MAIL, **login, "C360_SMTP_HOST": "127.0.0.1"}).all


def test_kinds_can_be_chosen() -> None:
    assert declared_channels({"C360_ALERT_ON": "Run_Failed, gate_closed"}).kinds == {
        "run_failed",
        "gate_closed",
    }


def c360(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("C360_")}
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "alert", "test"],
        env={**kept, "C360_DATA_DIR": str(folder / "data"), "COLUMNS": "200", **environ},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_alert_test_says_how_to_declare_a_channel(tmp_path: Path) -> None:
    done = c360(tmp_path)
    assert done.returncode == 3
    assert "C360_ALERT_WEBHOOK" in done.stderr and "C360_ALERT_EMAIL_TO" in done.stderr


def test_alert_test_tells_of_each_channel(tmp_path: Path) -> None:
    with hook_server() as hook, mail_server() as post:
        declared = {
            "C360_ALERT_WEBHOOK": hook.url,
            "C360_ALERT_EMAIL_TO": "ops@example.com",
            "C360_ALERT_EMAIL_FROM": "c360@example.com",
            "C360_SMTP_HOST": "127.0.0.1",
            "C360_SMTP_PORT": str(post.port),
            "C360_SMTP_TLS": "none",
            "C360_ALERT_ON": "run_failed",
        }
        done = c360(tmp_path, **declared)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("✓") == 2 and "Not sent, by C360_ALERT_ON" in done.stdout
        post.answers["RCPT"] = ["550 no"]
        done = c360(tmp_path, **declared)
    assert done.returncode == 1
    assert done.stdout.count("✓") == 1 and "C360_ALERT_EMAIL_TO" in done.stdout
    assert "1 of 2 channels" in done.stderr
    assert hook.posted[0]["kind"] == "test" and len(post.messages) == 1
    log = (tmp_path / "data" / "logs" / "c360.log").read_text()
    assert f"webhook 127.0.0.1:{hook.port}: sent" in log
    assert "SECRET" not in log + done.stdout + done.stderr
