"""Dagster's folder and its instance configuration, which c360 writes."""

from __future__ import annotations

import json
import os

from orchestration.run_records import JOB_TAG
from orchestration.settings import Settings

LOCATION = "orchestration.definitions"
"""The code location: the module that Dagster loads."""

DAGSTER_YAML = """\
# Written by c360. No usage statistics, everything below the data folder.
telemetry:
  enabled: false
concurrency:
  runs:
    # A refresh does not wait for syncs, which wait for servers elsewhere.
    max_concurrent_runs: 2
    tag_concurrency_limits:
      - key: {job_tag}
        value:
          applyLimitPerUniqueValue: true
        limit: 1
# Runs whose process is gone are ended, so that the next one need not wait for them.
run_launcher:
  module: orchestration.runs.launcher
  class: RecordedRunLauncher
run_monitoring:
  enabled: true
  poll_interval_seconds: 15
  start_timeout_seconds: 300
  cancel_timeout_seconds: 120
event_log_storage:
  module: orchestration.event_log
  class: PooledSqliteEventLogStorage
  config:
    base_dir: {events}
compute_logs:
  module: dagster.core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: {logs}
"""


def prepare_dagster_home(settings: Settings) -> None:
    """Give Dagster its folder and its instance configuration, and point this process to it."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    config = settings.dagster_home / "dagster.yaml"
    text = DAGSTER_YAML.format(
        logs=json.dumps(str(settings.log_dir / "dagster")),
        job_tag=JOB_TAG,
        events=json.dumps(str(settings.dagster_home / "history" / "runs")),
    )
    if not config.exists() or config.read_text() != text:
        config.write_text(text)
    # The web page would ask for an address to send news to; it asks nobody who has seen it.
    seen = settings.dagster_home / ".nux" / "nux.yaml"
    seen.parent.mkdir(exist_ok=True)
    seen.write_text("seen: 1\n")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
