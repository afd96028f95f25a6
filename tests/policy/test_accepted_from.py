"""From which probability on pairs are joined, by what training expects of the data."""

from __future__ import annotations

from orchestration.policy.match_settings import CurvePoint, MatchSettings, accepted_from

RULES = MatchSettings(
    accept_probability=0.95, least_accept_probability=0.75, target_precision=0.999,
    largest_plausible_profile=50,
)  # fmt: skip


def test_the_lowest_threshold_that_reaches_the_target_counts() -> None:
    curve = [
        CurvePoint(0.7, 900, 0.9995),
        CurvePoint(0.8, 890, 0.998),
        CurvePoint(0.9, 880, 0.9991),
    ]
    assert accepted_from(curve, RULES) == 0.9
    assert accepted_from(curve[:2], RULES) == 0.95, "0.7 lies below what policy allows"
    assert accepted_from([], RULES) == 0.95


def test_a_person_too_large_or_contradictions_raise_it() -> None:
    large = [CurvePoint(0.75, 900, 0.9995, 51, 0), CurvePoint(0.85, 880, 0.9996, 50, 0)]
    assert accepted_from(large, RULES) == 0.85
    torn = [CurvePoint(0.75, 9_000, 0.9995, 4, 10), CurvePoint(0.85, 8_000, 0.9996, 4, 8)]
    assert accepted_from(torn, RULES) == 0.85, "one pair in a thousand is what the target leaves"
