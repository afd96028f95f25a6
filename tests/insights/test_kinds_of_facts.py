"""Of every fact it is said whether its days are remembered or computed again, and it is so."""

from __future__ import annotations

import re

import pytest
import yaml

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

INSIGHTS = DBT_PROJECT_DIR / "models" / "insights"
FACTS = sorted([*(path.stem for path in INSIGHTS.glob("fact_*.sql")), "processing_log"])
SAID = {
    "snapshot": "A snapshot per day",
    "kept before": "Kept ",
    "recomputed": "Recomputed by each refresh",
    "empty as yet": "Empty while",
}
"""What the page says of a table, and how its description begins to say the same."""
PAGE = (PROJECT_ROOT / "docs" / "insights.md").read_text().partition("\n## Facts\n")[2]
ROWS = re.findall(r"^\|(.*)\|$", PAGE.partition("\n## ")[0], flags=re.M)


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_says_what_its_days_are(fact: str) -> None:
    kinds = [row.split("|")[-1].strip() for row in ROWS if f"`{fact}`" in row.split("|")[0]]
    assert len(kinds) == 1 and kinds[0] in SAID, kinds
    models = yaml.safe_load((INSIGHTS / f"{fact}.yml").read_text())["models"]
    text = next(model["description"] for model in models if model["name"] == fact)
    assert [kind for kind, words in SAID.items() if words in text] == kinds
    sql = (INSIGHTS / f"{fact}.sql").read_text()
    assert ("materialized='daily_snapshot'" in sql) == (kinds == ["snapshot"])
    # Only what is kept before chooses its days itself.
    assert kinds == ["kept before"] or "published_days(" not in sql
