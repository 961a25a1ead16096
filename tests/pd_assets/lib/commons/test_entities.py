"""What an item of Wikidata says: dates to their precision, ranks, unknown values, makers, and what is no person."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.commons.entities import Facts, is_item, parse_entity, read_claims, years_of
from tests.pd_assets.lib.commons.items_of_wikidata import NOVALUE, SOMEVALUE, Json, claim, entity, human, item, time

THIS_YEAR = 2026
PAINTING = claim(item("Q3305213"))


def facts(raw: Json) -> Facts:
    told = parse_entity("Q1", raw)
    return read_claims(told.item, told.claims, this_year=THIS_YEAR)


def died(*statements: Json) -> tuple[int, int] | None:
    years = facts(human(died=statements)).died
    return None if years is None else (years.first, years.last)


def by(*statements: Json) -> Facts:
    """A painting by these makers."""
    return facts(entity("Q1", {"P31": [PAINTING], "P170": statements}))


@pytest.mark.parametrize(
    ("year", "precision", "expected"),
    [
        ("+1944", 9, (1944, 1944)),
        ("+1944", 10, (1944, 1944)),
        ("+1944", 11, (1944, 1944)),
        ("+1920", 8, (1920, 1929)),
        ("+1801", 7, (1801, 1900)),
        ("+1900", 7, (1801, 2000)),
        ("+1000", 6, None),
        ("+1000", 0, None),
        ("+00000001955", 9, (1955, 1955)),
        ("-0500", 9, (-500, -500)),
        ("+9999999999999999", 9, None),
    ],
)
def test_a_date_counts_to_its_precision_only(year: str, precision: int, expected: tuple[int, int] | None) -> None:
    assert died(claim(time(year, precision))) == expected


def test_the_julian_calendar_moves_a_year_by_nothing_that_counts() -> None:
    assert died(claim(time("+1516", 10, calendar="Q1985786"))) == (1516, 1516)


def test_what_is_unknown_or_none_is_no_date_even_beside_one() -> None:
    assert died(claim(SOMEVALUE)) is None
    assert died(claim(NOVALUE)) is None
    assert died(claim(time("+1901", 9)), claim(SOMEVALUE)) is None


def test_an_unknown_date_with_a_latest_one_is_known_to_lie_before_it() -> None:
    assert died(claim(SOMEVALUE, qualifiers={"P1326": [time("+1899", 9)]})) == (1799, 1899)
    assert died(claim(SOMEVALUE, qualifiers={"P1319": [time("+1899", 9)]})) is None


def test_qualifiers_widen_a_date() -> None:
    assert died(claim(time("+1903", 9), qualifiers={"P1480": [item("Q5727902")]})) == (1893, 1913)
    bounds = {"P1319": [time("+1890", 9)], "P1326": [time("+1960", 9)]}
    assert died(claim(time("+1925", 9), qualifiers=bounds)) == (1890, 1960)
    assert died(claim(time("+1925", 7), qualifiers=bounds)) == (1890, 1960)
    assert died(claim(time("+1925", 9), qualifiers={"P1326": [SOMEVALUE]})) is None


def test_the_best_rank_counts_and_what_is_deprecated_never_does() -> None:
    late, early = time("+1962", 9), time("+1912", 11)
    assert died(claim(early, "preferred"), claim(late)) == (1912, 1912)
    assert died(claim(early, "deprecated"), claim(late)) == (1962, 1962)
    assert died(claim(early, "deprecated")) is None


def test_of_several_deaths_the_latest_counts_and_two_that_lie_apart_are_no_answer() -> None:
    assert died(claim(time("+1900", 9)), claim(time("+1904", 9))) == (1900, 1904)
    assert died(claim(time("+1900", 9)), claim(time("+1906", 9))) is None


def test_a_death_that_is_still_to_come_or_before_the_birth_is_no_date() -> None:
    assert died(claim(time("+2919", 9))) is None
    told = facts(human(born=[claim(time("+1900", 9))], died=[claim(time("+1850", 9))]))
    assert (told.born, told.died) == (None, None)


def test_only_a_human_is_a_person_and_a_workshop_is_a_group() -> None:
    assert facts(human()).kind == "person"
    assert facts(entity("Q1", {"P31": [claim(item("Q656720"))], "P570": [claim(time("+1890", 9))]})).kind == "group"
    assert facts(entity("Q1", {"P31": [claim(item("Q5")), claim(item("Q10648343"))]})).kind == "group"
    assert facts(entity("Q1", {"P31": [claim(item("Q5"), "deprecated")]})).kind == "other"
    assert facts(entity("Q4233718", {})).kind == "anonymous"
    assert facts({"id": "Q6", "missing": ""}).kind == "missing"


def test_nobody_knows_a_maker_only_where_it_is_said() -> None:
    anonymous = {"P3831": [item("Q4233718")]}
    assert (by(claim(SOMEVALUE, qualifiers=anonymous)).is_anonymous, by(claim(item("Q4233718"))).is_anonymous) == (
        True,
        True,
    )
    for unnamed in (claim(SOMEVALUE), claim(NOVALUE), claim("A name")):
        assert (by(unnamed).is_anonymous, by(unnamed).has_unnamed_maker) == (False, True)
    assert by(claim(item("Q4233718"))).makers == ()


def test_whom_a_work_is_after_or_whose_workshop_made_it_is_a_maker_too() -> None:
    workshop = {"P3831": [item("Q4233718")], "P1774": [item("Q5598")]}
    told = by(claim(SOMEVALUE, qualifiers=workshop))
    assert (told.makers, told.is_anonymous, told.has_unnamed_maker) == (("Q5598",), True, False)
    told = by(claim(item("Q2"), qualifiers={"P1877": [item("Q3")]}))
    assert (told.makers, told.has_unnamed_maker) == (("Q2", "Q3"), False)


def test_a_forgery_and_an_attribution_leave_the_maker_open() -> None:
    forged = {"P3831": [item("Q4233718")], "P1778": [item("Q41264")]}
    assert (
        by(claim(SOMEVALUE, qualifiers=forged)).has_unnamed_maker,
        by(claim(SOMEVALUE, qualifiers=forged)).makers,
    ) == (
        True,
        ("Q41264",),
    )
    told = by(claim(item("Q5598"), qualifiers={"P5102": [item("Q230768")]}))
    assert (told.makers, told.has_unnamed_maker) == (("Q5598",), True)


def test_an_id_that_is_none_is_told_before_it_is_asked_for() -> None:
    assert [is_item(text) for text in ("Q1", "Q42", "Q0", "q1", "P31", "Q1 ", "Q1\n", "bogus", "Q01", None)] == [
        *(True, True),
        *[False] * 8,
    ]


def test_a_merged_item_keeps_the_id_that_was_asked_for() -> None:
    raw = {**human("Q8"), "redirects": {"from": "Q90", "to": "Q8"}}
    told = parse_entity("Q90", raw)
    assert (told.asked, told.item, told.revid, told.name) == ("Q90", "Q8", 7, "Item Q8")


def test_what_does_not_count_does_not_show_in_what_is_kept() -> None:
    raw = human(died=[claim(time("+1900", 9))])
    other = json.loads(json.dumps(raw))
    other["claims"]["P18"] = [claim("Picture.jpg")]
    other["claims"]["P570"][0]["references"] = [{"hash": "0"}]
    other["claims"]["P570"].append(claim(time("+1999", 9), "deprecated"))
    assert parse_entity("Q1", other).claims == parse_entity("Q1", raw).claims


@pytest.mark.parametrize("claims", [[], None, {"P570": {}}, {"P570": ["odd"]}, {"P570": [{"mainsnak": []}]}])
def test_claims_of_another_shape_say_nothing(claims: object) -> None:
    assert facts({"id": "Q1", "claims": claims}).died is None


@given(st.text(max_size=40))
def test_whatever_stands_where_a_date_should_is_read_or_none(text: str) -> None:
    assert years_of(text) is None or "/" in text


@given(st.integers(1000, 2000), st.sampled_from([7, 8, 9, 10, 11]))
def test_the_years_of_a_date_hold_the_year_that_it_is_written_with(year: int, precision: int) -> None:
    years = years_of(f"+{year}-00-00T00:00:00Z/{precision}")
    assert years is not None and years.first <= year <= years.last
