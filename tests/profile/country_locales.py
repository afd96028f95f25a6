"""The seed country_locales, made from CLDR (library `babel`) and the time zone database (`tzdata`).

`python -m tests.profile.country_locales` writes it again after an update of a library.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

from babel.languages import get_official_languages, get_territory_language_info

from orchestration.settings import DBT_PROJECT_DIR

SEED = DBT_PROJECT_DIR / "seeds" / "policy" / "country_locales.csv"
LEAST_PERCENT = 200 / 3
# A whole year, in steps that meet each day's offset.
INSTANTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=12 * step) for step in range(730)]


def zones_by_country() -> dict[str, list[str]]:
    """The zones of each country, the one of most people first, as the database lists them."""
    zones = defaultdict(list)
    for line in resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text().splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones[country].append(zone)
    return dict(zones)


def only_zone(zones: list[str]) -> str:
    """The first of the zones when all show one time all year, else nothing."""
    shown = set()
    for zone in zones:
        with resources.files("tzdata.zoneinfo").joinpath(zone).open("rb") as file:
            clock = ZoneInfo.from_file(file)
        shown.add(tuple(instant.astimezone(clock).utcoffset() for instant in INSTANTS))
    return zones[0] if len(shown) == 1 else ""


def only_language(country: str) -> str:
    """The only official language that at least two thirds use, else nothing."""
    official = get_official_languages(country, regional=False, de_facto=True)
    if len(official) != 1:
        return ""
    used = get_territory_language_info(country)[official[0]]["population_percent"]
    return official[0].split("_")[0] if float(used or 0) >= LEAST_PERCENT else ""


def text() -> str:
    """The seed, as it should stand."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("country_code", "language", "time_zone"))
    for country, zones in sorted(zones_by_country().items()):
        language, zone = only_language(country), only_zone(zones)
        if language or zone:
            writer.writerow((country, language, zone))
    return out.getvalue()


if __name__ == "__main__":
    SEED.write_text(text())
