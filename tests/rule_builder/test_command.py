"""`c360 segment build`: where it listens, what it prints, how it ends."""

from __future__ import annotations

import re
import signal

import duckdb
import pytest

from orchestration.rule_builder.app import TOKEN
from orchestration.settings import Settings
from orchestration.web import stopping
from tests.web.serving import launch, wait_for

JSON = ("Content-Type", "application/json")


@pytest.fixture
def warehouse(settings: Settings) -> Settings:
    """An installation whose warehouse has nothing in it."""
    settings.data_dir.mkdir(parents=True)
    duckdb.connect(str(settings.warehouse_path)).close()
    return settings


def test_it_listens_here_alone_and_answers_whoever_has_the_address(warehouse: Settings) -> None:
    environment = {"C360_LISTEN": "0.0.0.0"}
    served = launch(warehouse, "segment", "build", "--port", "0", **environment)
    try:
        wait_for(served)
        found = re.search(rf"{served.origin}/#(\S{{32}})\s", served.output)
        assert found, served.output
        assert served.ask("GET", "/", login=None).status == 200
        own = [JSON, ("Origin", served.origin)]
        refused = served.ask("POST", "/ask/form", own, "{}", login=None)
        assert (refused.status, "c360 segment build" in refused.text) == (403, True)
        answer = served.ask("POST", "/ask/form", [*own, (TOKEN, found[1])], "{}", login=None)
        assert answer.status == 200
        assert '"win_back"' in answer.text
        with open(f"/proc/{served.process.pid}/net/tcp") as table:  # noqa: PTH123
            listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
        assert f"0100007F:{served.port:04X}" in listening
        assert f"00000000:{served.port:04X}" not in listening
    finally:
        assert served.end(signal.SIGINT) == 130
    assert served.output.count(stopping.BUILDER) == 1
    assert "Traceback" not in served.output


def test_without_a_warehouse_it_says_what_to_do(settings: Settings) -> None:
    served = launch(settings, "segment", "build", "--port", "0")
    assert served.process.wait(120) == 3
    assert "c360 run" in served.output
    assert "Traceback" not in served.output
