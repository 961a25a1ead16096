"""Label fields: which, in which languages, under which licence, and no person's name, address or ticket among them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, Label, read_labels, source_digest
from pd_assets.lib.page.cleaning import clean

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
    "A tree (jan.roe(at)museum(dot)example)": "A tree",
    "A tree, jan.roe at museum dot example": "A tree",
    "A tree. OTRS ticket 2013050410001234": "A tree.",
    "A tree. VRT permission confirmed": "A tree.",
    "A tree. Ticket#2013050410001234": "A tree.",
    "A tree. User:JaneRoe": "A tree.",
    "A tree. user: Jane (JaneRoe)": "A tree.",
    "A tree. Benutzerin:JaneRoe": "A tree.",
    "A tree by [[User:JaneRoe|Jan": "A tree",
    "A tree. The original uploader was JaneRoe at English Wikipedia": "A tree.",
    "A tree. Uploaded by JaneRoe": "A tree.",
    "A tree https://www.flickr.com/photos/janeroe": "A tree",
    "A tree, call +49 30 1234567": "A tree, call",
    "A tree, tel. 030 1234567": "A tree",
    "A tree <|endoftext|> ~~~~": "A tree",
    "A tree at 51°28′40″N 0°0′5″W": "A tree",
    "A tree, 51.47783, -0.00139": "A tree",
    "A tree. This file is licensed under CC BY-SA 3.0. In winter.": "A tree. In winter.",
    "A tree. © Jan Roe, all rights reserved": "A tree.",
    "A tree. This image is in the public domain because its author died in 1900.": "A tree.",
    "A tree {{unclosed|template": "A tree",
    "A &lt;b&gt;tree&lt;/b&gt;": "A tree",
    "A '''tree''' == Heading ==": "A tree Heading",
}


def test_structured_captions_are_cc0_and_fields_of_the_page_are_cc_by_sa() -> None:
    page = {
        "wikitext": PAGE,
        "mediainfo": json.dumps({"labels": {"en": {"value": "A bare tree"}, "de": {"value": "x"}}}),
        "categories": ["Trees in art", "CC-PD-Mark", "Files by JaneRoe"],
        "hidden_categories": ["Hidden trees"],
    }
    labels = {label.field: (label.value, label.licence) for label in read_labels(page) if label.preferred}
    assert labels == {
        "label": ("A bare tree", CC0),
        "artist": ("Anna Vester", CC_BY_SA),
        "title": ("A tree", CC_BY_SA),
        "description": ("A tree in winter", CC_BY_SA),
        "date": ("circa 1860", CC_BY_SA),
        "medium": ("oil on canvas", CC_BY_SA),
        "institution": ("Sandbox Museum", CC_BY_SA),
        "category": ("Trees in art", CC_BY_SA),
    }


def test_every_label_says_where_it_was_seen() -> None:
    seen = {label.field: label.seen_in for label in read_labels({"wikitext": PAGE, "categories": ["Trees"]})}
    assert seen["description"] == "wikitext artwork.description"
    assert seen["category"] == "category Trees"


@pytest.mark.parametrize("text", SECRETS)
def test_addresses_tickets_markup_and_user_names_are_cut_out(text: str) -> None:
    assert clean(text) == SECRETS[text]


@pytest.mark.parametrize(
    "innocent",
    [
        "Portrait of a man (1541–1629), aged 1/2",
        "Madonna and Child, St. John; oil, 73 × 92 cm",
        "The painter's wife & daughter at 3 o'clock",
        "View of Rome, 45° rotation, no. 12-34",
        "Letter of 3 June 1889 to Theo",
        "The user's guide to 1850–1860",
    ],
)
def test_innocent_text_stays_as_it_is(innocent: str) -> None:
    assert clean(innocent) == innocent


@pytest.mark.parametrize(
    "author",
    [
        "[[User:JaneRoe|JaneRoe]]",
        "{{u|JaneRoe}}",
        "{{user at project|JaneRoe|wikipedia|de}}",
        "[[:w:de:Benutzer:JaneRoe|JaneRoe]]",
        "[https://commons.wikimedia.org/wiki/User:JaneRoe JaneRoe]",
        "[https://www.flickr.com/photos/janeroe JaneRoe] from Inba, Japan",
        "user: JaneRoe",
        "JaneRoe",
    ],
)
def test_no_field_of_an_own_work_names_its_uploader(author: str) -> None:
    for place in ("description", "title", "notes"):
        text = f"{{{{Information|{place}=A tree by {author}|source={{{{own}}}}|author={author}}}}}"
        page = {"wikitext": text, "categories": ["Photographs by JaneRoe", "Trees"]}
        labels = read_labels(page)
        assert "JaneRoe" not in " ".join(label.value for label in labels)
        assert "Trees" in {label.value for label in labels}


def test_whoever_is_linked_as_a_user_is_no_artist_even_without_own_work() -> None:
    linked = '<a href="//commons.wikimedia.org/wiki/User:JaneRoe" title="User:JaneRoe">Jane Roe</a>'
    page = {
        "extmetadata": json.dumps({"Artist": {"value": linked}, "ImageDescription": {"value": f"A tree, {linked}"}})
    }
    assert [(label.field, label.value) for label in read_labels(page)] == [("description", "A tree")]


def test_what_is_rendered_fills_in_only_what_the_wikitext_does_not_say() -> None:
    metadata = {
        "Artist": {"value": "<bdi><a href='https://en.wikipedia.org/wiki/Anna'>Anna Vester</a></bdi>"},
        "DateTimeOriginal": {"value": "1860<div style='display: none;'>date QS:P571,+1860-00-00T00:00:00Z/9</div>"},
        "ObjectName": {"value": "DSC 01234", "source": "mediawiki-metadata"},
    }
    page = {"wikitext": "{{Artwork|wikidata=Q1|date=1861}}", "extmetadata": json.dumps(metadata)}
    assert {label.field: label.value for label in read_labels(page)} == {"artist": "Anna Vester", "date": "1861"}


@pytest.mark.parametrize("mediainfo", [None, "", "[]", "{", '{"labels": []}', '{"labels": {"en": 3}}', "null"])
def test_structured_data_without_captions_give_no_label(mediainfo: str | None) -> None:
    assert read_labels({"mediainfo": mediainfo}) == ()


def statement(value: object, **others: object) -> dict[str, object]:
    return {"mainsnak": {"snaktype": "value", "datavalue": {"value": value}}, "rank": "normal", **others}


def test_depicted_things_have_their_names_from_the_stored_table() -> None:
    things = {"Q146": {"en": "house cat", "de": "Hauskatze"}, "Q2": {"de": "Erde"}}
    group = [statement({"id": "Q146"}), statement({"id": "Q2"}), statement({"id": "Q99"})]
    labels = read_labels({"mediainfo": json.dumps({"statements": {"P180": group}})}, things=things)
    shown = {(label.value, label.language, label.licence) for label in labels if label.preferred}
    assert shown == {("house cat", "en", CC0), ("Erde", "de", CC0)}
    assert {label.field for label in labels} == {"depicts"}


def test_statements_tell_dates_and_authors_but_no_users() -> None:
    author = {"P2093": [{"datavalue": {"value": "Anna Vester"}}]}
    user = {**author, "P4174": [{"datavalue": {"value": "JaneRoe"}}]}
    somebody = {"mainsnak": {"snaktype": "somevalue"}, "rank": "normal"}
    for qualifiers, artists in ((author, ["Anna Vester"]), (user, [])):
        date = statement({"time": "+1891-06-00T00:00:00Z", "precision": 10})
        statements = {"P571": [date], "P170": [{**somebody, "qualifiers": qualifiers}]}
        labels = read_labels({"mediainfo": json.dumps({"statements": statements})})
        assert [label.value for label in labels if label.field == "artist"] == artists
        assert [label.value for label in labels if label.field == "date"] == ["June 1891"]


def by_language(labels: tuple[Label, ...], field: str) -> dict[str, str]:
    return {label.language: label.value for label in labels if label.field == field}


def test_all_languages_are_kept_and_one_is_preferred() -> None:
    text = "{{Information|description={{de|1=Baum}}{{pt-br|1=Árvore}}{{fr|1=Arbre}} }}"
    expected = {"en": "Baum", "de": "Baum", "pt": "Árvore", "pt-br": "Árvore", "fr": "Arbre", "ja": "Baum"}
    for language, value in expected.items():
        labels = read_labels({"wikitext": text}, language=language)
        assert by_language(labels, "description") == {"de": "Baum", "pt-br": "Árvore", "fr": "Arbre"}
        assert [label.value for label in labels if label.preferred] == [value]
        assert labels[0].preferred


@pytest.mark.parametrize(
    "bad", ["{{other date|circa|unknown}}", "{{between|}}", "late 15th c", "-450", "{{date|x|y|z}}"]
)
def test_an_odd_field_costs_no_other(bad: str) -> None:
    text = f"{{{{Artwork|title=A tree|date={bad}|medium={{{{technique|oil|canvas}}}}}}}}"
    values = {label.field: label.value for label in read_labels({"wikitext": text})}
    assert (values["title"], values["medium"]) == ("A tree", "oil on canvas")


def test_a_field_that_cannot_be_read_at_all_is_lost_alone() -> None:
    deep = "<b>" * 900 + "x"
    text = f"{{{{Artwork|title=A tree|description={deep}|medium=oil}}}}"
    values = {label.field: label.value for label in read_labels({"wikitext": text, "categories": ["Trees"]})}
    assert values["category"] == "Trees"


RECORD = {
    "title": "Thunder god",
    "metadata_usage_access": "CC0",
    "alt_text": "A god among black clouds",
    "freetext": json.dumps(
        {
            "date": [{"label": "Date", "content": "1847"}, {"label": "Period", "content": "Edo period"}],
            "name": [
                {"label": "Artist", "content": "Katsushika Hokusai (1760-1849)"},
                {"label": "Donor", "content": "Jan Roe"},
            ],
            "notes": [
                {"label": "Label", "content": "The Thunder God beats the drums."},
                {"label": "Provenance", "content": "To 1900 Jan Roe"},
            ],
            "physicalDescription": [
                {"label": "Medium", "content": "Ink and color on paper"},
                {"label": "Dimensions", "content": "126 × 55 cm"},
            ],
            "place": [{"label": "Origin", "content": "Japan"}],
            "topic": "no list",
        }
    ),
}


def test_smithsonian_freetext_gives_cc0_labels_and_no_donors() -> None:
    labels = read_labels(RECORD)
    values = {(label.field, label.value) for label in labels}
    assert {
        ("title", "Thunder god"),
        ("description", "A god among black clouds"),
        ("description", "The Thunder God beats the drums."),
        ("date", "1847"),
        ("period", "Edo period"),
        ("artist", "Katsushika Hokusai (1760-1849)"),
        ("medium", "Ink and color on paper"),
        ("dimensions", "126 × 55 cm"),
        ("place", "Japan"),
    } == values
    assert {label.licence for label in labels} == {CC0}


def test_a_record_whose_metadata_are_not_cc0_gives_no_labels() -> None:
    assert read_labels({**RECORD, "metadata_usage_access": "Usage conditions apply"}) == ()
    assert read_labels({**RECORD, "metadata_usage_access": None}) == ()


def test_the_source_digest_changes_with_the_sources_alone() -> None:
    page = {"wikitext": PAGE, "categories": ["Trees"], "fetched_at": 1}
    assert source_digest(page) == source_digest({**page, "fetched_at": 2})
    assert (
        len({source_digest(page), source_digest({**page, "categories": []}), source_digest({**page, "wikitext": ""})})
        == 3
    )


@given(st.text(max_size=100))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
