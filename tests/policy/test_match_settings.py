"""What a bad match_settings seed is told."""

from __future__ import annotations

import pytest

from orchestration.errors import UserError
from orchestration.policy.match_settings import (
    COLUMNS,
    MatchSettings,
    check_match_settings,
    match_settings,
)
from orchestration.policy.seeds import read_seed
from orchestration.settings import DBT_PROJECT_DIR
from tests.policy.rows import rows_of

DELIVERED = DBT_PROJECT_DIR / "seeds" / "policy" / "match_settings.csv"


def test_the_delivered_rules_are_right_complete_and_the_defaults() -> None:
    rows = read_seed(DELIVERED, COLUMNS)
    check_match_settings(rows)
    assert match_settings(row.values for row in rows) == MatchSettings()
    assert len(rows) == len(MatchSettings.__dataclass_fields__)
    assert all(row["comment"] for row in rows)


@pytest.mark.parametrize(
    ("rows", "row", "words"),
    [
        ([("accept_probability", "1.2")], 2, ["1.2", "not above 1", "0.95"]),
        ([("accept_probability", "0")], 2, ["above 0"]),
        ([("accept_probability", "nan")], 2, ["above 0"]),
        ([("accept_probability", "high")], 2, ["no number", "such as 0.9"]),
        ([("accept_probability", "")], 2, ["no number"]),
        ([("accept", "0.9")], 2, ["no rule accept", "accept_probability"]),
        ([("", "0.9")], 2, ["without a name"]),
        ([("largest_plausible_profile", "2.5")], 2, ["whole number"]),
        ([("largest_plausible_profile", "0")], 2, ["whole number"]),
        ([("largest_plausible_profile", "inf")], 2, ["whole number"]),
        (
            [("review_probability", "0.9"), ("accept_probability", "0.8")],
            3,
            ["0.8", "below review_probability 0.9", "Raise"],
        ),
        ([("review_probability", "0.99")], 2, ["accept_probability 0.95 is below"]),
        (
            [("review_probability", "0.5"), ("review_probability", "0.6")],
            3,
            ["again", "line 2", "Keep one"],
        ),
    ],
)
def test_a_bad_rule_is_told_with_file_row_and_remedy(
    rows: list[tuple[str, str]], row: int, words: list[str]
) -> None:
    with pytest.raises(UserError) as refused:
        check_match_settings(rows_of("match_settings", ("rule", "value"), rows))
    told = str(refused.value)
    assert told.startswith(f"seeds/policy/match_settings.csv, line {row}: ")
    assert all(word in told for word in words), told


def test_a_missing_rule_has_its_default() -> None:
    assert match_settings([{"rule": "accept_probability", "value": 0.99}]) == MatchSettings(
        accept_probability=0.99
    )
