"""Runs: how one begins and ends, from whatever door, and what is known of it after a crash."""

from orchestration.runs.records import RunRecord, read_record, read_records

__all__ = ["RunRecord", "read_record", "read_records"]
