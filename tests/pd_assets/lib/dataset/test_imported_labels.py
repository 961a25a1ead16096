"""Labels of a prior system beside those of the page: what the page says today wins, and its text stays CC BY-SA."""

import json

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
