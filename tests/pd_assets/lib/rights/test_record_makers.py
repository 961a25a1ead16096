"""The makers in a museum's record: whose hand it is, and what is known of that one's life."""

import pytest

from pd_assets.lib.rights.record_makers import has_hand, last_death, maker_of, nobody


@pytest.mark.parametrize(
    ("described", "born", "died", "life"),
    [
        ("Claude Monet (French, 1840-1926)", "1840", "1926", (1840, 1926)),
        ("Claude Monet (French, 1840–1926)", None, None, (None, 1926)),
        ("Filippo Lippi (Italian, c. 1406-1469)", "c. 1406", "", (1416, 1469)),
        ("A Painter (French, 1840-1920)", "1840", "1926", (1840, 1926)),
        ("A Painter (French, 1840-1930)", "1840", "1926", (1840, 1930)),
        ("Michael Wauters (Flemish, 1679)", None, None, (None, None)),
        ("A Painter (Italian, active 1450-1480)", "1450", "1480", (None, None)),
        ("A Painter (Italian)", "1450", "after 1502", (1450, None)),
        ("Example Studios (American, New York, 1902-1932)", "1902", "1932", (None, None)),
        ("Royal Porcelain Manufactory (German, 1763-1918)", "1763", "1918", (None, None)),
        ("Somebody (German, 1763-1918)", "1763", "1918", (None, None)),
        ("Somebody (German, 1863-1818)", "1863", "1818", (None, None)),
        ("Living Example (American, b. 1951)", None, None, (1951, None)),
    ],
)
def test_a_life_is_told_by_fields_or_the_line_and_nothing_is_taken_for_one(
    described: str, born: str | None, died: str | None, life: tuple[int | None, int | None]
) -> None:
    found = maker_of(described, place="creators", born=born, died=died)
    assert (found.born, found.died, found.is_unknown) == (*life, False)


@pytest.mark.parametrize("described", ["Claude Monet, (French, 1840-1926)", "Claude Monet;", "Claude Monet"])
def test_a_name_ends_in_no_separator(described: str) -> None:
    assert maker_of(described, place="creators").name == "Claude Monet"


@pytest.mark.parametrize("hand", ["", "and", "attributed to", "after", "After"])
def test_who_is_named_made_it_or_made_what_it_was_made_after(hand: str) -> None:
    found = maker_of("A Painter (French, 1880-1969)", place="creators", qualifier=hand, born="1880", died="1969")
    assert (found.died, found.is_unknown) == (1969, False)


@pytest.mark.parametrize(
    ("described", "hand", "name"),
    [
        ("Jacopo Bassano (Italian, 1518-1594)", "workshop of", "workshop of Jacopo Bassano"),
        ("Jacopo Bassano (Italian, 1518-1594)", "possibly", "possibly Jacopo Bassano"),
        ("follower of Jacopo Bassano (Italian, 1518-1594)", "", "follower of Jacopo Bassano"),
        ("Unknown follower of Jacopo Bassano (Italian, 1518-1594)", "", "Unknown follower of Jacopo Bassano"),
    ],
)
def test_the_maker_is_an_open_question_where_it_may_be_another_hand(described: str, hand: str, name: str) -> None:
    found = maker_of(described, place="creators", qualifier=hand, born="1518", died="1594")
    assert (found.name, found.born, found.died, found.is_unknown) == (name, None, None, False)


@pytest.mark.parametrize("described", ["Unknown", "Unidentified artist (American)", "Anonymous (French, 1518)"])
def test_the_maker_is_unknown_where_the_record_says_so(described: str) -> None:
    assert maker_of(described, place="creators").is_unknown


def test_nobody_after_somebody_has_the_life_of_that_one() -> None:
    found = maker_of("Unidentified artist, after Pablo Picasso (Spanish, 1881-1973)", place="creators")
    assert (found.died, found.is_unknown) == (1973, False)


def test_printers_and_publishers_make_no_work_and_who_has_an_unknown_role_does() -> None:
    assert not any(map(has_hand, ("printer", "published by", "manufacturer", "Sitter", "printed and published by")))
    assert all(
        map(has_hand, ("artist", "NULL", None, "", "designer", "woven by", "printmaker", "artist and publisher"))
    )


def test_the_last_death_is_known_where_everybodys_is() -> None:
    old, late = (maker_of(f"A Painter (French, 1830-{year})", place="creators") for year in (1868, 1899))
    assert last_death((old, late)) == 1899
    assert last_death((old, nobody("creators"))) is None
    assert last_death(()) is None
