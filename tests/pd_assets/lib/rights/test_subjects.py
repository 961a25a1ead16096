"""What pages show: each is decided by its rule, and what Wikidata knows of a depicted item counts."""

import pytest

from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Knowledge, Questions
from pd_assets.lib.rights.rules import decide
from pd_assets.lib.rights.subjects import head_of, is_scientific_name, names_a_place
from tests.pd_assets.lib.rights.cases import EXPIRED, PROFILES, TODAY, Case, box, own, said
from tests.pd_assets.lib.rights.shown_cases import OWN_SUBJECT_CASES, SHAPE_CASES


@pytest.mark.parametrize("case", (*SHAPE_CASES, *OWN_SUBJECT_CASES), ids=lambda case: case.trap)
def test_the_page_is_decided_by_what_it_shows(case: Case) -> None:
    evidence = from_page(case.row())
    assert tuple(decide(evidence, profile, TODAY).rule_id for profile in PROFILES) == case.rules, evidence


def entity(item: str, *classes: str, kind: EntityKind = EntityKind.OTHER, **more: object) -> Entity:
    return Entity(asked=item, item=item, revid=1, edited_on=None, kind=kind, classes=classes, **more)  # type: ignore[arg-type]


def rule(known: Entity, text: str, prop: str = "P180", categories: tuple[str, ...] = ()) -> str:
    """The rule that decides about a page that names one item."""
    ask = Questions(known=Knowledge(entities={known.asked: known}))
    row = {"status": "live", "wikitext": text, "mediainfo": said(prop, known.asked), "categories": list(categories)}
    evidence = from_page(row, ask)
    assert any(mark.startswith(f"{known.asked}@") for mark in ask.marks)
    return decide(evidence, "strict", TODAY).rule_id


GIVEN_AWAY = own("{{self|cc-zero}}", description="Bild")


@pytest.mark.parametrize(
    ("shown", "decided"),
    [
        (entity("Q999000101", "Q16521"), "accept-own-work-released"),
        (entity("Q999000102", "Q23397", name="Bodensee"), "accept-own-work-released"),
        (entity("Q999000103", "Q16970", made=Years(first=1650, last=1650, named=1650)), "accept-own-work-released"),
        (entity("Q999000104", "Q16970", made=Years(first=1957, last=1957, named=1957)), "own-subject-unclear"),
        (entity("Q999000105", "Q16970"), "own-subject-unclear"),
        (entity("Q999000106", "Q860861"), "own-subject-unclear"),
        (entity("Q999000107", "Q16521", makers=("Q5593",)), "own-subject-unclear"),
        (entity("Q999000108", "Q515"), "own-subject-unclear"),
        (entity("Q999000109", kind=EntityKind.MISSING), "own-subject-unclear"),
        (entity("Q15978631", "Q16521"), "own-subject-unclear"),
        (entity("Q999000110", "Q5", kind=EntityKind.PERSON), "person-may-live"),
    ],
    ids=lambda value: value.asked if isinstance(value, Entity) else value,
)
def test_an_own_photograph_is_accepted_by_the_class_of_what_it_depicts(shown: Entity, decided: str) -> None:
    assert rule(shown, GIVEN_AWAY) == decided


def test_a_category_with_the_name_of_a_plain_item_is_explained_by_it_and_another_is_not() -> None:
    lake = entity("Q999000102", "Q23397", name="Bodensee")
    assert rule(lake, GIVEN_AWAY, categories=("Bodensee",)) == "accept-own-work-released"
    assert rule(lake, GIVEN_AWAY, categories=("Bodensee", "Jan Roy")) == "own-subject-unclear"


def test_the_item_of_a_work_tells_whether_it_is_flat() -> None:
    page = box(EXPIRED, medium="technique mixte")
    assert rule(entity("Q999000111", "Q3305213"), page, prop="P6243") == "accept-free-work"
    assert rule(entity("Q999000112", "Q99"), page, prop="P6243") == "surrogate"
    assert rule(entity("Q999000113", "Q179700"), box(EXPIRED), prop="P6243") == "surrogate"


@pytest.mark.parametrize(
    ("phrase", "head"),
    [
        ("Lakes of Bavaria in winter", "lake"),
        ("Old oak trees in Kent", "tree"),
        ("View of the beach", "beach"),
        ("A fox", "fox"),
        ("Leaves", "leaf"),
        ("Geese on a pond", "goose"),
        ("Toy trains", ""),
        ("Snow sculptures of dogs", ""),
        ("", ""),
    ],
)
def test_a_phrase_is_about_its_head_noun(phrase: str, head: str) -> None:
    assert head_of(phrase) == head


def test_scientific_names_are_told_from_words_of_other_tongues() -> None:
    names = ("Fagus sylvatica", "Meles meles", "Acer platanoides", "Platanus × hispanica", "Syrphidae", "Rosaceae",
             "Equus ferus caballus", "Quercus robur in Kent", "Rosa canina 'Red'")  # fmt: skip
    others = ("Homo sapiens", "Banksy", "Opus dei", "Danza azteca", "Vienna opera", "Columbia campus", "Street art",
              "Jeff Koons", "Terra cotta", "Corpus christi", "Alma mater", "Gonzales", "Wales")  # fmt: skip
    assert [name for name in names if not is_scientific_name(name)] == []
    assert [name for name in others if is_scientific_name(name)] == []


def test_a_place_is_told_from_a_person() -> None:
    assert [names_a_place(name) for name in ("Riva Harbour", "Main Street", "Halle Berry", "Diane Lane")] == [
        True, True, False, False,
    ]  # fmt: skip
