"""A date counts when it is surely one of our calendar, whatever calendar, script or numerals it is written in."""

import pytest

from pd_assets.lib.page.sure_dates import surely_of


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("1907", 1907), ("1841年", 1841), ("около 1850 года", 1850), ("XVIII век", 1800), ("1840-е", 1849),
        ("первая половина XVIII века", 1800), ("sec. XIV", 1400), ("14. öld", 1400), ("18세기", 1800),
        ("Northern Song dynasty (960–1127)", 1127), ("Edo period", 1868), ("天明5年", 1869), ("乾隆二十年", 1796),
        ("宋代", 1279), ("MDCLIV", 1654), ("-450", -450), ("1200s", 1299), ("1890s", 1899), ("ca. 1900 B.C.", -1890),
        ("13 th century", 1300),
    ],
)  # fmt: skip
def test_a_date_that_can_be_read_gives_its_last_year(text: str, last: int) -> None:
    years = surely_of(text)
    assert years is not None
    assert years.last == last


@pytest.mark.parametrize(
    ("text", "last"),
    [("1377 AH", 1958), ("民國47年", 1958), ("昭和33年", 1958), ("พ.ศ. 2501", 1958), ("MCMLVIII", 1958), ("١٩٥٨", 1958),
     ("1337 هجری شمسی", 1959), ("昭和三十三年", 1958), ("930 AH", 1525)],
)  # fmt: skip
def test_a_year_of_another_calendar_is_given_as_ours(text: str, last: int) -> None:
    years = surely_of(text)
    assert years is not None
    assert last - 1 <= years.last <= last


@pytest.mark.parametrize(
    "text",
    ["1365 BS", "VS 1915", "Samvat 1915", "an XII", "5718", "2501", "1 Juche 47", "Meiji 20", "明治20年", "after 1850",
     "in the reign of the king", "القرن الثامن الهجري", "year 4 of the Republic", "1674 AM"],
)  # fmt: skip
def test_what_nobody_can_be_sure_of_is_not_read(text: str) -> None:
    assert surely_of(text) is None


def test_a_low_year_beside_another_script_may_be_one_of_its_calendar() -> None:
    plain, beside = surely_of("1337"), surely_of("1337", beside="خط نستعلیق")
    assert plain is not None
    assert beside is not None
    assert (plain.last, beside.last) == (1337, 1959)
    assert surely_of("1850", beside="خط نستعلیق") == surely_of("1850")
