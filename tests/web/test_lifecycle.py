"""The pages begin and end as one: a used port, signals, a child that dies, kill -9."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from starlette.responses import PlainTextResponse

from orchestration.settings import Settings
from orchestration.web import stopping
from orchestration.web.access import Access
from orchestration.web.rules import DAGSTER
from orchestration.web.server import GuardedServer, listen
from tests.conftest import Company
from tests.dashboard import published_model
from tests.web.serving import Served, launch, page

SECONDS = 60.0


@pytest.fixture
def ui(company: Company) -> Iterator[Served]:
    """`c360 ui` as on a laptop."""
    with page(company.settings, "ui") as served:
        yield served


def family(served: Served) -> dict[int, str]:
    """All processes below a page, by id, with their command lines."""
    parents, commands = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found: set[int] = set()
    wave = {served.process.pid}
    while wave:
        wave = {pid for pid, parent in parents.items() if parent in wave}
        found |= wave
    return {pid: commands[pid] for pid in found}


def alive(pids: dict[int, str]) -> dict[int, str]:
    """Those that still run the same program."""
    left = {}
    for pid, command in pids.items():
        try:
            if Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") == command:
                left[pid] = command
        except OSError:
            continue
    return left


def wait_until(what: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.2)


def child(served: Served, words: str) -> int:
    (pid,) = [pid for pid, command in family(served).items() if words in command]
    return pid


def listeners(pids: set[int]) -> set[str]:
    """The TCP ports in hexadecimal that processes listen on."""
    inodes = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(handle.readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {line[1] for line in lines if line[3] == "0A" and line[9] in inodes}


def start_run(served: Served) -> str:
    """Start a refresh by a click and wait until it runs."""
    selector = (
        '{jobName:"refresh",repositoryName:"__repository__",'
        'repositoryLocationName:"orchestration.definitions"}'
    )
    query = (
        f'mutation{{launchRun(executionParams:{{mode:"default",selector:{selector}}})'
        "{... on LaunchRunSuccess{run{runId}}}}"
    )
    kind = [("Content-Type", "application/json")]
    answer = served.ask("POST", "/graphql", kind, json.dumps({"query": query}), login=None)
    run = str(json.loads(answer.text)["data"]["launchRun"]["run"]["runId"])
    wait_until(lambda: state_over_page(served, run) == "STARTED")
    return run


def state_over_page(served: Served, run: str) -> str:
    query = json.dumps({"query": f'{{runOrError(runId:"{run}"){{... on Run{{status}}}}}}'})
    kind = [("Content-Type", "application/json")]
    answer = served.ask("POST", "/graphql", kind, query, login=None)
    return str(json.loads(answer.text)["data"]["runOrError"]["status"])


def state_on_disk(settings: Settings, run: str) -> str:
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        found = instance.get_run_by_id(run)
        assert found
        return found.status.value


def test_it_opens_one_port_and_one_page_and_ends_whole(ui: Served, company: Company) -> None:
    started = family(ui)
    assert any("code-server" in command for command in started.values())
    assert any("dagster._daemon" in command for command in started.values())
    address = f"0100007F:{ui.port:04X}"
    assert listeners({ui.process.pid, *started}) == {address}
    second = launch(company.settings, "ui", "--port", "0")
    assert second.process.wait(SECONDS) == 2
    assert f"{ui.origin}, process {ui.process.pid}" in second.output
    assert ui.end(signal.SIGTERM) == 130
    assert ui.output.count(stopping.DAGSTER) == 1
    assert "Traceback" not in ui.output
    assert ui.output.rstrip().endswith(stopping.DAGSTER)
    assert alive(started) == {}


@pytest.mark.parametrize("command", ["ui", "dashboard"])
def test_a_used_port_is_told_at_once(settings: Settings, command: str) -> None:
    published_model.write(settings.published_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        served = launch(settings, command, "--port", str(port))
        assert served.process.wait(SECONDS) == 2
    wait_until(lambda: "--port" in served.output)
    assert f"Port {port} on 127.0.0.1 can't be used" in served.output
    assert f"c360 {command} --port" in served.output
    assert "Traceback" not in served.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_dashboard_ends_with_one_sentence(settings: Settings, number: int) -> None:
    published_model.write(settings.published_path)
    with page(settings, "dashboard") as served:
        assert served.ask("GET", "/", login=None).status == 200
        served.process.send_signal(number)
        assert served.end(number) == 130
        wait_until(lambda: stopping.DASHBOARD in served.output)
    assert served.output.count("Stopped by you") == 1
    assert "Traceback" not in served.output


@pytest.mark.slow
def test_ctrl_c_before_it_answers_ends_it_as_well(company: Company) -> None:
    served = launch(company.settings, "ui", "--port", "0")
    wait_until(lambda: any("code-server" in command for command in family(served).values()))
    started = family(served)
    assert served.end(signal.SIGINT) == 130
    wait_until(lambda: alive(started) == {})
    assert served.output.count(stopping.DAGSTER) == 1
    assert "Traceback" not in served.output


@pytest.mark.slow
@pytest.mark.parametrize("words", ["code-server", "dagster._daemon", "api grpc"])
def test_a_dead_child_ends_the_page(ui: Served, words: str) -> None:
    started = family(ui)
    os.kill(child(ui, words), signal.SIGKILL)
    assert ui.process.wait(150) == 1
    wait_until(lambda: "half dead" in ui.output)
    name = "daemon" if "daemon" in words else "code server"
    assert f"Dagster's {name}" in ui.output
    assert alive(started) == {}


@pytest.mark.slow
def test_nothing_outlives_a_killed_page(ui: Served) -> None:
    started = family(ui)
    ui.process.kill()
    ui.process.wait()
    with socket.create_server(("127.0.0.1", ui.port)):
        pass
    wait_until(lambda: alive(started) == {})


@pytest.mark.slow
def test_a_signal_ends_the_runs_of_the_page(ui: Served, company: Company) -> None:
    run = start_run(ui)
    started = family(ui)
    assert ui.end(signal.SIGINT) == 130
    assert alive(started) == {}
    assert state_on_disk(company.settings, run) == "CANCELED"
    assert ui.output.count(stopping.DAGSTER) == 1


@pytest.mark.slow
def test_a_run_outlives_a_killed_page_and_then_all_ends(ui: Served, company: Company) -> None:
    run = start_run(ui)
    started = family(ui)
    ui.process.kill()
    ui.process.wait()
    wait_until(lambda: alive(started) == {}, 300)
    assert state_on_disk(company.settings, run) == "SUCCESS"


def test_an_interrupt_that_got_lost_ends_the_server_all_the_same() -> None:
    """What is raised while Python runs a destructor is swallowed there, and was a page for good."""
    access = Access()
    with stopping.one_stop() as stop, listen(access, 0, "c360 ui") as taken:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            GuardedServer(PlainTextResponse("never asked"), DAGSTER, access).run(taken, stop)
        stop.begin_ending()
        signal.raise_signal(signal.SIGINT)  # changes nothing any more
