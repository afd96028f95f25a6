"""What the facts of messages must say, worked out one person after the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from tests.messages.world import Event, Order, Refresh, World, day

Run = tuple[str, str, str | None, date]
"""Person, campaign, channel, day of sending."""
COUNTS = (
    "sent", "blocked", "delivered", "bounced", "hard_bounced", "soft_bounced", "unique_open",
    "machine_open", "unique_click", "machine_click", "unsubscribed", "complained",
    "clicked_conversion", "received_conversion",
)  # fmt: skip
ORDERS = ("clicked_order", "clicked_amount", "received_order", "received_amount")
MACHINES = {"Mozilla/5.0": {"opened"}, "Barracuda Sentinel": {"opened", "clicked"}}


class Oracle:
    """The answers of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.messages: dict[tuple[str, str, str | None], list[Event]] = defaultdict(list)
        for event in world.events:
            self.messages[event.record, event.campaign, event.message].append(event)
        self.days: dict[Run, dict[str, date]] = defaultdict(dict)
        self.records: dict[Run, tuple[datetime, str]] = {}
        self.clicks: list[tuple[Run, str, bool]] = []
        self.touches: dict[str, list[tuple[Any, ...]]] = {"clicked": [], "received": []}
        came_back: dict[Run, list[tuple[date, str | None]]] = defaultdict(list)
        for key, events in self.messages.items():
            self._message(key, events, came_back)
        for run, bounces in came_back.items():
            if "delivered" not in self.days[run]:
                first = min(on for on, _ in bounces)
                kinds = {kind for _, kind in bounces if kind}
                self.days[run]["bounced"] = first
                if kinds:
                    self.days[run]["hard_bounced" if "hard" in kinds else "soft_bounced"] = first
        for human, machine in (("unique_open", "machine_open"), ("unique_click", "machine_click")):
            for told in self.days.values():
                if human in told:
                    told.pop(machine, None)
        self.credited: dict[tuple[str, int], Run] = {}
        self._convert()

    def _message(
        self,
        key: tuple[str, str, str | None],
        events: list[Event],
        came_back: dict[Run, list[tuple[date, str | None]]],
    ) -> None:
        record, campaign, message = key
        times: dict[str, list[datetime]] = defaultdict(list)
        for event in events:
            times[event.kind].append(event.at)
        sent_at = min(times["sent"]) if times["sent"] else min(e.at for e in events)
        channel = min((e.channel for e in events if e.channel), default=None)
        run = (self.world.today.owners[record], campaign, channel, sent_at.date())
        self.records[run] = min(self.records.get(run, (datetime.max, "")), (sent_at, record))
        is_back = bool(times["bounced"]) and not (
            times["delivered"] and max(times["delivered"]) > max(times["bounced"])
        )
        received_at = None
        if not is_back and times["delivered"]:
            received_at = min(times["delivered"])
        elif not is_back and channel not in (None, "email") and not times["blocked"]:
            received_at = min(times["sent"], default=None)
        arrived_at = min(times["delivered"] or times["sent"], default=None)
        order = (sent_at, _Reversed((campaign, channel or "~", record, message or "~")))
        if received_at:
            self.touches["received"].append((received_at, order, run))
        for event in events:
            is_machine = self._is_machine(event, events, arrived_at)
            on = event.at.date()
            kind = {
                "opened": "machine_open" if is_machine else "unique_open",
                "clicked": "machine_click" if is_machine else "unique_click",
            }.get(event.kind, event.kind)
            if event.kind == "bounced":
                if is_back:
                    came_back[run].append((on, event.bounce_kind))
            elif event.kind != "delivered" or not is_back:
                told = self.days[run]
                told[kind] = min(told.get(kind, on), on)
            if event.kind == "clicked":
                self.clicks.append((run, _link(event.url), is_machine))
                if not is_machine:
                    self.touches["clicked"].append((event.at, order, run))
        self.days[run]  # A run with nothing but a bounce is one, too.

    def _is_machine(self, event: Event, events: list[Event], arrived_at: datetime | None) -> bool:
        if event.kind not in ("opened", "clicked"):
            return False
        if event.kind in MACHINES.get(event.agent or "", ()):
            return True
        name = "machine_open_seconds" if event.kind == "opened" else "machine_click_seconds"
        within = timedelta(seconds=self.world.setting(name))
        if arrived_at is not None and event.at <= arrived_at + within:
            return True
        links = {_link(e.url) for e in events if e.kind == "clicked" and e.at == event.at}
        is_asked = self.world.setting("clicks_at_one_instant_are_machine") == 1
        return event.kind == "clicked" and is_asked and len(links - {""}) > 1 and bool(event.url)

    def _convert(self) -> None:
        for number, order in enumerate(self.world.orders):
            for model in ("clicked", "received") if order.is_order else ():
                window = timedelta(days=self.world.setting(f"{_WORD[model]}_window_days"))
                before = [
                    touch
                    for touch in self.touches[model]
                    if touch[2][0] == order.profile and order.at - window <= touch[0] <= order.at
                ]
                if before:
                    run = max(before)[2]
                    self.credited[model, number] = run
                    told, on = self.days[run], order.at.date()
                    told[f"{model}_conversion"] = min(told.get(f"{model}_conversion", on), on)

    def orders(self, model: str, run: Run) -> list[Order]:
        """The orders credited to a run."""
        return [
            self.world.orders[number]
            for (by, number), credited in self.credited.items()
            if (by, credited) == (model, run)
        ]

    def channel(self, run: Run) -> str:
        return run[2] or self.world.campaigns.get(run[1]) or "unknown"

    def state(self, run: Run) -> tuple[Refresh | None, str | None, date]:
        """The refresh whose word holds, the name the recipient had in it, and the day meant."""
        state_on = run[3] - timedelta(days=self.world.setting("state_days_before_sending"))
        known = [n for n in sorted(self.world.refreshes) if day(n) <= state_on]
        if not known:
            return None, None, state_on
        record = self.records[run][1]
        later = [n for n in sorted(self.world.refreshes) if n > known[-1]]
        for number in (*reversed(known), *later):
            if record in self.world.refreshes[number].owners:
                return (
                    self.world.refreshes[known[-1]],
                    self.world.refreshes[number].owners[record],
                    state_on,
                )
        raise AssertionError("a record of nobody")

    def decile(self, run: Run) -> int:
        refresh, name, state_on = self.state(run)
        ranked = [n for n, r in self.world.refreshes.items() if r.deciles]
        if not ranked or state_on < day(min(ranked)):
            return self._recomputed(run[0], state_on, day(min(ranked)) if ranked else date.max)
        assert refresh is not None and name is not None
        return refresh.deciles[name][1] if name in refresh.deciles else 0

    def _recomputed(self, person: str, state_on: date, first: date) -> int:
        asked = sorted({self.state(run)[2] for run in self.days}, reverse=True)
        asked = [on for on in asked if on < first][: self.world.setting("recomputed_send_days")]
        if state_on not in asked:
            return -2
        amounts: Counter[str] = Counter()
        for order in self.world.orders:
            if order.at.date() <= state_on:
                amounts[order.profile] += order.amount
        queue = sorted(amounts, key=lambda name: (-amounts[name], name))
        alike = sum(amounts[name] == amounts[person] for name in amounts)
        if person not in amounts or len(queue) < 10 or 5 * alike > 4 * len(queue):
            return 0
        dealt: list[int] = []
        for bucket in range(1, 11):
            dealt += [bucket] * -(-(len(queue) - len(dealt)) // (11 - bucket))
        return dealt[queue.index(person)]

    def segments(self, run: Run) -> set[str]:
        refresh, name, _ = self.state(run)
        if refresh is None or name is None:
            return {"unknown"}
        return set(refresh.segments.get(name, frozenset())) - {"draft"}

    def fact(self, keys: Callable[[Run], Iterable[Any]]) -> dict[Any, tuple[int, ...]]:
        """Counts, orders and amounts by what `keys` says of a run, one key or several."""
        found: dict[Any, Counter[str]] = defaultdict(Counter)
        for run, told in self.days.items():
            for key in keys(run):
                found[key].update(dict.fromkeys(told, 1))
                for model in ("clicked", "received"):
                    found[key][f"{model}_order"] += len(self.orders(model, run))
                    found[key][f"{model}_amount"] += sum(o.amount for o in self.orders(model, run))
        return _rows(found)

    def by_day(self) -> dict[Any, tuple[int, ...]]:
        found: dict[Any, Counter[str]] = defaultdict(Counter)
        for run, told in self.days.items():
            for what, on in told.items():
                found[run[1], self.channel(run), on][what] += 1
            for model in ("clicked", "received"):
                for order in self.orders(model, run):
                    key = (run[1], self.channel(run), order.at.date())
                    found[key][f"{model}_order"] += 1
                    found[key][f"{model}_amount"] += order.amount
        return _rows(found)

    def by_link(self) -> dict[Any, tuple[int, int, int]]:
        people: dict[Any, set[str]] = defaultdict(set)
        for run, link, _ in self.clicks:
            people[run[1], link].add(run[0])
        runs: dict[Any, Counter[Run]] = defaultdict(Counter)
        for run, link, is_machine in self.clicks:
            is_hidden = not link or "@" in link or "%40" in link
            is_rare = len(people[run[1], link]) < self.world.setting("least_people_per_link")
            shown = "Other links" if is_hidden or is_rare else link
            runs[run[1], self.channel(run), shown][run] += not is_machine
        return {
            key: (
                sum(n > 0 for n in of.values()),
                sum(n == 0 for n in of.values()),
                sum(of.values()),
            )
            for key, of in runs.items()
        }


_WORD = {"clicked": "click", "received": "received"}


class _Reversed(tuple[Any, ...]):
    """Of two at one instant the smaller wins."""

    def __lt__(self, other: tuple[Any, ...]) -> bool:
        return tuple(self) > tuple(other)

    def __gt__(self, other: tuple[Any, ...]) -> bool:
        return tuple(self) < tuple(other)


def _link(url: str | None) -> str:
    return (url or "").split("?")[0].split("#")[0]


def _rows(found: Mapping[Any, Counter[str]]) -> dict[Any, tuple[int, ...]]:
    return {key: tuple(told[name] for name in (*COUNTS, *ORDERS)) for key, told in found.items()}
