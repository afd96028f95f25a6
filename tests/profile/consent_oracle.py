"""What consent says of a contact point at an instant, worked out from the statements one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CARE = ("n", "dn", "p", "u", "dy", "LI", "PI", "CT", "CP", "VI", "y")
"""The codes, the most careful first."""
ALLOWED = {
    "restrictive": {"y"},
    "non_restrictive": {"y", "u", "dy", "LI", "PI", "CT", "CP", "VI"},
    "disabled": set(CARE),
}
KINDS = {"email": "email", "sms": "phone", "phone": "phone", "whatsapp": "phone",
         "direct_mail": "profile", "push": "profile"}  # fmt: skip
ANY = "any"
SAME = dict.fromkeys(("email", "work_email"), ("email", "work_email"))
"""Namespaces of one kind: an address is the same mailbox under each."""

Point = tuple[str, str]


@dataclass(frozen=True)
class Said:
    """A statement: of which record, about what, and when (None: nobody knows)."""

    record: str
    point: Point | None
    purpose: str
    channel: str
    topic: str
    code: str
    at: int | None


@dataclass
class World:
    """Records, whose they are, what they show and what they have said.

    Attributes:
        withheld: addresses that count as nobody's: blocked, or on too many records.
    """

    person_of: dict[str, str] = field(default_factory=dict)
    shows: dict[str, set[Point]] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    withheld: set[Point] = field(default_factory=set)

    def people_at(self, points: set[Point]) -> set[str]:
        """Everybody whose records show one of them."""
        return {self.person_of.get(r, r) for r, shown in self.shows.items() if shown & points}

    def about(self, point: Point) -> tuple[list[Said], list[Said]]:
        """What was said of the point or by who is reached there, and by others who show it."""
        same = {(n, point[1]) for n in SAME.get(point[0], (point[0],))}
        usable = {
            self.person_of.get(r, r)
            for r, shown in self.shows.items()
            if (shown - self.withheld) & same
        }
        own, others = [], []
        for s in self.said:
            person = self.person_of.get(s.record, s.record)
            if s.point in same or (s.point is None and person in usable | {point[1]}):
                own.append(s)
            elif s.point is None and person in self.people_at(same):
                others.append(s)
        return own, others


def stands(words: Sequence[Said], at: int) -> str | None:
    """The word of one record in one scope that stands at an instant: the last, a no until a yes."""
    answer, is_denied = None, False
    for instant in sorted({w.at for w in words if w.at is not None and w.at <= at}):
        heard = min((w.code for w in words if w.at == instant), key=CARE.index)
        is_denied = heard == "n" or (is_denied and heard != "y")
        answer = "n" if is_denied else heard
    return answer


def _of_record(words: Sequence[Said], at: int) -> str | None:
    """One record's answer: a no on any level, else the narrowest level's word."""
    # Who speaks of any purpose speaks in a scope of its own.
    scopes: dict[tuple[bool, bool, str], list[Said]] = {}
    for word in words:
        level = (word.point is not None, word.channel != ANY, word.purpose)
        scopes.setdefault(level, []).append(word)
    standing = {scope: code for scope in scopes if (code := stands(scopes[scope], at))}
    if not standing or "n" in standing.values():
        return "n" if standing else None
    narrowest = max(scope[:2] for scope in standing)
    return min((c for s, c in standing.items() if s[:2] == narrowest), key=CARE.index)


def _half(words: Sequence[Said], at: int) -> str | None:
    """The most careful answer of all who say something."""
    answers = [w.code for w in words if w.at is None]
    for record in {w.record for w in words}:
        own = [w for w in words if w.record == record and w.at is not None]
        answers += [a for a in [_of_record(own, at)] if a is not None]
    return min(answers, key=CARE.index, default=None)


def _of_anybody(words: Sequence[Said], at: int) -> str | None:
    """The most careful word of any record in any scope."""
    answers = [w.code for w in words if w.at is None]
    scopes: dict[object, list[Said]] = {}
    for word in (w for w in words if w.at is not None):
        scope = (word.record, word.point, word.purpose, word.channel)
        scopes.setdefault(scope, []).append(word)
    answers += [code for said in scopes.values() if (code := stands(said, at))]
    return min(answers, key=CARE.index, default=None)


def effective(
    world: World, point: Point, kind: str, purpose: str, channel: str, topic: str, at: int
) -> tuple[str | None, str | None]:
    """What counts for the purpose, and for the topic; None where nobody says anything."""
    if KINDS.get(channel) != kind:
        return None, None
    halves: list[str | None] = []
    for asked in dict.fromkeys((ANY, topic)):
        own, others = (
            [
                s
                for s in said
                if s.channel in (ANY, channel)
                and s.topic == asked
                and (s.purpose == purpose or (s.purpose == ANY and s.code == "n"))
            ]
            for said in world.about(point)
        )
        reached, anybody = _half(own, at), _of_anybody(others, at)
        # Who is not reached there opens nothing.
        answers = [a for a in (reached or (anybody and "u"), anybody) if a]
        halves.append(min(answers, key=CARE.index, default=None))
    return halves[0], halves[1] if topic != ANY else None


def own_word(
    said: Sequence[Said], point: Point | None, purpose: str, channel: str, topic: str, at: int
) -> list[str | None]:
    """What one person's records say in a scope: of the purpose, and of a topic if asked."""
    applying = [
        s
        for s in said
        if s.point in (None, point)
        and s.channel in (ANY, channel)
        and (s.purpose == purpose or (s.purpose == ANY and s.code == "n"))
    ]
    halves = [_half([s for s in applying if s.topic == ANY], at)]
    return (
        halves if topic == ANY else [*halves, _half([s for s in applying if s.topic == topic], at)]
    )


def may_be_sent(answers: tuple[str | None, str | None], topic: str, model: str) -> bool:
    """Whether a message may go: a topic needs both its own consent and the purpose's."""
    halves = answers if topic != ANY else answers[:1]
    return model == "disabled" or all((a or "u") in ALLOWED[model] for a in halves)


def model_of(policy: Mapping[tuple[str, str], str], purpose: str, channel: str) -> str:
    """How consent to a purpose is enforced on a channel."""
    for asked in ((purpose, channel), (purpose, ANY), (ANY, channel), (ANY, ANY)):
        if asked in policy:
            return policy[asked]
    return "restrictive"
