"""The company of the exports, of two cases and of the declared columns, after one run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.conftest import Company, require_shared, settings_in
from tests.own_data import project_copy
from tests.parsed import parsed
from tests.sources import declared
from tests.sources.added import add

PLACES = {
    "shopify": "shopify",
    "hubspot": "hubspot/*.csv",
    "stripe": "stripe/charges.ndjson",
    "mailchimp": "mailchimp/*.zip",
}
RATE = Decimal("1.15")
# The same names are in both cases; here they are other people, so that each is counted alone.
OTHERS = {
    "Ada,Brandt,ada.brandt": "Nora,Quist,nora.quist",
    "Ben,Olsen,ben.olsen": "Omar,Reza,omar.reza",
    "Cleo,Fabre,cleo.fabre": "Pia,Stolz,pia.stolz",
}


def company_of_exports(root: Path) -> Company:
    """Add each by one command, in a project of their own, and run.

    Parameters:
        root: an empty folder.
    """
    exports = require_shared("exports")
    project = project_copy(root / "dbt_project")
    for name, pattern in PLACES.items():
        [place] = exports.glob(pattern)
        add(root, name, place)
    cases = require_shared("cases")
    add(root, "bureau", cases / "11_credit_note_counts_as_order" / "input" / "bureau")
    (root / "cart").mkdir()
    for path in (cases / "05_guest_customer_zero" / "input" / "cart").iterdir():
        text = path.read_text()
        for person, other in OTHERS.items():
            text = text.replace(person, other)
        (root / "cart" / path.name).write_text(text)
    add(root, "cart", root / "cart")
    policy = project / "seeds" / "policy"
    (policy / "exchange_rates.csv").write_text(
        "from_currency,to_currency,valid_from,rate,comment\n"
        f"GBP,EUR,2000-01-01,{RATE},\n"
    )  # fmt: skip
    settings = policy / "value_settings.csv"
    in_euros = settings.read_text().replace("reporting_currency,,", "reporting_currency,EUR,")
    settings.write_text(in_euros)
    company = Company(parsed(settings_in(root / "data", project)))
    declared.add_declared(company, root)
    ran = company.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return company
