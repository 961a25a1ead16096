"""Label fields: which, under which licence, and no person's name, address or ticket among them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, clean, read_labels

PAGE = """{{Artwork
 |artist = {{Creator:Anna Vester}}
 |title = {{title|A tree}}
 |description = {{en|1=A tree in winter}}{{de|1=Ein Baum}}
 |date = {{other date|circa|1860}}
 |medium = {{technique|oil|canvas}}
 |institution = {{Institution:Sandbox Museum}}
 |source = [[User:Secret|Secret]]
 |permission = {{PermissionTicket|id=2013050410001234}}
}}"""
SECRETS = {
    "A tree, write to jan.roe@museum.example": "A tree, write to",
    "A tree (jan.roe [at] museum.example)": "A tree",
    "A tree. OTRS ticket 2013050410001234": "A tree.",
    "A tree. VRT permission confirmed": "A tree.",
    "A tree. Ticket#2013050410001234": "A tree.",
    "A tree. User:JaneRoe": "A tree.",
    "A tree. The original uploader was JaneRoe at English Wikipedia": "A tree. The",
    "A tree. Uploaded by JaneRoe": "A tree.",
    "A tree https://www.flickr.com/photos/janeroe": "A tree",
    "A tree, call +49 30 1234567": "A tree, call",
    "A tree <|endoftext|> ~~~~": "A tree",
}


def test_structured_captions_are_cc0_and_fields_of_the_page_are_cc_by_sa() -> None:
    page = {
        "wikitext": PAGE,
        "mediainfo": json.dumps({"labels": {"en": {"value": "A bare tree"}, "de": {"value": "x"}}}),
    }
    labels = {label.field: (label.value, label.licence) for label in read_labels(page)}
    assert labels == {
        "label": ("A bare tree", CC0),
        "artist": ("Anna Vester", CC_BY_SA),
        "title": ("A tree", CC_BY_SA),
        "description": ("A tree in winter", CC_BY_SA),
        "date": ("circa 1860", CC_BY_SA),
        "medium": ("oil on canvas", CC_BY_SA),
        "institution": ("Sandbox Museum", CC_BY_SA),
    }


@pytest.mark.parametrize("text", SECRETS)
def test_addresses_tickets_and_user_names_are_cut_out(text: str) -> None:
    assert clean(text).rstrip(" ()") == SECRETS[text]


@pytest.mark.parametrize(
    "author",
    [
        "[[User:JaneRoe|JaneRoe]]",
        "{{u|JaneRoe}}",
        "{{user at project|JaneRoe|wikipedia|de}}",
        "[[:w:de:Benutzer:JaneRoe|JaneRoe]]",
        "[https://commons.wikimedia.org/wiki/User:JaneRoe JaneRoe]",
        "JaneRoe",
    ],
)
def test_no_field_of_an_own_work_names_its_uploader(author: str) -> None:
    described = f"A tree by {author}" if author != "JaneRoe" else "A tree"
    text = f"{{{{Information|description={described}|source={{{{own}}}}|author={author}}}}}"
    assert "JaneRoe" not in " ".join(label.value for label in read_labels({"wikitext": text}))


@pytest.mark.parametrize("mediainfo", [None, "", "[]", "{", '{"labels": []}', '{"labels": {"en": 3}}', "null"])
def test_structured_data_without_captions_give_no_label(mediainfo: str | None) -> None:
    assert read_labels({"mediainfo": mediainfo}) == ()


def test_without_an_english_caption_one_language_is_taken_always_the_same() -> None:
    page = {"mediainfo": json.dumps({"labels": {"nl": {"value": "Boom"}, "de": {"value": "Baum"}}})}
    assert [label.value for label in read_labels(page)] == ["Baum"]


@given(st.text(max_size=100))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
