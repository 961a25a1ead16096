"""Wikitext to licence boxes, categories and extmetadata, with the habits of Commons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.sandbox.extmetadata import best_licence, extmetadata, licence_code, shown_categories
from pd_assets.sandbox.licences import LICENCES
from pd_assets.sandbox.rendering import Rendering, rendered
from pd_assets.sandbox.wikitext import parse, redirect_target


def categories(page: Rendering) -> list[str]:
    return [link.name for link in page.categories]


def metadata(text: str, *, multilingual: bool = False) -> dict[str, object]:
    entries = extmetadata(rendered(text), name="A b.jpg", uploaded="2015-10-31T23:00:49Z", multilingual=multilingual)
    return {name: entry["value"] for name, entry in entries.items()}


def test_pd_art_puts_the_page_into_the_category_of_its_reason() -> None:
    page = rendered("{{PD-Art|PD-old-100-expired}}\n[[Category:Paintings|key]]")
    assert "PD-Art (PD-old-100-expired)" in categories(page)
    assert {"Template:PD-Art", "Template:PD-old-100-expired"} <= set(page.templates)
    assert [(link.name, link.sort_prefix) for link in page.categories][-1] == ("Paintings", "key")


def test_a_public_domain_box_masks_the_licence_of_the_photograph() -> None:
    told = metadata("{{PD-Art|PD-old-100-expired}}\n{{self|cc-by-sa-4.0|GFDL}}")
    assert told["License"] == "pd"
    assert told["LicenseShortName"] == "Public domain"
    assert told["AttributionRequired"] == "false"
    assert told["Copyrighted"] == "False"


def test_licence_categories_are_missing_from_extmetadata_but_stand_on_the_page() -> None:
    text = "{{PD-Art|PD-old-100-expired}}{{Cc-by-sa-4.0}}[[Category:Boats]]"
    assert "CC-BY-SA-4.0" in categories(rendered(text))
    shown = str(metadata(text)["Categories"]).split("|")
    assert shown == ["Boats", "CC-PD-Mark", "PD-Art (PD-old-100-expired)", "PD-old-100-expired"]
    assert shown_categories(["CC-BY-SA-3.0-migrated", "CC-Zero", "Public domain", "GFDL"]) == ["CC-Zero", "GFDL"]


def test_cc0_with_cc_by_sa_reports_cc_by_sa_and_cc0_alone_counts_as_copyrighted() -> None:
    assert metadata("{{Cc-zero}}{{Cc-by-sa-4.0}}")["License"] == "cc-by-sa-4.0"
    alone = metadata("{{Cc-zero}}")
    assert (alone["License"], alone["Copyrighted"], alone["AttributionRequired"]) == ("cc0", "True", "false")


def test_nc_and_gfdl_have_no_license_key_and_a_page_without_box_has_no_licence_keys_at_all() -> None:
    for text in ("{{Cc-by-nc-sa-4.0}}", "{{GFDL}}"):
        told = metadata(text)
        assert "License" not in told and "LicenseShortName" in told
    none = metadata("{{PD-Freedonia}}")
    assert not {"License", "LicenseShortName", "UsageTerms", "AttributionRequired", "Copyrighted"} & none.keys()


def test_licences_nested_in_the_permission_field_are_found() -> None:
    page = rendered("{{Artwork|artist=A|permission={{Licensed-PD-Art|PD-old-100-expired|cc-by-sa-4.0}}}}")
    assert [licence.short for licence in page.licences] == ["Public domain", "CC BY-SA 4.0"]
    assert {"PD-Art (PD-old-100-expired)", "CC-BY-SA-4.0"} <= set(categories(page))
    assert "licensetpl" in page.fields["permission"]


def test_descriptions_come_by_language_only_when_asked_for() -> None:
    text = "{{Information|description={{en|1=A boat}}{{de|1=Ein Boot}}|date={{other date|ca|1850}}}}"
    assert metadata(text)["ImageDescription"] == "A boat"
    assert metadata(text, multilingual=True)["ImageDescription"] == {"en": "A boat", "de": "Ein Boot", "_type": "lang"}
    assert str(metadata(text)["DateTimeOriginal"]).startswith('circa 1850<div style="display: none;">date QS:P,+1850')


def test_deletion_requests_and_restrictions_are_told() -> None:
    told = metadata("{{Delete|reason=Doubtful}}{{Personality rights}}{{Trademarked}}{{Cc-zero}}")
    assert told["DeletionReason"] == "Doubtful"
    assert told["Restrictions"] == "personality|trademarked"
    assert "Deletion requests" in categories(rendered("{{Delete|reason=x}}"))


@pytest.mark.parametrize(
    ("short", "code"),
    [
        ("Public domain", "pd"),
        ("CC0", "cc0"),
        ("CC BY-SA 3.0 de", "cc-by-sa-3.0"),
        ("CC BY-NC 4.0", None),
        ("FAL", None),
    ],
)
def test_licence_codes_follow_the_short_name(short: str, code: str | None) -> None:
    assert licence_code(short) == code


def test_the_first_of_equal_boxes_is_the_best() -> None:
    first, second = LICENCES["PD-old-100"], LICENCES["PD-old-70"]
    assert best_licence([LICENCES["GFDL"], first, second]) is first
    assert best_licence([]) is None


def test_redirects_name_their_target() -> None:
    assert redirect_target("#redirect [[File:New name.jpg]]\n[[Category:X]]") == "File:New name.jpg"
    assert redirect_target("A page about #REDIRECT [[X]]") is None


@given(st.text(alphabet="{}|[]= abA\n", max_size=80))
def test_any_text_can_be_rendered(text: str) -> None:
    parse(text)
    assert isinstance(rendered(text).html, str)


def test_unclosed_braces_stay_text_and_comments_vanish() -> None:
    page = rendered("a {{PD-Art|PD-old-100 <!-- {{Cc-zero}} --> b")
    assert page.licences == ()
    assert "PD-Art" in page.html and "Cc-zero" not in page.html
