"""Refusing a policy that can't be followed, before a run begins: file, row and remedy.

The seeds are edited by hand. dbt's tests would find some of the mistakes, but after loading, by a
count of rows and without the line; and a contradiction between two decisions is no matter of a
column.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.policy import (
    business_units,
    clv_settings,
    learned_limits,
    match_settings,
    merge_policies,
    namespaces,
    overrides,
    rankings,
    record_rules,
)
from orchestration.policy.match_policy_checks import check_match_policy, match_seeds
from orchestration.policy.seeds import FOLDER, read_seed


def check_policy(dbt_project_dir: Path) -> None:
    """Read the seeds of a project that are rules and refuse what can't be followed.

    Parameters:
        dbt_project_dir: the dbt project.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    folder = dbt_project_dir / FOLDER
    known = namespaces.check_namespaces(
        read_seed(folder / "identity_namespaces.csv", namespaces.NAMESPACE_COLUMNS)
    )
    namespaces.check_blocked(
        read_seed(folder / "blocked_identity_values.csv", namespaces.BLOCKED_COLUMNS), known
    )
    overrides.check_overrides(
        read_seed(folder / "identity_overrides.csv", overrides.OVERRIDE_COLUMNS)
    )
    match_settings.check_match_settings(
        read_seed(folder / "match_settings.csv", match_settings.COLUMNS)
    )
    learned_limits.check_learned_limits(
        read_seed(folder / "learned_limits.csv", learned_limits.COLUMNS)
    )
    check_match_policy(match_seeds(dbt_project_dir))
    business_units.check_business_units(
        read_seed(folder / "business_units.csv", business_units.COLUMNS)
    )
    record_rules.check_record_rules(
        read_seed(folder / "record_match_rules.csv", record_rules.COLUMNS), known
    )
    clv_settings.check_clv_settings(read_seed(folder / "clv_settings.csv", clv_settings.COLUMNS))
    look_backs = [row["look_back"] for row in read_seed(folder / "look_backs.csv", ("look_back",))]
    rankings.check_rankings(read_seed(folder / "rankings.csv", rankings.COLUMNS), look_backs)
    merge_policies.check_merge_policies(
        read_seed(folder / "merge_policies.csv", merge_policies.POLICY_COLUMNS),
        read_seed(folder / "merge_rules.csv", merge_policies.RULE_COLUMNS),
        read_seed(folder / "merge_source_order.csv", merge_policies.ORDER_COLUMNS),
    )
    merge_policies.check_attribute_settings(
        read_seed(folder / "attribute_settings.csv", merge_policies.SETTING_COLUMNS)
    )
    merge_policies.check_completeness_buckets(
        read_seed(folder / "completeness_buckets.csv", merge_policies.BUCKET_COLUMNS)
    )
