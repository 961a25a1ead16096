"""What commons/creators knows as rights see it: entities without reading all of them, and news that re-reads a page."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CREATORS, DECISIONS, TEMPLATES
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Questions, TemplateFact, TemplateKind, mark, marks_of
from pd_assets.lib.rights.known import MARKS, ROWS_AT_ONCE, load_knowledge, show_marks, spool, spooled
from pd_assets.lib.rights.rules import decide
from tests.pd_assets.lib.planting import plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box
from tests.pd_assets.lib.rights.deciding import Catalogue, rows

FREE = box(EXPIRED)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def person(asked: str, died: int | None, **changes: object) -> dict[str, object]:
    """A row of commons/creators."""
    years = {f"died_{which}": died for which in ("first", "last", "named")}
    return {"asked": asked, "item": asked, "kind": "person", "revid": 1, "modified": "2026-01-02T00:00:00Z",
            "fetched_at": datetime(2026, 1, 5, tzinfo=UTC), **years, **changes}  # fmt: skip


def creator(title: str, item: str | None) -> dict[str, object]:
    return {"asked": title, "item": item, "kind": "creator_page"}


def asked_of(home: Home, marks: Mapping[int, Sequence[str]]) -> None:
    """Have the readings of these pages have asked this."""
    numbers = {f"commons:M{number}": list(asked) for number, asked in marks.items()}
    plant(
        home, DECISIONS, [{**row, "looked_up": numbers.get(str(row["item_id"]), [])} for row in rows(home, DECISIONS)]
    )


def shown_marks(home: Home) -> dict[str, str]:
    """What `show_marks` shows."""
    folder = home.root.with_name("marks")
    folder.mkdir(exist_ok=True)
    with tables.engine(home) as connection:
        show_marks(home, connection, folder)
        return dict(connection.sql("select key, mark from marks").fetchall())


def test_a_home_without_the_table_knows_nothing(home: Home) -> None:
    known = load_knowledge(home)
    assert (len(known.entities), known.creator_pages, shown_marks(home)) == (0, {}, {})


def test_marks_are_those_of_what_is_known_now_whatever_the_cache_holds(home: Home) -> None:
    """Nothing, what is the same, what changed or is gone, and what cannot be read."""
    people = [person(f"Q{number}", 1800 + number) for number in range(1, 40)]
    others = [person("Q99", None, kind="missing", item=None), creator("Creator:Jan Roy", "Q1")]
    plant(home, TEMPLATES, [{"name": "PD-old", "target": "PD-old", "kind": "licence"}])
    cache = home.root / ".tmp" / MARKS
    for rows_ in (people + others, people + others, [person("Q1", 1700), *people[5:]], people + others):
        plant(home, CREATORS, rows_)
        expected = marks_of(load_knowledge(home))
        assert shown_marks(home) == expected
    written = cache.stat().st_mtime_ns
    assert (shown_marks(home), cache.stat().st_mtime_ns) == (expected, written)
    cache.write_bytes(cache.read_bytes()[:-50])
    assert shown_marks(home) == expected


def test_entities_are_found_in_every_batch_that_they_were_streamed_in(home: Home) -> None:
    count = 2 * ROWS_AT_ONCE + 1
    plant(home, CREATORS, [{"asked": f"Q{number}", "kind": "person", "revid": number} for number in range(1, count)])
    known = load_knowledge(home).entities
    chosen = (1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, count - 1)
    assert [known[f"Q{number}"].revid for number in chosen] == list(chosen)
    assert f"Q{count}" not in known


def test_an_entity_is_found_by_the_id_that_was_asked_for_and_by_no_other(home: Home) -> None:
    plant(home, CREATORS, [person("Q10", 1900), person("Q9", None), person("Q100", 1950, item="Q5"), person("Q2", 1)])
    known = load_knowledge(home).entities
    assert known["Q10"].died == Years(first=1900, last=1900, named=1900)
    assert (known["Q9"].died, known["Q9"].kind, known["Q9"].edited_on) == (None, EntityKind.PERSON, "2026-01-02")
    assert (known["Q100"].asked, known["Q100"].item) == ("Q100", "Q5")
    assert [name in known for name in ("Q10", "Q1", "Q010", "P10", "Q", "", "Q10 ", "Q99999999999999999999")] == [
        True,
        *[False] * 7,
    ]
    assert sorted(known) == ["Q10", "Q100", "Q2", "Q9"]


def test_what_does_not_count_yet_is_not_known(home: Home) -> None:
    plant(home, CREATORS, [person("Q1", 1900, kind=None), person("Q2", None, kind="missing", item=None)])
    known = load_knowledge(home).entities
    assert ("Q1" in known, known["Q2"].kind) == (False, EntityKind.MISSING)


def test_a_creator_page_is_found_by_its_normal_name_and_two_that_differ_tell_nothing(home: Home) -> None:
    pages = [creator("Creator:Jan Roy", "Q1"), creator("Creator:Ann Lee", "Q2"), creator("Creator:Ann lee", "Q3")]
    plant(home, CREATORS, [*pages, creator("Creator:Nobody", None)])
    assert load_knowledge(home).creator_pages == {"creator:jan roy": "Q1"}


def test_what_is_written_for_other_processes_is_what_was_loaded(home: Home, tmp_path: Path) -> None:
    work = person("Q7", None, kind="other", makers=["Q1", "Q2"], has_unnamed_maker=True, classes=["Q3305213"])
    plant(home, CREATORS, [person("Q1", 1900), work, creator("Creator:Jan Roy", "Q1")])
    plant(home, TEMPLATES, [{"name": "PD-old", "target": "PD-old", "kind": "licence"}])
    fact = TemplateFact(name="pd-old", target="pd-old", kind=TemplateKind.LICENCE)
    known = load_knowledge(home)
    found = spooled(str(spool(home, tmp_path)))
    assert (
        dict(found.entities.items())
        == dict(known.entities.items())
        == {name: known.entities[name] for name in known.entities}
    )
    assert found.creator_pages == known.creator_pages == {"creator:jan roy": "Q1"}
    assert found.templates == known.templates == {"pd-old": fact}
    assert len(spooled("").entities) == 0


def test_only_pages_that_asked_for_what_changed_are_read_again(home: Home) -> None:
    catalogue = Catalogue(home=home)
    plant(home, CREATORS, [person("Q1", 1900), person("Q2", 1900), creator("Creator:Jan Roy", "Q1")])
    for number in range(1, 6):
        catalogue.put(number, FREE)
    catalogue.decide()
    known = load_knowledge(home)
    told = {name: mark(name, known.entities[name]) for name in ("Q1", "Q2")}
    page = mark("creator:jan roy", "Q1")
    asked = {1: [told["Q1"], page], 2: [told["Q2"]], 3: ["Q3@"], 4: ["template:odd@name@"]}
    asked_of(home, asked)
    assert catalogue.decide().pages_read == 0, "every answer is what it was"

    asked_of(home, asked)
    plant(home, CREATORS, [person("Q1", 1901), person("Q2", 1900, revid=9), creator("Creator:Jan Roy", "Q1")])
    assert catalogue.decide().pages_read == 1, "a death year; another revision alone is no news"

    asked_of(home, {**asked, 1: []})
    plant(home, CREATORS, [person("Q2", 1900), person("Q3", 1950)])
    assert catalogue.decide().pages_read == 1, "what nobody knew before"

    asked_of(home, {**asked, 1: [page], 3: []})
    assert catalogue.decide().pages_read == 1, "what nobody knows any more"


def test_a_verdict_that_changed_with_what_others_know_has_knowledge_as_its_cause(home: Home) -> None:
    """What the evidence was is planted: a reading that found nobody else, and one that found a late maker."""
    catalogue = Catalogue(home=home)
    catalogue.put(1, FREE)
    catalogue.put(2, FREE)
    catalogue.decide()
    late = box("{{Cc-by-sa-4.0}}")
    other = Catalogue(home=open_home(home.root.with_name("other")))
    other.put(1, late)
    other.decide()
    before = {
        name: other.decisions()[1][name] for name in ("verdict", "rule_id", "reasons", "evidence", "evidence_digest")
    }
    first = {**before, "looked_up": ["Q1@"]}
    plant(
        home, DECISIONS, [{**row, **first} if row["item_id"] == "commons:M1" else row for row in rows(home, DECISIONS)]
    )
    plant(home, CREATORS, [person("Q1", 1900)])
    counts = catalogue.decide()
    assert counts.pages_read == 1
    (change,) = catalogue.changes()
    assert (change["item_id"], change["cause"]) == ("commons:M1", "knowledge")
    assert (change["from_verdict"], change["to_verdict"]) == ("reject", "accept")
    assert change["from_revid"] == change["to_revid"] == 1


@pytest.mark.slow
def test_other_processes_know_what_this_one_knows(tmp_path: Path) -> None:
    digests = set()
    for crew in (0, 2):
        home = open_home(tmp_path / str(crew))
        catalogue = Catalogue(home=home)
        plant(home, CREATORS, [person(f"Q{number}", 1900) for number in range(1, 50)])
        for number in range(1, 700):
            catalogue.put(number, FREE + f"{{{{Creator:Maker {number % 50}}}}}")
        digests.add(catalogue.decide(crew=crew).digest)
    assert len(digests) == 1


def test_a_creator_page_without_an_item_tells_the_life_itself(home: Home, tmp_path: Path) -> None:
    told = person("Creator:Jan Roy", 1880, kind="creator_page", item=None, revid=7)
    plant(home, CREATORS, [told, creator("Creator:Silent", None), creator("Creator:Anna", "Q9")])
    known = load_knowledge(home)
    (folder := tmp_path / "spool").mkdir()
    for pages in (known.creator_pages, spooled(str(spool(home, folder))).creator_pages):
        assert pages["creator:anna"] == "Q9"
        assert "creator:silent" not in pages
        roy = pages["creator:jan roy"]
        assert isinstance(roy, Entity)
        assert (roy.item, roy.revid, roy.died) == ("Creator:Jan Roy", 7, Years(first=1880, last=1880, named=1880))
    ask = Questions(known=known)
    row = {"status": "live", "wikitext": box(EXPIRED, artist="{{Creator:Jan Roy}}", date="1870")}
    decision = decide(from_page(row, ask), "strict", date(2026, 11, 22))
    assert decision.witness == "Jan Roy, the last of its makers to die, died in 1880 (Creator:Jan Roy at revision 7)"
