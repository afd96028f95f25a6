"""A segment's compiled SQL as clauses, each true or false of a person, and how they are joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlglot import exp

from orchestration.membership.formula import MOST_CLAUSES, Formula, Leaf, Node
from orchestration.membership.parts import (
    ONLY_SOME,
    ROW_CLAUSES,
    asks_for,
    atoms_of,
    conditions_inward,
    flat,
    is_by_person,
    is_joined_by_row,
    may_lack,
    operands,
    passed_on,
    read_first,
    read_in_words,
    with_cross_joins,
)
from orchestration.segment_tools.steps import (
    PERSON,
    NotTakenApartError,
    SegmentQuery,
    Step,
    conditions_of,
    in_words,
    selects_of,
    tested,
    text,
)

Words = Callable[[exp.Expression, exp.Select], str]


@dataclass(frozen=True)
class Clause:
    """A clause of a definition.

    Attributes:
        words: what it asks, as its SQL says.
        people: a select of `profile_id`, of whom it is true; None for a condition on rows.
    """

    words: str
    people: str | None = None


@dataclass
class Definition:
    """What a segment's SQL asks of a person.

    Attributes:
        query: the SQL, parsed.
        everybody: the table of all people, as schema.table.
        words: gives the words of a condition in a select; may mask values.
        clauses: in the order in which they stand.
        row_tests: selects of `profile_id` and `states`, of clauses that are conditions on rows.
        place: how many CTEs these selects name.
    """

    query: SegmentQuery
    everybody: str
    words: Words = lambda condition, _: in_words(condition)
    clauses: list[Clause] = field(default_factory=list)
    row_tests: list[str] = field(default_factory=list)
    place: int = 0
    formula: Formula = field(init=False)

    def __post_init__(self) -> None:
        step = self._last()
        self.place = step.place
        self.formula = self._of(step)
        if len(self.clauses) > MOST_CLAUSES:
            raise NotTakenApartError(f"it has more than {MOST_CLAUSES} clauses")

    @property
    def checksum(self) -> str:
        """Changes when a clause does, or how they are joined."""
        return sha256(f"{self.states} {self.formula}".encode()).hexdigest()[:20]

    @property
    def states(self) -> str:
        """A select of `profile_id` and `states`: a bit per clause, people with one at least."""
        people = [
            f"select {PERSON}, {1 << number} as states from ({clause.people}) as people"
            for number, clause in enumerate(self.clauses)
            if clause.people
        ]
        every = " union all ".join([*people, *self.row_tests])
        return self.query.over(
            f"select {PERSON}, cast(bit_or(states) as bigint) as states from ({every}) as found "
            f"where {PERSON} is not null and states <> 0 group by {PERSON}",
            self.place,
        )

    def _last(self) -> Step:
        """The last step that leaves anybody out: what only passes rows on is looked through."""
        step = self.query.steps[-1]
        while (source := passed_on(step.query)) is not None:
            earlier = {one.name: one for one in self.query.steps[: step.place]}
            if source.db or source.name not in earlier:
                break
            step = earlier[source.name]
        return step

    def _of(self, step: Step) -> Formula:
        query = step.query.unnest()
        if isinstance(query, exp.Select):
            return self._of_select(query, step)
        if not isinstance(query, exp.SetOperation):
            raise NotTakenApartError("its last step is no select")
        parts = operands(query)
        leaves = [self._part(n, part, step) for n, part in enumerate(parts)]
        if isinstance(query, exp.Except):
            leaves[1] = Leaf(leaves[1].number, False)
        return _joined("any" if isinstance(query, exp.Union) else "all", leaves)

    def _part(self, number: int, part: exp.Query, step: Step) -> Leaf:
        named = part.copy()
        first = next(selects_of(named))
        names = [one.alias_or_name for one in step.parts[0].selects]
        if PERSON not in names or first.is_star:
            raise NotTakenApartError(f"a part of {step.name} selects no {PERSON} by name")
        place = names.index(PERSON)
        first.selects[place].replace(exp.alias_(first.selects[place].unalias().copy(), PERSON))
        says = self._conditions(first)
        return self._leaf(
            f"part {number + 1}{says}", f"select {PERSON} from ({text(named)}) as part"
        )

    def _of_select(self, select: exp.Select, step: Step) -> Formula:
        distinct = select.args.get("distinct")
        if (distinct and distinct.args.get("on")) or any(map(select.args.get, ONLY_SOME)):
            raise NotTakenApartError("its last step takes some rows by limit or distinct on")
        asked = with_cross_joins(select)
        by_person = may_lack(asked)
        rows = {clause: conditions_inward(asked, clause) for clause in ROW_CLAUSES}
        atoms = {
            clause: [atom for tree in trees for atom in atoms_of(tree)]
            for clause, trees in rows.items()
        }
        sets = {alias for alias, _ in by_person}
        on_rows = [a for a in atoms["where"] if asks_for(a, sets) is None]
        is_implied = self._is_implied(asked, step, atoms, on_rows)
        joined: list[Formula] = [] if is_implied else [self._in(read_first(asked), step)]
        joined += self._needed(asked, step)
        if is_joined_by_row(asked):
            on_rows.append(exp.true())
        stages = [_joined("all", joined)] if joined else []
        for clause, trees in rows.items():
            tested_here = on_rows if clause == "where" else atoms[clause]
            leaves = self._row_leaves(asked, clause, tested_here, step)
            if clause == "where":
                stages += [leaves[id(one)] for one in on_rows if isinstance(one, exp.Boolean)]
                for alias, table in by_person:
                    if any(asks_for(a, {alias}) is not None for a in atoms["where"]):
                        leaves |= self._set_leaves(alias, table, atoms["where"], step)
            stages += [_joined("all", [_formula(t, leaves) for t in trees])] if trees else []
        return _joined("in_turn", stages)

    def _needed(self, select: exp.Select, step: Step) -> list[Formula]:
        """Clauses of what is joined by the person and must be there."""
        needed: list[Formula] = []
        for join in select.args.get("joins") or ():
            kind, by_person = str(join.kind or "").upper(), is_by_person(join)
            if join.side in ("RIGHT", "FULL") or not isinstance(join.this, exp.Table):
                raise NotTakenApartError("its last step joins in a way that is not followed")
            if kind in ("SEMI", "ANTI") and not by_person:
                raise NotTakenApartError("its last step has a semi join that is not by person")
            if by_person and join.side != "LEFT":
                leaf = self._in(join.this, step)
                needed.append(Leaf(leaf.number, kind != "ANTI"))
        return needed

    def _is_implied(
        self,
        select: exp.Select,
        step: Step,
        atoms: dict[str, list[exp.Expression]],
        on_rows: Sequence[exp.Expression],
    ) -> bool:
        """Whether what follows `from` needs no clause: everybody is in it, or conditions ask it."""
        if not any(atoms.values()):
            return False
        table = read_first(select)
        earlier = {one.name: one for one in self.query.steps[: step.place]}
        if not table.db and table.name in earlier:
            before = earlier[table.name]
            if any(conditions_of(part, c) for part in before.parts for c in ROW_CLAUSES):
                return False
            source = passed_on(before.query)
            table = source if source is not None else table
        return len(on_rows) == len(atoms["where"]) or f"{table.db}.{table.name}" == self.everybody

    def _in(self, table: exp.Table, step: Step) -> Leaf:
        """That a person is in a step or a table."""
        earlier = {one.name: one for one in self.query.steps[: step.place]}
        name = f"{table.db}.{table.name}" if table.db else table.name
        says = ""
        if not table.db and table.name in earlier:
            says = "".join(self._conditions(part) for part in earlier[table.name].parts[:1])
        plain = table.copy()
        plain.set("joins", None)
        return self._leaf(f"in {name}{says}", f"select {PERSON} from {text(plain)}")

    def _conditions(self, select: exp.Select) -> str:
        """The conditions of a select, for people to read."""
        found = [
            self.words(one, select)
            for clause in ROW_CLAUSES
            for one in conditions_of(select, clause)
        ]
        return f": {' and '.join(found)}" if found else ""

    def _leaf(self, words: str, people: str | None = None) -> Leaf:
        self.clauses.append(Clause(words, people))
        return Leaf(len(self.clauses) - 1)

    def _row_leaves(
        self, select: exp.Select, clause: str, atoms: Sequence[exp.Expression], step: Step
    ) -> dict[int, Leaf]:
        """Conditions on the rows that reach a clause, worked out in one pass."""
        if not atoms:
            return {}
        names = [one.alias_or_name for one in select.selects]
        place = names.index(PERSON) if PERSON in names else 0
        leaves = {}
        for atom in atoms:
            is_row = isinstance(atom, exp.Boolean)
            words = f"a row of {read_in_words(select)}" if is_row else self.words(atom, select)
            leaves[id(atom)] = self._leaf(words)
        bits = " | ".join(
            f"case when c360_value_{n} then {1 << leaves[id(atom)].number} else 0 end"
            for n, atom in enumerate(atoms)
        )
        rows = tested(select, clause, place, [exp.paren(atom) for atom in atoms])
        self.row_tests.append(
            f"select c360_person as {PERSON}, bit_or({bits}) as states from ({rows}) as tests "
            "group by c360_person"
        )
        return leaves

    def _set_leaves(
        self, alias: str, table: exp.Table, atoms: Sequence[exp.Expression], step: Step
    ) -> dict[int, Leaf]:
        """Conditions that a joined step has the person or lacks it."""
        leaf = self._in(table, step)
        return {
            id(atom): Leaf(leaf.number, wanted)
            for atom in atoms
            if (wanted := asks_for(atom, {alias})) is not None
        }


def _joined(how: str, parts: Sequence[Formula]) -> Formula:
    if not parts:
        raise NotTakenApartError("it asks nothing of a person")
    return parts[0] if len(parts) == 1 else Node(how, tuple(parts))  # type: ignore[arg-type]


def _formula(tree: exp.Expression, leaves: dict[int, Leaf]) -> Formula:
    if id(tree) in leaves:
        return leaves[id(tree)]
    how = "all" if isinstance(tree, exp.And) else "any"
    return _joined(how, [_formula(part, leaves) for part in flat(tree)])
