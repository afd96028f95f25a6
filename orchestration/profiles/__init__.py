"""What arrived in each column of a source, and how it differs from what arrived before."""

from orchestration.profiles.last import ProfiledTable
from orchestration.profiles.profile import ProfileOutcome, profile_tables, profiled_tables
from orchestration.profiles.store import changes_since_previous

__all__ = [
    "ProfileOutcome",
    "ProfiledTable",
    "changes_since_previous",
    "profile_tables",
    "profiled_tables",
]
