"""What a parse leaves for the next one, in this data folder or in another."""

from __future__ import annotations

import shutil
from functools import cache
from typing import Any

from orchestration.settings import Settings

LEFT_BY_PARSE = ("partial_parse.msgpack", "manifest.json", "fingerprint")


@cache
def remember_times() -> None:
    """Have dbt keep with a YAML file that has changed when it did.

    dbt keeps the new text beside the old time. Restored with that time, as `cp -p` and rsync do,
    the file would count as unchanged, and the text in between stay in the project unseen.
    """
    from dbt.parser.partial import PartialParsing

    change = PartialParsing.change_schema_file

    def change_and_remember(self: Any, file_id: str) -> None:
        change(self, file_id)
        new = self.new_files[file_id].path.modification_time
        self.saved_files[file_id].path.modification_time = new

    PartialParsing.change_schema_file = change_and_remember


def hand_over_parse(there: Settings, settings: Settings) -> None:
    """Give another data folder what the parse has left of the same project, or of one much like it.

    Parameters:
        there: where the project is parsed.
        settings: where it would be parsed anew.
    """
    settings.dbt_target_dir.mkdir(parents=True, exist_ok=True)
    for name in LEFT_BY_PARSE:
        copy = settings.dbt_target_dir / name
        shutil.copy(there.dbt_target_dir / name, copy)
        # As what a run writes.
        copy.chmod(0o600)
