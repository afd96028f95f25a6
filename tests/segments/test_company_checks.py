"""Segments' SQL against a warehouse: what is shipped passes, what can't be is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.segment_tools import check as checking
from orchestration.segments.declared import Segment
from tests.conftest import Company

PLAIN = ("loyalty_points_over_1000", "lapsing_high_value", "bargain_hunters", "win_back")
"""Segments with refs and no other Jinja, which need no dbt."""


def test_what_is_shipped_reads_only_what_is_there(finished_company: Company) -> None:
    found = list(checking.check(finished_company.settings, PLAIN))
    assert [(segment.name, fault) for segment, fault in found] == [(name, "") for name in PLAIN]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "select profile_id from {{ ref('loyalty_points') }} where points_balanc > 1",
            "points_bal",
        ),
        ("select profile_id from {{ ref('loyalty_points') }} where points_balance > 'x'", "text"),
        ("select profile_id from {{ ref('customer_records') }}", "conformed"),
        ("select profile_id from read_csv('/etc/passwd')", "reads files"),
        ("select 1 as profile_id; drop table profile.profiles", "2 statements"),
        ("select profile_id from {{ ref('nothing_like_it') }}", "no such model"),
        ("select profile_id, random() as reason from {{ ref('profiles') }}", "another result"),
    ],
)
def test_what_cannot_be_a_segment_is_told_with_its_file(
    finished_company: Company,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sql: str,
    told: str,
) -> None:
    path = tmp_path / "some.sql"
    path.write_text(sql)
    some = Segment("some", path, None, {}, "", False)
    monkeypatch.setattr(checking, "named", lambda *_: some)
    ((segment, fault),) = checking.check(finished_company.settings, ["some"])
    assert segment is some
    assert fault.startswith("models/segments/some.sql") and told in fault, fault
