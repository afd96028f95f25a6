"""Who has said no, in many languages: read as a no, or asked about, never silently nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from orchestration.errors import UserError
from tests.sources.added import add


def contacts(path: Path, header: str, values: list[str]) -> Path:
    """A file of contacts with one more column."""
    rows = [f"C{i},Ann,Lee,a{i}@x.org,2026-01-0{i + 1},{value}" for i, value in enumerate(values)]
    path.write_text(
        "\n".join([f"customer_id,first_name,last_name,email,updated_at,{header}", *rows])
    )
    return path


@pytest.mark.parametrize(
    ("header", "no"),
    [
        ("Abgemeldet", "ja"), ("Werbung widersprochen", "Ja"), ("Désinscrit", "oui"),
        ("Désabonné newsletter", "Oui"), ("Dado de baja", "sí"), ("Suscripción cancelada", "si"),
        ("Disiscritto", "sì"), ("Iscrizione annullata", "si"), ("Uitgeschreven", "ja"),
        ("Afgemeld voor nieuwsbrief", "Ja"), ("Descadastrado", "sim"),
        ("Inscrição cancelada", "Sim"),
        ("Avregistrerad", "true"), ("Frameldt", "1"), ("Wypisany z newslettera", "true"),
        ("Sin suscripción", "sí"), ("Nessun consenso marketing", "sì"),
        ("Acepta publicidad", "no"), ("Consenso marketing", "no"), ("Aceita marketing", "não"),
        ("Newsletter", "abgemeldet"), ("Newsletter", "désinscrit"), ("Boletín", "dado de baja"),
    ],
)  # fmt: skip
def test_a_no_is_a_no_in_every_language(tmp_path: Path, header: str, no: str):
    added = add(tmp_path, "crm", contacts(tmp_path / "people.csv", header, [no, "", no, ""]))
    assert added.rows("people_consents", "source_record_id, status, recorded_at") == [
        ("C0", "denied", datetime(2026, 1, 1)), ("C2", "denied", datetime(2026, 1, 3)),
    ]  # fmt: skip


@pytest.mark.parametrize("header", ["Unsubscribed at", "Abgemeldet am", "Désinscrit le", "Baja"])
def test_the_day_of_a_no_is_a_no_since_then(tmp_path: Path, header: str):
    path = contacts(tmp_path / "people.csv", header, ["2026-02-05", "", "2026-02-25 10:30", ""])
    added = add(tmp_path, "crm", path)
    assert added.rows("people_consents", "source_record_id, status, recorded_at") == [
        ("C0", "denied", datetime(2026, 2, 5)), ("C2", "denied", datetime(2026, 2, 25, 10, 30)),
    ]  # fmt: skip
    assert added.reasons("people_consents") == {None: 2, "says_nothing": 2}


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Status", ["subscribed", "unsubscribed", "subscribed", "subscribed"]),
        ("Zustand im Verteiler", ["aktiv", "abgemeldet", "aktiv", "aktiv"]),
        ("Liste", ["A", "A", "dado de baja", "A"]),
        ("Unsubscribed", ["A7", "B2", "A7", ""]),
    ],
)
def test_what_may_say_no_is_asked_about(tmp_path: Path, header: str, values: list[str]):
    path = contacts(tmp_path / "people.csv", header, values)
    with pytest.raises(UserError, match=f"column {header}: .*(mailed|status)"):
        add(tmp_path, "crm", path)
    assert add(tmp_path, "crm", path, renames={header: "ignore"}).models
