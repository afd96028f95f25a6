"""What `c360 identity tune` reports about a town whose truth is known."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import UserError
from orchestration.identity.tuning.estimates import wilson
from orchestration.identity.tuning.labels import append_label, read_labels
from orchestration.identity.tuning.report import report
from orchestration.identity.tuning.sample import ask_for_labels, draw
from orchestration.identity.tuning.show import show
from orchestration.terminal import Console
from tests.identity.matching import components, pair_quality
from tests.identity.tuned import everything, told, truth, tuned_town, write_labels


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The town; what a test changes in it is taken back."""
    town = tuned_town()
    town.begin()
    yield town
    town.rollback()


def persons(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    return dict(con.execute("select record_key, person from given").fetchall())


def test_with_all_pairs_labelled_the_report_is_the_truth(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    answer = told(con, tmp_path, everything(con))
    found = con.execute("select record_key, profile_id from identity.identity_map").fetchall()
    precision, recall, _ = pair_quality(dict(found), persons(con))
    assert 0.5 < precision < 1 and 0.5 < recall < 1
    assert answer["precision"]["value"] == pytest.approx(precision)
    assert answer["recall"]["value"] == pytest.approx(recall)
    assert answer["threshold"] in [point["threshold"] for point in answer["curve"]]
    json.dumps(answer, default=str)
    show(Console(file=(tmp_path / "shown").open("w"), width=100), answer)


def at_threshold(threshold: float) -> str:
    return (
        "select record_key_a, record_key_b from identity.links where link_kind = 'exact' "
        "union all select record_key_a, record_key_b from identity.scored_pairs "
        "anti join identity.outdone_pairs using (record_key_a, record_key_b) "
        f"where match_probability >= {threshold} "
        "and (doubt is null or doubt like 'one household%')"
    )


def test_the_curve_is_what_each_threshold_would_join(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    labels = everything(con)
    loosest = components(con, at_threshold(0.5))
    together = {(a, b) for a in loosest for b in loosest if a < b and loosest[a] == loosest[b]}
    who = persons(con)
    labels |= {(a, b): who[a] == who[b] for a, b in together}
    answer = told(con, tmp_path, labels)
    recalls = set()
    for point in answer["curve"]:
        people = components(con, at_threshold(point["threshold"]))
        precision, recall, _ = pair_quality(people, who)
        assert point["precision"]["value"] == pytest.approx(precision)
        assert point["recall"]["value"] == pytest.approx(recall)
        recalls.add(recall)
    assert len(recalls) > 4


def test_wilson_intervals_cover_the_share() -> None:
    dice = np.random.default_rng(1)
    for share in (0.5, 0.9, 0.98):
        found = [wilson(int(hits), 60) for hits in dice.binomial(60, share, 1000)]
        assert 0.92 <= np.mean([e.low <= share <= e.high for e in found]) <= 0.99
    assert wilson(9, 10).low == pytest.approx(0.5958, abs=1e-4)  # Newcombe 1998
    assert wilson(9, 10).high == pytest.approx(0.9821, abs=1e-4)


@pytest.mark.slow
def test_intervals_of_drawn_samples_cover_the_truth(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    everything(con)
    known = truth(con, "from population")
    profiles = dict(
        con.execute("select record_key, profile_id from identity.identity_map").fetchall()
    )
    hits = sum(profiles[a] == profiles[b] for (a, b), is_match in known.items() if is_match)
    joined = sum(profiles[a] == profiles[b] for a, b in known)
    expected = {"precision": hits / joined, "recall": hits / sum(known.values())}
    covered: dict[str, list[bool]] = {name: [] for name in expected}
    values: dict[str, list[float]] = {name: [] for name in expected}
    for seed in range(30):
        path = tmp_path / f"{seed}.csv"
        for pair in draw(con, 90, seed, []):
            a, b = pair["record_a"], pair["record_b"]
            append_label(path, [a, b, known[a, b], pair["stratum"], pair["stratum_pairs"]])
        answer = report(con, read_labels(path))
        for name, share in expected.items():
            covered[name].append(answer[name]["low"] <= share <= answer[name]["high"])
            values[name].append(answer[name]["value"])
    for name, share in expected.items():
        assert np.mean(covered[name]) >= 0.9
        # Weighed by strata, or the borderline pairs, of which most are drawn, would count most.
        assert np.mean(values[name]) == pytest.approx(share, abs=0.02)


def test_a_sample_of_all_pairs_leaves_nothing_open(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    pairs = draw(con, 10_000, 360, [])
    known = truth(con, "from population")
    assert len(pairs) == len(known)
    for pair in pairs:
        is_match = known[pair["record_a"], pair["record_b"]]
        append_label(
            tmp_path / "all.csv",
            [pair["record_a"], pair["record_b"], is_match, pair["stratum"], pair["stratum_pairs"]],
        )
    answer = report(con, read_labels(tmp_path / "all.csv"))
    for name in ("precision", "recall"):
        assert answer[name]["low"] == answer[name]["value"] == answer[name]["high"]
    assert answer["strata_without_labels"] == []


def test_labelling_goes_on_where_it_stopped(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    first = draw(con, 8, 1, [])
    answers = iter(["y", "perhaps", "NO", "skip", "quit"])
    out = Console(file=(tmp_path / "shown").open("w"), width=100)
    assert ask_for_labels(path, first, lambda _: next(answers), out) == 2
    with path.open() as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["record_a"], row["is_match"]) for row in rows] == [
        (first[0]["record_a"], "true"),
        (first[1]["record_a"], "false"),
    ]
    assert draw(con, 8, 1, read_labels(path)) == first[2:]
    assert draw(con, 12, 1, read_labels(path))[:6] == first[2:]
    assert draw(con, 8, 2, [])[:2] != first[:2]
    out.file.flush()
    shown = (tmp_path / "shown").read_text()
    assert str(first[0]["fields"][0]["family_name"]) in shown and "probability" not in shown


def test_a_sample_is_not_mixed_with_other_pairs(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    chosen = write_labels(tmp_path / "chosen.csv", [(("a:1", "b:1"), True)])
    with pytest.raises(UserError, match=r"line 2.*chosen and not drawn"):
        draw(con, 5, 1, read_labels(chosen))
    old = tmp_path / "old.csv"
    append_label(old, ["a:1", "b:1", "true", "joined from 0.99", 1])
    with pytest.raises(UserError, match=r"line 2.*since the last run"):
        draw(con, 5, 1, read_labels(old))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("record_a,record_b\n", "line 1: the column is_match"),
        ("record_a,record_b,is_match\na:1,b:1\n", "line 2: 2 values for 3 columns"),
        ("record_a,record_b,is_match\na:1,b:1,maybe\n", "line 2: is_match is 'maybe'. Write true"),
        ("record_a,record_b,is_match\na:1,b1,true\n", "line 2: record_b is 'b1'"),
        ("record_a,record_b,is_match\na:1,a:1,true\n", "line 2: both records"),
        (
            "record_a,record_b,is_match\na:1,b:1,true\nb:1,a:1,no\n",
            r"3.*line 2 says otherwise",
        ),
        ("record_a,record_b,is_match\na:2,b:2,true\n\na:2,b:no,no\n", "line 4: no record is named"),
        ("record_a,record_b,is_match\n", "no labelled pair"),
        ("record_a,record_b,is_match,stratum,stratum_pairs\na:1,b:1,y,s,\n", "stratum_pairs is ''"),
        (
            "record_a,record_b,is_match,stratum,stratum_pairs\na:1,b:1,y,s,4\na:2,b:2,y,,\n",
            r"line 3.*two files",
        ),
        (
            "record_a,record_b,is_match,stratum,stratum_pairs\na:1,b:1,y,s,4\na:2,b:2,y,s,5\n",
            r"line 3.*in line 2",
        ),
    ],
)
def test_labels_that_cannot_be_followed_are_refused(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        report(con, read_labels(path))


def test_pairs_are_asked_about_at_a_terminal_only(tmp_path: Path) -> None:
    asked = CliRunner().invoke(app, ["identity", "tune", str(tmp_path / "x.csv"), "--sample", "5"])
    assert isinstance(asked.exception, UserError) and "at a terminal" in str(asked.exception)
    with pytest.raises(UserError, match="--sample 100"):
        read_labels(tmp_path / "x.csv")
