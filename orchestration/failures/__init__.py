"""Whatever can go wrong, in words: what, where, what to do about it."""

from orchestration.failures.words import (
    STOPPED_CODE,
    Failure,
    in_words,
    of_the_machine,
    serialised_in_words,
)

__all__ = ["STOPPED_CODE", "Failure", "in_words", "of_the_machine", "serialised_in_words"]
