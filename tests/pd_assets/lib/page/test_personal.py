"""Personal marks leave free text, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.page.personal import PERSONAL, without_personal
from pd_assets.lib.rights.evidence import from_page
from tests.pd_assets.lib.rights.cases import box, own, said

STRIPPED = {
    "Jan Roy (jan.roy@example.org)": "Jan Roy",
    "Jan Roy, mailto:jan@example.org": "Jan Roy",
    "Jan Roy [at] no": "Jan Roy [at] no",
    "Jan Roy, VRT ticket #2012031410001234": "Jan Roy",
    "OTRS 2012031410001234": None,
    "Jan Roy, tel. +49 30 1234567": "Jan Roy",
    "+1 (202) 555-0143": None,
    "Jan Roy 48.20849, 16.37208": "Jan Roy",
    "Vienna, 48° 12′ 30″ N, 16° 22′ 23″ E": "Vienna",
    "https://example.org/people/jan Jan Roy": "Jan Roy",
    "User:Paintbox": None,
    "Jan Roy / @paintbox": "Jan Roy",
}
KEPT = [
    "Claude Monet (1840–1926)",
    "1888-05-03",
    "between 1840 and 1850",
    "48 x 72 cm",
    "Museum no. 1234-1900",
    "circa 1650",
    "3 May 1888 (photographed 2013-05-04)",
    "Roy & Sons, 1799–1805",
    "Katsushika Hokusai 葛飾北斎 (1760-1849)",
]


@pytest.mark.parametrize("text", STRIPPED)
def test_personal_marks_are_taken_out_of_a_text(text: str) -> None:
    assert without_personal(text) == STRIPPED[text]


@pytest.mark.parametrize("text", KEPT)
def test_names_dates_and_sizes_stay(text: str) -> None:
    assert without_personal(text) == text


@given(st.text(max_size=80), st.emails(domains=st.just("example.org")))
def test_no_address_survives_in_any_text(text: str, address: str) -> None:
    plain = address if address.replace("@", "").replace(".", "").isalnum() and address.isascii() else "jan@example.org"
    left = without_personal(f"{text} {plain} {text}")
    assert left is None or (plain not in left and PERSONAL.search(left) is None)


def test_the_author_of_an_own_work_is_no_artist() -> None:
    for author in (
        "[[User:Paintbox|Jan Roy]]",
        "{{User:Paintbox}}",
        "[[:de:Benutzer:Paintbox|Jan]]",
        "Jan Roy",
        "Own work",
    ):
        assert from_page({"status": "live", "wikitext": own("{{self|cc-zero}}", author=author)}).artist is None


def test_an_artist_is_known_by_name_alone() -> None:
    text = box(
        "{{PD-Art|PD-old-100-expired}}", artist="Anna Vester (anna@example.org, tel. +49 30 1234567)", date="1860"
    )
    evidence = from_page({"status": "live", "wikitext": text})
    assert (evidence.artist, evidence.date_text) == ("Anna Vester", "1860")


def test_users_and_addresses_in_structured_data_stay_out_of_the_evidence() -> None:
    info = said("P170", None, P4174="Paintbox", P2093="Paintbox", P2699="https://example.org/people/paintbox")
    located = said("P1259", "48.20849, 16.37208")
    for text in (info, located):
        kept = from_page({"status": "live", "wikitext": "", "mediainfo": text}).to_json()
        assert "Paintbox" not in kept
        assert "example.org" not in kept
        assert "48.2" not in kept
