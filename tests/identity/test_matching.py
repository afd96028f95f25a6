"""Probabilistic links: quality against known truth, and that nothing but the data decides.

pytest -m slow tests/identity/test_matching.py     (larger sets)
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.identity import splink_session
from orchestration.identity.blocking import block
from orchestration.identity.match_models import MatchModel, current_model, policy_in, train_model
from orchestration.identity.match_tables import parameters, scored_pairs
from orchestration.identity.model_settings import as_json
from orchestration.identity.splink_session import workplace
from orchestration.identity.training import train
from orchestration.policy.match_settings import MatchSettings
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.conftest import require_shared
from tests.identity.matching import (
    RECORDS,
    Matched,
    as_sql,
    matched,
    scored_with,
    town,
    warehouse,
)

POLICY = "memory.main"
SEEDS = DBT_PROJECT_DIR / "seeds" / "policy"
FEBRL = """
    select
        rec_id as record_key,
        regexp_extract(rec_id, 'rec-(\\d+)', 1) as person,
        nullif(trim(given_name), '') as given_name,
        nullif(trim(surname), '') as family_name,
        cast(try_strptime(trim(date_of_birth), '%Y%m%d') as date) as birth_date,
        nullif(trim(concat_ws(' ', trim(street_number), trim(address_1))), '') as street,
        nullif(trim(address_2), '') as address_line_2,
        nullif(trim(suburb), '') as city,
        nullif(trim(postcode), '') as postal_code,
        nullif(trim(soc_sec_id), '') as national_id
    from read_csv('{file}', all_varchar = true, normalize_names = true)
"""
FAKE = """
    select
        unique_id as record_key, cluster as person, first_name as given_name,
        surname as family_name, try_cast(dob as date) as birth_date, city, email
    from read_csv('{file}', all_varchar = true)
"""


@pytest.mark.parametrize(
    ("folder", "file", "sql", "precision", "f1"),
    [
        pytest.param(
            "febrl",
            "dataset1.csv",
            FEBRL,
            0.999,
            0.995,
            id="febrl dataset1",
            marks=pytest.mark.slow,
        ),
        pytest.param("splink", "fake_1000.csv", FAKE, 0.97, 0.91, id="fake_1000"),
        pytest.param(
            "febrl", "dataset3.csv", FEBRL, 0.999, 0.99, id="febrl dataset3", marks=pytest.mark.slow
        ),
    ],
)
def test_people_of_known_data_sets_are_found(
    folder: str, file: str, sql: str, precision: float, f1: float
) -> None:
    path = require_shared(folder) / file
    done = matched(warehouse(sql.format(file=path)))
    found = done.quality()
    assert found[0] >= precision
    assert found[2] >= f1
    expected, observed = done.calibration()
    assert abs(expected - observed) <= 0.01


def test_members_of_a_household_stay_apart() -> None:
    rows = town(seed=2)
    town_found = matched(warehouse(as_sql(rows)))
    precision, recall, _ = town_found.quality()
    assert precision >= 0.99
    assert recall >= 0.85
    expected, observed = town_found.calibration()
    assert abs(expected - observed) <= 0.015
    # Fathers and sons of one name, and twins: the same house, and one respect in which they differ.
    people = town_found.people_found()
    by_person = {str(row["person"]): people[str(row["record_key"])] for row in rows}
    alike: dict[tuple[object, ...], set[str]] = {}
    for row in rows:
        if row["street"]:
            key = (row["family_name"], row["street"], row["given_name"])
            alike.setdefault(key, set()).add(str(row["person"]))
    namesakes = [sorted(persons) for persons in alike.values() if len(persons) == 2]
    assert len(namesakes) > 20
    merged = [a for a, b in namesakes if by_person[a] == by_person[b]]
    assert len(merged) <= 0.02 * len(namesakes)


def test_order_of_rows_threads_and_pieces_change_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = town(seed=3, households=150)
    results = []
    for shuffled, threads in ((False, 2), (True, 1)):
        if shuffled:
            random.Random(1).shuffle(rows)
            monkeypatch.setattr(splink_session, "PIECE", 900)
        found = matched(warehouse(as_sql(rows), threads))
        pairs = found.con.execute("select * from scored order by all").fetchall()
        results.append((as_json(found.trained.settings), found.trained.household_share, pairs))
    assert results[0][2]
    assert results[0] == results[1]


def test_training_again_gives_the_same_version_and_with_it_scores_stay() -> None:
    before = warehouse(as_sql(town(seed=4, households=150)))
    policy = policy_in(before, POLICY)
    model, _ = train_model(before, RECORDS, MatchSettings(), policy)
    again, _ = train_model(before, RECORDS, MatchSettings(), policy)
    assert model is not None
    assert again == model == current_model(before, policy)
    versions = "select count(*), count(distinct model_version) from operations.match_models"
    assert before.execute(versions).fetchall() == [(1, 1)]

    first = scored_pairs(before, RECORDS, POLICY).fetchall()
    before.execute(
        f"insert into {RECORDS} by name select 'new:' || record_key as record_key, "
        f"* exclude (record_key) from {RECORDS} where hash(record_key) % 3 = 0"
    )
    second = scored_pairs(before, RECORDS, POLICY).fetchall()
    old = [row for row in second if "new:" not in row[0] + row[1]]
    assert first
    assert len(second) > len(old)
    assert sorted(old) == sorted(first)

    # Pairs of two business units are none, and whoever has no unit is compared with everybody.
    before.execute(
        f"update {RECORDS} set business_unit_id = case hash(record_key) % 3 "
        "when 0 then 'a' when 1 then 'b' end"
    )
    units = dict(before.execute(f"select record_key, business_unit_id from {RECORDS}").fetchall())
    kept = [row for row in second if len({units[key] for key in row[:2]} - {None}) < 2]
    assert 0 < len(kept) < len(second)
    assert sorted(scored_pairs(before, RECORDS, POLICY).fetchall()) == sorted(kept)


def test_too_little_data_says_so_and_scores_nothing() -> None:
    con = warehouse(as_sql(town(seed=6, households=10)))
    con.execute("delete from match_settings")
    found = matched(con, MatchSettings(fewest_training_records=1_000))
    assert "1,000 are the least to learn from" in found.trained.reason
    con.execute("insert into match_settings values ('fewest_training_records', 1000, '')")
    for _ in range(2):
        assert parameters(con, RECORDS, POLICY, is_first=True).fetchall() == []
        assert scored_pairs(con, RECORDS, POLICY).fetchall() == []
    kept = con.execute("select model_version, reason from operations.match_models").fetchall()
    assert kept == [(None, found.trained.reason)]


def test_strangers_teach_nothing() -> None:
    rows = [row for row in town(seed=7) if str(row["record_key"]).startswith("a:")]
    rows = [{**row, "street": None, "postal_code": None, "city": None} for row in rows[::3]]
    found = matched(warehouse(as_sql(rows)))
    assert "look like one person's" in found.trained.reason


def test_splink_is_not_imported_where_nothing_is_scored(tmp_path: Path) -> None:
    program = (
        "import sys, duckdb\n"
        "from orchestration.identity.match_tables import parameters, scored_pairs\n"
        "con = duckdb.connect()\n"
        "con.execute('create schema identity'); con.execute('create schema policy')\n"
        "for seed in ('match_settings', 'match_comparisons', 'match_degrees', 'blocking_rules'):\n"
        "    con.execute(f'create table policy.{seed} as from read_csv('\n"
        "        f\"'{sys.argv[2]}/{seed}.csv', all_varchar = true, quote = '\\\"')\")\n"
        "con.execute('create table identity.match_records as select ' + ', '.join(\n"
        "    f'cast(null as string) as {c}' for c in sys.argv[1].split(',')) + ' limit 0')\n"
        "r = 'memory.identity.match_records'\n"
        "assert parameters(con, r, 'policy', is_first=True).fetchall() == []\n"
        "assert scored_pairs(con, r, 'policy').fetchall() == []\n"
        "assert 'splink' not in sys.modules and 'pandas' not in sys.modules\n"
    )
    con = warehouse(as_sql(town(seed=8, households=2)))
    columns = [row[0] for row in con.execute(f"describe {RECORDS}").fetchall()]
    ran = subprocess.run(
        [sys.executable, "-c", program, ",".join(columns), str(SEEDS)],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module")
def judged() -> Matched:
    """A town whose pairs are judged by bounds far apart, and are kept in the table `judged`."""
    con = warehouse(as_sql(town(seed=10, households=200)))
    found = matched(con, MatchSettings(accept_probability=0.99, review_probability=0.2))
    con.execute("create table judged as from scored")
    return found


def test_the_waterfall_adds_up_and_names_nobody(judged: Matched) -> None:
    con = judged.con
    [(said,)] = con.execute(
        f"select list(distinct given_name) || list(distinct family_name) from {RECORDS}"
    ).fetchall()
    said = {*said}
    assert len(said) > 100
    told = con.execute("select comparison_levels, match_weight, model_version from judged")
    for text, weight, version in told.fetchall():
        levels = json.loads(text)
        assert abs(sum(level["weight"] for level in levels) - weight) < 0.06
        assert levels[0]["comparison"] == "start"
        assert version == "m1"
        words = {word for level in levels for word in level["level"].split()}
        assert not words & said


def test_pairs_are_ordered_judged_and_kept_from_the_threshold_on(judged: Matched) -> None:
    con, trained = judged.con, judged.trained
    pairs = con.execute(
        "select record_key_a, record_key_b, match_probability, decision, doubt from judged"
    ).fetchall()
    assert {pair[3] for pair in pairs} == {"accept", "review"}
    for a, b, probability, decision, doubt in pairs:
        assert a < b
        assert 0.2 <= probability <= 1
        assert decision == "review" or (probability >= 0.99 and doubt is None)
    model = MatchModel("m2", trained.settings, trained.household_share)
    scored_with(con, model, MatchSettings(accept_probability=0.9, review_probability=0.9))
    [(fewest,)] = con.execute("select min(match_probability) from scored").fetchall()
    assert fewest >= 0.9


@pytest.mark.parametrize("training_records", [300, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_the_budget_of_pairs_holds_for_all_records(training_records: int) -> None:
    """A ninth of the records that teach has a ninth of the pairs per record that all have."""
    con = warehouse(as_sql(town(3)))
    records = "memory.identity.match_records"
    rules = MatchSettings(
        training_records=training_records, most_pairs_per_record=5, fewest_training_matches=1
    )
    trained = train(con, records, rules, policy_in(con, POLICY))
    asked = [
        rule["blocking_rule"] for rule in trained.settings["blocking_rules_to_generate_predictions"]
    ]
    blocked = " union ".join(
        f"select l.record_key, r.record_key from {records} as l inner join {records} as r "
        f"on l.record_key < r.record_key and {rule}"
        for rule in asked
    )
    [(pairs, count)] = con.execute(
        f"select (select count(*) from ({blocked})), (select count(*) from {records})"
    ).fetchall()
    assert 0 < pairs <= rules.most_pairs_per_record * count
    with workplace(con) as work:
        work.execute(f"create view match_input as select * from {records}")
        block(work, "blocked", asked)
        once = work.execute(
            "select count(*), count(distinct (join_key_l, join_key_r)) from blocked"
        ).fetchall()
    assert once == [(pairs, pairs)]
