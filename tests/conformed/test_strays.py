"""Rows after the business, rows yet to come and crawlers leave all values as they were."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conformed import strays
from tests.conformed.strays import END, FACTS, LATER, NEVER, PEOPLE, Stray, tomorrow
from tests.conftest import Company
from tests.end_to_end.contents import contents, published_rows, warehouse_rows

ACCOUNTS = ("fact_set_aside", "fact_row_conservation")
"""Published tables that say what was read and set aside."""


def values(company: Company) -> dict[str, str]:
    """Fingerprints of what is made of the conformed layer: who people are, value, segments."""
    later = ("identity.", "profile.", "value.", "segments.", "published.")
    return {
        name: found
        for name, found in contents(company).items()
        if name.split(".", 1)[1].startswith(later) or name.startswith("published.")
        if not any(account in name for account in ACCOUNTS)
    }


def run(company: Company, *options: str) -> None:
    ran = company.c360("run", *options)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def waiting(company: Company) -> dict[str, int]:
    rows = published_rows(
        company, "select reason, sum(row_count)::bigint from fact_set_aside group by 1"
    )
    return {str(reason): int(str(count)) for reason, count in rows}


def differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}


@pytest.mark.slow
def test_strays_of_every_source_change_no_value_and_are_accounted_for(company: Company) -> None:
    """All at once: each source after the business, tomorrow and in 2099, and crawlers before."""
    before, aside = values(company), waiting(company)
    for number, add in enumerate(FACTS):
        # One a day: two customers on one day are a day's business in so small a shop.
        for at in (LATER, tomorrow(), NEVER):
            add(company, at + timedelta(days=number))
    strays.crawler(company, END - timedelta(days=100))
    run(company)
    assert differing(before, values(company)) == set()
    after = waiting(company)
    assert after["crawler_agent"] - aside["crawler_agent"] >= 2
    assert after["future_timestamp"] - aside["future_timestamp"] >= 18
    if tomorrow() > LATER + timedelta(days=len(FACTS)):
        assert after["crawler_agent"] - aside["crawler_agent"] == 4
        assert after["after_clock"] - aside.get("after_clock", 0) == 7
    assert warehouse_rows(
        company, "select count(*) from conformed.row_conservation where difference <> 0"
    ) == [(0,)]


@pytest.mark.slow
def test_a_replayed_day_knows_nothing_of_what_came_later(company: Company) -> None:
    """News of people too: a later version of a customer does not hide the one of the day."""
    before = values(company)
    for add in (*FACTS, *PEOPLE):
        add(company, LATER)
    run(company, "--as-of", f"{END - timedelta(days=1):%Y-%m-%d}")
    assert differing(before, values(company)) == set()


@pytest.mark.slow
@pytest.mark.parametrize("add", FACTS, ids=lambda add: add.__name__)
@pytest.mark.parametrize("days", [1, 3, 19])
def test_one_stray_changes_nothing(company: Company, add: Stray, days: int) -> None:
    before = values(company)
    add(company, END + timedelta(days=days, hours=9))
    run(company)
    assert differing(before, values(company)) == set()


@pytest.mark.slow
@pytest.mark.parametrize("add", PEOPLE, ids=lambda add: add.__name__)
def test_news_of_a_person_change_no_value(company: Company, add: Stray) -> None:
    before = values(company)
    add(company, LATER)
    run(company)
    changed = differing(before, values(company))
    assert {n for n in changed if ".value." in n or ".segments." in n or "published." in n} == set()
