"""What is left out of a person for whom a role shows no contact points.

Labels decide: every value of a column, attribute or identity that is labelled as personal data is
hidden unless the policy lists it. What was hidden is also taken out of all other texts of the
answer, as of a subject line that repeats an address.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import duckdb

from orchestration.lookup.person import SECTIONS

HIDDEN = "hidden"
"""What stands in the place of a value."""
SHORTEST = 5
"""Characters of a hidden value that is looked for in other texts; shorter ones are words."""
EVERYBODY = "any"
"""In place of a contact point: what counts for all of them."""
CAREFUL = ("attribute_value", "previous_value")
IDENTIFIERS = frozenset({"source_record_id"})
"""Which record it is, for provenance. Where that is an address, it is hidden all the same."""
TABLES = {section.name: section.tables[0] for section in SECTIONS}
TABLES |= {"attributes": "profile.profiles", "measures": "value.profile_measures"}


class Mask:
    """Hides what is labelled and not listed.

    Parameters:
        con: to the published people.
        shown: attributes and namespaces that may be seen.

    Attributes:
        attributes: of a profile, that are hidden.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, shown: Collection[str]) -> None:
        self._shown = frozenset(shown)
        self._labelled: dict[str, set[str]] = {}
        for table, name in con.execute("select table_name, name from store.labelled").fetchall():
            self._labelled.setdefault(table, set()).add(name)
        con.execute("select * from profile.profiles limit 0")
        columns = {column[0] for column in con.description or ()}
        labelled = self._labelled.get("profile.profiles", set())
        # What is not known to be without a label has one.
        self._free = (columns - labelled) | self._shown
        self.attributes = frozenset(labelled - self._shown)

    def person(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """What `look_up` returned, with values hidden.

        Parameters:
            found: see there; it is not changed.
        """
        gone: set[str] = set()
        answer: dict[str, Any] = {}
        for name, value in found.items():
            if isinstance(value, list):
                answer[name] = [self._row(TABLES.get(name, ""), row, gone) for row in value]
            elif isinstance(value, dict):
                answer[name] = self._row(TABLES.get(name, ""), value, gone)
            else:
                answer[name] = value
        cleaned: dict[str, Any] = self._without(answer, _pattern(gone))
        return cleaned

    def people(self, listed: Collection[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows that a search has returned, with values hidden.

        Parameters:
            listed: see `search`.
        """
        return [self._row("profile.profiles", row, set()) for row in listed]

    def texts(self, answer: Any, person: Mapping[str, Any]) -> Any:
        """Any answer about a person without the values that are hidden of them.

        Parameters:
            answer: texts, and lists and dictionaries of them.
            person: what `look_up` returned of the person.
        """
        gone: set[str] = set()
        for name, value in person.items():
            for row in value if isinstance(value, list) else [value]:
                if isinstance(row, dict):
                    self._row(TABLES.get(name, ""), row, gone)
        return self._without(answer, _pattern(gone))

    def _row(self, table: str, row: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
        labelled = self._labelled.get(table, set()) - IDENTIFIERS
        attribute = row.get("attribute", row.get("namespace"))
        answer = {}
        for name, value in row.items():
            if value is None or not self._is_hidden(table, name, value, attribute, labelled):
                answer[name] = value
                continue
            gone.add(str(value))
            answer[name] = HIDDEN
        return answer

    def _without(self, answer: Any, pattern: re.Pattern[str] | None) -> Any:
        if pattern is None:
            return answer
        if isinstance(answer, str):
            return pattern.sub(HIDDEN, answer)
        if isinstance(answer, list):
            return [self._without(one, pattern) for one in answer]
        if isinstance(answer, dict):
            # A login may be a family name, which is shown.
            shown = {*self._shown, *(CAREFUL if answer.get("attribute") in self._shown else ())}
            return {
                name: one if name in shown else self._without(one, pattern)
                for name, one in answer.items()
            }
        return answer

    def _is_hidden(
        self, table: str, name: str, value: Any, attribute: Any, labelled: Collection[str]
    ) -> bool:
        if name in CAREFUL:
            # Labelled as a whole, since some attributes are; each by itself goes by its own label.
            return attribute not in self._free
        if name not in labelled or name in self._shown:
            return False
        if attribute is not None:
            return attribute not in self._shown
        return not (table == "profile.consent" and value == EVERYBODY)


def _pattern(gone: Collection[str]) -> re.Pattern[str] | None:
    long = sorted((text for text in gone if len(text) >= SHORTEST), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, long)), re.IGNORECASE) if long else None
