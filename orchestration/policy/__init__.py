"""The policy seeds that Python follows, and the checks that refuse what can't be followed."""

from orchestration.policy.check import check_policy

__all__ = ["check_policy"]
