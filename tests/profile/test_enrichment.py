"""What is said of people beside their records, without a run."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.identity.rendered import model_sql
from tests.profile import country_locales

POLICY = DBT_PROJECT_DIR / "seeds" / "policy"


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Two people of a country with one language, and two of one with several."""
    con = duckdb.connect()
    con.execute(
        "create table profiles as select *, true as is_known, null::date as birth_date, "
        "null::string as household_id, null::timestamp as first_seen_at from (values "
        "('p1', 'DE', 'tr', null), ('p2', 'DE', null, 'Asia/Tokyo'), "
        "('p3', 'BE', null, null), ('p4', 'BE', 'fr', null)"
        ") as x (profile_id, country_code, language, time_zone)"
    )
    con.execute("create table refresh_period as select date '2026-03-01' as as_of_on")
    con.execute(
        "create table behaviour as select null::string as profile_id, 0::bigint as order_count, "
        "null::timestamp as first_ordered_at, null::timestamp as last_ordered_at, null::string as "
        "preferred_channel, null::string as preferred_category, 0 as preferred_hour limit 0"
    )
    for seed in ("age_bands", "country_locales", "lifecycle_stages"):
        con.execute(f"create table {seed} as from read_csv('{POLICY / seed}.csv', header = true)")
    return con


def derived(con: duckdb.DuckDBPyConnection, declared: list[str]) -> list[Any]:
    """Language and time zone of each profile, with where they are from."""
    names = (
        "profiles", "refresh_period", "behaviour", "age_bands", "country_locales",
        "lifecycle_stages",
    )  # fmt: skip
    sql = model_sql(
        "derived_attributes",
        {name: name for name in names},
        "profile",
        declared_attributes=lambda: [{"name": name} for name in declared],
    )
    return con.execute(
        f"select profile_id, language, language_source, time_zone, time_zone_source from ({sql}) "
        "order by profile_id"
    ).fetchall()


def test_a_declared_language_is_known_and_the_countrys_is_said_to_be_a_guess(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert derived(con, ["language", "time_zone"]) == [
        ("p1", "tr", "declared", "Europe/Berlin", "country"),
        ("p2", "de", "country", "Asia/Tokyo", "declared"),
        ("p3", None, None, "Europe/Brussels", "country"),
        ("p4", "fr", "declared", "Europe/Brussels", "country"),
    ]
    assert derived(con, []) == [
        ("p1", "de", "country", "Europe/Berlin", "country"),
        ("p2", "de", "country", "Europe/Berlin", "country"),
        ("p3", None, None, "Europe/Brussels", "country"),
        ("p4", None, None, "Europe/Brussels", "country"),
    ]


def test_languages_and_zones_of_countries_are_what_the_libraries_say() -> None:
    assert country_locales.SEED.read_text() == country_locales.text(), (
        "The libraries have changed: run `python -m tests.profile.country_locales`."
    )


@pytest.mark.parametrize("country", ["CH", "BE", "CA", "IN", "ZA"])
def test_no_language_where_a_country_has_several(country: str) -> None:
    assert f"\n{country},," in country_locales.SEED.read_text() or (
        f"\n{country}," not in country_locales.SEED.read_text()
    )


class RefusedError(Exception):
    """What a compiler error raises here."""


def enrichment(enrichments: dict[str, Any], con: duckdb.DuckDBPyConnection) -> list[Any]:
    """The rows of profile.enrichment by what dbt_project.yml declares."""

    class Exceptions:
        @staticmethod
        def raise_compiler_error(said: str) -> None:
            raise RefusedError(said)

    sql = model_sql(
        "enrichment",
        {"profiles": "profiles", **{name: name for name in enrichments}},
        "profile",
        var=lambda name, default: enrichments,
        exceptions=Exceptions,
    )
    return con.execute(f"select * from ({sql}) order by all").fetchall()


def test_tables_are_joined_by_any_key_and_nobody_is_lost(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table unions as select 'DE' as code, 'EU' as union_name, 1 as members")
    con.execute("create table tongues as select 't' as first_letter, 'far' as distance")
    by_country = {"by": {"code": "profiles.country_code"}, "columns": ["union_name", "members"]}
    by_letter = {"by": {"first_letter": "left(profiles.language, 1)"}, "columns": ["distance"]}
    assert enrichment({"unions": by_country, "tongues": by_letter}, con) == [
        ("p1", "EU", 1, "far"), ("p2", "EU", 1, None),
        ("p3", None, None, None), ("p4", None, None, None),
    ]  # fmt: skip
    assert enrichment({}, con) == [("p1",), ("p2",), ("p3",), ("p4",)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"t": {"columns": ["a"]}}, "vars.enrichments.t in dbt_project.yml needs `by`"),
        ({"t": {"by": {"a": "1"}}}, "needs `by`"),
        ({"t": "city"}, "needs `by`"),
        ({"t": {"by": {"a": "1"}, "columns": ["profile_id"]}}, "has the column profile_id"),
        (
            {n: {"by": {"a": "1"}, "columns": ["a"]} for n in ("t", "u")},
            "vars.enrichments.u in dbt_project.yml has the column a",
        ),
    ],
)
def test_what_cant_be_followed_is_refused_in_words(
    said: dict[str, Any], words: str, con: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(RefusedError, match=words.replace("(", r"\(")):
        enrichment(said, con)
