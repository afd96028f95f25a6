"""What of a column's values may be shown: metadata and pages must not hold personal data.

A column that is labelled, or whose meaning is known to be personal, shows shapes only (letters as
x or X, digits as 9). A column that nobody has described is treated with care: a text shows values
only when they are few and frequent, a number its range only when it does not look like an id.
"""

from __future__ import annotations

SHOWN, CAREFUL, HIDDEN = "shown", "careful", "hidden"

PERSONAL_TYPES = frozenset(
    {
        "address", "address_line_2", "birth_date", "captured_by", "card_number", "city",
        "cookie_id", "customer_id", "customer_key", "date_of_birth", "device_id", "document_id",
        "drivers_license",
        "email", "external_id",
        "family_name", "fields", "first_name", "full_name", "given_name", "house_number", "iban",
        "identity_value", "ip", "ip_address", "last_name", "latitude", "location", "login",
        "longitude", "loyalty_id", "member_id", "middle_name", "name", "national_id",
        "organisation_name", "passport",
        "person_id", "phone", "postal_code", "record_key", "source_record_id", "state",
        "street", "tax_id", "user_agent", "user_id",
    }
)  # fmt: skip
"""Semantic types whose values say who somebody is, or narrow it down."""

PUBLIC_TYPES = frozenset(
    {
        "amount", "audience", "brand", "campaign_id", "campaign_name", "category",
        "channel", "consent_status", "country", "country_code", "created_at", "currency",
        "date", "device_type", "event_type", "gender", "is_return", "language", "line_amount",
        "line_number", "loyalty_tier", "namespace", "occurred_at", "order_status",
        "ordered_at", "percentage", "points", "product_id", "product_name", "purpose",
        "quantity", "recorded_at", "started_at", "status", "subject", "threshold_points",
        "tier_rank", "unit_cost", "unit_price", "updated_at",
    }
)  # fmt: skip
"""Semantic types whose values say nothing about one person."""

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
    if (label or "").upper().startswith("I") or (semantic_type or "").lower() in PERSONAL_TYPES:
        return HIDDEN
    return SHOWN if (semantic_type or "").lower() in PUBLIC_TYPES else CAREFUL


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
