"""From which probability on pairs are joined, by what training expects of the data."""

from __future__ import annotations

import pytest

from orchestration.policy.match_settings import CurvePoint, MatchSettings, accepted_from

RULES = MatchSettings(
    accept_probability=0.95, least_accept_probability=0.75, target_precision=0.999,
    largest_plausible_profile=50, plenty_of_training_matches=400,
)  # fmt: skip


def test_the_lowest_threshold_that_reaches_the_target_counts() -> None:
    curve = [
        CurvePoint(0.7, 900, 0.9995),
        CurvePoint(0.8, 890, 0.998),
        CurvePoint(0.9, 880, 0.9991),
    ]
    assert accepted_from(curve, RULES, 900) == 0.9
    assert accepted_from(curve[:2], RULES, 900) == 0.95, "0.7 lies below what policy allows"
    assert accepted_from([], RULES, 900) == 0.95


def test_a_person_too_large_or_contradictions_raise_it() -> None:
    large = [CurvePoint(0.75, 900, 0.9995, 51, 0), CurvePoint(0.85, 880, 0.9996, 50, 0)]
    assert accepted_from(large, RULES, 900) == 0.85
    torn = [CurvePoint(0.75, 9_000, 0.9995, 4, 10), CurvePoint(0.85, 8_000, 0.9996, 4, 8)]
    assert accepted_from(torn, RULES, 900) == 0.85, "the target leaves one pair in a thousand"


def test_few_matches_are_allowed_less_error() -> None:
    assert accepted_from([], RULES, 400) == 0.95
    assert accepted_from([], RULES, 100) == pytest.approx(0.9875)
    curve = [CurvePoint(0.8, 90, 0.9995), CurvePoint(0.9, 88, 0.9998)]
    assert accepted_from(curve, RULES, 900) == 0.8
    assert accepted_from(curve, RULES, 100) == 0.9, "a quarter of the error is left"
