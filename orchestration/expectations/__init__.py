"""What is expected of a source: proposed from its profiles, reviewed, and held to by every run."""

from orchestration.expectations.suites import SourceSuite, load_source_suite, reviewed_suites

__all__ = ["SourceSuite", "load_source_suite", "reviewed_suites"]
