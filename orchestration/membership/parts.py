"""Parts of a select: what it reads, how it joins, and its conditions one by one."""

from __future__ import annotations

from sqlglot import exp

from orchestration.segment_tools.steps import PERSON, NotTakenApartError, conditions_of

ROW_CLAUSES = ("where", "having", "qualify")
ONLY_SOME = ("limit", "offset", "sample", "laterals")
"""What leaves rows out for a reason that is no condition on them."""


def may_lack(select: exp.Select) -> list[tuple[str, exp.Table]]:
    """What is joined by the person and need not be there, by the name it is called."""
    return [
        (join.this.alias_or_name, join.this)
        for join in select.args.get("joins") or ()
        if join.side == "LEFT" and isinstance(join.this, exp.Table) and is_by_person(join)
    ]


def conditions_inward(select: exp.Select, clause: str) -> list[exp.Expression]:
    """The conditions of a clause, with `not` at those that can't be parted."""
    return [_inward(one) for one in conditions_of(select, clause)]


def _inward(node: exp.Expression, negated: bool = False) -> exp.Expression:
    """The same condition, in which `not` stands at no `and` and no `or`."""
    node = node.unnest()
    if isinstance(node, exp.Not):
        return _inward(node.this, not negated)
    if isinstance(node, exp.And | exp.Or):
        kind = exp.And if isinstance(node, exp.And) is not negated else exp.Or
        parts = [_inward(part, negated) for part in flat(node)]
        whole = parts[0]
        for part in parts[1:]:
            whole = kind(this=whole, expression=part)
        return whole
    # Nodes are told apart by what they are, so each stands alone.
    return exp.Not(this=node.copy()) if negated else node.copy()


def flat(node: exp.Expression) -> list[exp.Expression]:
    """The operands of a chain of `and` or of `or`."""
    found: list[exp.Expression] = []
    for side in (node.this, node.expression):
        inner = side.unnest()
        found += flat(inner) if type(inner) is type(node) else [inner]
    return found


def atoms_of(tree: exp.Expression) -> list[exp.Expression]:
    """The conditions of which a tree is made, in the order in which they stand."""
    if isinstance(tree, exp.And | exp.Or):
        return [atom for part in flat(tree) for atom in atoms_of(part)]
    return [tree]


def asks_for(atom: exp.Expression, aliases: set[str]) -> bool | None:
    """Whether a condition asks that a joined step has the person; None where it asks otherwise."""
    wanted = isinstance(atom, exp.Not)
    inner = atom.this.unnest() if wanted else atom
    if not isinstance(inner, exp.Is) or not isinstance(inner.expression, exp.Null):
        return None
    column = inner.this
    is_person = isinstance(column, exp.Column) and column.name == PERSON
    return wanted if is_person and column.table in aliases else None


def passed_on(query: exp.Expression) -> exp.Table | None:
    """The one table of a select that leaves nobody of it out."""
    if not isinstance(query, exp.Select) or query.args.get("joins"):
        return None
    distinct = query.args.get("distinct")
    if any(map(query.args.get, (*ROW_CLAUSES, *ONLY_SOME, "group"))):
        return None
    if distinct and distinct.args.get("on"):
        return None
    source = query.args.get("from_")
    if source is None or not isinstance(source.this, exp.Table):
        return None
    person = [one for one in query.selects if one.alias_or_name == PERSON]
    is_same = query.is_star or (person and person[0].unalias().name == PERSON)
    return source.this if is_same else None


def operands(query: exp.SetOperation) -> list[exp.Query]:
    """What a union unites, all of it; of a difference the two sides."""
    found: list[exp.Query] = []
    for side in (query.this, query.expression):
        inner = side.unnest()
        is_same = type(inner) is type(query) and not isinstance(query, exp.Except)
        found += operands(inner) if is_same else [inner]
    return found


def read_first(select: exp.Select) -> exp.Table:
    """The table that a select reads first.

    Raises:
        NotTakenApartError: it reads none.
    """
    source = select.args.get("from_")
    if source is None or not isinstance(source.this, exp.Table):
        raise NotTakenApartError("its last step reads no table")
    table: exp.Table = source.this
    return table


def is_by_person(join: exp.Join) -> bool:
    """Whether a join asks that the person is the same, and nothing else."""
    using = join.args.get("using")
    if using:
        return [one.name for one in using] == [PERSON]
    on = join.args.get("on")
    on = on.unnest() if on is not None else None
    if not isinstance(on, exp.EQ):
        return False
    sides = [on.this, on.expression]
    are_people = all(isinstance(s, exp.Column) and s.name == PERSON for s in sides)
    return are_people and join.this.alias_or_name in {s.table for s in sides}


def _is_inner(join: exp.Join) -> bool:
    return not join.side and str(join.kind or "INNER").upper() in ("INNER", "CROSS")


def with_cross_joins(select: exp.Select) -> exp.Select:
    """A select whose inner joins without an equality are conditions: such is the clock."""
    found = select.copy()
    for join in found.args.get("joins") or ():
        on = join.args.get("on")
        if on is not None and _is_inner(join) and not on.find(exp.EQ):
            join.set("on", None)
            join.set("kind", "CROSS")
            found.where(on, copy=False)
    return found


def is_joined_by_row(select: exp.Select) -> bool:
    """Whether a join leaves rows out by something else than the person."""
    return any(
        _is_inner(join) and not is_by_person(join) and join.args.get("on") is not None
        for join in select.args.get("joins") or ()
    )


def read_in_words(select: exp.Select) -> str:
    """What the inner joins of a select put together, for people to read."""
    joins = select.args.get("joins") or ()
    names = [read_first(select).name, *(join.this.name for join in joins if _is_inner(join))]
    return " joined with ".join(names)
