"""Labels of a prior system beside those of the page: what the page says today wins, and its text stays CC BY-SA."""

import json
from collections.abc import Mapping

import pytest

from pd_assets.lib.dataset.caption_rows import caption_row
from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, read_labels, source_digest

PAGE = {"item_id": "commons:M1", "page_url": "https://wiki.test/wiki/File:1.jpg", "revid": 7}
TREE = "{{Artwork|title=Tree|description=A tree in winter, by the river}}"


def label(field: str, value: str, licence: str = CC_BY_SA, *, copied: bool = True) -> dict[str, object]:
    return {"field": field, "value": value, "licence": licence, "seen_in": f"PD-Diffusion {field}", "copied": copied}


def page(*labels: dict[str, object], wikitext: str = TREE) -> dict[str, object]:
    return {**PAGE, "wikitext": wikitext, "imported": json.dumps({"labels": labels})}


def imported(row: dict[str, object]) -> list[tuple[str, str, str]]:
    found = [one for one in read_labels(row) if one.seen_in.startswith("PD-Diffusion")]
    return [(one.field, one.value, one.licence) for one in found]


def test_a_copied_label_counts_only_where_the_page_says_nothing_in_its_field() -> None:
    row = page(label("description", "A bush"), label("medium", "oil on canvas"))
    assert imported(row) == [("medium", "oil on canvas", CC_BY_SA)]


def test_a_caption_has_the_licence_that_was_stated_unless_its_text_stands_on_the_page() -> None:
    own = label("label", "Snow on a lone tree", CC0, copied=False)
    taken = label("label", "winter, by the RIVER", CC0, copied=False)
    again = label("description", "a tree in winter,  by the river", CC0, copied=False)
    assert imported(page(own, taken, again)) == [
        ("label", "Snow on a lone tree", CC0),
        ("label", "winter, by the RIVER", CC_BY_SA),
    ]


RHINE = "View of the Rhine near Basel"


@pytest.mark.parametrize(
    ("description", "caption"),
    [
        ("{{en|A fine picture. View of the [[Rhine]] near [[Basel]] in winter.}}", RHINE),
        ("{{en|1=View of the [[Rhine (river)|Rhine]] near [[:en:Basel|]]Basel}}", RHINE),
        ("{{de|Ein Bild. Blick auf den [[Rhein (Fluss)|Rhein]] bei Basel}} {{en|A}}", "Blick auf den Rhein bei Basel"),
        ("View of the '''Rhine''' near ''Basel''", RHINE),
        ("View of the <b>Rhine</b> near<br/>Basel<!-- or so -->, <small>in</small> winter", RHINE),
        ("View of the&nbsp;Rhine near&#32;Basel", RHINE),
        ("“View of the Rhine”\n near\u00a0Basel", "VIEW OF THE  RHINE, near 'Basel'"),
        ("Vue de l’&Icirc;le-d\u2019Oléron", "Vue de l'Île-d'Oleron"),
        ("View of the {{w|Rhine}} near [https://basel.test Basel]", RHINE),
        ("{{Some unheard-of template|text=View of the [[Rhine river|Rhine]] near Basel}}", RHINE),
        ("View of the Rhine near Basel", "The best of all: view of the Rhine near Basel, and I took it"),
        ("View of the Rhine near Basel", "<i>View</i> of the <b>Rhine</b> near Basel, and more"),
        ("京都の[[清水寺 (京都市)|清水寺]]の冬", "京都の清水寺"),
    ],
)  # fmt: skip
def test_text_of_the_page_stays_its_own_however_the_page_writes_it(description: str, caption: str) -> None:
    wikitext = f"{{{{Information|description={description}}}}}\n== Notes ==\nnone"
    row = page(label("label", caption, CC0, copied=False), wikitext=wikitext)
    assert {licence for *_, licence in imported(row)} <= {CC_BY_SA}
    own = page(label("label", "Snow on a lone tree at dusk", CC0, copied=False), wikitext=wikitext)
    assert [licence for *_, licence in imported(own)] == [CC0]


@pytest.mark.parametrize(
    "more",
    [
        {"page_url": "https://wiki.test/wiki/File:View_of_the_Rhine_near_Basel_%281%29.jpg"},
        {"wikitext": f"{TREE}\nView of the [[Rhine (river)|Rhine]] near Basel"},
        {"wikitext": TREE + "{{Artwork|description=View of the {{w|Rhein|Rhine|de}} near Basel}}" + TREE},
        {"extmetadata": json.dumps({"ImageDescription": {"value": "View of the <a href='/x'>Rhine</a> near Basel!"}})},
        {"categories": ["View of the Rhine near Basel in winter"]},
        {"wikitext": "{{Artwork|title=Tree|description={{en|cut off"},
        {"wikitext": ""},
        {"wikitext": None},
    ],
)
def test_a_caption_is_no_more_free_than_the_title_any_box_and_all_other_text_of_the_page(
    more: Mapping[str, object],
) -> None:
    row = {**page(label("label", "View of the Rhine near Basel", CC0, copied=False)), **more}
    assert {licence for *_, licence in imported(row)} <= {CC_BY_SA}


def test_text_that_came_from_a_page_is_attributed_to_it_and_left_out_under_cc0() -> None:
    row = page(label("description", "A boat on the sea"), wikitext="nothing")
    told = json.loads(str(caption_row(row, read_labels(row), "all")["attribution"]))
    assert told["fields"] == ["PD-Diffusion description"] and told["history_url"].endswith("action=history")
    assert caption_row(row, read_labels(row), "cc0")["captions"] == []


def test_markup_and_users_in_imported_text_are_cleaned_as_in_any_other() -> None:
    wikitext = "{{Information|source={{own}}|author=[[User:JaneRoe|JaneRoe]]}}"
    row = page(label("label", "A <b>tree</b> by JaneRoe", CC0, copied=False), wikitext=wikitext)
    assert [value for _, value, _ in imported(row)] == ["A tree"]


def test_what_is_no_kept_label_costs_nothing_else() -> None:
    for odd in ("[]", "{", '{"labels": 3}', '{"labels": [7]}', '{"labels": [{"field": "title"}]}'):
        row = {**PAGE, "wikitext": TREE, "imported": odd}
        assert imported(row) == [] and {one.field for one in read_labels(row)} >= {"title", "description"}


def test_the_digest_of_a_page_without_imported_labels_is_what_it_was() -> None:
    plain = {**PAGE, "wikitext": TREE}
    assert source_digest(plain) == source_digest({**plain, "imported": None})
    assert source_digest(plain) != source_digest(page(label("medium", "oil")))
