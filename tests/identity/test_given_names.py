"""Short forms of given names: those of the library, and the rows by hand, which win."""

from __future__ import annotations

from tests.identity import given_names


def test_the_seed_is_what_the_library_says() -> None:
    assert given_names.SEED.read_text(encoding="utf-8") == given_names.text(), (
        "The list has changed: run `python -m tests.identity.given_names`."
    )


def test_short_forms_of_several_names_and_names_by_hand_are_left_alone() -> None:
    named = {row["variant"]: row["given_name"] for row in given_names.from_library()}
    hand = {row["variant"] for row in given_names.by_hand()}
    assert named["Tim"] == "Timothy" and named["Lindsey"] == "Lindsay"
    assert "Al" not in named and not hand & set(named)
    assert not set(named) & set(named.values()), "a short form stands for no other one"
