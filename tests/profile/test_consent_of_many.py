"""Consent of many contact points at once is what it is of each."""

from __future__ import annotations

import random

from tests.profile.consent_oracle import KINDS
from tests.profile.test_consent_truth_table import (
    INSTANTS,
    PURPOSES,
    TOPICS,
    Facts,
    built,
    instant,
)
from tests.value.rendering import fill


def test_contacts_allowed_says_of_all_what_is_said_of_each() -> None:
    facts = Facts(random.Random(25))
    con = built(facts)
    points = sorted({(*point, kind) for point, kind in facts.points})
    fill(con, "points", "namespace text, value text, kind text", points)
    seen = set()
    questions = [(p, c, k, t) for p in PURPOSES for c, k in KINDS.items() for t in TOPICS]
    for purpose, channel, kind, topic in facts.dice.sample(questions, 9):
        at = instant(facts.dice.choice((-1, *INSTANTS)))
        answers = con.execute(
            "select is_contact_allowed(namespace, value, $p, $c, $t, $at), "
            "coalesce(many.is_allowed, (select is_contact_allowed('', '', $p, $c, $t, $at))), "
            "many.is_allowed is null "
            "from points left join contacts_allowed($p, $c, $t, $at) as many "
            "on many.contact_namespace = namespace and many.contact_value = value "
            "where kind = $kind",
            {"p": purpose, "c": channel, "t": topic, "at": at, "kind": kind},
        ).fetchall()
        assert [(one, one) for one, _, _ in answers] == [(a, b) for a, b, _ in answers]
        seen |= {(one, is_unspoken) for one, _, is_unspoken in answers}
    assert len(seen) == 4
