"""What of a column's values may be shown: metadata and pages must not hold personal data.

A column that is labelled, or whose meaning is known to be personal, shows shapes only (letters as
x or X, digits as 9). A column that nobody has described is treated with care: a text shows values
only when they are few and frequent, a number its range only when it does not look like an id.
"""

from __future__ import annotations

from orchestration.meanings import visibility_of

SHOWN, CAREFUL, HIDDEN = "shown", "careful", "hidden"

MOST_FEW_VALUES = 50
LEAST_OCCURRENCES = 5
MOST_SHARE_DISTINCT = 0.9
MOST_OPEN_LENGTH = 6
SHOWN_CHARACTERS = 60
SHAPE_CHARACTERS = 40


def visibility(semantic_type: str | None, label: str | None) -> str:
    """How a column's values may be shown: SHOWN, CAREFUL or HIDDEN.

    Parameters:
        semantic_type: what the column means, e.g. email, where somebody has said so.
        label: its usage label, e.g. I1 (identifies directly) or I2 (identifies in combination).
    """
    if (label or "").upper().startswith("I"):
        return HIDDEN
    return visibility_of(semantic_type) or CAREFUL


def looks_like_an_id(values: int, distinct: int, longest: int, is_whole: bool) -> bool:
    """Whether numbers of an undescribed column are rather ids, phone or card numbers.

    Parameters:
        values: how many there are.
        distinct: how many different ones.
        longest: characters of the longest.
        is_whole: none has a fraction.
    """
    if not is_whole:
        return False
    return longest > MOST_OPEN_LENGTH or distinct > MOST_SHARE_DISTINCT * max(values, 1)


def shape_sql(expression: str) -> str:
    """SQL for the shape of a text: letters as x or X, digits as 9, other ASCII signs as they are.

    Signs beyond ASCII are all x: the engine takes milliseconds to prepare each class of Unicode,
    for each of hundreds of columns, and a shape should rather say too little.
    """
    text = f"left({expression}, {SHAPE_CHARACTERS})"
    for pattern, sign in ((r"[a-z]|[^\x00-\x7F]", "x"), ("[A-Z]", "X"), ("[0-9]", "9")):
        text = f"regexp_replace({text}, '{pattern}', '{sign}', 'g')"
    return text
