"""What the customer page is told: people found, one person, why one is in a segment or not.

The look-up code answers, as for `c360 profile` and `c360 segment why`; here is only what a role
leaves out, and the line that each look leaves behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb

from orchestration.customers.access_log import AccessLog
from orchestration.customers.masking import Mask
from orchestration.customers.roles import CONTACT_POINTS, Users
from orchestration.customers.store import People
from orchestration.errors import UserError
from orchestration.lookup.person import Asked, look_up, profile_asked_for
from orchestration.lookup.search import search, warm_up, with_exactly
from orchestration.segment_tools.kept import kept_why
from orchestration.settings import Settings
from orchestration.warehouse import rows

PROFILE_ID = re.compile("p[0-9a-f]{16}")
MOST_PEOPLE, MOST_CHANGES = 20, 50
ACTIVITIES, MOST_ACTIVITIES = 50, 2000
SEGMENTS = """
select definitions.segment_name, definitions.title, definitions.description,
    membership.profile_id is not null as is_member, membership.reason, kept_out.cause as kept_out
from segments.definitions as definitions
left join segments.segment_membership as membership
    on membership.segment_name = definitions.segment_name and membership.profile_id = $profile
left join segments.kept_out as kept_out
    on kept_out.segment_name = definitions.segment_name and kept_out.profile_id = $profile
where definitions.state = 'active'
order by is_member desc, definitions.title
"""
STAMP = """
select published.at as published_at, (select max(as_of_on) from segments.segment_membership)
    as as_of_on
from store.published as published
"""


class Answers:
    """Answers the page for a user whom it has been asked about already.

    Parameters:
        settings: paths.
        users: what each may see.
        log: where looks are noted.
    """

    def __init__(self, settings: Settings, users: Users, log: AccessLog) -> None:
        self._settings = settings
        self._users = users
        self._log = log
        self.people = People(settings)
        warm_up(settings.dbt_project_dir)

    def search(self, user: str, text: str) -> dict[str, Any]:
        """People by the whole of an identity, record or id, and by words.

        Parameters:
            user: who asks.
            text: what is looked for.

        Returns:
            people, left_out (words that were not looked for) and stamp.

        Raises:
            UserError: there is no word in the text, or nobody is published.
        """
        with self._connect() as con:
            mask = self._mask(con, user)
            # Whoever may not see an address must not find it out letter by letter.
            without = mask.attributes if mask else ()
            found = with_exactly(con, text, MOST_PEOPLE)
            left_out: list[str] = []
            if not found:
                project = self._settings.dbt_project_dir
                by_words = search(con, project, text, MOST_PEOPLE, without)
                found, left_out = by_words.people, by_words.left_out
            people = mask.people(found) if mask else found
            stamp = _stamp(con)
        self._log.note(user, "search", [str(row["profile_id"]) for row in people])
        return _plain({"people": people, "left_out": left_out, "stamp": stamp})

    def person(
        self, user: str, profile: str, kind: str = "", limit: int = ACTIVITIES, since: str = ""
    ) -> dict[str, Any]:
        """All that is published of a person.

        Parameters:
            user: who asks.
            profile: an id, also a former one.
            kind: only activities of this type; of all when empty.
            limit: most activities, the latest first.
            since: only activities and changes from this day on, as 2026-01-31; all when empty.

        Returns:
            What `look_up` returns; asked, all_segments (each active one, whether the person is in,
            the reason, and what keeps the person out), is_masked and stamp.

        Raises:
            UserError: nobody has that id, or something is asked that can't be.
        """
        asked = Asked(_limit(limit), kind or None, _day(since), MOST_CHANGES)
        with self._connect() as con:
            known = _profile(con, profile)
            found = look_up(con, known, asked)
            found["all_segments"] = rows(con, SEGMENTS, {"profile": known})
            mask = self._mask(con, user)
            told = mask.person(found) if mask else found
            stamp = _stamp(con)
        self._log.note(user, "person", [known])
        return _plain({**told, "asked": profile, "is_masked": mask is not None, "stamp": stamp})

    def why(self, user: str, profile: str, segment: str) -> dict[str, Any]:
        """Why a person is in a segment or not, as the last run has kept it.

        Parameters:
            user: who asks.
            profile: an id, also a former one.
            segment: its name.

        Raises:
            UserError: nobody has that id, or there is no such segment.
        """
        with self._connect() as con:
            known = _profile(con, profile)
            listed = rows(con, SEGMENTS, {"profile": known})
            about = next((one for one in listed if one["segment_name"] == segment), None)
            if about is None:
                raise UserError("There is no such segment among the active ones.", 2)
            answer = {**about, "profile_id": known, **kept_why(con, segment, known, profile)}
            if mask := self._mask(con, user):
                answer = mask.texts(answer, look_up(con, known, Asked(0, changes=0)))
        self._log.note(user, "why", [known])
        return _plain(answer)

    @contextmanager
    def _connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.people.connect() as con:
            yield con

    def _mask(self, con: duckdb.DuckDBPyConnection, user: str) -> Mask | None:
        if self._users.may(user, CONTACT_POINTS):
            return None
        return Mask(con, self._users.roles.shown)


def _profile(con: duckdb.DuckDBPyConnection, profile: str) -> str:
    if not PROFILE_ID.fullmatch(profile):
        raise UserError("That is no profile's id: p and sixteen digits or letters a to f.", 2)
    return profile_asked_for(con, profile, None)


def _limit(limit: int) -> int:
    if type(limit) is not int or not 0 <= limit <= MOST_ACTIVITIES:
        raise UserError(f"At most {MOST_ACTIVITIES} activities are told at a time.", 2)
    return limit


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError("The day is none. Write it as 2026-01-31.", 2) from None


def _stamp(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return rows(con, STAMP)[0]


def _plain(answer: Any) -> dict[str, Any]:
    """An answer as JSON has it."""
    plain: dict[str, Any] = json.loads(json.dumps(answer, default=str))
    return plain
