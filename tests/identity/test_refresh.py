"""A refresh of the layer against a whole build over the same ledger, table by table."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Company
from tests.identity.lab import Lab, Record
from tests.identity.refreshing import (
    built_elsewhere,
    conformed_changed,
    differences,
    refresh,
)

NAMESPACES = (
    "loyalty_id,person,10,true,100000,,,false,x",
    "email,email,20,false,4,,,true,x",
    "phone,phone,40,false,100000,2,90,false,x",
    "device,device,90,false,100000,,,false,x",
)
MATCH_RULES = (
    "births_differ,,never,birth_date,contradicting,,x",
    "family,10,link,family_name,shared,50,x",
    "family,10,link,birth_date,not_contradicting,,x",
)
UNITS = ("s0,a,a,,x", "s0,b,b,,x", "s1,a,a,,x", "s1,b,b,,x")

UNMOVED = {
    *("active_overrides", "match_parameters", "scored_pairs", "outdone_pairs", "keyed_sources"),
    *("value_limits", "household_addresses", "household_members"),
}
"""What has no rows without trained parameters and addresses, or seldom others."""


# Two who share an address until somebody of another name does: then each is alone with it, though
# only the newcomer's record is another one.
SHARING = tuple(
    Record(
        f"s0:{given_name}{year}",
        {"email": "home@x.org"},
        attributes={"given_name": given_name, "birth_date": f"{year}-03-15"},
    )
    for given_name, year in (("Ann", 1950), ("Ann", 1961), ("Bea", 1972))
)


def random_world(seed: int, dice: random.Random, size: int) -> list[Record]:
    """Records of three systems that share a few values of every namespace."""
    values = max(2, size // 2)
    shown = {"loyalty_id": 0.3, "email": 0.6, "phone": 0.4, "device": 0.5}
    return [
        Record(
            f"s{dice.randrange(3)}:w{seed}r{number}",
            {
                namespace: written(namespace, seed, dice.randrange(values))
                for namespace, share in shown.items()
                if dice.random() < share
            },
            f"2026-0{dice.randrange(1, 7)}-11",
            {**of_unit(dice), **(described(seed, dice) if dice.random() < 0.4 else {})},
        )
        for number in range(size)
    ]


def of_unit(dice: random.Random) -> dict[str, str]:
    unit = dice.choice("aaabb---")
    return {"attributes": f'{{"business_unit": "{unit}"}}'} if unit != "-" else {}


def described(seed: int, dice: random.Random) -> dict[str, str]:
    """Columns of a record. Names and birth dates decide together whether two share a value."""
    return {
        "given_name": dice.choice(("Ann", "Ann", "Bea")),
        "family_name": f"Lee{'abc'[dice.randrange(3)]}{seed}",
        "birth_date": f"{1950 + 11 * dice.randrange(3)}-03-15",
    }


def written(namespace: str, seed: int, number: int) -> str:
    if namespace == "email":
        # Some are no addresses, and so no values that could be reached.
        return f"w{seed}v{number}@x.org" if number % 7 else f"w{seed}v{number}"
    if namespace == "phone":
        return f"+4930{1000 + seed}{1000 + number}"
    return f"w{seed}{namespace}{number}"


def changed(records: list[Record], dice: random.Random) -> list[Record]:
    """A day later: some are gone, some show other values, some are new; most are as they were."""
    kept = [record for record in records if dice.random() > 0.04]
    donors = [record for record in records if record.values]
    moved = [
        replace(
            record, values=dice.choice(donors).values, attributes=dice.choice(donors).attributes
        )
        if dice.random() < 0.04
        else record
        for record in kept
    ]
    born = [
        replace(record, key=f"{record.key}n{dice.randrange(10**9)}")
        for record in records
        if dice.random() < 0.04
    ]
    return moved + born


@pytest.mark.slow
def test_random_changes_give_what_a_whole_build_gives(tmp_path: Path) -> None:
    """Unique and limited namespaces, a source without duplicates, decisions, outdated numbers."""
    dice = random.Random(11)
    records = [r for seed in range(60) for r in random_world(seed, dice, dice.choice([2, 6, 25]))]
    records = list({record.key: record for record in records}.values())
    lab = Lab(tmp_path / "lab", NAMESPACES, duplicate_free=("s2",), rules=MATCH_RULES, units=UNITS)
    rules = lab.settings.dbt_project_dir / "seeds" / "policy" / "match_settings.csv"
    text = rules.read_text()
    rules.write_text(text.replace("training_records,100,", "training_records,1000000,"))
    assert rules.read_text() != text
    for decision in ("always_link", "never_link"):
        for _ in range(12):
            one, other = dice.sample(records, 2)
            lab.overrides.append(
                f"{decision},{one.system},{one.number},{other.system},{other.number},x,x,,"
            )
    lab.build([*records, *SHARING[:2]], is_tested=False)
    broken = lab.query("select count(*) from identity.refused_in_replay")[0][0]
    assert isinstance(broken, int)
    assert broken > 20
    ruled = lab.query("select count(distinct decision) from identity.rule_pairs")[0][0]
    assert ruled in (2, 3)
    for day in (1, 2):
        records = list({r.key: r for r in changed(records, dice)}.values())
        dice.shuffle(records)
        with conformed_changed(lab.settings):
            lab.fill([*records, *SHARING])
        if day == 2:
            whole = built_elsewhere(lab.settings, tmp_path / "whole")
        changes = refresh(lab.settings)
        assert {model for model, count in changes.items() if not count} <= UNMOVED
    # What the first refresh had left behind would be in the second one's result.
    assert differences(lab.settings, whole) == {}


MOVES = (
    "create temp table gone as select record_key from conformed.customer_records "
    "where hash(record_key || 'gone') % 50 = 0",
    "delete from conformed.customer_records where record_key in (from gone)",
    "delete from conformed.identity_observations where record_key in (from gone)",
    "update conformed.customer_records set street = 'New Road 7', family_name = 'Moved' "
    "where hash(record_key || 'moved') % 50 = 0",
    "update conformed.customer_records set street = home.street, "
    "postal_code = home.postal_code, family_name = home.family_name from (select * from "
    "conformed.customer_records where street is not null and postal_code is not null "
    "and family_name is not null order by record_key limit 1) as home "
    "where hash(customer_records.record_key || 'guest') % 200 = 0",
    "update conformed.identity_observations set identity_value = 'shared@x.org' "
    "where namespace = 'email' and hash(record_key || 'mail') % 100 = 0",
    "create temp table born as select record_key from conformed.customer_records "
    "where hash(record_key || 'born') % 50 = 0",
    *(
        f"insert into conformed.{table} by name select * replace ("
        "'n' || source_record_id as source_record_id, "
        f"source_system || ':n' || source_record_id as record_key) from conformed.{table} "
        "where record_key in (from born)"
        for table in ("customer_records", "identity_observations")
    ),
)


@pytest.mark.slow
def test_pairs_are_scored_again_like_all_pairs(company: Company, tmp_path: Path) -> None:
    """The demo company with records gone, changed and new; then the same files once more."""
    settings = company.settings
    with company.warehouse() as con:
        [(model,)] = con.execute("select count(*) from operations.match_models").fetchall()
    assert model
    with (
        conformed_changed(settings),
        duckdb.connect(str(settings.warehouse_path)) as con,
    ):
        for statement in MOVES:
            con.execute(statement)
    whole = built_elsewhere(settings, tmp_path / "whole")
    assert refresh(settings)["scored_pairs"] > 20
    assert differences(settings, whole) == {}
    with conformed_changed(settings):
        pass
    assert set(refresh(settings).values()) == {0}
    assert differences(settings, whole) == {}


@pytest.mark.slow
def test_other_parameters_score_all_pairs_again(company: Company, tmp_path: Path) -> None:
    """As after `c360 identity train`."""
    settings = company.settings
    with conformed_changed(settings), duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute(
            "insert into operations.match_models by name select * replace ("
            "'other' as model_version, trained_at + interval 1 day as trained_at, "
            "household_share / 2 as household_share) "
            "from operations.match_models where model_version is not null"
        )
        con.execute(
            "insert into operations.match_term_frequencies by name "
            "select * replace ('other' as model_version) from operations.match_term_frequencies"
        )
    whole = built_elsewhere(settings, tmp_path / "whole")
    assert refresh(settings)["scored_pairs"]
    assert differences(settings, whole) == {}
