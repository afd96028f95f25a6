"""Search by words against a reading of every profile in Python."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.layers_reader import connect_layers
from orchestration.lookup.search import MOST_WORDS, search, words_of
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.warehouse import rows
from tests.conftest import Company

LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})


def without_accents(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.lower()).translate(LETTERS)
    return "".join(c for c in parts if not unicodedata.combining(c))


def words(text: str) -> set[str]:
    """The spelling with ae for ä, and the one without its dots."""
    spelled = text.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return set(re.findall(r"[^\W_]+", without_accents(spelled))) | set(
        re.findall(r"[^\W_]+", without_accents(text))
    )


@pytest.fixture(scope="module")
def layers(finished_company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_layers(finished_company.settings, with_personal_data=True) as con:
        yield con


@pytest.fixture(scope="module")
def people(layers: duckdb.DuckDBPyConnection) -> dict[str, dict[str, set[str]]]:
    """Per known person and attribute to be searched: its words."""
    names = [
        name for (name,) in layers.execute("select attribute from policy.search_columns").fetchall()
    ]
    return {
        row["profile_id"]: {name: words(row[name]) for name in names if row[name]}
        for row in rows(layers, "from profile.profiles where is_known")
    }


def places(people: dict[str, dict[str, set[str]]], word: str) -> int:
    """In how many places a word stands, or begins one."""
    return sum(
        w.startswith(word) for said in people.values() for known in said.values() for w in known
    )


def test_the_best_people_are_found_in_their_order(
    layers: duckdb.DuckDBPyConnection,
    people: dict[str, dict[str, set[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whole words, beginnings of words and words of nobody, one to three at a time."""
    weights = dict(layers.execute("select attribute, weight from policy.search_columns").fetchall())
    chance = random.Random(9)
    vocabulary = sorted({w for said in people.values() for found in said.values() for w in found})
    left_out: list[list[str]] = []
    for _ in range(60):
        asked = [chance.choice(vocabulary) for _ in range(chance.randint(1, 3))]
        asked = [w[: chance.randint(2, 4)] if chance.random() < 0.3 else w for w in asked]
        asked += ["zzqq"] * (chance.random() < 0.2)
        most = chance.choice((3, 30, 10_000))
        monkeypatch.setattr("orchestration.lookup.search.COMMON_COUNT", most)
        monkeypatch.setattr("orchestration.lookup.search.COMMON_SHARE", 0)
        whole = list(dict.fromkeys(asked))
        common = [word for word in whole if places(people, word) > most]
        left_out.append(common if len(common) < len(whole) else [])
        asked = [word for word in whole if word not in left_out[-1]]
        scores: dict[str, tuple[int, int]] = {}
        for person, said in people.items():
            best: dict[str, int] = defaultdict(int)
            for word in set(asked):
                for attribute, known in said.items():
                    if any(w.startswith(word) for w in known):
                        worth = weights[attribute] * (2 if word in known else 1)
                        best[word] = max(best[word], worth)
            if best:
                scores[person] = (-len(best), -sum(best.values()))
        expected = sorted(scores, key=lambda person: (*scores[person], person))
        found = search(layers, DBT_PROJECT_DIR, "-".join(whole), 50)
        assert [row["profile_id"] for row in found.people] == expected[:50]
        assert found.left_out == left_out[-1]
    assert any(left_out)


@pytest.mark.parametrize("said", ["0049 {}", "+49 {}", "+49-{}", "+49 ({})"])
def test_a_number_is_one_word_however_it_is_grouped(
    layers: duckdb.DuckDBPyConnection, said: str
) -> None:
    [[person, phone]] = layers.execute(
        "select profile_id, phone from profile.profiles where phone like '+49%' limit 1"
    ).fetchall()
    grouped = f"{phone[3:6]} {phone[6:]}"
    found = search(layers, DBT_PROJECT_DIR, said.format(grouped), 20)
    assert person in [row["profile_id"] for row in found.people]


def test_what_is_no_question_is_refused(layers: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UserError, match="no word"):
        search(layers, DBT_PROJECT_DIR, "' --", 5)
    with pytest.raises(UserError, match=f"{MOST_WORDS + 1} words"):
        search(layers, DBT_PROJECT_DIR, " ".join(f"w{n}" for n in range(MOST_WORDS + 1)), 5)
    assert words_of(layers, DBT_PROJECT_DIR, "Ann ann O'Neil") == ["ann", "o", "neil"]
