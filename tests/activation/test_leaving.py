"""Over a real warehouse: who leaves has said yes, in the words of a second reading of consent."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from orchestration.activation import definitions
from orchestration.activation.definitions import read_sync
from orchestration.activation.running import run_sync
from orchestration.activation.sealing import seal
from orchestration.errors import UserError
from orchestration.settings import Settings

SYNC = """
title: Random
owner: team:marketing
destination: agency_files
segment: SEGMENT
mode: snapshot
purpose: commercial
channel: CHANNEL
columns:
  CONTACT: {from: profile.profiles.CONTACT, as: plain.CONTACT}
  net_amount: value.customer_attributes.net_amount
"""
SEGMENTS = ("newsletter_only", "new_this_month", "multi_channel", "top_three_deciles", "win_back")


def written(settings: Settings, text: str) -> None:
    """The sync `random` as a file."""
    (settings.dbt_project_dir / definitions.FOLDER / "syncs" / "random.yml").write_text(text)


def test_who_leaves_has_said_yes_whatever_was_said(installed: Settings, tmp_path: Path) -> None:
    chance = random.Random(25)
    left = 0
    for place in range(14):
        segment, channel, contact = (
            chance.choice(SEGMENTS), *chance.choice([("email", "email"), ("sms", "phone")])
        )  # fmt: skip
        if place:
            said_anew(installed, chance)
        written(
            installed,
            SYNC.replace("SEGMENT", segment)
            .replace("CHANNEL", channel)
            .replace("CONTACT", contact),
        )
        sync, _ = read_sync(installed, "random")
        path = tmp_path / "sealed.parquet"
        seal(installed, sync, path)
        with duckdb.connect(str(installed.warehouse_path), read_only=True) as con:
            rows = con.execute(
                f"select profile_id, blocked is null, {contact} from '{path}'"
            ).fetchall()
            members = con.execute(
                "select profile_id, "
                f"{contact} from segments.segment_membership left join profile.profiles "
                "using (profile_id) where segment_name = ?", [segment],
            ).fetchall()  # fmt: skip
            words = con.execute(
                "select contact_value, purpose, topic, is_allowed from profile.effective_consent "
                "where valid_to is null and channel = ? and contact_namespace = ?",
                [channel, contact],
            ).fetchall()
        path.unlink()
        allowed = {p for p, address in members if may(address, words)}
        assert {p for p, _, _ in rows} == {p for p, _ in members}
        assert {p for p, leaves, _ in rows if leaves} == allowed
        left += len(allowed)
    assert left > 50


def may(address: str | None, words: list[tuple[str, str, str, bool]]) -> bool:
    """Whether an address may be written to for the purpose commercial: a yes to it, and no no."""
    about = [
        w for w in words if w[0] == address and w[1] in ("commercial", "any") and w[2] == "any"
    ]
    return (
        address is not None
        and all(word[3] for word in about)
        and any(word[1] == "commercial" for word in about)
    )


def said_anew(settings: Settings, chance: random.Random) -> None:
    """Some words of consent become others."""
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute(
            "update profile.effective_consent set is_allowed = not is_allowed "
            "where hash(contact_value, ?) % 5 = 0",
            [chance.randrange(10**6)],
        )
        con.execute(
            "delete from profile.effective_consent where hash(contact_value, ?) % 50 = 0",
            [chance.randrange(10**6)],
        )


def test_the_shipped_sync_writes_whom_it_may_and_says_of_the_rest_why(installed: Settings) -> None:
    ended = run_sync(installed, "win_back_letters")

    counts = {operation: count for operation, count in ended.plan.counts.items() if count}
    assert set(counts) <= {"insert", "blocked", "invalid"}
    assert sum(counts.values()) == ended.plan.rows
    assert ended.accepted == counts.get("insert", 0)
    again = run_sync(installed, "win_back_letters")
    assert (again.calls, again.plan.counts["unchanged"]) == (0, ended.accepted)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("mode: snapshot", "mode: snapshott"), r"line 6: mode: Input should be"),
        (("segment: SEGMENT", "segment: win_bakc"), r"win_back"),
        (("destination: agency_files", "destination: agency"), r"line 4.*Nearest: agency_files"),
        (("purpose: commercial", "purpose: comercial"), r"comercial is none of"),
        (("channel: CHANNEL", "channel: pigeon"), r"pigeon is none of"),
        (("purpose: commercial\n", ""), r"'purpose' is missing"),
        (("as: plain.CONTACT", "as: plian.CONTACT"), r"Nearest: plain.email"),
        (("profile.profiles.CONTACT", "profile.profiles.emial"), r"no column emial.*email"),
        (("value.customer_attributes.net_amount", "profile.activities.channel"), r"several rows"),
        (("mode: snapshot", "mode: snapshot\ntoken: x"), r"line 7.*'token' is no word"),
        (("mode: snapshot", "mode: snapshot\nkey: nobody"), r"none of the columns"),
        (("  net_amount:", "  blocked:"), r"called 'blocked'"),
        (
            ("  net_amount: value.customer_attributes.net_amount\n",
             "  country: profile.profiles.country_code\nkey: country\n"),
            r"country stands for several people, such as profiles p",
        ),
        (("  net_amount:", "  email_reason:"), r"called 'email_reason'"),
    ],
)  # fmt: skip
def test_a_wrong_sync_is_told_with_place_and_remedy(
    installed: Settings, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    text = SYNC.replace(*change).replace("SEGMENT", "win_back")
    written(installed, text.replace("CHANNEL", "email").replace("CONTACT", "email"))
    with pytest.raises(UserError, match=said):
        sync, _ = read_sync(installed, "random")
        seal(installed, sync, tmp_path / "sealed.parquet")


def test_s12_double_and_missing_keys_are_named_and_nothing_leaves(installed: Settings) -> None:
    """The last test of the file: it leaves the copied warehouse with other names."""
    text = SYNC.replace("SEGMENT", "newsletter_only").replace("CHANNEL", "email")
    text = text.replace("CONTACT", "email").replace("mode: snapshot", "mode: snapshot\nkey: name")
    written(installed, text + "  name: profile.profiles.family_name\n")
    with duckdb.connect(str(installed.warehouse_path)) as con:
        con.execute("update profile.profiles set family_name = profile_id")
        allowed = (
            "select profile_id from segments.segment_membership inner join profile.profiles "
            "using (profile_id) inner join profile.effective_consent on contact_value = email "
            "where segment_name = 'newsletter_only' and valid_to is null and channel = 'email' "
            "and purpose = 'commercial' and topic = 'any' group by all having bool_and(is_allowed) "
            "order by profile_id limit"
        )
        for name, some in (("'Zwei'", f"{allowed} 2"), ("null", f"{allowed} 3 offset 2")):
            con.execute(
                f"update profile.profiles set family_name = {name} where profile_id in ({some})"
            )
    outbox = installed.data_dir / "outbox"
    before = sorted(outbox.rglob("*"))

    with pytest.raises(UserError, match=r"name stands for several people.*[1-9] members have none"):
        run_sync(installed, "random")

    assert sorted(outbox.rglob("*")) == before
