"""Builds a rule on the page as somebody does: by mouse, or by keyboard alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from orchestration.segments.operators import OPERATORS
from tests.dashboard.chromium import Browser

MOST_TABS = 400
CONTAINERS = ("all", "any", "none")
NAMED = (
    "(() => {{const all = [...document.querySelectorAll('[aria-label]')].filter(e => "
    "e.getAttribute('aria-label') === {}); return all[0]}})()"
)


def words(name: str) -> str:
    return name.replace("_", " ")


class Hands:
    """What reaches the controls of the page; each has a name of its own.

    Parameters:
        browser: shows the page.
        by_keyboard: never use the mouse.
    """

    def __init__(self, browser: Browser, by_keyboard: bool = False) -> None:
        self.browser, self.by_keyboard = browser, by_keyboard

    def element(self, name: str) -> str:
        """A JavaScript expression of the control."""
        return NAMED.format(json.dumps(name))

    def reach(self, name: str) -> str:
        """Put the focus on a control."""
        found = self.element(name)
        assert self.browser.run(f"Boolean({found})"), f"the page has no {name!r}"
        if not self.by_keyboard:
            self.browser.run(f"{found}.focus()")
            return found
        for _ in range(MOST_TABS):
            if self.browser.run(f"document.activeElement === {found}"):
                return found
            self.browser.press("Tab")
        raise AssertionError(f"Tab does not come to {name!r}")

    def push(self, name: str) -> None:
        """Press a button."""
        found = self.reach(name) if self.by_keyboard else self.element(name)
        assert self.browser.run(f"Boolean({found}) && !{found}.disabled"), name
        if self.by_keyboard:
            self.browser.type(" ")
        else:
            self.browser.click(found)

    def pick(self, name: str, value: str) -> None:
        """Choose of a list."""
        found = self.reach(name)
        has = self.browser.run(f"[...{found}.options].some(o => o.value === {json.dumps(value)})")
        assert has, f"{name} does not offer {value!r}"
        if not self.by_keyboard:
            # The list that opens is the system's and no part of the page.
            self.browser.run(
                f"(e => {{e.value = {json.dumps(value)}; e.dispatchEvent(new Event('change'))}})"
                f"({found})"
            )
            return
        text = self.browser.run(
            f"[...{found}.options].find(o => o.value === {json.dumps(value)}).text"
        )
        self.browser.type(text[:12])
        for key in ("ArrowUp",) * 15 + ("ArrowDown",) * 200:
            if self.browser.run(f"{found}.value") == value:
                assert self.browser.run(f"document.activeElement === {found}"), name
                return
            self.browser.press(key)
        raise AssertionError(f"{name}: the arrows do not come to {value!r}")

    def write(self, name: str, text: str) -> None:
        """Write into a field in place of what it holds."""
        found = self.reach(name)
        if not self.by_keyboard:
            self.browser.click(found)
        self.browser.run(f"{found}.select && {found}.select()")
        self.browser.type(text)

    def day(self, name: str, value: date) -> None:
        """Write a day, as an American computer asks for it."""
        self.reach(name)
        self.browser.type(f"{value:%m%d%Y}")


class Driver:
    """Builds what a rule file says, word for word.

    Parameters:
        hands: reach the controls.
    """

    def __init__(self, hands: Hands) -> None:
        self.hands = hands

    def rule(self, said: Mapping[str, Any]) -> None:
        """All of a rule; the page shows an empty one."""
        for word in ("title", "owner", "purpose"):
            self.hands.write(word, said[word])
        self.hands.pick("state", said.get("state", "active"))
        if "uses" in said:
            self.hands.push("Add uses")
            self.hands.write("uses, one per line", "\n".join(said["uses"]))
        if "id" in said:
            self.hands.push("Add id")
            self.hands.write("id", str(said["id"]))
        if said.get("keeps_opted_out"):
            self.hands.push("keeps opted out")
        self.first(said["include"])
        if "exclude" in said:
            self.clause(said["exclude"], "exclude", "exclude")

    def first(self, include: Mapping[str, Any]) -> None:
        """The page begins with an empty `all`."""
        kind = next(iter(include))
        if kind in CONTAINERS:
            if kind != "all":
                self.hands.pick("include: all, any or none", kind)
            self.inside(include[kind], "include")
        else:
            self.hands.push("Remove include")
            self.clause(include, "include", "include")

    def clause(self, said: Mapping[str, Any], to: str, name: str) -> None:
        """Add a clause to something."""
        kind = next(k for k in (*CONTAINERS, "field", "sequence", "segments", "segment", "event",
                                "table") if k in said)  # fmt: skip
        self.hands.pick(f"Add to {to}: kind of clause", kind)
        self.hands.push(f"Add to {to}")
        if kind in CONTAINERS:
            self.inside(said[kind], name)
        elif kind == "field":
            table, column = said["field"].split(".")
            self.hands.pick(f"{name}, field: table", table)
            self.hands.pick(f"{name}, field: column", column)
            self.compare(f"{name}, {words(column)}", said)
            self.where(said, name)
        elif kind == "segment":
            self.hands.pick(f"{name}, segment", said["segment"])
        elif kind == "segments":
            self.parts(said["segments"], f"{name}, segments")
        elif kind == "sequence":
            self.steps(said["sequence"], f"{name}, sequence")
            self.when(said, name)
        else:
            self.rows(said, name, kind)
            self.number(said, name)

    def inside(self, clauses: list[Any], name: str) -> None:
        for place, clause in enumerate(clauses, 1):
            dot = "." if name[-1].isdigit() else " "
            self.clause(clause, name, f"{name}{dot}{place}")

    def rows(self, said: Mapping[str, Any], name: str, shown: str = "event") -> None:
        kind = "event" if "event" in said else "table"
        if kind != shown:
            self.hands.pick(f"{name}: event or table", kind)
        if kind == "table":
            self.hands.pick(f"{name}, table", said["table"])
        else:
            types = [said["event"]] if isinstance(said["event"], str) else said["event"]
            for one in types:
                self.hands.write(f"{name}, event: another type", one)
                self.hands.push(f"{name}, event: add or take out")
        if "details" in said:
            self.hands.push(f"Add details to {name}")
            self.hands.pick(f"{name}, details, quantifier", said["details"]["quantifier"])
            self.conditions(said["details"]["where"], f"{name}, details, where")
        self.where(said, name)
        self.when(said, name)

    def where(self, said: Mapping[str, Any], name: str) -> None:
        if said.get("where"):
            self.hands.push(f"Add where to {name}")
            self.conditions(said["where"], f"{name}, where")

    def conditions(self, where: Mapping[str, Any], name: str) -> None:
        for column, value in where.items():
            self.hands.pick(f"{name}: column to add", column)
            self.hands.push(f"Add a condition to {name}")
            self.compare(f"{name}, {words(column)}", value)

    def number(self, said: Mapping[str, Any], name: str) -> None:
        if "count" in said:
            self.hands.push(f"Add count to {name}")
            self.compare(f"{name}, count", said["count"])
        if "aggregate" in said:
            made = said["aggregate"]
            self.hands.push(f"Add aggregate to {name}")
            self.hands.pick(f"{name}, aggregate, function", made["function"])
            self.hands.pick(f"{name}, aggregate, of", made["of"])
            self.compare(f"{name}, aggregate", made)

    def when(self, said: Mapping[str, Any], name: str) -> None:
        if "when" not in said:
            return
        self.hands.push(f"Add when to {name}")
        name = f"{name}, when"
        for word, value in said["when"].items():
            self.hands.push(f"Add {words(word)} to {name}")
            inner = f"{name}, {words(word)}"
            if word == "in_last":
                self.period(inner, value)
            elif word == "between":
                self.hands.day(f"{inner}, from", value[0])
                self.hands.day(f"{inner}, to", value[1])
            elif word == "since":
                self.rows({k: v for k, v in value.items() if k != "which"}, inner)
                self.hands.pick(f"{inner}, which", value.get("which", "last"))
            else:
                self.hands.day(inner, value)

    def steps(self, steps: list[Any], name: str) -> None:
        for place, step in enumerate(steps, 1):
            if place > 2:
                self.hands.push(f"Add one to {name}")
            self.rows(step, f"{name} {place}")
            for word in ("within", "after"):
                if word in step:
                    self.hands.push(f"Add {word} to {name} {place}")
                    self.period(f"{name} {place}, {word}", step[word])

    def parts(self, parts: list[Any], name: str) -> None:
        for place, part in enumerate(parts, 1):
            if place > 2:
                self.hands.push(f"Add one to {name}")
            [(act, segment)] = part.items()
            if act != "union":
                self.hands.pick(f"{name} {place}: union or intersect or except", act)
            self.hands.pick(f"{name} {place}, {act}", segment)

    def period(self, name: str, said: str) -> None:
        number, unit = said.split(" ")
        self.hands.write(f"{name}: how many", number)
        self.hands.pick(f"{name}: unit", unit.removesuffix("s"))

    def compare(self, name: str, said: Any) -> None:
        if not isinstance(said, Mapping):
            said = {"operator": "equals", "value": said}
        self.hands.pick(f"{name}: operator", said["operator"])
        takes, value = OPERATORS[said["operator"]].takes, said.get("value")
        if takes == "a period":
            self.period(f"{name}: value", value)
        elif takes == "a list":
            self.hands.write(f"{name}: values, one per line", "\n".join(map(_text, value)))
        elif takes == "two values":
            self.value(f"{name}: value, from", value[0])
            self.value(f"{name}: value, to", value[1])
        elif takes == "a value":
            self.value(f"{name}: value", value)

    def value(self, name: str, value: Any) -> None:
        if isinstance(value, bool):
            self.hands.pick(name, _text(value))
        elif isinstance(value, date):
            self.hands.day(name, value)
        else:
            self.hands.write(name, _text(value))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
