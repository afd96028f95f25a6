"""Runs: how one begins and ends, from whatever door, and what is known of it after a crash."""

from orchestration.run_records import RunRecord, read_record, read_records

__all__ = ["RunRecord", "read_record", "read_records"]
