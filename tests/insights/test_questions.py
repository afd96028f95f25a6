"""Every widget's number over ten people, counted by hand; see `ten_profiles` for who is where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from orchestration.questions import catalogue
from orchestration.questions.asking import bind, refuse_other_options, values_of
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.warehouse import connect_published

Rows = list[tuple[Any, ...]]


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


MID, FIRST, BEFORE, TODAY = day("09-15"), day("10-01"), day("10-30"), day("10-31")
WINDOW = (FIRST, BEFORE, TODAY)


def over(days: tuple[date, ...], *numbers: int, of: tuple[Any, ...] = ()) -> Rows:
    return [(*of, when, number) for when, number in zip(days, numbers, strict=True)]


CASES: list[tuple[str, Rows]] = [
    ("merge_policies", [("default", "default"), ("shop_only", "shop_only")]),
    ("namespaces", [("cookie", "cookie"), ("email", "email"), ("phone", "phone")]),
    ("segments", [("dormant", "Dormant"), ("news", "News"), ("trial", "Trial"), ("vip", "VIP")]),
    ("destinations", [("lookalikes", "Lookalikes"), ("newsletter", "Newsletter"),
                      ("old_export", "Old export")]),
    ("models", [("churn", "churn")]),
    ("profile_count", [(TODAY, 10)]),
    ("profile_count merge_policy=shop_only", [(TODAY, 4)]),
    ("profile_count_trend", over(WINDOW, 6, 9, 10)),
    ("profile_count_trend days=60", over((MID, *WINDOW), 4, 6, 9, 10)),
    ("profile_count_trend days=0", [(TODAY, 10)]),
    ("profile_count_change", [(FIRST, TODAY, 6, 10, 4)]),
    ("profile_count_change days=365", [(MID, TODAY, 4, 10, 6)]),
    ("profile_count_change days=1", [(BEFORE, TODAY, 9, 10, 1)]),
    ("profile_count_change_trend", [(FIRST, 6, 2), (BEFORE, 9, 3), (TODAY, 10, 1)]),
    ("profile_count_change_trend days=365", [(FIRST, 6, 2), (BEFORE, 9, 3), (TODAY, 10, 1)]),
    ("profile_count_change_trend_by_namespace namespace=cookie",
     [("cookie", FIRST, 3, 2), ("cookie", BEFORE, 4, 1), ("cookie", TODAY, 5, 1)]),
    ("profiles_by_namespace", [("email", "contact", 7, 0.7), ("cookie", "contact", 5, 0.5),
                               ("phone", "contact", 4, 0.4)]),
    ("namespace_overlap", [("cookie", "email", 5, 7, 3), ("email", "phone", 7, 4, 3),
                           ("cookie", "phone", 5, 4, 1)]),
    ("namespace_overlap namespace_a=phone namespace_b=email", [("phone", "email", 4, 7, 3)]),
    ("single_identity_profiles", [(TODAY, 5)]),
    ("single_identity_by_namespace", [("cookie", 2), ("email", 2), ("phone", 1)]),
    ("single_identity_by_namespace rows=2", [("cookie", 2), ("email", 2)]),
    ("single_identity_trend_by_namespace",
     over(WINDOW, 1, 2, 2, of=("cookie",)) + over(WINDOW, 1, 2, 2, of=("email",))
     + over(WINDOW, 0, 1, 1, of=("phone",))),
    ("unsegmented_profiles", [(TODAY, 2)]),
    ("unsegmented_profile_trend", over(WINDOW, 2, 3, 2)),
    ("revenue_by_month",
     [(day("08-01"), "EUR", 4, 100, -10, 90), (day("09-01"), "EUR", 6, 300, -50, 250),
      (FIRST, "CHF", 1, 20, -5, 15), (FIRST, "EUR", 2, 50, 0, 50)]),
    ("metric:net_revenue", [("CHF", 15), ("EUR", 390)]),
    ("metric:net_revenue currency=EUR from_on=2026-09-01 until_on=2026-09-30", [("EUR", 250)]),
    ("metric:net_revenue grain=quarter",
     [(day("07-01"), "EUR", 340), (FIRST, "CHF", 15), (FIRST, "EUR", 50)]),
    # 60 of 400, and not the mean of 10 and 16.7 per cent.
    ("metric:return_rate grain=quarter currency=EUR",
     [(day("07-01"), "EUR", 0.15), (FIRST, "EUR", 0)]),
    ("metric:average_order_revenue by=currency", [("CHF", 15), ("EUR", 32.5)]),
    ("metric:profiles", [(10,)]),
    ("metric:profiles grain=month", [(day("09-01"), 4), (FIRST, 10)]),
    ("metric:profiles grain=month until_on=2026-10-01", [(day("09-01"), 4), (FIRST, 6)]),
    ("metric:profiles by=merge_policy_name", [("default", 10), ("shop_only", 4)]),
    ("metric:profiles merge_policy_name=shop_only", [(4,)]),
    ("metric:single_identity_share", [(0.5,)]),
    ("metric:profiles_with_identity", [("cookie", 5), ("email", 7), ("phone", 4)]),
    ("metric:segment_members", [("dormant", 1), ("news", 5), ("trial", 1), ("vip", 4)]),
    ("metric:segment_members by=segment_title grain=month segment_name=vip",
     [(day("09-01"), "VIP", "vip", 1), (FIRST, "VIP", "vip", 4)]),
    ("metric:segment_revenue_per_member by=segment_name segment_name=vip grain=year",
     [(day("01-01"), "vip", "EUR", 10)]),
    # Who came and went on all days: vip 1 + 2 + 2 + 0, less 1.
    ("metric:segment_growth segment_name=vip", [("vip", 4)]),
    ("metric:segment_growth segment_name=vip from_on=2026-10-02", [("vip", 1)]),
    ("metric:completeness grain=day",
     [(BEFORE, "email", 1.0), (TODAY, "email", 0.7), (TODAY, "phone", 0.4)]),
    ("segment_count", [(4,)]),
    ("segments_mapped", [(3, 1, 4)]),
    ("segment_sizes rows=2", [("News", "News people", 5, 0.5, 10, 50, "EUR"),
                              ("VIP", "VIP people", 4, 0.4, 8, 40, "EUR")]),
    ("segment_overlap rows=2", [("News", "VIP", 3, 0.5, 0.6, 0.75),
                                ("Dormant", "News", 0, 0, 0, 0)]),
    ("segment_overlap most_or_least=least rows=1", [("Dormant", "News", 0, 0, 0, 0)]),
    ("segment_pair segment_a=vip segment_b=news", [("VIP", "News", 1, 2, 3)]),
    ("segment_pair segment_a=vip segment_b=vip", []),
    ("segment_overlap_advanced segment=vip least_count=1", [("News", "VIP", 5, 4, 3, 50.0)]),
    ("segment_overlap_advanced least_percent=50.1", []),
    ("model_score_distribution",
     [("churn", 0, 5, 2), ("churn", 5, 10, 1), ("churn", 45, 50, 3), ("churn", 90, 95, 3),
      ("churn", 95, 100, 1)]),
    ("model_score_summary", [("churn", "low", 3), ("churn", "medium", 3), ("churn", "high", 4)]),
    ("segment_score_distribution segment=vip",
     [("VIP", "churn", 45, 50, 1), ("VIP", "churn", 90, 95, 3)]),
    ("segment_score_summary",
     [("Dormant", "churn", "low", 1), ("VIP", "churn", "medium", 1), ("VIP", "churn", "high", 3)]),
    ("attribute_quality", [("email", 8, 0.8, 7, 7, 0.875), ("phone", 5, 0.5, 4, 4, 0.8)]),
    ("profiles_by_completeness", [("0-49", 4, 0.4, 30.0), ("50-100", 6, 0.6, 75.0)]),
    ("profile_completeness_trend",
     [("0-49", FIRST, 5, 20.0), ("0-49", TODAY, 4, 30.0), ("50-100", TODAY, 6, 75.0)]),
    ("segment_size segment=news", [("News", TODAY, 5)]),
    ("segment_size_trend segment=vip", over(WINDOW, 3, 5, 4, of=("VIP",))),
    ("segment_trend segment=vip",
     [(MID, "VIP", 1, 1, 0), (FIRST, "VIP", 3, 2, 0), (BEFORE, "VIP", 5, 2, 0),
      (TODAY, "VIP", 4, 0, 1)]),
    ("segment_change_trend segment=vip",
     [("VIP", FIRST, 3, 2), ("VIP", BEFORE, 5, 2), ("VIP", TODAY, 4, -1)]),
    ("segment_trend_by_namespace segment=news namespace=phone",
     over(WINDOW, 2, 3, 4, of=("News", "phone"))),
    ("segment_profiles_by_namespace segment=news",
     [("News", "email", 4), ("News", "phone", 4), ("News", "cookie", 2)]),
    ("segment_namespace_overlap segment=news",
     [("News", "email", "phone", 4, 4, 3), ("News", "cookie", "email", 2, 4, 2),
      ("News", "cookie", "phone", 2, 4, 1)]),
    ("segment_namespace_combinations segment=news",
     [("News", "email + phone", 2, 2), ("News", "cookie + email", 2, 1),
      ("News", "cookie + email + phone", 3, 1), ("News", "phone", 1, 1)]),
    ("segment_growth",
     [("News", 3, 5, 2, 2 / 3, 2, 0), ("Dormant", 0, 1, 1, None, 1, 0),
      ("Trial", 0, 1, 1, None, 1, 0), ("VIP", 3, 4, 1, 1 / 3, 2, 1)]),
    ("segment_comparison",
     [("News", "VIP", "People", 5, 4, 1), ("News", "VIP", "Change", 2, 1, 1),
      ("News", "VIP", "With cookie", 2, 1, 1), ("News", "VIP", "With email", 4, 4, 0),
      ("News", "VIP", "With phone", 4, 3, 1)]),
    ("segment_activation_order segment=vip",
     [("VIP", "Lookalikes", day("09-02"), 1), ("VIP", "Newsletter", day("10-16"), 2)]),
    ("segment_scheduled_activations segment=news",
     [("News", "Mailer", "Newsletter", day("10-20"), "2026-10-25")]),
    ("segment_scheduled_activations segment=vip",
     [("VIP", "Mailer", "Newsletter", day("10-16"), "ongoing"),
      ("VIP", "Social", "Lookalikes", day("09-02"), "ongoing")]),
    ("destinations_most_used", [("Newsletter", 2), ("Lookalikes", 1), ("Old export", 1)]),
    ("destinations_recently_created",
     [("Newsletter", "Mailer", datetime(2026, 10, 15)),
      ("Lookalikes", "Social", datetime(2026, 9, 1))]),
    ("segments_recently_activated rows=2",
     [("Newsletter", "News", datetime(2026, 10, 20)),
      ("Newsletter", "VIP", datetime(2026, 10, 16))]),
    ("destination_recent_activations rows=1",
     [("Lookalikes", "VIP", datetime(2026, 9, 2)), ("Newsletter", "News", datetime(2026, 10, 20)),
      ("Old export", "Dormant", datetime(2026, 1, 2))]),
    ("segment_trend_by_destination destination=lookalikes",
     over(WINDOW, 3, 5, 4, of=("Lookalikes", "VIP"))),
    ("segments_unmapped_by_namespace", [("cookie", "Trial", 1), ("email", "Trial", 1)]),
    ("segments_mapped_by_namespace namespace=email",
     [("email", "News", 4), ("email", "VIP", 4), ("email", "Dormant", 1)]),
    ("destinations_common_segments", [("Lookalikes", "Newsletter", "VIP")]),
    ("destinations_common_segments destination_a=newsletter",
     [("Newsletter", "Lookalikes", "VIP")]),
    ("destination_mapped_segments", [("Lookalikes", 1), ("Newsletter", 2), ("Old export", 1)]),
    # News is 3, 4, 5 in the window: mean 4, deviation the root of 2/3.
    ("segment_health", [("News", 5, 4.0, (2 / 3) ** 0.5, 1 / (2 / 3) ** 0.5)]),
    ("destination_count", [(3,)]),
    ("sync_latest_runs",
     [("news", "News", "Lookalikes", datetime(2026, 10, 31, 10), "refused", 20, 0, 0, 0, None,
       None, -0.5),
      ("vip", "VIP", "Newsletter", datetime(2026, 10, 31, 9), "completed with rejects", 60, 45,
       10, 6, 14, 2.5, 3.0)]),
    ("sync_rows_by_day", [(BEFORE, 1, 5, 0, 12), (TODAY, 2, 10, 6, 14)]),
    ("sync_rows_by_day days=365 destination=newsletter",
     [(day("07-01"), 1, 40, 0, 10), (BEFORE, 1, 5, 0, 12), (TODAY, 1, 10, 6, 14)]),
    ("sync_health", [("VIP", "Newsletter", 60, 3.0)]),
    ("destination_status", [("enabled", 2), ("disabled", 1)]),
    ("destinations_by_platform", [("Mailer", 1), ("Social", 1)]),
    ("activated_segments", [(2,)]),
    ("destination_activated_segments", [("Lookalikes", 1), ("Newsletter", 1), ("Old export", 1)]),
]  # fmt: skip


@pytest.fixture(scope="module")
def con(ten: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_published(ten) as opened:
        yield opened


@pytest.mark.parametrize(("call", "expected"), CASES, ids=[call for call, _ in CASES])
def test_a_question_says_what_was_counted_by_hand(
    con: duckdb.DuckDBPyConnection, call: str, expected: Rows
) -> None:
    name, *given = call.split()
    asked = catalogue.question(name, given)
    question, values = asked.question, values_of(asked.question, asked.given)
    for variable in question.variables:
        con.execute(f"reset variable {variable}")
    refuse_other_options(con, question, values)
    bind(con, values)
    rows = con.execute(question.sql).fetchall()
    assert [tuple(map(_plain, row)) for row in rows] == [tuple(map(_plain, e)) for e in expected]


def _plain(value: Any) -> Any:
    number = isinstance(value, int | float) or type(value).__name__ == "Decimal"
    return round(float(value), 9) if number else value


def test_every_widget_of_the_page_has_a_question_that_is_counted() -> None:
    page = (PROJECT_ROOT / "docs" / "questions.md").read_text()
    widgets = re.findall(r"^\| [^|]+ \| (.+) \|$", page.partition("## Widgets")[2], flags=re.M)
    named = {name for cell in widgets for name in re.findall(r"`(\w+)`", cell)}
    assert len(widgets) > 45
    assert named <= {call.split()[0] for call, _ in CASES}
