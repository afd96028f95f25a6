"""What a bad record_match_rules seed is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.policy import check_policy
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

POLICY = Path("seeds") / "policy"
PRESET = PROJECT_ROOT / "examples" / "identity_presets" / "people_and_organisations"
GOOD = "a,10,link,email,shared,,x"


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["a,10,link,given_name,words,,x"], "a has no value that both records share"),
        ([GOOD, "a,10,link,birth_date,shared_date,,x"], "looks for pairs by email already"),
        ([GOOD, "a,20,link,given_name,words,,x"], "priority of a is '20' here and '10'"),
        ([GOOD, "a,10,never,given_name,words,,x"], "effect of a is 'never' here and 'link'"),
        ([GOOD, GOOD], "a asks the same of email as in line"),
        (["email,10,link,email,shared,,x"], "email is a namespace"),
        ([",10,link,email,shared,,x"], "rule is empty"),
        (["a,10,join,email,shared,,x"], "effect is 'join'"),
        (["a,soon,link,email,shared,,x"], "priority is 'soon'"),
        (["a,10,link,shoe_size,shared,,x"], "the field 'shoe_size' is not known"),
        (["a,10,link,email,alike,,x"], "comparison is 'alike'"),
        (["a,10,link,email,shared_date,,x"], "email can't be compared by shared_date"),
        (["a,10,link,email,words,,x"], "email can't be compared by words"),
        (["a,10,link,email,shared,1,x"], "the threshold of shared is '1'"),
        ([GOOD, "a,10,link,given_name,similar,,x"], "the threshold of similar is ''"),
        ([GOOD, "a,10,link,given_name,similar,90,x"], "the threshold of similar is '90'"),
        ([GOOD, "a,10,link,given_name,edits,0.5,x"], "the threshold of edits is '0.5'"),
        ([GOOD, "a,10,link,given_name,words,2,x"], "words has no threshold"),
        ([GOOD, "a,10,link,given_name,similar,high,x"], "threshold is 'high'"),
        (["a,,never,email,shared,,x"], "so shared finds nothing"),
        (["a,,not_alone,given_name,,,x"], "given_name is no namespace"),
        (["a,,not_alone,email,equal,,x"], "not_alone compares nothing"),
    ],
)
def test_rules_that_cannot_be_followed_are_named_with_their_line(
    tmp_path: Path, lines: list[str], complaint: str
) -> None:
    shutil.copytree(DBT_PROJECT_DIR / POLICY, tmp_path / POLICY)
    path = tmp_path / POLICY / "record_match_rules.csv"
    before = path.read_text()
    check_policy(tmp_path)
    path.write_text(before + "\n".join(lines) + "\n")
    with pytest.raises(UserError) as refused:
        check_policy(tmp_path)
    count = len(before.splitlines())
    named = [f"record_match_rules.csv, line {count + i}: " for i in range(1, len(lines) + 1)]
    assert any(name in str(refused.value) for name in named)
    assert complaint in str(refused.value)


def test_the_preset_can_be_followed(tmp_path: Path) -> None:
    shutil.copytree(DBT_PROJECT_DIR / POLICY, tmp_path / POLICY)
    for path in PRESET.glob("*.csv"):
        shutil.copy(path, tmp_path / POLICY / path.name)
    check_policy(tmp_path)
