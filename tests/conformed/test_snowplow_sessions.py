"""Sessions, page views and visitors that the Snowplow web package expects, beside ours."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import Company, require_shared

EVENTS = """
    create or replace table conformed.events as
    select
        'web' as source_system, event_id, domain_userid as source_record_id,
        event as event_type, derived_tstamp::timestamp as occurred_at, {login} as login,
        null as product_id, page_urlpath as url_path, mkt_source as utm_source,
        mkt_medium as utm_medium, mkt_campaign as utm_campaign, mkt_term as utm_term,
        mkt_content as utm_content, dvce_type as device_type, null::bigint as points
    from events
    -- As staging does: a row without its visitor is set aside, of two versions the newer counts.
    where domain_userid is not null
    qualify row_number() over (partition by event_id order by derived_tstamp desc) = 1
"""
SESSIONS = """
    select
        theirs.user_id,
        ours.ended_at = theirs.end_tstamp::timestamp,
        ours.page_view_count = theirs.page_views::int,
        ours.landing_page = theirs.first_page_urlpath
        and ours.exit_page = theirs.last_page_urlpath,
        ours.utm_campaign is not distinct from theirs.mkt_campaign
        and ours.utm_source is not distinct from theirs.mkt_source
        and ours.utm_medium is not distinct from theirs.mkt_medium
    from theirs_sessions as theirs
    left join conformed.sessions as ours
        on ours.source_record_id = theirs.domain_userid
        and ours.started_at = theirs.start_tstamp::timestamp
"""
PAGE_VIEWS = """
    with ours as (
        select
            sessions.page_view_count, events.event_id, events.occurred_at,
            row_number() over (
                partition by session_id order by events.occurred_at, events.event_id
            ) as place
        from conformed.events as events
        inner join conformed.sessions as sessions
            on sessions.source_record_id = events.source_record_id
            and events.occurred_at between sessions.started_at and sessions.ended_at
        where event_type = 'page_view'
    )
    select
        theirs.user_id, theirs.event_id is not null, ours.event_id is not null,
        ours.place = theirs.page_view_in_session_index::int,
        ours.page_view_count = theirs.page_views_in_session::int
    from theirs_page_views as theirs full outer join ours using (event_id)
"""
VISITORS = """
    with ours as (
        select
            source_record_id, min(started_at) as started_at, max(ended_at) as ended_at,
            sum(page_view_count) as page_views, count(*) as sessions
        from conformed.sessions group by all
    )
    select
        theirs.user_id, ours.started_at = theirs.start_tstamp::timestamp,
        ours.ended_at = theirs.end_tstamp::timestamp, ours.page_views - theirs.page_views::int,
        ours.sessions - theirs.sessions::int
    from theirs_users as theirs
    left join ours on ours.source_record_id = theirs.domain_userid
"""
SAME = {
    "Unexpired session", "No edge cases", "stray page ping",
    "dupe: event_id different collector_tstamp", "dupe: event_id same collector_tstamp",
    "user stitch - session: 1st id: 1", "user stitch - session: 2nd id: 3",
}  # fmt: skip
"""Sessions, by the case they stand for, that are the same in every column that is compared."""


@pytest.fixture(scope="module")
def both(finished_company: Company) -> duckdb.DuckDBPyConnection:
    """What the package expects, and our compiled model over its events without the logins."""
    folder = require_shared("snowplow_web")
    con = duckdb.connect()
    con.execute("attach ':memory:' as warehouse")
    con.execute("use warehouse")
    for schema in ("conformed", "policy"):
        con.execute(f"create schema {schema}")
    for seed in ("activity_settings", "web_event_types"):
        path = DBT_PROJECT_DIR / "seeds" / "policy" / f"{seed}.csv"
        con.execute(f"create table policy.{seed} as from '{path}'")
    files = {"events": "source/snowplow_web_events.csv"}
    files |= {
        f"theirs_{name}": f"expected/snowplow_web_{name}_expected.csv"
        for name in ("page_views", "sessions", "users")
    }
    for table, name in files.items():
        con.execute(f"create table {table} as from read_csv('{folder}/{name}', all_varchar = true)")
    compiled = finished_company.settings.dbt_target_dir / "compiled/customer_360/models/conformed"
    con.execute(EVENTS.format(login="null::varchar"))
    con.execute(f"create view conformed.sessions as {(compiled / 'sessions.sql').read_text()}")
    return con


def differing(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Per case of their sessions what is not the same in ours; an empty text where nothing is."""
    found: dict[str, list[str]] = {}
    for case, *same in con.execute(SESSIONS).fetchall():
        faults = [
            name
            for name, is_same in zip(("end", "page views", "pages", "campaign"), same, strict=True)
            if not is_same
        ]
        what = "start" if same[0] is None else ", ".join(faults)
        found.setdefault(case or "NULL domain_userid", []).append(what)
    return {case: sorted(whats) for case, whats in found.items()}


def test_sessions_are_theirs_where_both_mean_the_same(both: duckdb.DuckDBPyConnection) -> None:
    found = differing(both)
    assert sum(map(len, found.values())) == 18
    assert {case for case, whats in found.items() if "" in whats} == SAME
    assert {case: [w for w in whats if w] for case, whats in found.items() if any(whats)} == {
        # Two events with one id of a page view are one page view there.
        "dupe: page_view_id different derived_tstamp": ["page views"],
        # A ping counts as a page view, and the page is taken to be five seconds older.
        "No edge cases": ["start", "start"],
        "stray page ping": ["start"],
        # The tracker has given one visitor two sessions at a time, or one that goes on for days.
        "Multiple first sessions per user": ["end, page views, pages", "page views, pages"],
        "Multiple last sessions per user": ["page views, pages", "start"],
        "long session": ["end, page views, pages"],
        # Sessions of several cookies, or of none, which staging sets aside.
        "Rotating domain_userid per session": ["end, page views, pages"],
        "NULL domain_userid": ["start"],
    }


def test_page_views_are_theirs_but_for_six(both: duckdb.DuckDBPyConnection) -> None:
    rows = both.execute(PAGE_VIEWS).fetchall()
    assert sum(theirs for _, theirs, *_ in rows) == 43
    assert [case for case, _, ours, *_ in rows if not ours] == ["NULL domain_userid"]
    # Late by days, after days of one session, of no id, or the second event of one id.
    assert sum(not theirs for _, theirs, *_ in rows) == 6
    same = {case for case, theirs, _, *same in rows if theirs and all(same)}
    assert sum(all(row[1:]) for row in rows) == 22
    assert same == SAME - {"user stitch - session: 2nd id: 3"} | {
        f"user stitch - session: 2nd id: {number}" for number in (3, 5, 6, 7, 8, 10)
    }


def test_visitors_are_theirs_where_their_sessions_are(both: duckdb.DuckDBPyConnection) -> None:
    rows = both.execute(VISITORS).fetchall()
    assert {case: more for case, starts, ends, *more in rows if starts and ends} == {
        "dupe: event_id different collector_tstamp": [0, 0],
        "dupe: event_id same collector_tstamp": [0, 0],
        "user stitch - session: 1st id: 1": [0, 0],
        "dupe: page_view_id different derived_tstamp": [1, 0],
        "No edge cases": [-2, 0],
        "stray page ping": [-1, 0],
        "Multiple first sessions per user": [0, -1],
        "Multiple last sessions per user": [0, -1],
    }
    assert {case: more for case, starts, ends, *more in rows if not (starts and ends)} == {
        "Unexpired session": [1, 1],
        "long session": [2, 10],
        "Rotating domain_userid per session": [-2, 0],
    }


def test_only_where_another_signs_in_does_a_session_end_without_a_pause(
    both: duckdb.DuckDBPyConnection,
) -> None:
    before = differing(both)
    both.execute("begin")
    both.execute(EVENTS.format(login="user_id"))
    after = differing(both)
    both.execute("rollback")
    assert {case for case in after if after[case] != before[case]} == {
        "user stitch - session: 1st id: 1", "user stitch - session: 2nd id: 3"
    }  # fmt: skip
