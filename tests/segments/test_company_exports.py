"""Who leaves in a file, and who is held back, against a truth table of what was said."""

from __future__ import annotations

import csv
import random
import stat
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.segment_tools.export import export
from tests.conftest import Company
from tests.segments.company import SEGMENT, members

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
