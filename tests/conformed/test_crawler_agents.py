"""Crawlers are known by what they call themselves, and browsers are not taken for them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.conformed import crawler_agents
from tests.conftest import require_shared
from tests.value.rendering import project_vars, render

POLICY = DBT_PROJECT_DIR / "seeds" / "policy"
ORDINARY = (Path(__file__).parent / "ordinary_agents.txt").read_text().splitlines()


def crawlers_among(agents: Iterable[str]) -> dict[str, str]:
    """Which agents the model takes for crawlers, each with the pattern that fits."""
    with duckdb.connect() as con:
        con.execute(
            "create table events (source_system varchar, user_agent varchar, reject_reason varchar)"
        )
        con.execute("insert into events select 'web', unnest(?), null", [list(agents)])
        for seed in ("crawler_agents", "crawler_agent_rules"):
            con.execute(f"create table {seed} as from read_csv('{POLICY / seed}.csv')")
        variables = {**project_vars(), "entity_sources": {"events": ["events"]}}
        # What the YAML of a staging model lists, which dbt would say.
        sql = render("conformed/user_agents", variables, listed={"events": ["user_agent"]})
        found = con.execute(f"select user_agent, crawler_pattern from ({sql}) where is_crawler")
        return dict(found.fetchall())


def test_the_seed_is_what_the_library_says() -> None:
    assert crawler_agents.SEED.read_text() == crawler_agents.text(), (
        "The list has changed: run `python -m tests.conformed.crawler_agents`."
    )


def test_every_listed_pattern_is_found_by_the_text_that_it_requires() -> None:
    """Each agent that the list gives as an example, by Python's own search."""
    left_out = {
        row["pattern"]
        for row in csv.DictReader((POLICY / "crawler_agent_rules.csv").open())
        if row["action"] == "leave_out"
    }
    patterns = [
        re.compile(row["pattern"])
        for row in crawler_agents.rows()
        if row["pattern"] not in left_out
    ]
    agents = {a for entry in _examples(crawler_agents.LISTED) for a in entry}
    expected = {agent for agent in agents if any(p.search(agent) for p in patterns)}
    assert len(expected) > 2000
    assert expected - set(crawlers_among(agents)) == set()


def test_ordinary_browsers_and_apps_are_no_crawlers() -> None:
    assert crawlers_among(ORDINARY) == {}


@pytest.mark.parametrize(
    "agent",
    ["NewCrawler/1.0", "somethingbot/2.0 (+https://some.example)", "PriceSpider/1.4",
     "python-requests/2.31.0", "Mozilla/5.0 HeadlessChrome/120.0.0.0 Safari/537.36", "robots"],
)  # fmt: skip
def test_what_no_list_knows_yet_is_known_by_its_words(agent: str) -> None:
    assert agent in crawlers_among([agent])


def test_recall_on_the_published_examples() -> None:
    path = require_shared("crawler_user_agents") / "crawler-user-agents.json"
    agents = {a for entry in _examples(json.loads(path.read_text())) for a in entry}
    found = crawlers_among(agents)
    assert len(agents) == 2116
    # What is missed is the libraries that apps are made with, which the policy leaves out.
    missed = agents - set(found)
    assert len(missed) <= 8, missed
    assert {
        a for a in missed if not re.search("okhttp|axios|Apache-HttpClient|HttpUrlConn", a)
    } == set()


def test_no_browser_of_the_snowplow_events_is_a_crawler() -> None:
    path = require_shared("snowplow_web") / "source" / "snowplow_web_events.csv"
    with path.open(newline="") as handle:
        agents = {row["useragent"] for row in csv.DictReader(handle)} - {""}
    assert len(agents) == 11
    assert crawlers_among(agents) == {}


def _examples(entries: Iterable[dict[str, Any]]) -> Iterable[list[str]]:
    return (entry["instances"] for entry in entries)
