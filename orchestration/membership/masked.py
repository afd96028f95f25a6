"""Conditions in words, without what a labelled column is compared with."""

from __future__ import annotations

from sqlglot import exp

from orchestration.membership.clauses import Words
from orchestration.segment_tools.origins import MASKED, Labels, NotFollowedError, Tracer
from orchestration.segment_tools.steps import SegmentQuery, in_words


def masked_words(query: SegmentQuery, labels: Labels) -> Words:
    """Gives the words of a condition: with its values, unless they are compared with personal data.

    Parameters:
        query: of the segment, through whose steps columns are followed.
        labels: of the warehouse.
    """
    tracer = Tracer(query, labels.tables)

    def words(condition: exp.Expression, select: exp.Select) -> str:
        try:
            is_shown = labels.show(tracer.origins(condition, select))
        except NotFollowedError:
            is_shown = False
        if is_shown:
            return in_words(condition)
        hidden = condition.copy()
        for literal in list(hidden.find_all(exp.Literal)):
            literal.replace(exp.var(MASKED))
        return in_words(hidden)

    return words
