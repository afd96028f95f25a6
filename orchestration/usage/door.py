"""The door of policies: what may not leave is refused before a row is read, and why is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.lineage.origins import Name
from orchestration.lineage.store import COLUMNS
from orchestration.segments.catalogue import nearest
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from orchestration.usage.carried import RULES, UNKNOWN, Carried, CarriedLabels
from orchestration.usage.declared import DeclaredLabels
from orchestration.usage.policies import EVERY, Policy, PolicyException, Rules, read_rules

NO_LINEAGE = "The warehouse knows no lineage, so nobody knows what may leave. Run `c360 run` first."
MOST_TOLD = 3
MOST_FIELDS = 4


@dataclass(frozen=True)
class Use:
    """What would leave, and what for.

    Attributes:
        title: what sends it, for people.
        segment: whose members leave; what its rule reads counts.
        columns: what leaves, by the name that it has at the other end.
        destination: where to, for people.
        actions: what it is for; None where nobody says, and each policy counts.
        exceptions: policies that do not hold; None where there is no place to agree on one.
    """

    title: str
    segment: str
    columns: Mapping[str, Name]
    destination: str
    actions: Collection[str] | None = None
    exceptions: Sequence[PolicyException] | None = None


class PolicyDoor:
    """The policies of a project over the columns of a warehouse.

    Parameters:
        settings: paths.
        con: to the warehouse.
        folder: of the policies.

    Raises:
        UserError: a policy or a label can't be followed, or the warehouse has no lineage.
    """

    def __init__(self, settings: Settings, con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._rules = read_rules(folder)
        declared = DeclaredLabels(load_manifest(settings), self._rules.labels)
        known = con.execute(
            "select 1 from information_schema.tables where table_schema || '.' || table_name = ?",
            [COLUMNS],
        ).fetchone()
        if known is None:
            raise UserError(NO_LINEAGE, 3)
        self._carried = CarriedLabels(con, declared)

    def require(self, use: Use, today: date | None = None) -> None:
        """Refuse what a policy does not allow.

        Parameters:
            use: what would leave.
            today: until when exceptions count; of UTC without.

        Raises:
            UserError: it names each policy, the way from the label to the destination, and what
                would mend it.
        """
        day = today or datetime.now(UTC).date()
        require_policies(use, self._rules)
        fields = {name: self._carried.of(column) for name, column in use.columns.items()}
        fields[f"rule of {use.segment}"] = self._carried.of(
            Name(f"{RULES}.{use.segment}", "profile_id")
        )
        refused = list(refusing(self._rules, fields.values(), use, day))
        if refused:
            told = [self._told(name, policy, fields, use, day) for name, policy in refused]
            more = f"\nAnd {len(told) - MOST_TOLD} more." if len(told) > MOST_TOLD else ""
            raise UserError(
                f"{use.title} may not leave to {use.destination}. Nothing was sent.\n"
                + "\n".join(told[:MOST_TOLD])
                + more,
                2,
            )

    def _told(
        self, name: str, policy: Policy, fields: Mapping[str, Carried], use: Use, day: date
    ) -> str:
        asked = list(dict.fromkeys(policy.labels.asked_for()))
        shown = [
            f"  {field} is {label}: {_chain(carried.chains[label])} → {use.destination}"
            for field, carried in fields.items()
            for label in (*asked, UNKNOWN)
            if label in carried.chains and (label != UNKNOWN or not {*asked} & carried.labels)
        ]
        blamed = [
            field for field, c in fields.items() if {*asked} & c.labels or not c.is_known
        ]  # fmt: skip
        more = f"\n  and {len(shown) - MOST_FIELDS} more" if len(shown) > MOST_FIELDS else ""
        lines = "\n".join(shown[:MOST_FIELDS]) or "  It carries none of the labels it needs."
        every = policy.marketing_actions == EVERY
        actions = "any use" if every else ", ".join(policy.marketing_actions)
        return (
            f"{name} ({self._rules.files[name]}): {policy.title}. It refuses {policy.labels} for "
            f"{actions}.\n{lines}{more}\n  {_remedy(blamed, name, policy, use, day)}"
        )


def require_policies(use: Use, rules: Rules) -> None:
    """Refuse exceptions from policies that there are not.

    Raises:
        UserError: it names the nearest.
    """
    for one in use.exceptions or ():
        if one.policy not in rules.policies:
            raise UserError(
                f"{use.title} has an exception from the policy '{one.policy}', which there is not"
                f"{nearest(one.policy, rules.policies)}.",
                2,
            )


def refusing(
    rules: Rules, fields: Collection[Carried], use: Use, today: date
) -> Iterator[tuple[str, Policy]]:
    """The policies that refuse a use, by all that leaves and all that the rule reads together.

    Parameters:
        rules: the policies.
        fields: what is carried by what leaves, and by the segment's rule.
        use: what it is for, and the exceptions.
        today: until when these count.
    """
    labels = frozenset[str]().union(*(field.labels for field in fields))
    is_known = all(field.is_known for field in fields)
    excepted = {one.policy for one in use.exceptions or () if today <= one.until}
    for name, policy in rules.policies.items():
        if not policy.enabled or name in excepted or not policy.is_about(use.actions):
            continue
        if policy.labels.may_hold(labels, is_known):
            yield name, policy


def _chain(way: Sequence[Name]) -> str:
    """From the column that has the label to the field."""
    return " → ".join(f"{name.table}.{name.column}" for name in reversed(way))


def _remedy(blamed: Sequence[str], name: str, policy: Policy, use: Use, day: date) -> str:
    columns = [field for field in blamed if field in use.columns]
    ways = []
    if columns:
        ways.append(f"leave out {', '.join(columns)}")
    if len(columns) < len(blamed):
        ways.append(f"take another rule for {use.segment}")
    if policy.marketing_actions != EVERY:
        refused = ", ".join(policy.marketing_actions)
        ways.append(
            f"say what else it is for by --action, where it is not for {refused}"
            if use.actions is None
            else f"take a destination without {refused}"
        )
    if use.exceptions is not None:
        ways.append(f"agree on an exception from {name} with author, reason and until in the sync")
    ended = [one for one in use.exceptions or () if one.policy == name and one.until < day]
    over = "".join(f" The exception of {one.author} ended on {one.until}." for one in ended)
    return f"Mend it: {'; or '.join(ways)}.{over}"
