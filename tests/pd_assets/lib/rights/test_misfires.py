"""Words that mean something else in another field, language or role hold nothing back; meant of rights they do."""

import pytest

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import decide
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, box


def rule(text: str, *categories: str, templates: tuple[str, ...] = ()) -> str:
    row = {"status": "live", "wikitext": text, "categories": list(categories), "templates": list(templates)}
    return decide(from_page(row), "strict", TODAY).rule_id


@pytest.mark.parametrize(
    "said",
    [
        "La piazza vista dalle mura",
        "VEDUTA DALLE MURA",
        "Une dalle funéraire",
        "In 1850, when it was attributed to Titian, the king bought it",
        "Quellenangabe: Meyers Lexikon",
        "Bronvermelding: atlas van de stad",
        "落款署名、広重画",
        "画上注明日期",
        "View of Paris by the river",
        "Attribution studies of 1850",
    ],
)
def test_a_word_that_means_something_else_in_a_description_holds_nothing_back(said: str) -> None:
    assert rule(box(EXPIRED, description=said)) == "accept-free-work"


@pytest.mark.parametrize(
    ("said", "decided"),
    [
        ("A view, made with DALL-E", "later-hand"),
        ("DALL·E 2 made this", "later-hand"),
        ("created with Dalle", "later-hand"),
        ("Free when the museum is credited", "unknown-tag"),
        ("Nur mit Quellenangabe", "unknown-tag"),
        ("使用时必须署名", "unknown-tag"),
        ("転載には署名が必要です", "unknown-tag"),
        ("使用時請註明出處", "unknown-tag"),
    ],
)
def test_the_same_word_where_it_is_meant_holds_the_page_back(said: str, decided: str) -> None:
    assert rule(box(EXPIRED, description=said)) == decided


@pytest.mark.parametrize(
    "category",
    [
        "Media missing infobox template",
        "Media missing coordinates",
        "Casino license since 1990",
        "Fal River",
        "FAL Langchitz",
        "Copyright Act of 1909",
        "Attribution studies",
        "License plates",
        "Portraits of recipients of the Medal of Honor",
        "Recipients of medals",
        "Kulturdenkmal in Celle",
        "Speedy Gonzales",
        "Human rights",
    ],
)
def test_a_category_that_speaks_of_no_right_in_the_picture_holds_nothing_back(category: str) -> None:
    assert rule(box(EXPIRED), category) == "accept-free-work"


@pytest.mark.parametrize(
    "category",
    [
        "Media missing permission as of 1 May 2026",
        "Media missing a license",
        "Files with no source since 3 May 2024",
        "Copyright violations",
        "License review needed",
    ],
)
def test_a_category_that_doubts_the_licence_refuses(category: str) -> None:
    assert rule(box(EXPIRED), category) == "doubted"


REVIEWED = ("{{LicenseReview|pass|A|2015-01-01}}", "{{FlickrReview|passed|A}}", "{{License review|pass}}",
            "{{FlickrReview|A reviewer|2015-01-01}}", "{{Flickr review|status=passed|reviewer=A}}")  # fmt: skip
NOT_REVIEWED = ("{{LicenseReview}}", "{{LicenseReview|fail|2015-01-01}}", "{{FlickrReview}}", "{{LicenseReview|A}}",
                "{{LicenseReview|failed|A|2015-01-01}}", "{{LicenseReview|pass}}{{FlickrReview|failed}}")  # fmt: skip


@pytest.mark.parametrize("review", REVIEWED)
def test_a_review_that_was_passed_is_no_doubt(review: str) -> None:
    assert rule(box(EXPIRED + review), templates=("Template:LicenseReview", "Template:FlickrReview")) == (
        "accept-free-work"
    )


@pytest.mark.parametrize("review", NOT_REVIEWED)
def test_a_review_that_was_not_passed_is_a_doubt(review: str) -> None:
    assert rule(box(EXPIRED + review)) == "doubted"


def test_a_review_that_stands_in_no_template_of_the_page_itself_is_a_doubt() -> None:
    assert rule(box(EXPIRED), templates=("Template:LicenseReview",)) == "doubted"
