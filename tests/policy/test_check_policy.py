"""A policy that can't be followed stops the run with file, line and remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.policy import check_policy
from orchestration.settings import DBT_PROJECT_DIR

POLICY = Path("seeds") / "policy"
OVERRIDE = "{decision},shop,{a},shop,{b},ann,seen on the phone,{start},{end}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(DBT_PROJECT_DIR / POLICY, tmp_path / POLICY)
    return tmp_path


def append(project: Path, seed: str, *lines: str) -> None:
    with (project / POLICY / f"{seed}.csv").open("a") as handle:
        handle.writelines(line.rstrip("\n") + "\n" for line in lines)


def override(decision: str, a: str, b: str, start: str = "", end: str = "") -> str:
    return OVERRIDE.format(decision=decision, a=a, b=b, start=start, end=end)


def test_the_policy_that_is_shipped_is_sound(project: Path) -> None:
    check_policy(project)


@pytest.mark.parametrize(
    ("seed", "lines", "complaint"),
    [
        ("identity_namespaces", ["crm,robot,50,true,20,,,false,x"], "kind is 'robot'"),
        ("identity_namespaces", ["crm,person,50,yes,20,,,false,x"], "is_unique is 'yes'"),
        ("identity_namespaces", ["crm,person,-1,true,20,,,false,x"], "priority is '-1'"),
        ("identity_namespaces", ["crm,person,50,true,20,3,,false,x"], "may have 3 values"),
        ("identity_namespaces", ["crm,person,50,true,20,,0,false,x"], "window_days is '0'"),
        ("identity_namespaces", ["crm,person,10,true,20,,,false,x"], "priority 10 stands in"),
        ("identity_namespaces", ["email,email,99,true,20,,,false,x"], "namespace email stands in"),
        ("identity_namespaces", ["crm,person,50"], "3 values for 9 columns"),
        ("blocked_identity_values", ["fax,equals,0,placeholder,x"], "namespace fax is not known"),
        ("match_settings", ["accept_probabilty,0.9,x"], "no rule accept_probabilty"),
        ("clv_settings", ["horizon,12,x"], "no setting horizon"),
        ("attribute_settings", ["shoe_size,-1,,x"], "history_days is '-1'"),
        ("attribute_settings", ["shoe_size,99999,,x"], "history_days is 99999. Give 36,500 at"),
        ("attribute_settings", ["email,,5,x"], "email is said again"),
        ("completeness_buckets", ["90-100,ninety,x"], "from_percent is 'ninety'"),
        ("completeness_buckets", ["20 or more,20,x"], "20 is said again"),
        ("learned_limits", ["deviations,6,x"], "no rule deviations"),
        ("learned_limits", ["smallest_limit,6,x"], "smallest_limit is said again"),
        ("rankings", ["q,m,t,4,dense,12,true,x"], "line 3: rule is 'dense'. Use one of ntile"),
        ("rankings", ["q,m,t,four,ntile,12,true,x"], "buckets is 'four'"),
        ("rankings", ["q,m,t,1,ntile,12,true,x"], "buckets is '1'"),
        ("rankings", ["q,m,t,4,ntile,12 24,true,x"], "the look-back 24 is not known"),
        ("rankings", ["q,m,t,4,ntile,,true,x"], "look_backs is empty"),
        ("rankings", ["q,,t,4,ntile,12,true,x"], "metric is empty"),
        ("rankings", ["q,m,t,4,ntile,12,yes,x"], "is_money is 'yes'"),
        ("rankings", ["deciles,net_revenue,loyalty_tier,4,ntile,1,true,x"], "in line 2 already"),
        ("merge_policies", ["x,graph,recent,false,x"], "stitching is 'graph'"),
        ("merge_policies", ["x,none,newest,false,x"], "default_rule is 'newest'"),
        ("merge_policies", ["x,none,recent,no,x"], "is_default is 'no'"),
        ("merge_policies", ["x,whole_graph,recent,true,x"], "so is timestamp_ordered in line 2"),
        ("merge_policies", ["timestamp_ordered,none,recent,false,x"], "first in line 2"),
        ("merge_rules", ["other,email,recent,x"], "policy is 'other'"),
        ("merge_rules", ["source_precedence,email,best,x"], "rule is 'best'"),
        ("merge_rules", ["timestamp_ordered,email,recent,x"], "timestamp_ordered email is said"),
        ("merge_source_order", ["source_precedence,email,shop,first,x"], "precedence is 'first'"),
        ("business_units", [",word,ch,,x"], "source_system is empty"),
        ("identity_overrides", ["maybe,s,1,s,2,ann,why,,"], "decision is 'maybe'"),
        ("identity_overrides", ["never_link,s,1,s,1,ann,why,,"], "paired with itself"),
        ("identity_overrides", ["never_link,s,1,s,2,,why,,"], "author is empty"),
        ("identity_overrides", ["never_link,s,1,s,2,ann,why,30.1.2026,"], "is no date"),
        (
            "identity_overrides",
            ["never_link,s,1,s,2,ann,why,2026-02-01,2026-01-01"],
            "before it begins",
        ),
    ],
)
def test_mistakes_are_named_with_their_line(
    project: Path, seed: str, lines: list[str], complaint: str
) -> None:
    path = project / POLICY / f"{seed}.csv"
    number = len(path.read_text().splitlines()) + 1
    append(project, seed, *lines)
    with pytest.raises(UserError) as refused:
        check_policy(project)
    assert f"seeds/policy/{seed}.csv, line {number}: " in str(refused.value)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("seed", "column"), [("match_settings", "rule"), ("clv_settings", "setting")]
)
def test_lines_are_counted_as_an_editor_does(project: Path, seed: str, column: str) -> None:
    path = project / POLICY / f"{seed}.csv"
    header, first, *rest = path.read_text().splitlines()
    name, value, _ = first.split(",", 2)
    rows = [header, f'{name},{value},"in two', 'lines"', *rest, "unheard_of,1,x"]
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(UserError, match=rf"line {len(rows)}: there is no {column} unheard_of"):
        check_policy(project)


def test_contradictions_are_found_through_chains_and_in_time(project: Path) -> None:
    append(
        project,
        "identity_overrides",
        override("always_link", "1", "2"),
        override("always_link", "2", "3", "2026-01-01", "2026-06-01"),
        override("never_link", "3", "1", "2026-06-01"),
    )
    check_policy(project)
    append(project, "identity_overrides", override("never_link", "1", "3", "2026-05-31"))
    with pytest.raises(UserError, match=r"line 5: never_link contradicts always_link in line 2, 3"):
        check_policy(project)


@pytest.mark.parametrize("value", ["none", "0", "-1", "inf", ""])
def test_limits_are_learned_by_three_numbers(project: Path, value: str) -> None:
    path = project / POLICY / "learned_limits.csv"
    text = path.read_text()
    path.write_text(text.replace("smallest_limit,10", f"smallest_limit,{value}"))
    with pytest.raises(UserError, match="line 3: smallest_limit is"):
        check_policy(project)
    path.write_text("".join(text.splitlines(keepends=True)[:3]))
    with pytest.raises(UserError, match="no row fewest_values"):
        check_policy(project)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("recent,true", "recent,false", "no policy is the default"),
        ("whole_graph,recent,true", "none,recent,true", "is the default and does not stitch"),
    ],
)
def test_one_merge_policy_is_the_default_and_stitches(
    project: Path, before: str, after: str, complaint: str
) -> None:
    path = project / POLICY / "merge_policies.csv"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(UserError, match=complaint):
        check_policy(project)


@pytest.mark.parametrize(
    ("seed", "row", "complaint"),
    [
        ("attribute_settings", "any,", "there is no row of any"),
        ("completeness_buckets", "0-20,0,", "no bucket begins at 0"),
    ],
)
def test_a_row_that_others_rest_on_is_missed(
    project: Path, seed: str, row: str, complaint: str
) -> None:
    path = project / POLICY / f"{seed}.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(row)))
    with pytest.raises(UserError, match=complaint):
        check_policy(project)


def test_a_seed_without_its_columns_is_refused(project: Path) -> None:
    (project / POLICY / "identity_overrides.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"line 1: the column decision is missing"):
        check_policy(project)


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ("shop, swiss,de,,x", "said again, first in line 2"),
        ("crm,b,ch,north,x", "in the region 'north', and in 'south' by line 2"),
    ],
)
def test_a_business_unit_is_said_once(project: Path, second: str, complaint: str) -> None:
    append(project, "business_units", "shop,Swiss,ch,south,x", second)
    with pytest.raises(UserError, match=f"business_units.csv, line 3: .*{complaint}"):
        check_policy(project)
