"""What is read of one work, and how it is decided: the museum's word about its picture, and the age of the work."""

import json

import pytest

from pd_assets.lib.cleveland.records import address, read
from pd_assets.lib.dataset.labels import CC0, read_labels
from pd_assets.lib.museums.contract import MUSEUMS
from pd_assets.lib.rights import museums, rules
from tests.pd_assets.lib.cleveland.works import evidence, maker, picture, row_of, verdicts, work
from tests.pd_assets.lib.cleveland.works import rules as rules_of

ACCEPTED = ["accept-museum-work"] * 3
SURE = dict.fromkeys(("creation_date_earliest", "creation_date_latest"))


def test_a_museum_of_the_contract_has_a_reader_of_evidence_and_rules() -> None:
    assert set(MUSEUMS) == set(museums.READERS) == set(museums.SEEN_IN) == set(rules.MUSEUMS)


def test_a_free_painting_is_accepted_and_says_where_it_is_and_who_made_it() -> None:
    row, seen = row_of(work(7)), evidence(work(7))
    assert rules_of(work(7)) == ACCEPTED
    assert (row["title"], row["media_type"], row["usage_access"]) == ("Bridge number 7", "Images", "CC0")
    assert (row["width"], row["height"], row["problem"]) == (3400, 600, None)
    assert seen.medium is not None and seen.medium.author == "Anna Vester"
    assert [(one.name, one.born, one.died, one.told_by) for one in seen.makers] == [
        ("Anna Vester", 1801, 1850, "record")
    ]
    assert "donor" not in json.dumps(row, default=str)


@pytest.mark.parametrize(("side", "size"), [(512, "web"), (893, "web"), (1280, "print"), (4000, "print")])
def test_the_smallest_picture_that_covers_the_side_is_asked_for(side: int, size: str) -> None:
    row = row_of(work(7), side)
    assert str(row["thumb_url"]).endswith(f"_{size}.jpg")
    assert str(row["file_url"]).endswith("_print.jpg")


def test_the_picture_on_the_web_alone_is_taken_and_a_tiff_never() -> None:
    alone = work(7, images={"web": picture(7, "web", 900), "print": None, "full": {"url": "https://x.org/a.tif"}})
    assert str(row_of(alone)["file_url"]).endswith("_web.jpg")
    assert row_of(work(7, images={"full": {"url": "https://x.org/a.tif"}}))["problem"] == "no_picture"


@pytest.mark.parametrize(
    "images", [None, {}, {"annotation": None, "web": None, "print": None, "full": None}, {"web": {}}]
)
def test_a_work_without_a_picture_is_none_to_fetch(images: object) -> None:
    assert rules_of(work(7, images=images)) == ["no-picture"] * 3


@pytest.mark.parametrize("status", ["Copyrighted", "Other", "cc0", "CC0 ", "", None, 0, ["CC0"]])
def test_only_cc0_to_the_letter_is_cc0(status: object) -> None:
    assert verdicts(work(7, share_license_status=status)) == ["reject"] * 3


@pytest.mark.parametrize(
    "change",
    [
        {"copyright": "© Example Trust"},
        {"tombstone": "Bridge, 1847. Gift of a donor 9999.7 © The Estate"},
        {"image_credit": "Photograph by a photographer"},
        {"type": "Forgery"},
        {"cover_accession_number": "9999.1.a"},
    ],
    ids=str,
)
def test_what_speaks_beside_cc0_makes_it_wait(change: dict[str, object]) -> None:
    assert rules_of(work(7, **change)) == ["rights-conflict"] * 3


def test_what_is_not_the_museums_own_is_refused() -> None:
    assert row_of(work(7, legal_status="loaned"))["problem"] == "not_owned"
    assert verdicts(work(7, legal_status="loaned")) == ["reject"] * 3
    assert verdicts(work(7, legal_status=None)) == ["accept"] * 3, "records of 2020 do not say"


@pytest.mark.parametrize(
    "change", [{"title": "Mummy case"}, {"wall_description": "from the tomb of a priest"}], ids=str
)
def test_what_asks_for_care_waits(change: dict[str, object]) -> None:
    assert rules_of(work(7, **change)) == ["sensitive"] * 3


def test_a_portrait_of_who_may_live_waits() -> None:
    late = {"creation_date": "1928", "creation_date_earliest": 1928, "creation_date_latest": 1928}
    old = [maker("Anna Vester (1850-1922)", "1850", "1922")]
    assert rules_of(work(7, title="Portrait of a Girl", creators=old, **late)) != ACCEPTED


@pytest.mark.parametrize(
    ("words", "first", "last", "made"),
    [
        ("c. 1928", 1923, 1933, (1923, 1933)),
        ("1910", 1868, 1873, (1868, 1910)),
        ("c. 1980–1801 BC", -1980, -1801, (-1980, -1801)),
        ("1838", None, None, (1838, 1838)),
        (None, 1700, 1799, (1700, 1799)),
        (None, None, None, None),
        ("n.d.", "1700", True, None),
    ],
)
def test_of_a_date_the_latest_year_counts(
    words: object, first: object, last: object, made: tuple[int, int] | None
) -> None:
    found = evidence(
        work(7, creators=[], creation_date=words, creation_date_earliest=first, creation_date_latest=last)
    ).made
    assert (found and (found.first, found.last)) == made


@pytest.mark.parametrize(
    ("creators", "year", "expected"),
    [
        ([], 1915, ["quarantine", "quarantine", "accept"]),
        ([], 1840, ["accept", "accept", "accept"]),
        ([maker("Unknown")], 1915, ["accept", "accept", "accept"]),
        ([maker("Living Example (American, b. 1951)", "1951")], 1999, ["quarantine"] * 3),
        ([maker("Recent Example (Spanish, 1881-1973)", "1881", "1973")], 1907, ["quarantine", "quarantine", "accept"]),
        ([maker("Open Example (American, b. 1899)", "1899")], 1925, ["quarantine", "quarantine", "accept"]),
        ([maker("Quiet Example (Dutch, 1830-1901)")], 1890, ["accept", "accept", "accept"]),
    ],
    ids=str,
)
def test_the_age_is_that_of_the_makers_and_of_the_work(creators: object, year: int, expected: list[str]) -> None:
    dated = {"creation_date": str(year), "creation_date_earliest": year, "creation_date_latest": year}
    assert verdicts(work(7, creators=creators, **dated)) == expected


def test_a_date_from_before_its_maker_was_born_is_no_witness() -> None:
    two = [maker("Old Engraver (1801-1848)", "1801", "1848"), maker("after A Painter (1880-1969)", "1880", "1969")]
    assert evidence(work(7, creators=two)).made is None
    assert verdicts(work(7, creators=two)) == ["quarantine"] * 3


def test_a_cast_from_after_its_makers_death_waits() -> None:
    late = {"creation_date": "1925", "creation_date_earliest": 1925, "creation_date_latest": 1925}
    sculptor = [maker("Anna Vester (1840-1890)", "1840", "1890")]
    assert rules_of(work(7, creators=sculptor, type="Sculpture", **late))[0] == "posthumous"


def test_the_labels_of_a_work_are_cc0_and_name_no_donor() -> None:
    told = read_labels(row_of(work(7, wall_description="Two <b>men</b> cross a bridge.")))
    assert {label.licence for label in told} == {CC0}
    fields = {label.field: label.value for label in told}
    assert (fields["title"], fields["medium"]) == ("Bridge number 7", "oil on canvas")
    assert fields["description"] == "Two men cross a bridge."
    assert {"artist", "date", "style", "object_type"} <= fields.keys()
    assert not any("donor" in label.value for label in told)


@pytest.mark.parametrize(
    "change", [{"id": None}, {"id": "93014/x"}, {"images": [1]}, {"creators": "x"}, {"creators": [1]}]
)
def test_a_record_in_another_shape_is_refused_by_name(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no id|another shape"):
        read(work(7, **change))


def test_unknown_fields_and_missing_ones_stop_nothing() -> None:
    assert address(read({"id": 7, "fun_fact": {"x": [1]}}), 512)["problem"] == "no_picture"
