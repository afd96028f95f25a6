"""Equal parameters give equal files; nothing is left half done and nothing foreign is lost."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from orchestration.demo import DemoParameters, generate
from orchestration.errors import UserError
from tests.demo.demo_files import Company

SMALL = DemoParameters(customers=900, seed=7, months=9, end_on=date(2026, 3, 31))


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    generate(SMALL, folder / "landing", folder / "truth", threads=2)
    return folder


def test_bytes_do_not_depend_on_threads(small: Path, tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "landing", tmp_path / "truth", threads=1)
    assert contents(tmp_path) == contents(small)
    assert len(contents(tmp_path)) == 16


def test_rows_do_not_depend_on_the_chunk_size(small: Path, tmp_path: Path) -> None:
    totals = generate(SMALL, tmp_path / "landing", tmp_path / "truth", chunk_size=250)
    assert totals == json.loads((small / "truth/totals.json").read_text())
    chunked = Company(tmp_path / "landing", tmp_path / "truth")
    whole = Company(small / "landing", small / "truth")
    for name, table in whole.tables.items():
        rows = [sorted(map(str, one.rows)) for one in (table, chunked.tables[name])]
        assert rows[0] == rows[1] and table.bad == chunked.tables[name].bad, name
    assert whole.people == chunked.people
    assert sorted(map(str, whole.records)) == sorted(map(str, chunked.records))
    assert len(list((tmp_path / "landing/web_shop/orders").glob("*.csv"))) == 2 * 4


def test_parameters_matter(small: Path) -> None:
    company = Company(small / "landing", small / "truth")
    assert company.totals["people"] == 900 and len(company.campaigns) == 9
    times = [row["ordered_at"] for row in company.rows("web_shop/orders")]
    assert min(times) >= "2025-06-28" and max(times) < "2026-03-31"


def test_kept_interrupted_replaced(tmp_path: Path) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    one, other = (DemoParameters(customers=40, months=3, seed=seed) for seed in (1, 2))
    steps: list[tuple[str, int, int]] = []

    def report(label: str, done: int, total: int) -> None:
        steps.append((label, done, total))

    totals = generate(one, landing, truth, report)
    assert [done for _, done, _ in steps] == list(range(1, steps[-1][2] + 1))
    before = contents(tmp_path)

    # The same parameters: nothing is done.
    assert generate(one, landing, truth, report) == totals
    assert len(steps) == steps[-1][2] and contents(tmp_path) == before

    def interrupt(label: str, done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    # Interrupted: everything as it was, nothing else left.
    with pytest.raises(KeyboardInterrupt):
        generate(other, landing, truth, interrupt)
    assert contents(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} == {"landing", "truth"}

    # Killed, which leaves the build folder behind: the next run starts over and replaces.
    (tmp_path / ".landing.demo_build/landing").mkdir(parents=True)
    (tmp_path / ".landing.demo_build/landing/half.csv").write_text("half")
    generate(other, landing, truth)
    assert contents(tmp_path).keys() == before.keys() and contents(tmp_path) != before
    assert {path.name for path in tmp_path.iterdir()} == {"landing", "truth"}


def test_killed_between_truth_and_files(small: Path, tmp_path: Path) -> None:
    """The old marker then stands beside the new truth; it must not vouch for it."""
    for name in ("landing", "truth"):
        shutil.copytree(small / name, tmp_path / name)
    stated = json.loads((tmp_path / "truth/parameters.json").read_text())
    (tmp_path / "truth/parameters.json").write_text(json.dumps({**stated, "seed": 8}))
    generate(SMALL, tmp_path / "landing", tmp_path / "truth")
    assert contents(tmp_path) == contents(small)


@pytest.mark.parametrize("place", ["landing/web_shop/orders/mine.csv", "truth/notes.txt"])
def test_foreign_files_are_not_overwritten(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text("mine")
    with pytest.raises(UserError, match=Path(place).name):
        generate(DemoParameters(customers=4), tmp_path / "landing", tmp_path / "truth")
    assert (tmp_path / place).read_text() == "mine"


@pytest.mark.parametrize("wrong", [{"customers": 0}, {"months": 0}, {"seed": 2**63}])
def test_impossible_parameters_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError):
        DemoParameters(**wrong)  # type: ignore[arg-type]
