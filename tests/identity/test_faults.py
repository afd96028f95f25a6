"""Kinds of faults, on people of our own making: each is found where the other fields suffice."""

from __future__ import annotations

import pytest

from tests.conftest import require_shared
from tests.identity.faulty import FAULTS, employees, people
from tests.identity.matching import Matched, as_sql, matched, pair_quality, warehouse

SHARED = """
    select
        record.id as record_key, truth.entity as person, truth.kind, first_name as given_name,
        surname as family_name, try_cast(dob as date) as birth_date,
        case when try_cast(dob as date) is null
            then nullif(regexp_replace(dob, '[^0-9]', '', 'g'), '') end as birth_date_as_written,
        postcode as postal_code, city
    from read_csv('{folder}/people.csv', all_varchar = true) as record
    inner join read_csv('{folder}/truth.csv', all_varchar = true) as truth using (id)
"""
SHARED_B2B = """
    select
        record.id as record_key, truth.entity as person, truth.kind, first_name as given_name,
        last_name as family_name, cast(null as date) as birth_date, email,
        regexp_replace(phone, '[^+0-9]', '', 'g') as phone, company_name as organisation_name
    from read_csv('{folder}/b2b.csv', all_varchar = true) as record
    inner join read_csv('{folder}/b2b_truth.csv', all_varchar = true) as truth using (id)
"""
MORE = pytest.mark.slow
"""Other people with the same faults."""
AS_HIGH_AS_IT_GOES = ("name_and_date_missing", "wrong_date", "one_word")


def joined(done: Matched) -> dict[str, float]:
    """Per kind the share of people whose records are all together."""
    found = done.people_found()
    people_of: dict[tuple[str, str], set[int]] = {}
    rows = done.con.execute("select record_key, person, kind from given").fetchall()
    for key, person, kind in rows:
        people_of.setdefault((kind, person), set()).add(found[key])
    shares: dict[str, list[bool]] = {}
    for (kind, _), pieces in people_of.items():
        shares.setdefault(kind, []).append(len(pieces) == 1)
    return {kind: sum(whole) / len(whole) for kind, whole in shares.items()}


@pytest.mark.parametrize(
    ("seed", "language"),
    [(1, "en"), pytest.param(2, "es", marks=MORE), pytest.param(3, "pl", marks=MORE)],
)
def test_one_fault_keeps_nobody_apart(seed: int, language: str) -> None:
    done = matched(warehouse(as_sql(people(seed, language, per_kind=200))))
    shares = joined(done)
    assert set(shares) == set(FAULTS)
    assert {kind: share for kind, share in shares.items() if share < 0.975} == {}
    assert done.quality()[0] >= 0.997


@pytest.mark.parametrize("seed", [pytest.param(1, marks=MORE), 2])
def test_a_mailbox_made_of_the_name_says_no_more_than_the_name(seed: int) -> None:
    done = matched(warehouse(as_sql(employees(seed, per_kind=50))))
    assert joined(done)["mail, then phone"] >= 0.8
    assert done.quality()[0] >= 0.99
    found = done.people_found()
    truth = dict(
        done.con.execute("select record_key, person from given where kind = 'namesake'").fetchall()
    )
    names = {key: person[:-1] for key, person in truth.items()}
    apart = pair_quality({key: found[key] for key in truth}, names)[1]
    assert apart <= 1 / 3 + 0.01, "Of a namesake's six pairs two are one person's."


def test_the_shared_people_are_found_again() -> None:
    folder = require_shared("people_faults")
    done = matched(warehouse(SHARED.format(folder=folder)))
    shares = joined(done)
    assert min(s for kind, s in shares.items() if kind not in AS_HIGH_AS_IT_GOES) >= 585 / 600
    assert shares["one_word"] >= 0.95
    assert min(shares.values()) >= 0.75
    assert done.quality()[0] >= 0.999
    expected, observed = done.calibration()
    assert abs(expected - observed) <= 0.01


def test_the_shared_employees_are_found_again() -> None:
    folder = require_shared("people_faults")
    done = matched(warehouse(SHARED_B2B.format(folder=folder)))
    assert joined(done)["mail_then_phone"] >= 0.8
    assert done.quality()[0] >= 0.99
    expected, observed = done.calibration()
    assert abs(expected - observed) <= 0.01
