"""Which items and Creator pages a page names: in boxes, templates, links and structured data; and nothing else."""

import json
import os
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.named_index import bring_in_step
from pd_assets.lib.commons.named_items import creator_title, item_of_creator, life_of_creator, named_on
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.commons.items_of_wikidata import claim, item
from tests.pd_assets.lib.planting import page, plant


def mediainfo(**statements: str) -> str:
    return json.dumps({"statements": {prop: [claim(item(name))] for prop, name in statements.items()}})


def items_on(wikitext: str, structured: str | None = None) -> set[str]:
    return named_on([{"wikitext": wikitext, "mediainfo": structured}]).items


@pytest.mark.parametrize(
    "text",
    [
        "{{Artwork|wikidata=Q12}}",
        "{{Artwork\n | Wikidata = q12 \n}}",
        "{{Artwork|wikidata=https://www.wikidata.org/wiki/Q12}}",
        "{{Artwork|wikidata=http://www.wikidata.org/entity/Q12}}",
        "{{Artwork|wikidata=:d:Q12}}",
        "{{Artwork|artist={{Q|12}}}}",
        "{{Artwork|artist={{Q|Q12|label}}}}",
        "{{Artwork|artist=Q12}}",
        "{{Creator|Wikidata=Q12}}",
        "by [[:d:Q12|Jan Roy]]",
        "by [https://www.wikidata.org/wiki/Q12 Jan Roy]",
    ],
)
def test_an_item_is_found_in_every_way_that_pages_name_one(text: str) -> None:
    assert items_on(text) == {"Q12"}


@pytest.mark.parametrize("text", ["", "Q12", "{{Artwork|wikidata=}}", "{{Artwork|wikidata=Q0}}", "1920 (Q12)"])
def test_what_only_looks_like_an_item_is_none(text: str) -> None:
    assert items_on(text) == set()


def test_the_maker_and_the_work_of_structured_data_are_named_and_what_is_shown_where_a_page_is_dedicated() -> None:
    structured = mediainfo(P170="Q1", P50="Q2", P6243="Q3", P180="Q4", P195="Q5")
    assert items_on("{{PD-old-100}}", structured) == {"Q1", "Q2", "Q3"}
    for dedicated in ("{{self|cc-zero}}", "{{Cc-zero}}", "{{own}}", "CC0", "own work"):
        assert items_on(dedicated, structured) == {"Q1", "Q2", "Q3", "Q4"}


@pytest.mark.parametrize("structured", ['{"statements": []}', "[]", '{"P170', '{"statements": {"P170": [1, {}]}}'])
def test_structured_data_of_another_shape_name_nothing(structured: str) -> None:
    assert items_on("", structured) == set()


def test_whom_a_maker_of_structured_data_follows_is_named_too() -> None:
    statement = claim(item("Q1"), qualifiers={"P1877": [item("Q2")], "P518": [item("Q3")]})
    assert items_on("", json.dumps({"statements": {"P170": [statement]}})) == {"Q1", "Q2"}


def test_nobody_is_no_item_to_ask_for() -> None:
    assert items_on("", mediainfo(P170="Q4233718")) == set()


def test_creator_pages_are_named_by_their_title() -> None:
    text = "{{creator:jan_roy}} {{Creator: Jan  Roy|after}} {{Creator:Ann Lee}} {{Creator:}} {{Creator|Name=X}}"
    assert named_on([{"wikitext": text}]).creators == {"Creator:Jan roy", "Creator:Jan Roy", "Creator:Ann Lee"}
    assert creator_title("élise_carrondel ") == "Creator:Élise carrondel"


def test_a_creator_page_names_one_item_or_none() -> None:
    assert item_of_creator("{{Creator\n | Name = X\n | Wikidata = Q12\n}}") == "Q12"
    assert item_of_creator("{{Creator | Name = X}}") is None
    assert item_of_creator("{{Creator|Wikidata=Q1}}{{Creator|Wikidata=Q2}}") is None


def test_only_parts_that_were_written_since_are_looked_through(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    plant(home, PAGES, [page(1, "A", wikitext="{{Q|1}}")], partition="A")
    plant(home, PAGES, [page(2, "B", wikitext="{{Creator:Jan Roy}}")], partition="B")
    first = bring_in_step(home)
    assert (first.named.items, first.named.creators, first.rows, first.parts_read) == (
        {"Q1"},
        {"Creator:Jan Roy"},
        2,
        2,
    )
    assert bring_in_step(home).parts_read == 0
    plant(home, PAGES, [page(1, "A", wikitext="{{Q|3}}")], partition="A")
    again = bring_in_step(home)
    assert (again.named.items, again.parts_read) == ({"Q3"}, 1)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"parts": 1}', '{"made_by": "", "check": "0"}'])
def test_a_damaged_list_of_names_is_made_anew(tmp_path: Path, text: str) -> None:
    home = open_home(tmp_path)
    plant(home, PAGES, [page(1, "A", wikitext="{{Q|1}}")], partition="A")
    assert bring_in_step(home).parts_read == 1
    (home.root / "commons" / "named.json").write_text(text)
    assert (bring_in_step(home).parts_read, bring_in_step(home).named.items) == (1, {"Q1"})


def test_a_page_without_text_names_nothing(home_of_one: Home) -> None:
    assert bring_in_step(home_of_one).named.items == set()


@pytest.fixture
def home_of_one(tmp_path: Path) -> Home:
    home = open_home(tmp_path)
    plant(home, PAGES, [page(1, "A", wikitext=None, mediainfo=None)], partition="A")
    for path in tables.parts(home, PAGES):
        os.utime(path, ns=(1, 1))
    return home


@pytest.mark.parametrize(
    ("text", "life"),
    [
        ("{{Creator\n |Name = Jan Roy\n |Birthdate = 1820-05-01\n |Deathdate = 1880\n}}", (1820, 1880)),
        ("{{Creator|Name=Jan Roy|Deathyear=1880}}", (None, 1880)),
        ("{{Creator|Deathdate={{other date|circa|1880}}}}", (None, None)),
        ("{{Creator|Deathdate=1880 or 1890}}", (None, None)),
        ("{{Creator|Deathdate=1880|Deathyear=1881}}", (None, None)),
        ("{{Creator|Deathdate=}}", (None, None)),
    ],
)
def test_a_life_is_read_from_a_creator_page_where_it_stands_in_plain_figures(
    text: str, life: tuple[int | None, int | None]
) -> None:
    assert life_of_creator(text) == life
