"""Rights read what labels read: a year that contradicts the ground never leaves an acceptance, wherever it stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.page import boxes
from pd_assets.lib.page.wikitext import INFORMATION_BOXES, LANGUAGES
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import PROFILES, decide
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, snak
from tests.pd_assets.lib.rights.known_templates import asking

KNOWN_BOXES = (*INFORMATION_BOXES, "google art project")
LATER = frozenset(name for names in boxes.LATER_YEARS.values() for name in names)
# Of a solid thing or a person another rule speaks, and a licence field has readers of its own.
OTHER_RULES = frozenset((*boxes.BESIDE[boxes.PERMISSION], "depicted people", "depicted person"))
ARGUMENTS = sorted({*boxes.BY_ARGUMENT, "painted", "bemerkung", "extra"} - LATER - OTHER_RULES)
CONTRADICTING = (
    "1985", "c. 1985", "1985-06-03", "3.6.1985", "{{other date|circa|1985}}", "{{circa|1985}}", "{{ISOdate|1985}}",
    "Karel Novák (1920–1999)", "Karel Novák, 1920-1999", "Karel Novák, died 1999", "after 1985", "[[1985]]",
    "{{Creator:Karel Novák (1920–1999)}}", "{{creator|Name=Karel Novák|Deathdate=1999}}",
    "19<!-- -->85", "19<span>85</span>", "19&#56;5", "19\u200b85", "19''85''",
    "{{w|X|Karel Novák, d. 1999}}", "{{unheard of|1985}}", "1860 {{unheard of|1985}}", "''1985''", "<span>1985</span>",
    "1860 or 1985",
)  # fmt: skip
LANGUAGE = st.sampled_from(sorted(LANGUAGES))
# How a language is marked, or none.
MARKED = ("{0}", "{{{{{1}|{0}}}}}", "{{{{{1}|1={0}}}}}", "{{{{LangSwitch|{1}={0}}}}}", "{{{{mld|{1}={0}}}}}",
          "{{{{en|1=A tree}}}} {{{{{1}|1={0}}}}}")  # fmt: skip


def verdict(text: str, profile: str) -> str:
    return verdicts(text, profile)[0]


def verdicts(text: str, *profiles: str) -> list[str]:
    """Under several profiles, for which a page is read once."""
    evidence = from_page({"status": "live", "wikitext": text}, asking())
    return [decide(evidence, profile, TODAY).verdict for profile in profiles]


def page(box: str, argument: str, value: str) -> str:
    """A page of a work that is free but for what one argument says."""
    old = {"date": "1860", "artist": "Anna Vester († 1890)", "medium": "oil on canvas"}
    field = boxes.BY_ARGUMENT.get(argument)
    lines = "".join(
        f"|{name}={said}\n" for name, said in {**old, argument: value}.items() if name != field or name == argument
    )
    return f"{{{{{box}\n{lines}}}}}\n{EXPIRED}"


@given(
    st.sampled_from((*KNOWN_BOXES, *boxes.OTHER_BOXES)), st.sampled_from(ARGUMENTS), st.sampled_from(CONTRADICTING),
    st.sampled_from(MARKED), LANGUAGE, st.sampled_from(sorted(PROFILES)),
)  # fmt: skip
def test_a_contradicting_year_in_any_argument_box_and_language_leaves_no_acceptance(
    box: str, argument: str, value: str, marked: str, language: str, profile: str
) -> None:
    said = marked.format(value, language)
    if not (argument == "photographer" and box in ("art photo", "object photo")):
        assert verdict(page(box, argument, said), profile) != "accept"


@pytest.mark.parametrize("dated", ["", "|date=1860"])
@pytest.mark.parametrize("profile", PROFILES)
def test_another_who_died_late_may_have_made_a_work_whether_it_is_dated_or_not(profile: str, dated: str) -> None:
    """The US term asks for no death: of an undated work it took nobody else's for a contradiction."""
    free = f"{{{{Artwork|artist=Anna Vester († 1890){dated}|medium=oil on canvas|notes=%s}}}}\n{EXPIRED}"
    assert verdict(free % "", profile) == "accept"
    assert verdict(free % "Karel Novák (1920–1999)", profile) == "quarantine"


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_every_argument_that_the_reader_knows_speaks_against_its_ground(argument: str) -> None:
    said = [verdicts(page("Artwork", argument, value), *PROFILES) for value in CONTRADICTING]
    assert [value for value, found in zip(CONTRADICTING, said, strict=True) if "accept" in found] == []


@pytest.mark.parametrize("name", sorted({"date", "artist", "engraver", "genus", "künstler"}))
def test_an_information_field_counts_like_an_argument(name: str) -> None:
    field = f"{{{{Information field|name={name}|value=Karel Novák (1920–1999)}}}}"
    assert verdict(page("Artwork", "other fields", field), "strict") == "quarantine"


@pytest.mark.parametrize("argument", sorted(LATER - {"dimensions", "size", "scale"}))
def test_where_a_later_year_means_nothing_it_costs_no_acceptance(argument: str) -> None:
    assert verdict(page("Artwork", argument, "bought by the museum in 1985"), "strict") == "accept"


def test_the_year_of_an_edition_speaks_against_the_us_term() -> None:
    text = page("Artwork", "publisher", "A house, 1985").replace(EXPIRED, "{{PD-Art|PD-US-expired}}")
    assert verdict(text.replace("|medium", "|date=1860\n|medium"), "us") == "quarantine"


OUTSIDE = (
    "Painted by Karel Novák in 1985.",
    "== Notes ==\n* Karel Novák (1920–1999)",
    "{|\n| painted || 1985\n|}",
    "[[File:Other.jpg|thumb|the same in 1985]]",
)


@pytest.mark.parametrize("text", OUTSIDE)
def test_the_text_outside_of_any_box_speaks_against_a_ground_too(text: str) -> None:
    free = page("Artwork", "date", "1860")
    assert verdict(f"{free}\n{text}", "strict") == verdict(f"{text}\n{EXPIRED}", "strict") == "quarantine"


@pytest.mark.parametrize(
    "text",
    [
        "== {{Original upload log}} ==\n* 2007-05-05 12:00 [[:en:User:Foo|Foo]] 800×600",
        "== Original upload log ==\n{| class=wikitable\n| 2007-05-05 || 800×600\n|}",
        "[[Category:Trees|1985]]",
        "{{Uploaded with Pattypan|2016}}",
        "<!-- checked in 2016 -->",
        "<gallery>\nOther.jpg|a copy of 1985\n</gallery>",
    ],
)
def test_logs_of_uploads_keys_of_categories_and_what_is_not_shown_cost_no_acceptance(text: str) -> None:
    assert verdict(f"{page('Artwork', 'date', '1860')}\n{text}", "strict") == "accept"


@pytest.mark.parametrize(
    "more",
    [
        {"title": "File:Poster for the fair of 1958.jpg"},
        {"mediainfo": '{"labels": {"de": {"language": "de", "value": "Plakat, 1958"}}}'},
        {"categories": ["1958 posters"]},
        {"categories": ["Paintings from 1958"]},
        {"categories": ["1999 deaths"]},
        {"categories": ["1950 births"]},
        {"mediainfo": json.dumps({"statements": {"P1476": [{"mainsnak": snak("Poster of 1958")}]}})},
        {"extmetadata": '{"DateTimeOriginal": {"value": "1958"}}'},
        {"extmetadata": '{"ImageDescription": {"value": "<p>A poster of <i>1958</i></p>"}}'},
        {"extmetadata": '{"Artist": {"value": "Karel Novák, 1920-1999"}}'},
    ],
)
def test_file_name_caption_category_and_summary_speak_against_a_ground_too(more: dict[str, object]) -> None:
    row = {"status": "live", "wikitext": page("Artwork", "title", "A poster")}
    assert decide(from_page(row), "strict", TODAY).verdict == "accept"
    assert decide(from_page(row | more), "strict", TODAY).rule_id in ("later-year", "date-contradicts")


def test_a_box_is_found_wherever_it_stands() -> None:
    inner = "{{Information|date=1985}}"
    for text in (inner, f"<div>{inner}</div>", f"{{|\n|{inner}\n|}}", f"{{{{unheard of|{inner}}}}}", f"== {inner} =="):
        assert verdict(f"{page('Artwork', 'title', 'A tree')}\n{text}", "strict") != "accept", text


@pytest.mark.parametrize(
    "tag",
    ["{{PD-Art|PD-old-100-expired|deathyear=1999}}", "{{PD-old-100-expired|1985}}", "{{PD-US-expired|date=1985}}"],
)
def test_a_year_in_the_tag_itself_counts(tag: str) -> None:
    text = page("Artwork", "date", "1860").replace(EXPIRED, tag)
    assert verdict(text, "us") == "quarantine"


@pytest.mark.parametrize(
    "artist", ["Utente:Gianni", "用户:张三", "uploaded by JaneRoe", "{{u|JaneRoe}}", "Benutzer:Max Muster"]
)
def test_who_put_a_picture_online_stays_out_of_the_evidence(artist: str) -> None:
    evidence = from_page({"status": "live", "wikitext": page("Artwork", "artist", artist)})
    assert evidence.artist is None
    for name in ("Gianni", "张三", "JaneRoe", "Muster"):
        assert name not in evidence.to_json()
