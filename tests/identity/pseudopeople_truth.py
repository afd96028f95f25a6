"""Who is who in shared/data/pseudopeople, where its truth.csv is missing.

Run as `python pseudopeople_truth.py OBSERVED TRUTH` by an interpreter that has pseudopeople (1.3.1
was used), with the folder of the observed files and the file to write; needs nothing of this
project but this file. The observed files were made by pseudopeople with seed 0 and its sample data,
then shuffled. It makes them again, and takes the person and household from the one made row that
equals an observed one in all columns; a row that equals none, or rows of two people, is refused.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

YEARS = {
    "census_2020": ("generate_decennial_census", 2020),
    "ssa": ("generate_social_security", 2030),
}


def truth_of(source: str, observed: Any) -> Any:
    """Person and household of each observed record.

    Parameters:
        source: a key of `YEARS`.
        observed: the file's rows as texts.

    Raises:
        SystemExit: what is made now is not what was observed.
    """
    import pseudopeople

    generate, year = YEARS[source]
    made = getattr(pseudopeople, generate)(seed=0, year=year)
    if "household_id" not in made:
        made["household_id"] = ""
    columns = [column for column in observed if column != "record_id"]
    for rows in (made, observed):
        rows[columns] = rows[columns].astype("string").fillna("")
    people = made[[*columns, "simulant_id", "household_id"]].drop_duplicates()
    found = observed.merge(people, on=columns)
    if len(found) != len(observed) or found.record_id.nunique() != len(observed):
        sys.exit(f"{source}: pseudopeople makes other rows than the observed ones.")
    found["source"] = source
    return found[["record_id", "source", "simulant_id", "household_id"]]


def main(observed: str, truth: str) -> None:
    """Write the truth of both files."""
    import pandas as pd

    parts = []
    for source in YEARS:
        path = Path(observed) / f"{source}.csv"
        rows = pd.read_csv(path, dtype="string", keep_default_na=False)
        parts.append(truth_of(source, rows))
    pd.concat(parts).to_csv(truth, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:3])
