"""Broken pages: whatever is cut, mixed or invented, nothing is raised and neither markup nor users come through."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.dataset.composition import captions_of
from pd_assets.lib.dataset.labels import read_labels
from tests.conftest import ROOT

RECORDED = ROOT.parent / "shared" / "data" / "commons"
MARKUP = re.compile(r"\{\{|\}\}|\[\[|\]\]|'''|</?[a-zA-Z]|<!--|\{\||~~~|&(?:[a-z]+|#\d+);|\bQS:P|https?:|www\.|\|")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
USER = re.compile(r"\b(?:User|Benutzer|Utente|Usuario|Utilisateur)\s*:\s*\w", re.IGNORECASE)

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


def told(page: dict[str, object]) -> list[str]:
    labels = read_labels(page)
    return [label.value for label in labels] + captions_of(labels, item_id="x")


def clean_of(texts: list[str], users: frozenset[str] = frozenset()) -> None:
    for text in texts:
        assert not MARKUP.search(text), text
        assert not EMAIL.search(text), text
        assert not USER.search(text), text
        assert not any(re.search(rf"(?<!\w){re.escape(user)}(?!\w)", text) for user in users), text


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


@pytest.fixture(scope="module")
def recorded() -> list[str]:
    if not RECORDED.is_dir():
        pytest.skip(f"no recorded pages in {RECORDED}")
    return sorted({text for file in RECORDED.rglob("*") for text in _wikitexts(file)})


def _wikitexts(file: Path) -> Iterator[str]:
    """Wikitext that stands in a recorded page: upload summaries hold the first version of it, often cut off."""
    if file.suffix not in (".html", ".json"):
        return
    for match in re.finditer(r"\{\{\s*Information[^<]{20,3000}", file.read_text(errors="replace"), re.IGNORECASE):
        yield html.unescape(match.group())


def test_every_recorded_wikitext_cut_anywhere_leaks_nothing(recorded: list[str]) -> None:
    assert len(recorded) >= 15
    for text in recorded:
        users = frozenset(re.findall(r"User:([^|\]/}\s]+)", text))
        for start in range(0, len(text), 7):
            clean_of(told({"wikitext": text[:start]}), users)
            clean_of(told({"wikitext": text[:start] + "}}"}), users)
            clean_of(told({"wikitext": "{{Information|description=" + text[start:] + "}}"}), users)
            clean_of(told({"wikitext": text[:start] + text[start + 23 :] + "}}"}), users)


def test_recorded_metadata_cut_anywhere_leaks_nothing() -> None:
    if not RECORDED.is_dir():
        pytest.skip(f"no recorded pages in {RECORDED}")
    seen = 0
    for file in sorted(RECORDED.rglob("*.json")):
        for metadata in _metadata(json.loads(file.read_text())):
            seen += 1
            for name, entry in metadata.items():
                value = str(entry.get("value", "")) if isinstance(entry, dict) else ""
                users = frozenset(re.findall(r"title=\"(?:[a-z]+:)*User:([^\"/(]+)\"", value))
                for end in range(len(value) % 37, min(len(value), 1500), 37):
                    clean_of(
                        told({"extmetadata": json.dumps({name: {"value": value[:end], "source": "commons-desc-page"}})})
                    )
                whole = json.dumps({name: {"value": value, "source": "commons-desc-page"}})
                clean_of(told({"extmetadata": whole}), users)
    assert seen > 100


def _metadata(answer: object) -> Iterator[dict[str, object]]:
    if isinstance(answer, dict):
        if isinstance(answer.get("extmetadata"), dict):
            yield answer["extmetadata"]
        for value in answer.values():
            yield from _metadata(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from _metadata(value)
