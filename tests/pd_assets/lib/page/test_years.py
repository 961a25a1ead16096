"""Which numbers of a page are years that may speak against it, and which are not."""

import pytest

from pd_assets.lib.page.years import named_years

OF_WORKS = {
    "Poster for the exhibition of 1958": 1958,
    "View, c.1985": 1985,
    "drawn ca1931": 1931,
    "signed 03.12.1985": 1985,
    "1985-06-03": 1985,
    "May 1985.": 1985,
    "1985.06": 1985,
    "between 1920 and 1950": 1950,
    "1920–38": 1938,
    "1950s": 1950,
    "mid-1985": 1985,
    "1985年": 1985,
    "١٩٥٨": 1958,
    "late 20th century": 1960,
    "second half of the 20th century": 1951,
    "21st century": 2001,
    "XXI век": 2001,
    "20th century": 1901,
    "MCMLVIII": 1958,
    "1377 AH": 1958,
    "AH 1377": 1958,
    "۱۳۳۷ هجری شمسی": 1959,
    "1337 SH": 1959,
    "昭和33年": 1958,
    "昭和三十三年": 1958,
    "民國47年": 1958,
    "民國四十七年": 1958,
    "平成元年": 1989,
    "พ.ศ. 2501": 1958,
    "พ.ศ. ๒๕๐๑": 1958,
    "2501 BE": 1958,
    "１９５８": 1958,
    "photograph taken in 1985": 1985,
    "Karel Novák, 1895-1965": 1965,
}
OF_LIVES = {
    "Karel Novák (1895–1965)": 1965,
    "Karel Novák [1895-1965]": 1965,
    "Karel Novák (born 1895 in Brno – died 3 May 1965)": 1965,
    "Karel Novák, died 1965": 1965,
    "Karel Novák († 1965)": 1965,
}
NO_YEARS = (
    "accession number 1985.1103",
    "1985.64",
    "1985,0103.12",
    "SK-A-1985",
    "inv. 1985",
    "No. 1985",
    "1985-123",
    "1950 × 1200 mm",
    "1920x1080",
    "2000 px",
    "scale 1:1985",
    "DP1985",
    "scanned in 2015",
    "uploaded 2012-05-03",
    "painted in 1880",
    "late 19th century",
    "MDCCCLXXX",
    "MCM",
    "明治13年",
    "民國前5年",
    "1297 AH",
    "พ.ศ. 2423",
    "id 19851234",
)


@pytest.mark.parametrize("text", OF_WORKS)
def test_a_year_of_the_work_is_found_in_whatever_spelling(text: str) -> None:
    assert [(named.year, named.is_life) for named in named_years("title", text)] == [(OF_WORKS[text], False)]


@pytest.mark.parametrize("text", OF_LIVES)
def test_the_end_of_a_life_is_told_from_the_year_of_a_work(text: str) -> None:
    assert [(named.year, named.is_life) for named in named_years("title", text)] == [(OF_LIVES[text], True)]


@pytest.mark.parametrize("text", NO_YEARS)
def test_numbers_of_museums_sizes_and_copies_are_no_years(text: str) -> None:
    assert list(named_years("title", text)) == []


def test_all_years_in_a_field_of_makers_are_of_their_lives() -> None:
    (named,) = named_years("artist", "Lange, Dorothea, 1895-1965", of_maker=True)
    assert (named.year, named.is_life) == (1965, True)
