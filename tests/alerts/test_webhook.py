"""A webhook against a real server: what is sent, tried again, given up, and never shown."""

from __future__ import annotations

import logging
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.alerts.alert import Alert, Sent
from orchestration.alerts.channels import Channel
from orchestration.alerts.delivery import Limits, deliver
from orchestration.alerts.webhook import Webhook
from tests.alerts.receivers import HANG, certificate, hook_server

QUICK = Limits(5, 1, (0.01, 0.01, 0.01))
AT = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
ALERT = Alert(
    "run_failed", "a run failed in ingest", "No files.", AT, run_id="r1", door="schedule daily",
    step="ingest", facts={"checks passed": 7},
)  # fmt: skip


def told(url: str, limits: Limits = QUICK, alert: Alert = ALERT) -> Sent:
    ((_, _, sent),) = deliver({Webhook(url): [alert]}, limits)
    return sent


def test_an_alert_arrives_whole_for_chats_and_for_programs() -> None:
    with hook_server() as hook:
        sent = told(hook.url)
    assert sent.ok and sent.text == "sent"
    (posted,) = hook.posted
    assert posted["text"].startswith("Customer 360: a run failed in ingest\nNo files.\n")
    assert "run: r1" in posted["text"] and "checks passed: 7" in posted["text"]
    assert (posted["kind"], posted["run_id"], posted["step"]) == ("run_failed", "r1", "ingest")
    assert posted["facts"] == {"checks passed": 7}
    assert posted["at"] == "2026-11-28T04:00:00+00:00"


@pytest.mark.parametrize("code", [500, 502, 503, 429])
def test_what_can_pass_is_tried_again(code: int) -> None:
    with hook_server(code, code) as hook:
        assert told(hook.url).ok
    assert len(hook.posted) == 3


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410])
def test_what_cannot_pass_is_tried_once(code: int) -> None:
    with hook_server(code, code) as hook:
        sent = told(hook.url)
    assert not sent.ok and str(code) in sent.text and "C360_ALERT_WEBHOOK" in sent.text
    assert len(hook.posted) == 1


def test_an_address_that_sends_on_is_not_followed() -> None:
    with hook_server(302) as hook:
        sent = told(hook.url)
    assert not sent.ok and "not followed" in sent.text
    assert len(hook.posted) == 1


def test_a_server_that_is_always_broken_is_given_up() -> None:
    with hook_server(*[500] * 9) as hook:
        sent = told(hook.url)
    assert not sent.ok and "500" in sent.text
    assert len(hook.posted) == 4


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    sent = told(f"http://127.0.0.1:{port}/T0SECRET")
    assert not sent.ok and sent.text == f"127.0.0.1:{port} refuses the connection"


def test_a_server_that_hangs_costs_no_more_than_the_bound() -> None:
    with hook_server(*[HANG] * 9) as hook:
        began = time.monotonic()
        sent = told(hook.url, Limits(1.0, 10, (0.01,)))
        assert time.monotonic() - began < 2
        left = [thread for thread in threading.enumerate() if thread.name == "alerts"]
        assert left and all(thread.daemon for thread in left), "nobody waits for them at the end"
    assert not sent.ok


def test_errors_of_the_network_are_told_by_their_kind() -> None:
    error = Webhook("https://h.example.com/x")._unreachable(OSError("GET /services/T0SECRET"))
    assert str(error) == "h.example.com can't be reached (OSError)"


def test_a_server_that_trickles_costs_no_more_than_the_bound() -> None:
    """Each byte comes in time, and there is no end of them."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def trickle() -> None:
            connection, _ = server.accept()
            with connection:
                for _ in range(100):
                    time.sleep(0.1)
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        threading.Thread(target=trickle, daemon=True).start()
        began = time.monotonic()
        sent = told(f"http://127.0.0.1:{server.getsockname()[1]}/x", Limits(1.0, 0.5, ()))
        assert time.monotonic() - began < 2
    assert not sent.ok and "no answer within 1 seconds" in sent.text


def test_one_channel_that_hangs_costs_the_others_nothing() -> None:
    with hook_server(HANG) as slow, hook_server() as quick:
        work: dict[Channel, list[Alert]] = {
            Webhook(slow.url): [ALERT],
            Webhook(quick.url): [ALERT],
        }
        sent = {entry.channel: entry.ok for _, _, entry in deliver(work, Limits(1.0, 10, ()))}
    assert sent == {
        f"webhook 127.0.0.1:{slow.port}": False,
        f"webhook 127.0.0.1:{quick.port}": True,
    }


def test_tls_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, trusted = certificate(tmp_path)
    with hook_server(tls=tls) as hook:
        sent = told(hook.url)
        assert not sent.ok and "certificate" in sent.text
        assert hook.posted == []
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert told(hook.url).ok


def test_a_certificate_of_another_host_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusted = certificate(tmp_path, "hooks.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with hook_server(tls=tls) as hook:
        sent = told(hook.url)
    assert not sent.ok and "certificate" in sent.text and hook.posted == []


def test_http_where_https_is_spoken_and_the_other_way_round(tmp_path: Path) -> None:
    tls, _ = certificate(tmp_path)
    with hook_server(tls=tls) as hook:
        assert not told(hook.url.replace("https", "http")).ok
    with hook_server() as hook:
        sent = told(hook.url.replace("http", "https"))
        assert not sent.ok and "TLS" in sent.text


def test_a_login_in_the_address_is_sent_and_not_shown() -> None:
    with hook_server() as hook:
        sent = told(hook.url.replace("//", "//us%40er:pa%3Ass@"))
    assert sent.ok and "pa" not in sent.sentence
    assert hook.headers[0]["Authorization"] == "Basic dXNAZXI6cGE6c3M="


@pytest.mark.parametrize("answer", [200, 404, 500, 302, HANG])
def test_the_address_is_a_secret(
    answer: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its path is what lets whoever has it post, so no log, message or representation shows it."""
    caplog.set_level(logging.DEBUG)
    with hook_server(*[answer] * 9) as hook:
        url = hook.url.replace("//", "//user:S3CRET@")
        sent = told(url, Limits(1.5, 0.3, (0.01,)))
    everything = sent.sentence + repr(sent) + repr(Webhook(url)) + caplog.text
    everything += "".join(capfd.readouterr())
    assert f"127.0.0.1:{hook.port}" in everything
    assert "SECRET" not in everything and "S3CRET" not in everything
