"""Years in dates and years of death, as pages write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.page.dates import parse_birth_year, parse_death_year, parse_years

DATES = {
    "1642": (1642, 1642),
    "ca. 1650": (1640, 1660),
    "c1650": (1640, 1660),
    "1890?": (1880, 1900),
    "between 1840 and 1850": (1840, 1850),
    "1820s": (1820, 1829),
    "1929–32": (1929, 1932),
    "1890/1910": (1890, 1910),
    "17th century": (1601, 1700),
    "20th or 17th century": (1601, 2000),
    "18th-19th century": (1701, 1900),
    "1st half of the 19th century": (1801, 1850),
    "century 17": (1601, 1700),
    "500 BC": (-500, -500),
    "5th century BC": (-500, -401),
    "2050 BCE": (-2050, -2050),
    "circa 900": (890, 910),
    "10 October 1874": (1874, 1874),
    "1874-10-10": (1874, 1874),
    "1890-05": (1890, 1890),
    "12.05.1955": (1955, 1955),
    "20130504": (2013, 2013),
    "2013-05-04 17:50": (2013, 2013),
    "1890 (photographed 2013)": (1890, 1890),
    "photographed 1955": (1955, 1955),
    "No. 1850, 1954": (1954, 1954),
    "from 1650 to 1660": (1650, 1660),
    "after 1650, before 1700": (1650, 1700),
    "BCE 500s": (-599, -500),
    "BCE 510s": (-519, -510),
    "500-450 BCE": (-500, -450),
    "3rd millennium BC": (-3000, -2001),
    "1st century BC - 1st century AD": (-100, 100),
    "circa 500 v. Chr.": (-510, -490),
    "ca. 1985": (1975, 1995),
    "1975-1980": (1975, 1980),
    "20th century": (1901, 2000),
    "mid-19th century": (1830, 1870),
    "early 20th century": (1901, 1940),
    "late 20th century": (1960, 2000),
    "second half of the 17th century": (1651, 1700),
    "last quarter of 18th century": (1776, 1800),
    "early 18th-late 19th century": (1701, 1900),
    "early 20th century to late 20th century": (1901, 2000),
    "early or late 19th century": (1860, 1900),
    "late 18th to early 19th century": (1760, 1840),
    "19. Jahrhundert": (1801, 1900),
    "XIXe siècle": (1801, 1900),
    "XIX century": (1801, 1900),
    "19e eeuw": (1801, 1900),
    "siglo XVII": (1601, 1700),
    "before 1900": (1800, 1900),
    "before 1642-05-03": (1542, 1642),
    "April 23, 1910": (1910, 1910),
    "Edo period (1603–1868)": (1603, 1868),
}
UNREADABLE = (None, "", "unknown", "n.d.", "after 1650", "from 1650", "> 1650", "1890 or later", "Inv. No. 1850", "12",
              "1700 (after 1950)")  # fmt: skip
DEATHS = {
    "Claude Monet (1840–1926)": 1926,
    "Monet (14 November 1840 – 5 December 1926)": 1926,
    "Monet (French, 1840-1926)": 1926,
    "Rembrandt (c. 1606–1669)": 1669,
    "died 1926": 1926,
    "A. Roy (1800–1880) and B. Ray (1801–1950)": 1950,
}
NO_DEATHS = (None, "", "Unknown", "Monet (1840–)", "Roy (active 1840–1880)", "Roy (1840–after 1880)", "died after 1880",
             "After Rembrandt (1606–1669)", "Follower of Rembrandt (1606–1669)", "A. Roy (1800–1880) and B. Ray",
             "Photo by Foo of Monet (1840–1926)")  # fmt: skip


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_read_as_the_years_that_it_allows(text: str) -> None:
    years = parse_years(text)
    assert years is not None
    assert (years.first, years.last) == DATES[text]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_date_that_is_open_or_names_no_year_is_none(text: str | None) -> None:
    assert parse_years(text) is None


TEXTS = ("c. 1925", "1930s", "20th century", "late 20th century")


def test_the_year_that_a_text_names_has_no_slack_and_a_century_names_its_first() -> None:
    assert [parse_years(text).named for text in TEXTS] == [1925, 1939, 1901, 2000]  # type: ignore[union-attr]


@pytest.mark.parametrize("text", DEATHS)
def test_a_year_of_death_is_read_from_life_dates(text: str) -> None:
    assert parse_death_year(text) == DEATHS[text]


@pytest.mark.parametrize("text", NO_DEATHS)
def test_life_dates_that_are_unsure_or_another_persons_give_no_year_of_death(text: str | None) -> None:
    assert parse_death_year(text) is None


def test_a_year_of_birth_counts_where_no_death_is_told() -> None:
    texts = ("Jan Roy (born 1950)", "Jan Roy (1950–)", "Jan Roy (b. 3 May 1950)", "Roy, American, born 1950",
             "Jan Roy (1950 – present)")  # fmt: skip
    assert {parse_birth_year(text) for text in texts} == {1950}
    assert {parse_birth_year(text) for text in (None, "", "Jan Roy (1840–1926)", "Jan Roy", "Bern 1950")} == {None}


@given(st.integers(1000, 2099), st.integers(1000, 2099))
def test_two_years_give_a_range_from_the_earlier_to_the_later(one: int, other: int) -> None:
    years = parse_years(f"between {one} and {other}")
    assert years is not None
    assert (years.first, years.last, years.named) == (min(one, other), max(one, other), max(one, other))


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_of_dates(text: str) -> None:
    years = parse_years(text)
    assert years is None or years.first <= years.last
    died = parse_death_year(text)
    assert died is None or 1000 <= died < 2100
