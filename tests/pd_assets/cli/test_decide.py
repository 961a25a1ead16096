"""`pdd decide` begins with a sentence, then the rule that decided and its evidence, and has the rest behind --all."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pd_assets.cli.decide import explain, explanation
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, PAGES, RECORDS, TAKEDOWNS, THINGS, Table
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.known_names import known_names
from pd_assets.lib.rights.rules import RULES
from tests.pd_assets.lib.planting import decision, item, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, box, said
from tests.pd_assets.lib.rights.museum_cases import record

PAGE = {"status": "live", "wikitext": box("", permission=EXPIRED), "revid": 77,
        "mediainfo": said("P6216", "Q19652", P1001="Q30")}  # fmt: skip
MUSEUM_ID = "smithsonian:fsg_F1900.47:FS-1"


def row(table: Table, **columns: object) -> dict[str, object]:
    known = {name: value for name, value in columns.items() if name in table.columns}
    return {**dict.fromkeys(table.columns), **known}


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one page of Commons and one record of the Smithsonian."""
    home, now = open_home(tmp_path), datetime(2026, 11, 1, tzinfo=UTC)
    page = row(PAGES, pageid=1, category="C", title="File:Old tree.jpg", digest="d", fetched_at=now, **PAGE)
    museum = row(RECORDS, item_id=MUSEUM_ID, fetched_at=now, shard="00", **record(usage_access=None))
    tables.write(home, PAGES, tables.as_table(PAGES, [page]), partition="C")
    tables.write(home, RECORDS, tables.as_table(RECORDS, [museum]), partition="FSG")
    items = [
        row(
            ITEMS,
            item_id="commons:M1",
            source="commons",
            status="live",
            title="Old tree",
            page_url="https://x.test/1",
            sha1=f"{1:040x}",
        ),
        row(ITEMS, item_id=MUSEUM_ID, source="smithsonian", status="live", title="Thunder god"),
    ]
    tables.write(home, ITEMS, tables.as_table(ITEMS, items))
    monkeypatch.setenv("PD_HOME", str(tmp_path))
    return tmp_path


def test_the_first_line_says_what_and_why_in_one_sentence() -> None:
    first, *rest = explanation(from_page(PAGE), "strict", TODAY, 30)
    assert first == (
        "Waits: the structured data call it public domain in the United States only, and strict asks for more."
    )
    assert rest[0] == "  read at revision 77"


def test_then_comes_the_rule_that_decided_with_what_it_says_and_cites_and_its_own_evidence_alone() -> None:
    text = "\n".join(explanation(from_page(PAGE), "strict", TODAY, 30))
    assert "The rule that decided: statement-us-only, which lets it wait" in text
    assert "The structured data say public domain of the United States alone." in text
    assert "the law of the source country" in text and "Structured_data/Modeling/Copyright" in text
    assert (
        "structured data, P6216 (copyright status): Q19652 (public domain) "
        "[P1001 (applies to jurisdiction): Q30 (United States of America)]" in " ".join(text.split())
    )
    assert "licence tag" not in text and "accept-free-work" not in text, "what did not decide is behind --all"
    assert "The calendar may change this on 1 January 2027." in text


def test_all_shows_every_rule_in_its_order_and_everything_that_was_read_with_its_place() -> None:
    lines = list(explanation(from_page(PAGE), "strict", TODAY, 30, everything=True))
    shown = [line.split()[1] for line in lines if line[:8].strip() in ("holds", "-", "n/a") and len(line.split()) > 3]
    assert shown == [rule.rule_id for rule in RULES]
    text = " ".join(" ".join(lines).split())
    assert (
        "licence tag PD-old-100-expired, which says that the work is free "
        "(seen in wikitext, field permission > artwork > pd-art)" in text
    )
    assert "date of the work: 1860 (seen in wikitext, field date)" in text


def test_the_words_that_a_test_fired_on_are_shown() -> None:
    page = {"status": "live", "wikitext": box("{{PD-old-100-expired}}", medium="bronze, framed"),
            "categories": ["Bronze statues of lions"]}  # fmt: skip
    text = " ".join(" ".join(explanation(from_page(page), "strict", TODAY, 30, page=page)).split())
    assert "Waits: it is a photograph of something that is not flat" in text
    assert "“framed” in medium" in text and "“Bronze” in category" in text
    words = {"status": "live", "wikitext": box(EXPIRED, permission="Ask the museum first")}
    text = " ".join(" ".join(explanation(from_page(words), "strict", TODAY, 30, page=words)).split())
    assert "words “a permission in words”, in the text of the page: “Ask the museum first”" in text


def test_what_else_speaks_against_a_picture_is_said_too() -> None:
    page = {"status": "live", "wikitext": box("{{Cc-by-sa-4.0}} {{No permission since}}")}
    lines = list(explanation(from_page(page), "strict", TODAY, 30))
    assert lines[0].startswith("Refused: a notice on the page disputes its licence")
    at = lines.index("What else speaks against it:")
    assert lines[at + 1] == "  a licence with conditions is on the page (Cc-by-sa-4.0)"


def test_a_rule_of_the_other_archive_does_not_apply() -> None:
    lines = list(explanation(from_page(PAGE), "us", date(2026, 11, 22), 30, everything=True))
    assert any(line.startswith("  n/a    usage-absent") for line in lines)
    assert lines[0].startswith("Accepted under us: PD-old-100-expired")


@pytest.mark.parametrize(
    "item",
    ["commons:M1", "M1", "1", "File:Old tree.jpg", "File:Old_tree.jpg", "Old tree", "https://x.test/1", f"{1:040X}"],
)
def test_a_page_is_found_by_all_that_names_it(stored: Path, item: str) -> None:
    lines = list(explain(item, "strict"))
    assert lines[0].startswith(
        "May not be used yet: the structured data call it public domain in the United States only"
    )
    assert lines[1:3] == [
        "What would settle it:",
        "  A statement or tag that speaks of the source country too.",
    ]
    assert lines[3:6] == ["", "commons:M1  Old tree", "  https://x.test/1"]


def test_what_nobody_has_is_told_with_what_is_near_and_what_several_have_with_their_ids(stored: Path) -> None:
    with pytest.raises(ConfigError, match=r"called 'Old treee'; expected .*; near it: commons:M1 \(Old tree\)"):
        list(explain("Old treee", "strict"))
    home = open_home(stored)
    plant(home, ITEMS, [item(number, title="Twin") for number in (1, 2)])
    with pytest.raises(ConfigError, match=r"2 items .* called 'Twin', expected one: commons:M1, commons:M2; give"):
        list(explain("Twin", "strict"))


def test_a_medium_of_a_museum_is_found_and_explained(stored: Path) -> None:
    lines = list(explain(MUSEUM_ID, "strict"))
    assert lines[0] == "May not be used: the museum does not say on what terms it gives this medium away."
    assert any(line.startswith("  the museum's record: kind of medium: Images") for line in lines)


def test_names_that_the_home_knows_stand_beside_their_ids(stored: Path) -> None:
    things = [{"thing": "Q42424242", "language": code, "name": name, "fetched_at": datetime(2026, 1, 1, tzinfo=UTC)}
              for code, name in (("de", "Linde"), ("en", "lime tree"))]  # fmt: skip
    home = open_home(stored)
    tables.write(home, THINGS, tables.as_table(THINGS, things))
    assert known_names(home, ["Q42424242", "Q1"]) == {"Q42424242": "lime tree"}
    page = {**PAGE, "mediainfo": said("P180", "Q42424242", P569=1990)}
    lines = explanation(from_page(page), "strict", TODAY, 30, names=known_names(home, ["Q42424242"]))
    assert next(lines).startswith("Refused: it shows a living person who can be recognised (statement P180 (depicts) "
                                  "Q42424242 (lime tree)")  # fmt: skip


def test_a_picture_that_waits_for_its_copy_is_not_called_accepted(stored: Path) -> None:
    home = open_home(stored)
    plant(home, DECISIONS, [decision(1, "quarantine", profile="us", rule_id="copy-conflict")])
    lines = list(explain("commons:M1", "us"))
    assert lines[0].startswith("May not be used yet: another page shows the very same picture")
    assert any(line.startswith("The rule that decided: copy-conflict") for line in lines)
    assert next(explain("commons:M1", "life70")).startswith("May not be used yet: the structured data")


def test_the_first_line_says_that_a_picture_was_taken_down_and_no_other_does_before_it(stored: Path) -> None:
    home = open_home(stored)
    assert next(explain("commons:M1", "us")).startswith(
        "May not be used yet: its picture is not here; by its page it is free because its maker Anna Vester died in "
        "1925 and it is dated 1860, before 1931; the page says PD-Art, PD-old-100-expired."
    )
    number = take_down(home, "commons:M1", reason="a complaint").number
    first, second, *_ = explain("commons:M1", "us")
    assert first.startswith(f"May not be used: taken down ({number}, ")
    assert "); by its page alone it would be free because its maker Anna Vester died in 1925 and" in first
    assert second.startswith(f"  taken down as {number}, ") and second.endswith(": a complaint (named)")
    (home.table(TAKEDOWNS.key) / "part-0.parquet").write_bytes(b"no table")
    assert next(explain("commons:M1", "us")).startswith(f"May not be used: taken down ({number}, "), "its note says so"
    (note,) = (home.table(TAKEDOWNS.key) / "noted").glob("2*.json")
    note.write_text("no note")
    assert next(explain("commons:M1", "us")).startswith("May not be used yet: not known whether it is taken down (")


def test_an_item_or_profile_that_is_not_there_is_a_named_error(stored: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"M9 is not in the catalogue of .*, expected one that is; .* `pdd decide commons:M9 --as-of"
    ):
        list(explain("commons:M9", "strict"))
    with pytest.raises(ConfigError, match="expected one of strict, life70, us"):
        list(explain("commons:M1", "lenient"))
