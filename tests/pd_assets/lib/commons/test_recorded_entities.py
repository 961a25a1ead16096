"""The recorded entities of Wikidata, and the written ones beside them: each gives what its line says that it means."""

import json
from collections.abc import Mapping

import pytest

from pd_assets.lib.commons.entities import Facts, Told, parse_entity, read_claims
from tests.material import recorded

THIS_YEAR = 2026
# Id -> what it means: kind, latest years of birth, death and making, makers, somebody unnamed, nobody known.
Meaning = tuple[str, int | None, int | None, int | None, tuple[str, ...], bool, bool]


def person(born: int | None, died: int | None) -> Meaning:
    return ("person", born, died, None, (), False, False)


def work(made: int | None, *makers: str, unnamed: bool = False, anonymous: bool = False) -> Meaning:
    return ("other", None, None, made, makers, unnamed, anonymous)


def group(made: int | None) -> Meaning:
    return ("group", None, None, made, (), False, False)


WRITTEN: Mapping[str, Meaning] = {
    "Q999000001": person(1861, 1929),
    "Q999000002": person(None, 1900),
    "Q999000003": person(None, 2000),
    "Q999000004": person(1790, None),
    "Q999000005": person(None, 1899),
    "Q999000006": person(1948, None),
    "Q999000007": person(None, 1961),
    # 1930 or 1958, both normal: that much apart is no answer.
    "Q999000008": person(None, None),
    "Q999000009": person(None, 1912),
    "Q999000010": person(1899, None),
    "Q999000011": person(None, 1913),
    "Q999000012": person(None, 1960),
    "Q999000013": person(1751, None),
    "Q999000014": person(1903, None),
    "Q999000015": person(None, None),
    "Q999000016": group(1890),
    "Q999000017": group(1902),
    "Q999000018": group(None),
    "Q999000019": person(None, None),
    "Q999000020": work(1640, anonymous=True),
    "Q999000021": work(1659, "Q5598", anonymous=True),
    "Q999000022": work(None, "Q5598", unnamed=True),
    "Q999000023": work(1921, "Q999000001"),
    "Q999000024": work(1915, "Q999000001", "Q999000007"),
    "Q999000025": work(1937, "Q41264", unnamed=True),
    "Q999000026": work(1860, "Q999000004"),
    "Q999000027": work(None, "Q999000004"),
    "Q999000028": work(1905, unnamed=True),
    "Q999000029": work(1905, unnamed=True),
    "Q999000090": person(None, 1958),
    "Q999000091": ("missing", None, None, None, (), False, False),
}
REAL: Mapping[str, Meaning] = {
    "Q270": work(1400), "Q350": work(100), "Q2831": person(1958, 2009), "Q15180": work(1922), "Q34217": work(1100),
    "Q42107": person(910, 994), "Q73094": work(1341), "Q81087": work(1249), "Q81092": work(1438),
    "Q81153": work(1427), "Q130531": person(1460, 1516), "Q217595": group(1586), "Q335927": person(1613, 1675),
    "Q454553": person(878, 942), "Q526265": person(910, 965), "Q540099": person(1024, 1109),
    "Q826684": person(850, 927), "Q974910": person(1928, None), "Q1124095": work(1844), "Q1141049": work(1792),
    "Q1918901": person(1944, None), "Q3068626": person(1836, 1912), "Q6254169": person(1612, 1665),
    "Q7089800": person(1873, 1939), "Q7137312": person(1998, None), "Q7308069": work(1810),
    "Q20409635": work(None, "Q1918901"), "Q20429319": work(1966, "Q1918901"), "Q20486589": work(None, "Q1928970"),
    "Q20486593": work(1978, "Q1928970"), "Q22965737": work(1250), "Q24056802": work(1951, "Q884048"),
    "Q24056817": work(1953, "Q884048"), "Q24056821": work(1959, "Q884048"), "Q26451743": person(1755, 1839),
    "Q27964894": work(1888, "Q978158"), "Q27990982": work(None), "Q50406704": work(None, "Q1928970"),
    "Q50731153": work(None, "Q1918901"), "Q50731176": work(1965, "Q1918901"), "Q54649160": person(1943, None),
    "Q60284927": person(1709, 1791), "Q60286162": person(1839, 1898), "Q61762155": person(1964, None),
    "Q63158095": person(1881, 1932), "Q63160319": person(1859, 1916), "Q63161510": person(1884, 1937),
    "Q74884893": work(1976, "Q544899"), "Q77463266": work(1905, "Q16736824"), "Q78691873": work(None, "Q978158"),
}  # fmt: skip


def meaning(facts: Facts) -> Meaning:
    born, died, made = (None if years is None else years.last for years in (facts.born, facts.died, facts.made))
    return (facts.kind, born, died, made, facts.makers, facts.has_unnamed_maker, facts.is_anonymous)


def entities(name: str) -> dict[str, dict[str, object]]:
    """The entities of one file by the id that was asked for."""
    lines = map(json.loads, recorded(f"archives/wikidata/{name}.jsonl").read_text().splitlines())
    return {line.get("key", line["entity"]["id"]): line["entity"] for line in lines}


def read(asked: str, raw: dict[str, object]) -> tuple[Told, Facts]:
    told = parse_entity(asked, raw)
    return told, read_claims(told.item, told.claims, this_year=THIS_YEAR)


@pytest.mark.parametrize("name", sorted(REAL))
def test_a_real_entity_says_what_a_person_reads_in_it(name: str) -> None:
    told, facts = read(name, entities("entities")[name])
    assert told.item == name and told.name
    assert meaning(facts) == REAL[name]


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_written_entity_says_what_it_stands_for(name: str) -> None:
    told, facts = read(name, entities("written")[name])
    assert meaning(facts) == WRITTEN[name]
    assert told.item == {"Q999000090": "Q999000008", "Q999000091": None}.get(name, name)


def test_every_entity_of_the_material_is_looked_at() -> None:
    assert entities("entities").keys() == REAL.keys()
    assert entities("written").keys() == WRITTEN.keys()


def test_the_real_answer_of_two_items_names_the_missing_one_and_the_old_forms_of_the_other() -> None:
    answers = json.loads(recorded("archives/wikidata/responses.json").read_text())
    found = answers["wbgetentities-Q6-Q42-P31 (trimmed)"]["entities"]
    assert meaning(read("Q6", found["Q6"])[1])[0] == "missing"
    told, facts = read("Q42", found["Q42"])
    assert (told.revid, told.modified, told.name) == (196015688, "2015-02-13T00:11:48Z", "Douglas Adams")
    assert meaning(facts) == person(1952, 2001)
