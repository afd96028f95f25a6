"""What a history of attributes has to say, row by row: an oracle for attribute_changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

Key = tuple[str, str]
"""A profile and an attribute."""
Record = str | None


@dataclass(frozen=True)
class Said:
    """What a profile says of an attribute: the winner of provenance."""

    value: str | None
    is_cleared: bool
    record: Record
    updated_at: datetime | None


NOTHING = Said(None, False, None, None)


@dataclass(frozen=True)
class Noted:
    """A row of the history."""

    value: str | None
    is_cleared: bool
    record: Record
    reason: str
    valid_from: datetime
    known_from: datetime

    @property
    def says_nothing(self) -> bool:
        return self.value is None and not self.is_cleared


@dataclass
class History:
    """All that was ever noted.

    Attributes:
        notes: rows per profile and attribute, the oldest first.
        days: for how many days what has ended is kept, per attribute; none of others.
    """

    days: dict[str, int]
    notes: defaultdict[Key, list[Noted]] = field(default_factory=lambda: defaultdict(list))

    def run(
        self,
        started_at: datetime,
        said: Mapping[Key, Said],
        moved: Mapping[str, datetime],
        ruled: Mapping[str, datetime],
        is_replay: bool = False,
    ) -> None:
        """One run.

        Parameters:
            started_at: its instant.
            said: what profiles say now.
            moved: since when each record that came from another profile is where it is.
            ruled: since when each attribute's rule holds.
            is_replay: of a day, so that nothing is noted where later ones are known.
        """
        self._forget(started_at.date())
        last = max((n.known_from for rows in self.notes.values() for n in rows), default=None)
        if is_replay and last and last.date() > started_at.date():
            return
        known = max(started_at, last + timedelta(microseconds=1)) if last else started_at
        fresh: Collection[str] = {r for r, at in moved.items() if last and at > last}
        for key in {*said, *self.notes}:
            now, rows = said.get(key, NOTHING), self.notes[key]
            before = rows[-1] if rows else None
            was = (before.value, before.is_cleared) if before else (None, False)
            if key[1] not in self.days or was == (now.value, now.is_cleared):
                continue
            if before is None:
                reason = "first_value"
            elif last and ruled[key[1]] > last:
                reason = "policy"
            elif {now.record, before.record} & {*fresh}:
                reason = "identity"
            else:
                reason = "record"
            valid = min(now.updated_at or known, known)
            rows.append(Noted(now.value, now.is_cleared, now.record, reason, valid, known))

    def rows(self) -> Iterator[tuple[Key, Noted]]:
        """Every row."""
        for key, rows in self.notes.items():
            for noted in rows:
                yield key, noted

    def as_of(self, known_at: datetime, valid_at: datetime) -> dict[Key, tuple[str | None, bool]]:
        """What was known at one instant of another, by rows that were there by then alone."""
        found = {}
        for key, rows in self.notes.items():
            for noted in rows:
                if noted.known_from <= known_at and noted.valid_from <= valid_at:
                    found[key] = noted
        return {k: (n.value, n.is_cleared) for k, n in found.items() if not n.says_nothing}

    def _forget(self, day: date) -> None:
        for key, rows in self.notes.items():
            if not rows or key[1] not in self.days:
                rows.clear()
                continue
            oldest = day - timedelta(days=self.days[key[1]])
            ends = [noted.known_from for noted in rows[1:]]
            rows[:] = [
                noted
                for noted, end in zip(rows, [*ends, datetime.max], strict=True)
                if end.date() >= oldest
                and not (noted.says_nothing and noted.known_from.date() < oldest)
            ]
