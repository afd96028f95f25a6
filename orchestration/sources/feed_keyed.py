"""How a keyed attribute file is fed: an id per row, and what the file says of it."""

from __future__ import annotations

from orchestration.sources.feeding import feed_key
from orchestration.sources.proposals import Proposal

SAID_BY = "said_by"


def keyed_records(p: Proposal) -> None:
    """Feed customer_records with the ids; what columns say goes its own way, as statements."""
    feed_key(p, "source_record_id", p.table.column(p.table.keyed_by))
    # Not updated_at: an upload is no sign of life of whoever stands in it.
    p.feed("said_at", "{{ said_at('source_file') }}", reason="the day in the file's name")
    p.check("{{ is_after_today('said_at') }}", "future_timestamp")
    p.help(SAID_BY, f"{{{{ {SAID_BY}('source_file') }}}}")
    p.newest_by = SAID_BY
    p.notes.append(
        "An empty cell clears; a column that a file lacks, and an id that it lacks, say nothing"
    )
