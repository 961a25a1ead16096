"""What the reader of wikitext finds on file pages, and what it leaves out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.page.file_page import read_page
from pd_assets.lib.page.wikitext import INFORMATION_BOXES, normal_name
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import PROFILES, decide
from tests.cost import cost_s
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, box

FIELDS = {
    "{{en|1=A tree}}{{de|1=Ein Baum}}": "A tree",
    "{{Title|A tree|de=Ein Baum}}": "A tree",
    "A ''tree'' in '''winter'''": "A tree in winter",
    "A [[w:Tree|tree]] [https://museum.example/1 here]": "A tree here",
    "A tree<!-- secret --><ref>note</ref>": "A tree",
    'A tree <span style="display: none;">date QS:P</span>': "A tree",
    "By [[User:Foo|Foo]], a tree": "By , a tree",
    "{{u|Foo}} {{user at project|Foo|wikipedia|de}} {{ut|Foo}} A tree": "A tree",
    "[[:w:de:Benutzer:Foo|Foo]] [[it:Utente:Foo|Foo]] [[m:User talk:Foo|talk]] A tree": "A tree",
    "[https://commons.wikimedia.org/wiki/User:Foo Foo] [https://www.flickr.com/people/foo/ Foo] A tree": "A tree",
    "A tree &amp; a house": "A tree & a house",
    "{{Unheard of|A tree}} A house": "A house",
}
DATES = {
    "1880": "1880",
    "{{other date|circa|1685}}": "circa 1685",
    "{{other date|~|1685}}": "circa 1685",
    "{{other date|between|1635|1639}}": "between 1635 and 1639",
    "{{other date|s|1820}}": "1820s",
    "{{other date|or|1635|1639}}": "1635 or 1639",
    "{{other date|after|1650}}": "after 1650",
    "{{other date|century|17}}": "17th century",
    "{{between|1635|1639}}": "between 1635 and 1639",
    "{{circa|1685}}": "circa 1685",
    "{{date|1880|5|3}}": "3 May 1880",
    "{{other date|500|era=BC}}": "500 BC",
    "{{original upload date|2013-05-04}}": None,
}


@pytest.mark.parametrize("markup", FIELDS)
def test_a_field_is_read_as_the_text_that_a_reader_sees_without_the_names_of_users(markup: str) -> None:
    assert read_page(f"{{{{Information|description={markup}}}}}").field("description") == FIELDS[markup]


@pytest.mark.parametrize("markup", DATES)
def test_a_date_template_is_read_as_words(markup: str) -> None:
    assert read_page(f"{{{{Artwork|date={markup}}}}}").field("date") == DATES[markup]


@pytest.mark.parametrize("spelling", ["PD-Art", "pD-Art", "PD-Art\n", " PD-Art ", "Template:PD-Art", "PD-<!-- -->Art"])
def test_a_template_has_one_name_however_it_is_spelt(spelling: str) -> None:
    assert [use.name for use in read_page(f"{{{{{spelling}|X}}}}").templates] == ["pd-art"]


def test_a_template_tells_what_stands_around_it_and_in_which_field() -> None:
    inner = read_page("{{Information|permission={{self|{{cc-zero}}}}}}").templates[-1]
    assert (inner.name, inner.inside, inner.field) == ("cc-zero", ("information", "self"), "permission")


def test_numbered_arguments_stand_at_their_number_and_the_last_of_two_counts() -> None:
    use = read_page("{{X|2=b|1=a|1=c|name=d}}").templates[0]
    assert (use.positional, use.get("name")) == (("c", "b"), "d")


def test_comments_nowiki_and_parts_that_are_not_included_hold_no_templates() -> None:
    dead = (
        "<!-- {{X}} -->",
        "<nowiki>{{X}}</nowiki>",
        "<pre>{{X}}</pre>",
        "<includeonly>{{X}}</includeonly>",
        "{{tl|X}}",
    )
    assert [use.name for text in dead for use in read_page(text).templates] == ["tl"]


def test_links_headings_and_tables_may_hold_templates() -> None:
    text = "== {{A}} ==\n[[File:X.jpg|{{B}}]]\n{|\n|-\n| {{C}}\n|}\n<div>{{D}}</div>[https://a.example {{E}}]"
    assert {use.name for use in read_page(text).templates} == {"a", "b", "c", "d", "e"}


def test_every_box_gives_its_fields_and_the_first_one_leads() -> None:
    page = read_page("{{Information|date=1880}}{{Photograph|date=1999}}")
    assert (page.field("date"), page.all_of("date")) == ("1880", ("1880", "1999"))


@pytest.mark.parametrize(
    "text", ["{{Information|date=1880", "<!-- {{X}}", "{{a|" * 60 + "{{b}}" + "}}" * 60, "{{a|" * 99]
)
def test_markup_that_cannot_be_read_is_told(text: str) -> None:
    assert not read_page(text).is_whole


@pytest.mark.parametrize("name", INFORMATION_BOXES)
def test_every_information_box_is_read_under_its_usual_spelling(name: str) -> None:
    assert read_page(f"{{{{{name.capitalize()}\n| Title = A tree\n}}}}").field("title") == "A tree"


@pytest.mark.parametrize(
    ("arguments", "dates"),
    [
        ("|Date = 1952 |date = ", ("1952",)),
        ("|date = |Date = 1952", ("1952",)),
        ("|Date = 1852 |date = 1952", ("1852", "1952")),
        ("|date = 1852 |date = 1952", ("1952",)),
        ("|date = 1852 |date = ", ()),
    ],
)
def test_an_argument_in_two_spellings_is_read_in_every_one_that_is_filled(
    arguments: str, dates: tuple[str, ...]
) -> None:
    assert read_page(f"{{{{Artwork|title=A tree{arguments}}}}}").all_of("date") == dates


def test_a_redirect_is_told_by_its_first_word() -> None:
    assert read_page(" #redirect [[File:X.jpg]]").is_redirect
    assert not read_page("See #REDIRECT").is_redirect


@given(st.text(max_size=40))
def test_a_normal_name_is_its_own_normal_name(name: str) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)


@given(st.text(alphabet="{}[]|<>!-=' \nabcPD1", max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert read_page(text).is_whole in (True, False)


def test_reading_a_page_and_deciding_it_under_every_profile_takes_a_few_milliseconds() -> None:
    page = {
        "status": "live",
        "wikitext": box(EXPIRED, description="{{en|1=A tree}}", medium="{{technique|oil|canvas}}"),
    }

    def read_and_decide() -> None:
        for _ in range(200):
            evidence = from_page(page)
            assert all(decide(evidence, profile, TODAY).verdict == "accept" for profile in PROFILES)

    assert cost_s(read_and_decide) / 200 < 0.015
