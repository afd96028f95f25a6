"""What is said of segments over a company agrees with what its run has published."""

from __future__ import annotations

import csv
import json
import random
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.segment_tools.compare import LEAST_PEOPLE, compare
from orchestration.segment_tools.dialects import DIALECTS, segment_sql
from orchestration.segment_tools.export import export
from orchestration.segment_tools.overlap import overlap
from orchestration.segment_tools.preview import preview
from orchestration.segment_tools.why import why
from orchestration.segments.declared import segments_of
from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import Company

ACTIVE = [s.name for s in segments_of(DBT_PROJECT_DIR) if s.state == "active"]
SEGMENT = "top_three_deciles"


@pytest.fixture(scope="module")
def warehouse(finished_company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(finished_company.settings.warehouse_path), read_only=True) as con:
        yield con


def members(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    found = con.execute(
        "select profile_id from segments.segment_membership where segment_name = ? order by 1",
        [name],
    ).fetchall()
    return [profile for (profile,) in found]


@pytest.mark.parametrize("name", ACTIVE)
def test_a_preview_counts_what_the_run_has_published(
    finished_company: Company, warehouse: duckdb.DuckDBPyConnection, name: str
) -> None:
    found = preview(finished_company.settings, name)
    published = members(warehouse, name)
    kept_out = warehouse.execute(
        "select cause, count(*) from segments.kept_out where segment_name = ? group by 1", [name]
    ).fetchall()
    assert found["members"] == len(published)
    assert found["kept_out"] == dict(kept_out)
    assert found["qualified"] == len(published) + sum(found["kept_out"].values())
    assert [p["profile_id"] for p in found["people"]] == published[:10]
    assert found["steps"][-1]["people"] == found["qualified"]
    assert all(s["people"] is not None or "yields no" in s["says"] for s in found["steps"])
    assert all("says" not in one for one in found["filters"])


def test_a_draft_keeps_out_whom_a_run_would(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "draft.sql"
    file.write_text("select profile_id, upper(email) as reason from {{ ref('profiles') }}")
    with company.warehouse() as con:
        people = [p for (p,) in con.execute("select profile_id from profile.profiles").fetchall()]
        expired = dict.fromkeys(
            p for (p,) in con.execute("select profile_id from profile.expired_profiles").fetchall()
        )
        alive = [p for p in people if p not in expired]
        no = random.Random(5).sample(alive, 7)
        con.execute("delete from profile.consent where contact_value = 'any' and code = 'n'")
        for person in no:
            con.execute(
                "insert into profile.consent by name select ? as profile_id, 'n' as code, "
                "'any' as purpose, 'any' as channel, 'any' as topic, 'any' as contact_value",
                [person],
            )
    found = preview(company.settings, "not_there_yet", file)
    assert found["state"] == "draft"
    assert found["kept_out"].get("opted_out") == 7
    assert found["kept_out"].get("expired", 0) == len(expired)
    assert found["members"] == len(people) - 7 - len(expired)
    # An address is the reason: nobody sees it.
    assert {p["reason"] for p in found["people"]} == {"(masked)"}
    assert "@" not in json.dumps(found, default=str).upper()


@pytest.mark.slow
def test_macros_are_compiled_by_dbt_and_nothing_of_the_last_run_is_touched(
    finished_company: Company, tmp_path: Path
) -> None:
    settings, file = finished_company.settings, tmp_path / "draft.sql"
    left = {p: p.stat().st_mtime_ns for p in settings.dbt_target_dir.rglob("*.sql")}
    file.write_text(
        "{# who #}select profile_id from {{ ref('profiles') }} "
        "where {{ dbt.length('profile_id') }} > {{ [3, 4] | max }}"
    )
    found = preview(settings, "not_there_yet", file)
    assert found["filters"][0]["conditions"][0]["condition"] == "LENGTH(profile_id) > 4"
    assert found["members"] + found["kept_out"].get("expired", 0) == found["profiles"]
    for wrong, says in (("{{ dbt.lengthy(1) }}", "lengthy"), ("{% if %}", "can't be compiled")):
        file.write_text(f"select profile_id from {{{{ ref('profiles') }}}} where {wrong} > 1")
        with pytest.raises(UserError, match=says):
            preview(settings, "not_there_yet", file)
    assert left == {p: p.stat().st_mtime_ns for p in settings.dbt_target_dir.rglob("*.sql")}


def test_why_agrees_with_membership_and_names_what_is_false(
    finished_company: Company, warehouse: duckdb.DuckDBPyConnection
) -> None:
    profiles = warehouse.execute("select profile_id from profile.profiles order by 1").fetchall()
    inside = {*members(warehouse, SEGMENT)}
    deciles = dict(
        warehouse.execute(
            "select profile_id, decile from value.deciles where metric = 'net_revenue' "
            "and category_type = 'loyalty_tier' and look_back = 'lifetime'"
        ).fetchall()
    )
    chosen = [sorted(inside)[0], min(p for p, d in deciles.items() if d and d > 3)]
    chosen.append(min(p for (p,) in profiles if p not in deciles))
    for person in chosen:
        found = why(finished_company.settings, SEGMENT, person)
        assert found["is_member"] is found["fulfils"] is (person in inside)
        assert (found["stays"] != []) is (person in inside)
        last = (found["falls_out"] or [{}])[-1]
        if person in inside:
            assert last == {} and found["reason"].startswith("decile ")
            assert found["stays"][0]["entering_cause"] == "segment_begun"
        elif person in deciles:
            assert [c["condition"] for c in last["conditions"]] == ["decile <= 3"]
            assert last["conditions"][0]["values"] == [{"decile": str(deciles[person])}]
        else:
            assert last["says"] == "has no row in value.deciles"


def test_a_former_id_leads_to_todays_profile_and_its_own_stay(company: Company) -> None:
    with company.warehouse() as con:
        person = members(con, SEGMENT)[0]
        con.execute(
            "insert into profile.alternate_keys by name select 'k' as alternate_key_id, "
            "'former_profile' as key_kind, 'p00000000000000ff' as key_value, ? as profile_id",
            [person],
        )
        con.execute(
            "insert into segments.membership_changes by name "
            "select 'p00000000000000ff' as profile_id, ? as segment_name, 'entered' as change, "
            "date '2026-01-01' as changed_on, 'rule' as cause "
            "union all select 'p00000000000000ff', ?, 'left', date '2026-02-01', 'profile_ended'",
            [SEGMENT, SEGMENT],
        )
    found = why(company.settings, SEGMENT, "p00000000000000ff")
    assert (found["profile_id"], found["is_member"]) == (person, True)
    assert found["reason"].startswith("decile ")
    assert [(s["profile_id"], s["leaving_cause"]) for s in found["stays"]] == [
        ("p00000000000000ff", "profile_ended"),
        (person, None),
    ]


PURPOSE = ("commercial", "tracking", "any")
CHANNEL = ("email", "sms")


def test_who_leaves_with_an_address_is_who_the_truth_table_says(
    company: Company, tmp_path: Path
) -> None:
    rng = random.Random(23)
    with company.warehouse() as con:
        people = members(con, SEGMENT)
        rows = con.execute("select profile_id, email, given_name from profile.profiles").fetchall()
        emails = {person: email for person, email, _ in rows}
        con.execute("begin")
        con.execute("delete from profile.effective_consent")
        con.execute(
            "update profile.profiles set given_name = '=1+1' where profile_id = ?", [people[0]]
        )
        said: dict[str, list[tuple[str, str, str, bool]]] = {}
        for email in sorted({emails[p] for p in people if emails[p]}):
            for purpose in PURPOSE:
                for channel in CHANNEL:
                    status = rng.choice(["none", "granted", "denied", "pending", "ended"])
                    if status == "none" or (purpose == "any" and status not in ("denied",)):
                        continue
                    said.setdefault(email, []).append(
                        (purpose, channel, status, status in ("granted", "ended"))
                    )
                    con.execute(
                        "insert into profile.effective_consent values ('email', ?, ?, ?, 'any', "
                        "'x', ?, 'restrictive', ?, timestamp '2020-01-01', ?)",
                        [
                            email, purpose, channel, status, status in ("granted", "ended"),
                            datetime(2021, 1, 1) if status == "ended" else None,
                        ],
                    )  # fmt: skip
        con.execute("commit")

    def truth(person: str) -> str:
        email = emails[person]
        if not email:
            return "no_contact_point"
        about = [
            (purpose, status)
            for purpose, channel, status, _ in said.get(email, [])
            if purpose in ("commercial", "any") and channel == "email" and status != "ended"
        ]
        statuses = {status for _, status in about}
        if "denied" in statuses:
            return "denied"
        if "pending" in statuses:
            return "not_confirmed"
        return "written" if ("commercial", "granted") in about else "never_asked"

    expected = [truth(person) for person in people]
    assert {*expected} >= {"written", "denied", "not_confirmed", "never_asked"}
    to = tmp_path / "out.csv"
    columns = ("profile.profiles.email", "profile.profiles.given_name", "value.rfm.rfm_segment")
    found = export(company.settings, SEGMENT, to, columns, "commercial", "email")
    with to.open(newline="") as handle:
        written = list(csv.DictReader(handle))
    leaving = [p for p, why_not in zip(people, expected, strict=True) if why_not == "written"]
    assert [row["profile_id"] for row in written] == leaving
    assert {row["profile_id"]: row["email"] for row in written} == {p: emails[p] for p in leaving}
    assert found["written"] == len(leaving) and found["members"] == len(people)
    assert found["held_back"] == {
        cause: expected.count(cause)
        for cause in ("no_contact_point", "denied", "not_confirmed", "never_asked")
        if cause in expected
    }
    assert stat.S_IMODE(to.stat().st_mode) == 0o600

    # Without a word on who somebody is everybody leaves, and a formula is a text.
    plain = tmp_path / "plain.parquet"
    assert export(company.settings, SEGMENT, plain, ["value.rfm.rfm_segment"])["held_back"] == {}
    got = duckdb.connect().execute(f"select profile_id from '{plain}'").fetchall()
    assert [p for (p,) in got] == people
    # Contracts need no consent.
    every = export(
        company.settings, SEGMENT, to, columns[:2], "transactional", "email", replace=True
    )
    assert every["written"] == sum(bool(emails[p]) for p in people)
    assert not emails[people[0]] or "'=1+1" in to.read_text()


@pytest.mark.parametrize(
    ("columns", "purpose", "channel", "says"),
    [
        (["profile.profiles.email"], None, None, "give both --purpose and --channel"),
        (["profile.profiles.given_name"], None, None, "give both --purpose and --channel"),
        (["profile.profiles.email"], "commercial", None, "give both"),
        (["profile.profiles.email"], "any", "email", "--purpose any is none of"),
        (["profile.profiles.email"], "commercial", "pigeon", "--channel pigeon is none of"),
        (["profile.profiles.phone"], "commercial", "email", "not what the channel email reaches"),
        (["profile.profiles.emial"], "commercial", "email", "Did you mean email?"),
        (["identity.identity_map.record_key"], None, None, "no schema.table.column"),
        (["profile.profiles"], None, None, "no schema.table.column"),
        (["value.deciles.decile"], None, None, "several rows of a person"),
    ],
)
def test_what_may_not_leave_is_refused_before_a_file_is_there(
    finished_company: Company,
    tmp_path: Path,
    columns: list[str],
    purpose: str | None,
    channel: str | None,
    says: str,
) -> None:
    to = tmp_path / "out.csv"
    with pytest.raises(UserError, match=says):
        export(finished_company.settings, SEGMENT, to, columns, purpose, channel)
    assert list(tmp_path.iterdir()) == []


def test_differences_are_those_of_python_and_small_groups_are_silent(
    finished_company: Company, warehouse: duckdb.DuckDBPyConnection
) -> None:
    found = compare(finished_company.settings, SEGMENT)
    inside = {*members(warehouse, SEGMENT)}
    rows = warehouse.execute(
        "select profile_id, net_amount from value.customer_attributes where net_amount is not null"
    ).fetchall()
    groups = [[float(v) for p, v in rows if (p in inside) is side] for side in (True, False)]
    means = [sum(g) / len(g) for g in groups]
    spreads = [
        sum((v - m) ** 2 for v in g) / (len(g) - 1) for g, m in zip(groups, means, strict=True)
    ]
    score = (means[0] - means[1]) / (sum(spreads) / 2) ** 0.5
    named = {one["attribute"]: one for one in found["numbers"]}
    assert named["customer_attributes.net_amount"]["score"] == pytest.approx(score, abs=1e-4)
    assert [abs(n["score"]) for n in found["numbers"]] == sorted(
        (abs(n["score"]) for n in found["numbers"]), reverse=True
    )
    assert "derived_attributes.age" not in named  # it has a label
    assert found == compare(finished_company.settings, SEGMENT)
    sizes = (found["people"], found["other_people"])
    for one in found["categories"]:
        assert 0 <= one["score"] <= 1
        for value in one["values"]:
            for share, size in zip((value["share"], value["other_share"]), sizes, strict=True):
                assert share == 0 or round(share * size) >= LEAST_PEOPLE


def test_every_shipped_segment_is_written_for_other_engines_or_says_why(
    finished_company: Company,
) -> None:
    for segment in segments_of(DBT_PROJECT_DIR):
        for dialect in DIALECTS:
            try:
                assert "profile_id" in segment_sql(finished_company.settings, segment.name, dialect)
            except UserError as error:
                assert dialect != "duckdb" and "may mean something else" in str(error)


def test_overlaps_are_those_of_membership(
    finished_company: Company, warehouse: duckdb.DuckDBPyConnection
) -> None:
    first, second = ACTIVE[:2]
    a, b = {*members(warehouse, first)}, {*members(warehouse, second)}
    [found] = overlap(finished_company.settings, second, first)
    assert (found["segment_name"], found["profile_count"]) == (first, len(a & b))
    assert found["jaccard"] == pytest.approx(len(a & b) / len(a | b))


def test_the_command_line_says_the_same(finished_company: Company) -> None:
    shown = finished_company.c360("segment", "preview", SEGMENT, "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["filters"][0]["conditions"][0]["condition"] == "decile <= 3"
