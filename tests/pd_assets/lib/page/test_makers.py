"""Who made a work, as pages say it: every role, life dates in any form, and what stays an open question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.page.file_page import read_page
from pd_assets.lib.page.makers import NamedMaker, makers_named


def named(value: str, argument: str = "artist") -> list[NamedMaker]:
    return list(makers_named(read_page(f"{{{{Artwork|title=x|{argument}={value}}}}}")))


@pytest.mark.parametrize(
    ("value", "died"),
    [
        ("Claude Monet (French, 1840–1926)", 1926),
        ("Hine, Lewis Wickes, 1874-1940", 1940),
        ("Paul Klee [1879-1940]", 1940),
        ("Emil Nolde (7 August 1867 – 13 April 1956)", 1956),
        ("Brady, Mathew, 1823 (ca.) - 1896", 1896),
        ("Chen Rong (Chinese, c. 1210-1262)", 1262),
        ("Rembrandt van Rijn (b. Leiden 1606, d. Amsterdam 1669)", 1669),
        ("Anna Vester († 1925)", 1925),
        ("Anna Vester, died 1925", 1925),
        ("Neurdein frères (Étienne 1832–1918, Louis-Antonin 1846–1914)", 1918),
        ("John Smith (1800–1870) after Joshua Reynolds (1723–1792)", 1870),
        ("Photograph by Peter Henry Emerson (1856–1936)", 1936),
        ("M. Foo (1850 - 1920), published by Bar", 1920),
        ("{{Creator|Name=Anna Vester|Deathdate=1880}}", 1880),
        ("{{en|1=Claude Monet (1840–1926)}}{{fr|1=Claude Monet}}", 1926),
    ],
)
def test_the_death_of_a_maker_is_read_in_the_forms_that_people_write(value: str, died: int) -> None:
    assert [maker.died for maker in named(value)] == [died]


@pytest.mark.parametrize(
    "value",
    [
        "Torii Kotondo",
        "{{Creator:Pablo Picasso}}",
        "[[:en:Georgia O'Keeffe|Georgia O'Keeffe]]",
        "A. Grün (1850–1900), B. Blau",
        "A. Grün (1850–1900) and B. Blau",
        "Etienne Carjat (1828-?)",
        "Jane Doe (born 1950)",
        "active 1880–1920",
        "Meister des Hausbuches (tätig um 1480)",
        "Currier & Ives",
        "宋祖舜",
    ],
)
def test_a_maker_whose_death_the_page_does_not_tell_stays_an_open_question(value: str) -> None:
    assert any(maker.died is None and not maker.is_unknown for maker in named(value))


@pytest.mark.parametrize(
    "value",
    ["after Menzel (1815–1905)", "{{Creator:Rembrandt|circle of}}", "unknown engraver after Rubens (1577-1640)",
     "{{Creator:Rembrandt|after}}"],
)  # fmt: skip
def test_whoever_copied_or_followed_a_master_is_a_maker_too(value: str) -> None:
    assert len(named(value)) == 2
    assert any(maker.died is None for maker in named(value))


@pytest.mark.parametrize(
    "value",
    ["{{unknown|author}}", "{{anonymous}}", "Unknown / unattributed", "unbekannt", "Anonyme", "佚名",
     "неизвестный автор", "unidentified photographer"],
)  # fmt: skip
def test_a_page_may_say_that_nobody_knows_the_maker(value: str) -> None:
    assert [(maker.is_unknown, maker.died) for maker in named(value)] == [(True, None)]


def test_a_body_is_no_maker_beside_a_person_and_an_uploader_is_none_at_all() -> None:
    assert [maker.is_body for maker in named("War Department")] == [True]
    assert [maker.died for maker in named("War Department; Brady, Mathew, 1823-1896")] == [1896]
    assert named("[[User:Paintbox|Paintbox]]") == named("{{own}}") == named("see above") == []


@pytest.mark.parametrize("argument", ["illustrator", "engraver", "cartographer", "photographer", "sculptor", "after",
                                      "lithographer", "autor", "художник"])  # fmt: skip
def test_every_role_that_makes_works_is_asked_for(argument: str) -> None:
    assert [maker.died for maker in named("Karel Novák (1895–1967)", argument)] == [1967]


@pytest.mark.parametrize("box", ["{{Information field|name=Engraver|value=%s}}", "{{InFi|Creator|%s}}"])
def test_information_fields_name_makers_too(box: str) -> None:
    page = read_page(f"{{{{Artwork|title=x|other fields={box % 'Watkins, Carleton E., 1829-1916'}}}}}")
    assert [maker.died for maker in makers_named(page)] == [1916]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("[[w:Anna Vester|Anna Vester]] (1801–1872)", ["Anna Vester"]),
        ("[[w:Anna Vester|Anna Vester]] (1801–1872)<br>[[w:Jan Holm|Jan Holm]] (1820–1889)", ["Anna Vester; Jan Holm"]),
        ("Anna Vester (1801–1872) /", ["Anna Vester"]),
        ("Anna Vester, (1801–1872) –", ["Anna Vester"]),
        ("* [[Anna Vester]]\n* [[Jan Holm]]\n", ["Anna Vester", "Jan Holm"]),
        ("{{Creator|Name=Anna Vester ;|Deathdate=1872}}", ["Anna Vester"]),
        ("[[d:Q1|Anna Vester,]]", ["Anna Vester"]),
        ("Unknown (Dutch) ;", ["Unknown (Dutch)"]),
    ],
)
def test_the_name_of_a_maker_ends_in_no_separator(value: str, names: list[str]) -> None:
    assert [maker.name for maker in named(value)] == names


@given(
    st.lists(st.sampled_from(["[[w:Anna Vester|Anna Vester]]", "Jan Holm", "(1801–1872)", "<br>", "\n* ", "\n", "; ",
                              ", ", " / ", " & ", " – ", "{{Creator:Ida Lind}}", "''after''"]), max_size=8)
)  # fmt: skip
def test_no_order_of_names_lives_and_ends_of_lines_leaves_a_separator_at_the_end_of_a_name(parts: list[str]) -> None:
    names = [maker.name for maker in named("".join(parts))]
    # What is nothing but separators is no name.
    assert [name for name in names if name.strip(" ,;:/|&–—-") not in (name, "")] == []


def test_creator_pages_and_items_are_told_by_their_names() -> None:
    (picasso,) = named("{{Creator:Pablo Picasso}}")
    assert (picasso.creator_page, picasso.name) == ("creator:pablo picasso", "Pablo Picasso")
    assert [maker.item for maker in named("{{Q|Q5593}}")] == ["Q5593"]
    assert [maker.item for maker in named("{{Creator|Name=X|Wikidata=Q5}}")] == ["Q5"]
