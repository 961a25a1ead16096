"""Makers with what others know of them: whose life is known, from whom, and whose is not."""

from datetime import date

import pytest

from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Knowledge, Questions
from pd_assets.lib.rights.rules import Decision, decide
from tests.pd_assets.lib.rights.cases import EXPIRED, box, merged, said

TODAY = date(2026, 11, 22)


def years(year: int) -> Years:
    return Years(first=year, last=year, named=year)


def person(item: str, name: str, died: int | None, kind: EntityKind = EntityKind.PERSON) -> Entity:
    return Entity(
        asked=item, item=item, revid=12, edited_on="2020-01-01", kind=kind, name=name,
        died=None if died is None else years(died),
    )  # fmt: skip


def work(item: str, made: int | None, *makers: str, **more: bool) -> Entity:
    return Entity(
        asked=item, item=item, revid=7, edited_on="2020-01-01", kind=EntityKind.OTHER,
        made=None if made is None else years(made), makers=makers, **more,
    )  # fmt: skip


PICASSO = person("Q5593", "Pablo Picasso", 1973)
VESTER = person("Q9001", "Anna Vester", 1880)
KNOWN = Knowledge(
    entities={
        entity.asked: entity
        for entity in (
            PICASSO,
            VESTER,
            person("Q9002", "A living painter", None),
            person("Q9003", "A workshop", 1700, EntityKind.GROUP),
            Entity(asked="Q9004", item="Q9001", revid=12, edited_on="2020-01-01", kind=EntityKind.PERSON,
                   name="Anna Vester", died=years(1880)),
            work("Q9101", 1870, "Q9001"),
            work("Q9102", 1907, "Q5593"),
            work("Q9103", None, is_anonymous=True),
            work("Q9104", 1640),
            work("Q9105", 1870, has_unnamed_maker=True),
        )
    },
    creator_pages={"creator:pablo picasso": "Q5593", "creator:anna vester": "Q9001", "creator:living": "Q9002"},
)  # fmt: skip


def read(wikitext: str, mediainfo: str | None = None) -> Evidence:
    return from_page({"status": "live", "wikitext": wikitext, "mediainfo": mediainfo}, Questions(known=KNOWN))


def decided(wikitext: str, mediainfo: str | None = None, profile: str = "strict") -> Decision:
    return decide(read(wikitext, mediainfo), profile, TODAY)


def test_a_creator_page_leads_to_the_item_that_knows_the_death() -> None:
    accepted = decided(box(EXPIRED, artist="{{Creator:Anna Vester}}"))
    assert accepted.rule_id == "accept-free-work"
    assert accepted.witness == "Anna Vester, the last of its makers to die, died in 1880 (Q9001 at revision 12)"
    assert decided(box(EXPIRED, artist="{{Creator:Pablo Picasso}}", date="1907")).rule_id == "maker-lived-on"


def test_a_stated_maker_counts_beside_the_page_and_a_silent_one_waits() -> None:
    assert decided(box(EXPIRED, artist=""), said("P170", "Q9001")).verdict == "accept"
    with_picasso = decided(box(EXPIRED, artist="Anna Vester († 1910)", date="1907"), said("P170", "Q5593"))
    assert with_picasso.rule_id == "maker-lived-on"
    assert decided(box(EXPIRED, artist="Anna Vester († 1880)"), said("P170", "Q77")).rule_id == "maker-unknown-death"
    assert decided(box(EXPIRED, artist="", date="1907"), said("P50", "Q5593")).rule_id == "maker-lived-on"


@pytest.mark.parametrize(("item", "verdict"), [("Q9002", "quarantine"), ("Q9003", "quarantine"), ("Q9004", "accept")])
def test_only_the_death_of_a_human_counts_and_a_merged_item_is_followed(item: str, verdict: str) -> None:
    assert decided(box(EXPIRED, artist=""), said("P170", item)).verdict == verdict


def test_the_item_of_the_work_names_its_makers_and_its_year() -> None:
    bare = f"{{{{Artwork}}}}\n{EXPIRED}"
    assert decided(bare, said("P6243", "Q9101")).verdict == "accept"
    assert decided(bare, said("P6243", "Q9102")).rule_id == "maker-lived-on"
    assert decided(bare, said("P6243", "Q9105")).rule_id == "maker-unknown-death"
    assert decided(bare, said("P6243", "Q9104")).witness == "the work is of 1640 at the latest (Q9104 at revision 7)"
    assert decided(bare, said("P6243", "Q4040")).rule_id == "age-unwitnessed"
    assert decided(box(EXPIRED, artist="Anna Vester", wikidata="Q9101")).verdict == "accept"


def test_a_name_in_words_is_the_maker_of_the_item_only_where_the_names_agree() -> None:
    assert decided(box(EXPIRED, artist="Vester, Anna", wikidata="Q9101")).verdict == "accept"
    assert decided(box(EXPIRED, artist="A. Vester", wikidata="Q9101")).verdict == "accept"
    for other in ("Karel Novák", "B. Vester"):
        assert decided(box(EXPIRED, artist=other, wikidata="Q9101")).rule_id == "maker-unknown-death"


def test_two_sources_of_one_life_count_with_the_later_year() -> None:
    both = box(EXPIRED, artist="Pablo Picasso (1881–1873)", date="1907")
    assert decided(both, said("P170", "Q5593")).rule_id == "maker-lived-on"
    auto = box("{{PD-Art|PD-old-auto-expired|deathyear=1910}}", artist="{{Creator:Pablo Picasso}}", date="1907")
    assert decided(auto).rule_id == "maker-lived-on"


def test_the_year_of_a_tag_stands_for_one_silent_maker_and_never_for_one_whom_wikidata_knows_alive() -> None:
    auto = "{{PD-Art|PD-old-auto-expired|deathyear=1880}}"
    assert decided(box(auto, artist="{{Creator:Nobody asked}}")).verdict == "accept"
    assert decided(box(auto, artist="{{Creator:Living}}")).rule_id == "maker-unknown-death"
    assert decided(box(auto, artist="A. Silent", illustrator="B. Silent")).rule_id == "maker-unknown-death"


def test_what_wikidata_calls_anonymous_counts_from_its_publication() -> None:
    anonymous = merged(said("P170", None, P3831="Q4233718"))
    page = box(EXPIRED, artist="", date="1915")
    assert decided(page, anonymous).verdict == "accept"
    assert decided(page).verdict == decided(box(EXPIRED, artist="unknown", date="1915")).verdict == "quarantine"
    assert decided(box(EXPIRED, artist="", date="1915", wikidata="Q9103")).verdict == "accept"


def test_a_reading_notes_what_it_asked_and_only_that() -> None:
    ask = Questions(known=KNOWN)
    row = {"status": "live", "wikitext": box("{{PD-old}}", artist="{{Creator:Pablo Picasso}}", wikidata="Q9101")}
    from_page(row, ask)
    asked = {mark.split("@")[0] for mark in ask.marks if not mark.startswith("template:")}
    assert asked == {"creator:pablo picasso", "Q5593", "Q9101", "Q9001"}


@pytest.mark.parametrize("artist", ["[[w:Jan Holm|Jan Holm]] (1820–1889)", "Jan Holm (1820–1889) /", "Jan Holm –"])
def test_the_evidence_names_makers_and_artist_without_separators_at_their_ends(artist: str) -> None:
    found = read(box(EXPIRED, artist=artist))
    assert [maker.name for maker in found.makers] == ["Jan Holm"]
    assert found.artist is not None and found.artist.removesuffix(" (1820–1889)") == "Jan Holm"
