"""By what key a refresh of an added staging model takes the rows that it has to read again."""

from __future__ import annotations

import re

from orchestration.sources.proposals import Proposal

WINDOW = re.compile(r"over \(\s*partition by (\{\{.*?\}\}|\w+)", re.S)
BIRTH_DATES = re.compile(r"\{\{ as_birth_date(_in)?\((.*?)\) \}\}", re.S)


def reach_key(proposal: Proposal) -> tuple[str, ...]:
    """The columns by which a refresh of the model takes rows; none where it has to be built whole.

    These are the entity's key. Where a value is made out of several rows, such as an order's, it is
    the key's first column, if all of them are rows of one value of it.

    Parameters:
        proposal: what feeds what.
    """
    key = proposal.entity.key
    feeds = proposal.feeds
    readable = [name for name in key if name in feeds and not feeds[name].is_final]
    if key[0] not in readable:
        return ()
    steps = proposal.steps
    if any(
        re.search(rf"\b{step}\b", feeds[n].expression) for n in key if n in feeds for step in steps
    ):
        return ()
    made = (*feeds.values(), *proposal.helpers.values(), *steps.values())
    expressions = [f.expression for f in made]
    expressions += [condition for condition, *_ in proposal.checks]
    if "birth_date" in feeds and not birth_dates(proposal):
        return ()
    windows = [text for text in expressions if "over (" in text]
    if not windows:
        return key if len(readable) == len(key) else ()
    first = _in_one_line(feeds[key[0]].expression)
    groups = [_in_one_line(group) for text in windows for group in WINDOW.findall(text)]
    is_of_key = len(groups) == sum(text.count("over (") for text in windows) and all(
        group in (first, key[0]) for group in groups
    )
    return key[:1] if is_of_key and "over (" not in first else ()


def birth_dates(proposal: Proposal) -> list[str]:
    """What a model reads as birth dates, as arguments of Jinja: a later day may judge them anew.

    Parameters:
        proposal: what feeds what.
    """
    feed = proposal.feeds.get("birth_date")
    calls = BIRTH_DATES.findall(feed.expression) if feed else []
    return [f"as_date({said})" if has_format else said for has_format, said in calls]


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
