"""A run that stands still ends with a sentence and lets go of the warehouse; one that works stays.

Each case is a process of its own, because what is tested ends it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from orchestration import watchdog
from orchestration.errors import UserError
from orchestration.locking import WriterLock, holder_of
from orchestration.settings import PROJECT_ROOT, Settings

PATIENCE = 1.0
PRELUDE = """
    import ctypes, threading, time
    from pathlib import Path
    from orchestration.locking import WriterLock
    from orchestration import watchdog
    from orchestration.watchdog import beat, watch
    from orchestration.settings import Settings

    data = Path({data!r})
    settings = Settings(data, data / "landing", data)
    recorded = data / "recorded.txt"

    def watched(where="identity", on_stall=recorded.write_text):
        return watch(settings, lambda: where, on_stall, {patience})
"""


def start(settings: Settings, code: str) -> subprocess.Popen[str]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    prelude = textwrap.dedent(PRELUDE).format(data=str(settings.data_dir), patience=PATIENCE)
    return subprocess.Popen(
        [sys.executable, "-c", prelude + textwrap.dedent(code)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str]:
    try:
        _out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return process.returncode, err


def test_a_run_that_waits_for_good_ends_with_its_step_and_without_the_lock(
    settings: Settings,
) -> None:
    code, err = ended(
        start(
            settings,
            """
            def lost_in_here():
                threading.Event().wait()

            with WriterLock(data), watched():
                lost_in_here()
            """,
        )
    )
    assert code == 1
    assert "stood still in step identity" in err
    assert "Traceback" not in err
    assert (settings.data_dir / "recorded.txt").read_text() in err
    assert "lost_in_here" in (settings.log_dir / "stalled.txt").read_text()
    assert holder_of(settings.data_dir) is None
    with WriterLock(settings.data_dir, timeout_seconds=0):
        pass


@pytest.mark.parametrize(
    "work",
    [
        pytest.param("sum(range(100_000))", id="processor"),
        pytest.param("beat(); time.sleep(.05)", id="events"),
        pytest.param(
            "(data / 'x').write_bytes(bytes(4_000_000)); "
            "import os; f = os.open(data / 'x', os.O_RDWR); os.fsync(f); os.close(f); "
            "time.sleep(.2)",
            id="disk",
        ),
    ],
)
def test_a_run_that_works_is_left_alone(settings: Settings, work: str) -> None:
    code, err = ended(
        start(
            settings,
            f"""
            with watched():
                until = time.monotonic() + {4 * PATIENCE}
                while time.monotonic() < until:
                    {work}
            """,
        )
    )
    assert (code, err) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what children do")
def test_a_run_whose_child_works_is_left_alone(settings: Settings) -> None:
    code, err = ended(
        start(
            settings,
            f"""
            import subprocess, sys

            busy = "import time\\nwhile time.process_time() < {2 * PATIENCE}: pass"
            with watched():
                subprocess.run([sys.executable, "-c", busy], check=True)
            """,
        )
    )
    assert (code, err) == (0, "")


def test_what_comes_after_the_run_is_not_watched(settings: Settings) -> None:
    code, err = ended(start(settings, f"with watched(): pass\ntime.sleep({4 * PATIENCE})"))
    assert (code, err) == (0, "")


def test_a_process_that_never_lets_go_of_the_interpreter_ends(settings: Settings) -> None:
    code, _err = ended(
        start(
            settings,
            """
            def holds_the_interpreter():
                ctypes.PyDLL(None).sleep(120)

            with WriterLock(data), watched():
                holds_the_interpreter()
            """,
        )
    )
    assert code == 1
    assert "holds_the_interpreter" in (settings.log_dir / "stalled.txt").read_text()


def test_whoever_records_the_end_may_be_stuck_as_well(settings: Settings) -> None:
    code, err = ended(
        start(
            settings,
            """
            watchdog.LAST_WORDS_SECONDS = 1
            with watched(on_stall=lambda text: threading.Event().wait()):
                threading.Event().wait()
            """,
        )
    )
    assert code == 1
    assert "stood still" in err


def test_whoever_waits_for_a_thread_that_had_no_memory_to_begin_need_not_wait_long(
    settings: Settings,
) -> None:
    # What CPython does then: the thread is gone, `Thread.start` waits for its sign of life.
    code, err = ended(
        start(
            settings,
            """
            import _thread

            def begins():
                raise MemoryError

            watchdog.LOST_THREAD_SECONDS = 1.0
            with watch(settings, lambda: "profile", recorded.write_text, 600):
                _thread.start_new_thread(begins, ())
                threading.Event().wait()
            """,
        )
    )
    assert code == 1
    assert "stood still in step profile" in err
    assert "no more memory" in err


def test_a_process_that_gets_no_more_threads_is_watched_all_the_same(settings: Settings) -> None:
    code, err = ended(
        start(
            settings,
            """
            import faulthandler

            def refused(*_arguments, **_more):
                raise RuntimeError("unable to start watchdog thread")

            with watched():
                faulthandler.dump_traceback_later = refused
                threading.Event().wait()
            """,
        )
    )
    assert code == 1
    assert "stood still" in err
    assert "Traceback" not in err


def test_a_run_that_was_suspended_goes_on(settings: Settings) -> None:
    process = start(
        settings,
        f"""
        with watched():
            print("begun", flush=True)
            until = time.process_time() + {PATIENCE}
            while time.process_time() < until:
                pass
        """,
    )
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(2 * PATIENCE)
    os.kill(process.pid, signal.SIGCONT)
    assert ended(process) == (0, "")


def test_the_patience_is_declared_in_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(watchdog.VARIABLE, raising=False)
    assert watchdog.stall_seconds() == 600
    monkeypatch.setenv(watchdog.VARIABLE, "1.5")
    assert watchdog.stall_seconds() == 90
    monkeypatch.setenv(watchdog.VARIABLE, "0")
    assert watchdog.stall_seconds() is None


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf", "1e9"])
def test_a_patience_that_is_no_number_of_minutes_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.setenv(watchdog.VARIABLE, text)
    settings = Settings(tmp_path, tmp_path, tmp_path)
    with (
        pytest.raises(UserError, match="C360_STALL_MINUTES"),
        watchdog.watch(settings, lambda: "", lambda _text: None),
    ):
        pass
