"""Who has said no to what, kept by hand while records, files and people come, change and go."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from tests.profile.consent_oracle import ANY, KINDS, Point

PURPOSES, CHANNELS = ("commercial", "news"), (ANY, "email", "sms")


@dataclass(frozen=True)
class Word:
    """A version of a statement.

    Attributes:
        consent: its id.
        record: whose.
        point: the contact point that it names; None for all.
        purpose: what for.
        channel: by which way, or any.
        code: y, n or p; `?` where it can't be read.
        at: when, a day; None where that can't be read either.
        file: the delivery, whose names are in order.
    """

    consent: str
    record: str
    point: Point | None
    purpose: str
    channel: str
    code: str
    at: int | None
    file: str

    @property
    def scope(self) -> tuple[str, str]:
        """What it is about but for the contact point."""
        return self.purpose, self.channel


@dataclass
class Denial:
    """A no that a run has seen, with the addresses that it is about.

    Attributes:
        word: what was said.
        seen: when a run first saw it.
        own: the addresses that it names, or its record has shown.
        others: what else its person had when the record last said whose it is.
        now: the statement, where the no could not be read and can be now.
    """

    word: Word
    seen: float
    own: set[Point] = field(default_factory=set)
    others: set[Point] = field(default_factory=set)
    now: Word | None = None


class World:
    """Records of a few people with what they show and have said, and what the runs have seen.

    Parameters:
        dice: what decides.
        name: part of all ids, so that worlds can stand in one table.
    """

    def __init__(self, dice: random.Random, name: str) -> None:
        self.dice, self.name, self.day, self.next = dice, name, 10, 0
        self.records = [f"{name}r{n}" for n in range(4)]
        self.points: list[Point] = [("email", f"{name}a{n}@x.org") for n in range(4)]
        self.points.append(("phone", f"+4900{name}"))
        self.shows = {r: {dice.choice(self.points)} for r in self.records}
        self.person = {r: f"p{r}" for r in self.records}
        self.gone: set[str] = set()
        self.words: list[Word] = []
        self.denials: dict[str, Denial] = {}

    # What happens between two runs.

    def go_on(self) -> None:
        """A day passes, and some of all that can happen does."""
        self.day += 1
        for _ in range(self.dice.randint(1, 4)):
            self.dice.choice([
                self.say, self.say, self.say_yes, self.say_again, self.take_back, self.garble,
                self.mend, self.leave, self.come_back, self.move, self.show_more, self.merge,
                self.part,
            ])()  # fmt: skip

    def say(self) -> None:
        """A record says something about all that it has, or about one address, maybe of before."""
        record = self.dice.choice(self.records)
        point = self.dice.choice(self.points) if self.dice.random() < 0.3 else None
        code, at = self.dice.choice("nnnyp"), self.day - self.dice.choice((0, 0, 1, 5))
        self._new(record, point, self.dice.choice(PURPOSES), self.dice.choice(CHANNELS), code, at)

    def say_yes(self) -> None:
        """Somebody who has said no says yes to the same."""
        if self.words:
            word = self.dice.choice(self.words)
            self._new(word.record, word.point, *word.scope, "y", self.day)

    def say_again(self) -> None:
        """A statement comes with another word, later or not, in a later file or in its own."""
        if not self.words:
            return
        word = self.dice.choice(self.words)
        at = (word.at or self.day) + self.dice.choice((-1, 0, 1))
        other = replace(word, code=self.dice.choice("ny"), at=min(at, self.day))
        if word.code != "?" and self.dice.random() < 0.5:
            self.words.remove(word)
        else:
            other = replace(other, file=self._file())
        self.words.append(other)

    def take_back(self) -> None:
        """A file is withdrawn."""
        if self.words:
            self.words.remove(self.dice.choice(self.words))

    def garble(self) -> None:
        """A statement, new or of one that is there, comes so that it can't be read."""
        record = self.dice.choice(self.records)
        at = self.dice.choice((None, self.day - 1))
        point = self.dice.choice(self.points) if self.dice.random() < 0.3 else None
        self._new(record, point, self.dice.choice(PURPOSES), self.dice.choice(CHANNELS), "?", at)

    def mend(self) -> None:
        """Such a row is there again and can be read."""
        broken = [w for w in self.words if w.code == "?"]
        if broken:
            word = self.dice.choice(broken)
            self.words.remove(word)
            at = word.at or self.day - 1
            self.words.append(replace(word, code=self.dice.choice("ny"), at=at))

    def leave(self) -> None:
        """A record goes with its file, and stands for itself from then on."""
        record = self.dice.choice(self.records)
        self.gone.add(record)
        self.person[record] = f"p{record}.{self.day}"

    def come_back(self) -> None:
        self.gone.discard(self.dice.choice(self.records))

    def move(self) -> None:
        """An address is corrected."""
        self.shows[self.dice.choice(self.records)] = {self.dice.choice(self.points)}

    def show_more(self) -> None:
        self.shows[self.dice.choice(self.records)].add(self.dice.choice(self.points))

    def merge(self) -> None:
        one, other = self.dice.sample(self.records, 2)
        if not {one, other} & self.gone:
            self.person[one] = self.person[other]

    def part(self) -> None:
        record = self.dice.choice(self.records)
        self.person[record] = f"p{record}.{self.day}"

    def _new(
        self,
        record: str,
        point: Point | None,
        purpose: str,
        channel: str,
        code: str,
        at: int | None,
    ) -> None:
        self.next += 1
        consent = f"{self.name}c{self.next}"
        self.words.append(Word(consent, record, point, purpose, channel, code, at, self._file()))

    def _file(self) -> str:
        self.next += 1
        return f"f{self.next:06}"

    # What is landed, as staging judges it.

    def accepted(self, until: int = 10_000) -> dict[str, Word]:
        """The newest version of each statement up to a day; at a tie that of the later file."""
        found: dict[str, Word] = {}
        for word in self.words:
            if word.code != "?" and (word.at or 0) <= until:
                best = found.get(word.consent)
                if best is None or (word.at, word.file) > (best.at, best.file):
                    found[word.consent] = word
        return found

    def unread(self) -> list[Word]:
        """Rows that can't be read and whose statement does not stand elsewhere."""
        accepted = self.accepted()
        return [w for w in self.words if w.code == "?" and not self._is_mended(w, accepted)]

    @staticmethod
    def _is_mended(word: Word, accepted: dict[str, Word]) -> bool:
        other = accepted.get(word.consent)
        if other is None:
            return False
        if word.at is None:
            return other.file > word.file
        return (other.at or 0) >= word.at and ((other.at or 0) > word.at or other.file != word.file)

    def shown(self, record: str) -> set[Point]:
        return set() if record in self.gone else self.shows[record]

    def at_person(self, record: str) -> set[Point]:
        """Where the record's person is reached, the person among it."""
        person = self.person[record]
        points = {p for r in self.records if self.person[r] == person for p in self.shown(r)}
        return points | {("profile", person)}

    # What stands.

    def run(self) -> set[tuple[Point, str, str]]:
        """A run: what has been denied by now, as (contact point, purpose, channel)."""
        accepted, unread = self.accepted(), self.unread()
        standing: dict[str, Denial] = {}
        for key, denial in self.denials.items():
            now = accepted.get(denial.word.consent)
            said_at = denial.seen if denial.word.at is None else denial.word.at
            speaks = now is not None and (
                (now.at or 0) >= said_at
                or (denial.word.at is None and now.file >= denial.word.file)
            )
            if key[0] == "?" or not (speaks and now and now.code != "n"):
                standing[key] = denial
            if key[0] != "?" and speaks and now and now.code == "n":
                denial.word = now
            # Its own word counts now; that it was a no about addresses of before stays.
            denial.now = now if key[0] == "?" and speaks else None
        for word in [w for w in accepted.values() if w.code == "n"]:
            if word.consent not in standing:
                standing[word.consent] = Denial(word, self.day + 0.5)
        fresh = set()
        for word in unread:
            key = f"?{word.consent}{word.record}{word.point}{word.scope}{word.at}"
            fresh.add(key)
            if key not in standing:
                standing[key] = self.denials.get(key) or Denial(word, self.day + 0.5)
            standing[key].now = None
        # Of words of one instant the most careful counts, so a yes beside another is none.
        words = [w for w in accepted.values() if w.code != "y"] + unread
        words += [d.word for d in standing.values() if d.now is None]
        careful: set[object] = {(w.record, w.scope, w.point, w.at) for w in words}
        denied = {
            (point, purpose, channel)
            for key, denial in standing.items()
            for point, purpose, channel in self._denied(denial, accepted, careful, key in fresh)
        }
        for denial in [d for d in standing.values() if d.now is None]:
            word = denial.word
            denial.own |= {word.point} if word.point else self.shown(word.record)
            if not word.point and word.record not in self.gone:
                denial.others = self.at_person(word.record)
        self.denials = standing
        return denied

    def _denied(
        self, denial: Denial, accepted: dict[str, Word], careful: set[object], is_unread: bool
    ) -> set[tuple[Point, str, str]]:
        """The contact points, purposes and channels that a denial keeps shut."""
        word = denial.word
        at = denial.seen if word.at is None else word.at
        if denial.now and denial.now.code != "n":
            return set()
        if denial.now:
            at = max(at, denial.now.at or 0)
        yes = [
            w for w in accepted.values()
            if w.code == "y" and w.record == word.record and w.scope == word.scope
            and (w.at or 0) > at and (w.record, w.scope, w.point, w.at) not in careful
        ]  # fmt: skip
        # While it can't be read nobody knows whether a yes is later.
        if is_unread and word.at is None:
            yes_here: list[Word] = []
        else:
            yes_here = yes
        points: set[Point] = set()
        if denial.now:
            pass
        elif word.point:
            if not any(w.point == word.point for w in yes_here):
                points.add(word.point)
        elif not any(w.point is None for w in yes_here):
            points |= self.at_person(word.record)
        former = denial.own | (denial.others if word.record in self.gone else set())
        former -= {word.point} if word.point else self.shown(word.record)
        if not any(w.point is None for w in yes):
            points |= {p for p in former if not any(w.point == p for w in yes)}
        return {
            (point, word.purpose, channel)
            for point in points
            for channel, kind in KINDS.items()
            if word.channel in (ANY, channel) and kind == point[0]
        }
