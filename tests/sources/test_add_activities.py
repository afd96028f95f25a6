"""Tables of support contacts, direct mail, attendance and forms, known by their columns."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.sources.remove import remove_source
from tests.sources.added import Added, add

TICKETS = """ticket_id,customer_id,email,opened_at,closed_at,channel,topic,status,csat
T1,C1,ann@x.org,2026-03-01 10:00:00,2026-03-02 09:00:00,Phone,Delivery,Solved,5
T2,,Bob@x.org,2026-03-03 10:00:00,,Chat,Refund,Open,
T3,C1,ann@x.org,2026-03-04 10:00:00,2026-03-05 09:00:00,E-Mail,Delivery,Solved,good
T4,C3,,2026-03-05 10:00:00,,Phone,Other,Open,
"""
ATTENDEES = """event_id,event_name,attendee_email,attendee_name,status,registered_at,checked_in_at
F26,Spring fair,ann@x.org,Ann Lee,Checked in,2026-03-01 10:00:00,2026-03-20 09:00:00
F26,Spring fair,bob@x.org,Bob Fox,Registered,2026-03-02 10:00:00,
F26,Spring fair,cy@x.org,Cy Day,Cancelled,2026-03-03 10:00:00,
F26,Spring fair,di@x.org,Di Eve,Checked in,2026-03-04 10:00:00,
"""
FORMS = """form_id,form_name,action,email,time,newsletter_opt_in,answers
f1,Quote,visited,ann@x.org,2026-03-01 10:00:00,,
f1,Quote,submitted,ann@x.org,2026-03-01 10:02:00,yes,"{""size"": ""M""}"
f1,Quote,submitted,bob@x.org,2026-03-02 10:00:00,no,{}
f1,Quote,visited,cy@x.org,2026-03-03 10:00:00,,
"""
MAILINGS = """mailing_id,campaign,customer_id,sent_at,status
M1,Spring,C1,2026-03-01,delivered
M2,Spring,C2,2026-03-01,returned
M3,Spring,C3,2026-03-01,
M4,Summer,C1,2026-04-01,delivered
"""


def added(folder: Path, name: str, text: str, **options: object) -> Added:
    path = folder / name.split("_")[0] / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return add(folder, "more", path, **options)


def test_support_contacts_belong_to_the_customer_or_else_to_the_address(tmp_path: Path):
    found = added(tmp_path, "tickets", TICKETS)
    assert {*found.feeds().values()} == {"support_contacts", "customer_records"}
    columns = "support_contact_id, source_record_id, channel, topic, status, satisfaction"
    assert found.rows("tickets_support_contacts", columns) == [
        ("T1", "C1", "phone", "Delivery", "solved", "5"),
        ("T2", "bob@x.org", "chat", "Refund", "open", None),
        ("T3", "C1", "email", "Delivery", "solved", "good"),
        ("T4", "C3", "phone", "Other", "open", None),
    ]
    closed = found.rows("tickets_support_contacts", "closed_at", "closed_at is not null")
    assert [at.day for (at,) in closed] == [2, 5]
    people = found.rows("tickets_customer_records", "source_record_id, email")
    assert people == [("C1", "ann@x.org"), ("C3", None), ("bob@x.org", "Bob@x.org")]


def test_a_row_of_attendance_is_a_registration_and_what_became_of_it(tmp_path: Path):
    found = added(tmp_path, "attendees", ATTENDEES)
    rows = [
        row for model, entity in found.feeds().items() if entity == "interactions"
        for row in found.rows(
            model, "interaction_type, source_record_id, occurred_at, object_id, object_name"
        )
    ]  # fmt: skip
    event = ("F26", "Spring fair")
    registered = [
        ("registration_created", f"{who}@x.org", datetime(2026, 3, day, 10), *event)
        for day, who in enumerate(("ann", "bob", "cy", "di"), start=1)
    ]
    assert sorted(rows) == [
        ("checked_in", "ann@x.org", datetime(2026, 3, 20, 9), *event),
        # Nothing says when, but that.
        ("checked_in", "di@x.org", datetime(2026, 3, 4, 10), *event),
        ("registration_cancelled", "cy@x.org", datetime(2026, 3, 3, 10), *event),
        *registered,
    ]
    names = found.rows("attendees_customer_records", "given_name, family_name")
    assert ("Ann", "Lee") in names


def test_a_registration_that_says_more_later_is_one(tmp_path: Path):
    """The check-in without a time of its own yields to the one that has it."""
    first = "\n".join(ATTENDEES.splitlines()[:1] + ATTENDEES.splitlines()[4:])
    folder = tmp_path / "fair"
    folder.mkdir()
    (folder / "attendees_1.csv").write_text(first)
    (folder / "attendees_2.csv").write_text(first.rstrip() + "2026-03-20 09:30:00\n")
    found = add(tmp_path, "fair", folder)
    times = found.rows("attendees_checked_in", "interaction_id, occurred_at")
    assert times == [("di@x.org:F26:Spring fair:checked_in", datetime(2026, 3, 20, 9, 30))]
    assert found.rows("attendees_outcomes", "interaction_id") == []


def test_forms_feed_consents_where_somebody_has_said_something(tmp_path: Path):
    found = added(tmp_path, "forms", FORMS)
    kinds = found.rows("forms_interactions", "interaction_type, source_record_id, fields")
    assert kinds == [
        ("form_submitted", "ann@x.org", '{"size": "M"}'),
        ("form_submitted", "bob@x.org", "{}"),
        ("form_visited", "ann@x.org", None),
        ("form_visited", "cy@x.org", None),
    ]
    said = found.rows("forms_consents", "source_record_id, status, captured_by")
    assert said == [("ann@x.org", "granted", "form"), ("bob@x.org", "denied", "form")]
    assert found.reasons("forms_consents") == {None: 2, "says_nothing": 2}


def test_direct_mail_is_messages_and_what_came_back_has_bounced(tmp_path: Path):
    found = added(tmp_path, "mailings", MAILINGS, set_aside=0.3)
    assert {*found.feeds().values()} == {"message_events"}
    columns = "message_id, campaign_id, event_type, channel"
    assert found.rows("mailings_sent", columns) == [
        (f"M{n}", "Summer" if n == 4 else "Spring", "sent", "direct_mail") for n in (1, 2, 3, 4)
    ]
    assert found.rows("mailings_outcomes", "message_id, event_type, channel") == [
        ("M1", "delivered", "direct_mail"),
        ("M2", "bounced", "direct_mail"),
        ("M4", "delivered", "direct_mail"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "entities"),
    [
        (
            "tickets",
            "ticket_id,customer_id,date,total\nB1,C1,2026-03-01,9.50\nB2,C1,2026-03-02,8.25\n",
            {"orders", "order_lines", "customer_records"},
        ),
        (
            "leads",
            "id,email,first_name,form_name,registered_at\n1,ann@x.org,Ann,Quote,2026-03-01\n"
            "2,bob@x.org,Bob,Quote,2026-03-02\n",
            {"customer_records"},
        ),
        (
            "clicks",
            "event_id,event_name,visitor_id,email,timestamp,url\n"
            "e1,submitted,v1,ann@x.org,2026-03-01 10:00:00,/a\n"
            "e2,submitted,v1,,2026-03-02 10:00:00,/b\n",
            {"events"},
        ),
    ],
)
def test_what_only_shares_words_with_them_is_as_it_was(
    tmp_path: Path, name: str, text: str, entities: set[str]
):
    assert {*added(tmp_path, name, text).feeds().values()} == entities


def test_what_nobody_can_know_of_attendance_is_asked(tmp_path: Path):
    """Neither a code that says nothing known, nor who it was."""
    text = ATTENDEES.replace("Cancelled", "Waiting list")
    with pytest.raises(UserError, match=r"invalid_code by interactions.*status=VALUE:CODE"):
        added(tmp_path, "attendees", text)
    with pytest.raises(UserError, match="missing_reference by support_contacts"):
        added(tmp_path, "tickets", TICKETS.replace("Bob@x.org", "").replace("C3", ""))


def test_the_only_source_of_support_contacts_can_be_removed(tmp_path: Path):
    found = added(tmp_path, "tickets", TICKETS)
    project = found.settings.dbt_project_dir / "dbt_project.yml"
    assert "support_contacts:" in project.read_text()
    remove_source(found.settings, "more")
    assert "support_contacts:" not in project.read_text()
