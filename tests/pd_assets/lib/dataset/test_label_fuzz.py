"""Broken pages: whatever is cut, mixed or invented, nothing is raised and neither markup nor users come through."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.material import WRITTEN
from tests.pd_assets.lib.commons.whole_pages import page_rows
from tests.pd_assets.lib.dataset.cutting import clean_of, cut_anywhere, cut_summary, metadata_below, told

PIECES = st.sampled_from(
    (
        "{{Information", "{{Artwork", "{{Book", "}}", "{{en|1=", "{{de|", "|description=", "|author=", "|source=",
        "|date=", "|title=", "[[User:JaneRoe|JaneRoe]]", "[[Benutzer:JaneRoe]]", "{{u|JaneRoe}}", "[[File:A.jpg|thumb|",
        "]]", "[https://museum.example/x A link]", "jane.roe@museum.example", "<b>", "</b>", "<ref name=x>", "</ref>",
        "<!--", "-->", "<nowiki>",
        "{|", "|}", "{{other date|circa|", "{{Information field|name=", "|value=", "\n",
        "A tree",
        " by ", "1850", "'''", "''", "==", "&lt;b&gt;", "&amp;", "{{LangSwitch|en=",
        "{{own}}", "~~~~", "<span lang=en>",
        "{{Creator:Anna Vester}}", "{{technique|oil|canvas}}", "[[", "[", "{",
        "{{{1|", "}}}", "<div style='display:none'>",
    )
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_pieces_of_markup_in_any_order_leak_nothing(text: str) -> None:
    clean_of(told({"wikitext": text}), frozenset({"JaneRoe"}))


@given(st.lists(PIECES, max_size=25).map("".join), st.sampled_from(("description", "author", "title", "notes")))
def test_pieces_of_markup_inside_a_box_leak_nothing(text: str, argument: str) -> None:
    clean_of(told({"wikitext": f"{{{{Information\n |{argument} = {text}\n}}}}"}), frozenset({"JaneRoe"}))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_in_any_column_is_read_or_left_out(one: str, other: str) -> None:
    page: dict[str, object] = {
        "wikitext": f"{{{{Information|description={one}|author={other}}}}}",
        "mediainfo": json.dumps({"labels": {"en": {"value": one}}, "statements": {"P180": other}}),
        "extmetadata": json.dumps({"ImageDescription": {"value": other}, "Artist": one}),
        "freetext": json.dumps({"notes": [{"label": other, "content": one}], "date": one}),
        "metadata_usage_access": "CC0",
        "categories": [one, other],
        "hidden_categories": None,
    }
    clean_of(told(page))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("labels", "statements", "P180", "P571", "P170", "mainsnak", "datavalue", "value", "time", "en",
                         "id", "rank", "qualifiers", "P2093", "precision", "notes", "name", "label", "content")),
        inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_structured_data_and_records_of_any_shape_are_read_or_left_out(raw: object) -> None:
    text = json.dumps(raw)
    told({"mediainfo": text, "extmetadata": text, "freetext": text, "indexed": text, "metadata_usage_access": "CC0"})


def test_every_written_wikitext_cut_anywhere_leaks_nothing() -> None:
    texts = sorted({str(page["wikitext"]) for page in page_rows().values() if page["wikitext"]})
    assert len(texts) > 50
    for text in texts[::4]:
        cut_anywhere(text, step=53)


def test_every_written_summary_cut_anywhere_leaks_nothing() -> None:
    seen = list(metadata_below(WRITTEN / "commons"))
    assert len(seen) > 30
    for metadata in seen:
        cut_summary(metadata)
