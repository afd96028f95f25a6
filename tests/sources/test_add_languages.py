"""Shops that write German, Dutch, French and English: found, mapped and read as they are."""

# ruff: noqa: E501 (lines of a file stand in one line)

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.sources.names import meanings
from tests.sources.added import add

# Each shop tells the same story in its own words: two customers; one order of two lines, one
# cancelled order of one line, one return.
SHOPS = {
    "german": {
        "encoding": "cp1252",
        "delimiter": ";",
        "Kunden_2026-01-05.csv": [
            "Kunden-Nr.;Vorname;Nachname;E-Mail-Adresse;Telefonnummer;Straße;Hausnr.;PLZ;Ort;Land;Geburtsdatum;angelegt am",
            "4711;Jürgen;Müller;juergen@example.de;0170 1234567;Große Straße;12a;01067;Köln;Deutschland;31.12.1980;05.01.2026 14:30",
            "4712;Änne;Groß;aenne@example.de;+49 221 55555;Am Ring;3;50667;Köln;Österreich;01.02.1975;06.01.2026 09:15",
        ],
        "Bestellpositionen.csv": [
            "Bestell-Nr.;Pos.;Kundennummer;Bestelldatum;Artikelnummer;Artikelbezeichnung;Warengruppe;Menge;Einzelpreis;Positionsbetrag;Währung;Bestellstatus",
            "B-1;1;4711;07.01.2026;A1;Käse;Essen;2;1.234,50;2.469,00 €;EUR;Versendet",
            "B-1;2;4711;07.01.2026;A2;Öl;Essen;1;3,99;3,99 €;EUR;Versendet",
            "B-2;1;4712;08.01.2026;A1;Käse;Essen;1;1.234,50;1.234,50 €;EUR;Storniert",
            "B-3;1;4712;13.01.2026;A2;Öl;Essen;-1;3,99;-3,99 €;EUR;Versendet",
        ],
    },
    "dutch": {
        "encoding": "utf-8",
        "delimiter": ";",
        "klanten.csv": [
            "Klantnummer;Voornaam;Achternaam;E-mailadres;Telefoonnummer;Straatnaam;Huisnummer;Postcode;Woonplaats;Land;Geboortedatum;Aangemaakt op",
            "4711;Joost;van Dijk;joost@example.nl;06-12345678;Dorpsstraat;12a;1011 AB;Utrecht;Nederland;31-12-1980;05-01-2026 14:30",
            "4712;Zoë;Smit;zoe@example.nl;06-87654321;Kerkplein;3;3511 LX;Utrecht;België;01-02-1975;06-01-2026 09:15",
        ],
        "bestelregels.csv": [
            "Bestelnummer;Regelnummer;Klantnr;Besteldatum;Artikelcode;Omschrijving artikel;Productgroep;Aantal;Stukprijs;Regelbedrag;Valuta;Orderstatus",
            "B-1;1;4711;07-01-2026;A1;Kaas;Eten;2;1.234,50;2.469,00;EUR;Verzonden",
            "B-1;2;4711;07-01-2026;A2;Olie;Eten;1;3,99;3,99;EUR;Verzonden",
            "B-2;1;4712;08-01-2026;A1;Kaas;Eten;1;1.234,50;1.234,50;EUR;Geannuleerd",
            "B-3;1;4712;13-01-2026;A2;Olie;Eten;-1;3,99;-3,99;EUR;Verzonden",
        ],
    },
    "french": {
        "encoding": "cp1252",
        "delimiter": "\t",
        "clients.txt": [
            "N° client\tPrénom\tNom\tCourriel\tTéléphone\tN° de rue\tRue\tCode postal\tVille\tPays\tDate de naissance\tCréé le",
            "4711\tÉlodie\tLefèvre\telodie@example.fr\t06 12 34 56 78\t12a\tRue de l'Église\t01067\tNîmes\tFrance\t31/12/1980\t05/01/2026 14:30",
            "4712\tChloé\tDupré\tchloe@example.fr\t+33 6 87 65 43 21\t3\tPlace Verte\t75001\tNîmes\tBelgique\t01/02/1975\t06/01/2026 09:15",
        ],
        "lignes_commande.txt": [
            "N° commande\tN° ligne\tN° client\tDate de commande\tRéférence produit\tDésignation article\tRayon\tQuantité\tPrix unitaire\tMontant ligne\tDevise\tStatut de la commande",
            "B-1\t1\t4711\t07/01/2026\tA1\tFromage\tÉpicerie\t2\t1 234,50\t2 469,00\tEUR\tExpédiée",
            "B-1\t2\t4711\t07/01/2026\tA2\tHuile\tÉpicerie\t1\t3,99\t3,99\tEUR\tExpédiée",
            "B-2\t1\t4712\t08/01/2026\tA1\tFromage\tÉpicerie\t1\t1 234,50\t1 234,50\tEUR\tAnnulée",
            "B-3\t1\t4712\t13/01/2026\tA2\tHuile\tÉpicerie\t-1\t3,99\t-3,99\tEUR\tExpédiée",
        ],
    },
    "english": {
        "encoding": "utf-8-sig",
        "delimiter": ",",
        "Customers.csv": [
            "CustomerID,FirstName,LastName,EmailAddress,MobilePhone,StreetNumber,StreetName,ZipCode,City,Country,DateOfBirth,CreatedAt",
            "4711,Zoe,O'Neil,zoe@example.com,(202) 555-0143,12a,\"Main St, North\",01067,Boston,United States,12/31/1980,01/05/2026 02:30 PM",
            "4712,Rob,Hall,rob@example.com,202-555-0199,3,Elm St,02108,Boston,UK,02/01/1975,01/06/2026 09:15 AM",
        ],
        "order_items.csv": [
            "OrderNo,LineNo,CustomerID,OrderDate,SKU,ProductName,Category,Qty,UnitPrice,LineTotal,Currency,Status",
            "B-1,1,4711,01/07/2026,A1,Cheese,Food,2,\"$1,234.50\",\"$2,469.00\",EUR,Shipped",
            "B-1,2,4711,01/07/2026,A2,Oil,Food,1,$3.99,$3.99,EUR,Shipped",
            "B-2,1,4712,01/08/2026,A1,Cheese,Food,1,\"$1,234.50\",\"$1,234.50\",EUR,Cancelled",
            "B-3,1,4712,01/13/2026,A2,Oil,Food,-1,$3.99,-$3.99,EUR,Shipped",
        ],
    },
}  # fmt: skip
COUNTRIES = {
    "german": ("DE", "AT"),
    "dutch": ("NL", "BE"),
    "french": ("FR", "BE"),
    "english": ("US", "GB"),
}


def export_shop(language: str, folder: Path) -> None:
    """Write the files of a shop."""
    folder.mkdir()
    shop = SHOPS[language]
    for name, lines in shop.items():
        if isinstance(lines, list):
            text = "\r\n".join(lines) + "\r\n"
            (folder / name).write_bytes(text.encode(str(shop["encoding"])))


@pytest.mark.parametrize("language", SHOPS)
def test_a_shop_in_any_of_four_languages_is_understood(language: str, tmp_path: Path):
    export_shop(language, tmp_path / "export")
    added = add(tmp_path, f"{language}_shop", tmp_path / "export")
    feeds = added.feeds()
    assert sorted(feeds.values()) == ["customer_records", "order_lines", "orders", "products"]
    model = {entity: name for name, entity in feeds.items()}

    customers = added.rows(
        model["customer_records"],
        "source_record_id, email, street, postal_code, country_code, cast(birth_date as varchar), created_at",
    )
    first, second = COUNTRIES[language]
    number_first = language in ("french", "english")
    assert [row[0] for row in customers] == ["4711", "4712"]
    assert customers[0][1].endswith(("example.de", "example.nl", "example.fr", "example.com"))
    assert customers[0][2].startswith("12a ") if number_first else customers[0][2].endswith(" 12a")
    assert customers[0][3] in ("01067", "1011 AB")
    assert [row[4] for row in customers] == [first, second]
    assert [row[5] for row in customers] == ["1980-12-31", "1975-02-01"]
    assert [row[6] for row in customers] == [
        datetime(2026, 1, 5, 14, 30),
        datetime(2026, 1, 6, 9, 15),
    ]

    orders = added.rows(
        model["orders"],
        "order_id, source_record_id, cast(ordered_at as date)::varchar, status, gross_amount",
    )
    assert orders == [
        ("B-1", "4711", "2026-01-07", "completed", Decimal("2472.99")),
        ("B-2", "4712", "2026-01-08", "cancelled", Decimal("1234.50")),
        ("B-3", "4712", "2026-01-13", "completed", Decimal("0.00")),
    ]
    assert added.reasons(model["orders"]) == {None: 3, "folded_row": 1}
    lines = added.rows(
        model["order_lines"], "order_id, line_number, product_id, quantity, line_amount, is_return"
    )
    assert lines == [
        ("B-1", 1, "A1", 2, Decimal("2469.00"), False),
        ("B-1", 2, "A2", 1, Decimal("3.99"), False),
        ("B-2", 1, "A1", 1, Decimal("1234.50"), False),
        ("B-3", 1, "A2", -1, Decimal("-3.99"), True),
    ]
    products = added.rows(
        model["products"], "product_id, product_name is not null, category is not null"
    )
    assert products == [("A1", True, True), ("A2", True, True)]


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("EMAIL_ADDRESS", "email"), ("eMailAdresse", "email"), ("Adresse e-mail", "email"),
        ("KundenNr", "customer_id"), ("numéro_client", "customer_id"), ("klant-id", "customer_id"),
        ("customer.id", "customer_id"), ("billing_email", "email"), ("Rechnungsplz", None),
        ("Rechnungs-PLZ", "postal_code"), ("shippingPostalCode", "postal_code"), ("CP", "postal_code"),
        ("GebDatum", "birth_date"), ("dob", "birth_date"), ("né le", "birth_date"),
        ("Straße", "street"), ("STRASSE", "street"), ("Bestell-Nr.", "order_id"),
        ("InvoiceNo", "order_id"), ("StockCode", "product_id"), ("Kundentelefonnummer", "phone"),
        ("unit_number", "address_line_2"), ("national_id_number", "national_id"),
        ("secondary_status", None), ("soc_sec_id", "national_id"), ("middle_initial", "middle_name"),
        ("Bundesland", "state"), ("Geschlecht", "gender"), ("complément d'adresse", "address_line_2"),
        ("BSN", "national_id"), ("zweiter Vorname", "middle_name"), ("ADDR_STATE", "state"),
        ("order state", "status"), ("drivers_license_number", "drivers_license"), ("sexe", "gender"),
        ("PRIMARY_NAME_ORG", "organisation_name"), ("Reisepassnummer", "passport"),
        ("identity card number", "document_id"), ("postcode_billing", "postal_code"),
        ("PLZ Lieferung", "postal_code"), ("phone_seconds", None), ("cp_2", None),
    ],
)  # fmt: skip
def test_names_are_recognised_however_they_are_written(name: str, means: str | None):
    found = meanings(name)
    assert (found[0].means if found else None) == means


@pytest.mark.parametrize(
    "header",
    [
        "Datensatz-ID,Vorname,Nachname,E-Mail,Land/Region,Von allen E-Mails abgemeldet,Erstellt (GMT+1)",
        "ID,Prénom,Nom,E-mail,Pays/région,Désabonné de tous les e-mails,Date de création (GMT+1)",
        "Record-ID,Voornaam,Achternaam,E-mail,Land/regio,Afgemeld voor alle e-mails,Aanmaakdatum (GMT+1)",
        "Record,First name,Last name,E-mail,Country/Region,Unsubscribed from the newsletter,Made (GMT+1)",
    ],
)
def test_contacts_of_a_product_that_speaks_the_users_language(tmp_path: Path, header: str):
    """HubSpot translates its headers: who has said no is never read as one who has not."""
    path = tmp_path / "kontakte.csv"
    rows = ["101,Ann,Lee,ann@x.org,DE,true,2026-01-05 10:00"]
    rows += [f"{n},Bob,Fox,b{n}@x.org,France,,2026-01-06 10:00" for n in range(102, 110)]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    said = header.split(",")[5]
    with pytest.raises(UserError, match=f"{said}: it says who may be mailed"):
        add(tmp_path, "crm", path)
    added = add(tmp_path, "crm", path, renames={header.split(",")[6]: "recorded_at"})
    [people] = [m for m, e in added.feeds().items() if e == "customer_records"]
    countries = added.rows(people, "country_code, count(*)", "true group by 1")
    assert countries == [("DE", 1), ("FR", 8)]
    [consents] = [m for m, e in added.feeds().items() if e == "consents"]
    assert added.rows(consents, "source_record_id, status") == [("101", "denied")]


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("Unsubscribed from the newsletter", "opt_out"),
        ("Abgemeldet vom Newsletter", "opt_out"),
        ("kein Werbe-Newsletter", "opt_out"),
        ("not subscribed", "opt_out"),
        ("pas de newsletter", "opt_out"),
        ("newsletter", "consent_status"),
        ("marketing_opt_in", "consent_status"),
        ("subscribed", "consent_status"),
    ],
)
def test_a_name_that_denies_is_no_consent(name: str, means: str):
    assert [match.means for match in meanings(name)] == [means]
