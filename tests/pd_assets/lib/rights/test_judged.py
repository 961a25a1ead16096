"""What two people agree on about a picture that waits counts from the next decision on, for that evidence alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from pd_assets.cli import main
from pd_assets.lib.catalog.schemas import CREATORS, DECISIONS, EVIDENCE, FILES, ITEMS, RECORDS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home, write_text
from pd_assets.lib.rights.claims import Evidence, Settled, digest_of
from pd_assets.lib.rights.decisions import decide_all
from pd_assets.lib.rights.evidence import evidence_of as from_row
from pd_assets.lib.rights.grounds import BY_PEOPLE
from pd_assets.lib.rights.judgements import FOLDER, Judgement, judge, settled_by_people
from pd_assets.lib.rights.known import load_knowledge, spool, spooled
from pd_assets.lib.rights.proof import find_unproven
from pd_assets.lib.rights.rules import FOR_OTHERS, OF_AGE, decide, is_for_people
from pd_assets.lib.rights.tags import Kind
from pd_assets.lib.rights.waiting import in_line, waiting_item
from tests.pd_assets.lib.planting import THEN, file, item, plant
from tests.pd_assets.lib.rights.cases import CASES, EXPIRED, OLD, PROFILES, TODAY, Case, box, own
from tests.pd_assets.lib.rights.deciding import Catalogue, Row, rows
from tests.pd_assets.lib.rights.museum_cases import record
from tests.pd_assets.lib.rights.test_cases import read
from tests.pd_assets.lib.rights.test_known import creator, person
from tests.pd_assets.web.furnished import over

REASON = "The parish register of her town has her death in 1871."
# Old enough for every profile, with a tag beside that nobody knows.
WAITS = box(EXPIRED + "{{PD-Atlantis}}")


@pytest.fixture(scope="module")
def decided_once(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    made = Catalogue(home=open_home(tmp_path_factory.mktemp("decided") / "home"))
    made.put(1, WAITS)
    made.put(2, box(EXPIRED))
    made.decide()
    return made


@pytest.fixture
def catalogue(decided_once: Catalogue, tmp_path: Path) -> Catalogue:
    """One page that waits under `strict`, and one that is free, decided."""
    return decided_once.copied_to(tmp_path / "home")


def say(home: Home, *answers: str, number: int = 1, profile: str = "strict", on: date = TODAY) -> None:
    """One answer each of another role about what waits now."""
    for place, answer in enumerate(answers):
        seen = waiting_item(home, profile, f"commons:M{number}")
        assert seen is not None
        judge(
            home, seen, answer=answer, reason=REASON, role=f"curator {'ABC'[place]}", today=on,
            seen_digest=seen.looked_at,
        )  # fmt: skip


def stands(catalogue: Catalogue, number: int = 1) -> tuple[str, str]:
    row = catalogue.decisions()[number]
    return str(row["verdict"]), str(row["rule_id"])


def evidence_of(row: Row) -> Evidence:
    return Evidence.from_json(str(row["evidence"]))


def test_two_who_say_free_let_it_in_and_its_evidence_tells_so_for_ever(catalogue: Catalogue) -> None:
    before = catalogue.decisions()
    assert stands(catalogue) == ("quarantine", "unknown-tag")
    say(catalogue.home, "free", "free")
    counts = catalogue.decide()
    assert (counts.pages_read, stands(catalogue)) == (1, ("accept", "accept-judged"))
    after = catalogue.decisions()
    assert after[2] == before[2], "nothing else is touched"
    row, evidence = after[1], evidence_of(after[1])
    (settled,) = evidence.judged
    assert (settled.answer, settled.profile, settled.roles) == ("free", "strict", ("curator A", "curator B"))
    assert settled.of == before[1]["evidence_digest"] == evidence.looked_at("")
    assert {f"{one}.json" for one in settled.judgements} == {
        path.name for path in (catalogue.home.root / FOLDER).iterdir() if path.suffix == ".json"
    }
    assert REASON not in str(row["evidence"])
    assert decide(evidence, "strict", TODAY).rule_id == "accept-judged", "it can be replayed from the evidence alone"
    assert row["evidence_digest"] == digest_of(str(row["evidence"]))
    assert row["evidence_digest"] in {kept["digest"] for kept in rows(catalogue.home, EVIDENCE)}
    (change,) = catalogue.changes()
    assert (change["cause"], change["from_verdict"], change["to_verdict"]) == ("judgement", "quarantine", "accept")
    assert catalogue.decide().pages_read == 0 and stands(catalogue) == ("accept", "accept-judged")


def test_it_counts_under_its_own_profile_only(catalogue: Catalogue) -> None:
    say(catalogue.home, "not_free", "not_free")
    catalogue.decide()
    assert stands(catalogue) == ("reject", "judged-not-free")
    assert catalogue.decisions()[1]["reasons"][0] == "judged_not_free"  # type: ignore[index]
    assert {catalogue.decisions(profile)[1]["rule_id"] for profile in ("life70", "us")} == {"unknown-tag"}


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (("free",), "quarantine"),
        (("not_free",), "quarantine"),
        (("cannot_tell", "cannot_tell"), "quarantine"),
        (("free", "not_free"), "quarantine"),
        (("free", "cannot_tell", "free"), "accept"),
        (("not_free", "cannot_tell", "free"), "quarantine"),
        (("free", "not_free", "cannot_tell"), "quarantine"),
        (("free", "cannot_tell", "not_free"), "reject"),
    ],
)
def test_free_needs_two_who_say_so(catalogue: Catalogue, answers: tuple[str, ...], verdict: str) -> None:
    say(catalogue.home, *answers)
    catalogue.decide()
    assert stands(catalogue)[0] == verdict


def test_an_edit_takes_its_effect_away_and_an_edit_back_gives_none(catalogue: Catalogue) -> None:
    say(catalogue.home, "free", "free")
    catalogue.decide()
    catalogue.put(1, WAITS + "[[Category:Gardens]]")
    catalogue.decide()
    assert stands(catalogue) == ("quarantine", "unknown-tag")
    assert catalogue.changes()[-1]["cause"] == "upstream_edit"
    catalogue.put(1, WAITS)
    catalogue.decide()
    assert stands(catalogue)[0] == "quarantine", "another revision is another evidence"


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_a_judgement_that_is_lost_or_damaged_counts_no_longer(catalogue: Catalogue, how: str) -> None:
    say(catalogue.home, "free", "free")
    catalogue.decide()
    path = next((catalogue.home.root / FOLDER).glob("*.json"))
    if how == "lost":
        path.unlink()
    else:
        path.write_text(path.read_text().replace("1871", "1872"))
    catalogue.decide()
    assert stands(catalogue) == ("quarantine", "unknown-tag")
    assert [change["cause"] for change in catalogue.changes()] == ["judgement", "judgement"]


def test_what_time_or_the_archive_settles_is_not_judged_and_comes_last(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path / "home"))
    catalogue.put(1, box(f"{EXPIRED}{{{{Delete|somebody asks}}}}"))
    catalogue.put(2, box(EXPIRED, artist="Anna Vester (1880-1950)"))
    catalogue.put(3, WAITS)
    catalogue.decide()
    found = [(line.item_id, line.is_for_others) for line in in_line(catalogue.home, "strict")]
    assert found[0] == ("commons:M3", False) and [is_last for _, is_last in found[1:]] == [True, True]
    for number in (1, 2):
        with pytest.raises(ConfigError, match="nobody can tell by looking at it"):
            say(catalogue.home, "free", number=number)
    assert settled_by_people(catalogue.home) == {}


def test_a_deletion_request_that_comes_later_holds_against_it_and_so_does_a_copy_that_is_refused(
    catalogue: Catalogue,
) -> None:
    say(catalogue.home, "free", "free")
    catalogue.decide()
    catalogue.put(3, box("{{Cc-by-sa-4.0}}"))
    for number in (1, 3):
        catalogue.pages[number]["sha1"] = "5" * 40
    catalogue.decide()
    assert stands(catalogue) in {("quarantine", "copy-conflict"), ("quarantine", "unknown-tag")}
    catalogue.put(1, WAITS + "{{Delete|somebody asks}}")
    catalogue.decide()
    assert stands(catalogue)[1] == "deletion-pending"


@pytest.mark.parametrize("buckets", [1, 4])
def test_each_bucket_of_a_home_learns_of_its_own(tmp_path: Path, buckets: int) -> None:
    home = open_home(tmp_path / "home")
    home.fix_buckets(buckets)
    catalogue = Catalogue(home=home)
    for number in range(1, 13):
        catalogue.put(number, WAITS)
    catalogue.decide()
    for number in (3, 8):
        say(home, "free", "free", number=number)
    read = [catalogue.decide(buckets=[bucket]).pages_read for bucket in range(buckets)]
    assert sum(read) == 2
    assert {number for number, row in catalogue.decisions().items() if row["verdict"] == "accept"} == {3, 8}


def test_other_processes_know_it_too(catalogue: Catalogue, tmp_path: Path) -> None:
    say(catalogue.home, "free", "free")
    known = load_knowledge(catalogue.home).judged
    (folder := tmp_path / "spool").mkdir()
    assert spooled(str(spool(catalogue.home, folder))).judged == known == settled_by_people(catalogue.home)
    catalogue.decide(crew=2)
    assert stands(catalogue) == ("accept", "accept-judged")


# The last year in which a maker may have died, or been born; under `us` nobody asks.
LATEST = {"strict": 1925, "life70": 1955, "us": 9999}


def judged(evidence: Evidence, answer: str) -> Evidence:
    said = tuple(
        Settled(profile=profile, answer=answer, of=evidence.looked_at(""), roles=("curator A", "curator B"),
                judgements=("a" * 64, "b" * 64), day="2026-11-20")
        for profile in PROFILES
    )  # fmt: skip
    return replace(evidence, judged=said)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.trap)
def test_of_every_case_free_lets_in_what_waits_for_people_alone_and_nothing_else(case: Case) -> None:
    evidence = read(case)
    free, not_free = judged(evidence, "free"), judged(evidence, "not_free")
    for profile in PROFILES:
        own, found = decide(evidence, profile, TODAY), decide(free, profile, TODAY)
        is_in_words = any(tag.kind is Kind.UNKNOWN and tag.seen_in == "prose" for tag in evidence.tags)
        nothing_to_weigh = is_in_words or ("no_ground" in own.reasons and "unknown_tag" not in own.reasons)
        is_late = any(
            year is not None and year > LATEST[profile] for one in evidence.makers for year in (one.died, one.born)
        )
        is_of_age = evidence.is_own_work or not OF_AGE.intersection(own.reasons)
        for_others = is_late or nothing_to_weigh or not is_of_age or bool(FOR_OTHERS.intersection(own.reasons))
        assert is_for_people(evidence, profile, TODAY) == (found.verdict == "accept")
        if found.rule_id == "accept-judged":
            assert own.verdict == "accept" or (own.verdict == "quarantine" and not for_others)
        else:
            assert found == own
        assert decide(not_free, profile, TODAY).verdict == (
            "quarantine" if own.rule_id == "page-unreadable" else "reject"
        )


def test_decide_and_the_page_say_who_judged_it(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(catalogue.home.root))
    say(catalogue.home, "free", "free")
    catalogue.decide()
    assert main(["decide", "commons:M1"]) == 0
    told = capsys.readouterr().out
    free = "free because two people looked at what its page says and say that it is free (curator A and curator B, "
    assert free in told.splitlines()[0] and told.count(REASON) == 2 and "accept-judged" in told
    served = over(catalogue.home).get("/pictures/commons:M1").text
    assert free in served and REASON in served


def test_evidence_that_nobody_judged_has_the_text_that_it_had(catalogue: Catalogue) -> None:
    for row in catalogue.decisions().values():
        told: Mapping[str, object] = json.loads(str(row["evidence"]))
        assert "judged" not in told and not any("judged:" in str(mark) for mark in row["looked_up"])  # type: ignore[union-attr]


def keep(home: Home, number: int, answer: str, role: str, **changed: str) -> None:
    """A judgement as another home, or nobody, may bring it: with whatever it says."""
    seen = waiting_item(home, "strict", "commons:M1")
    assert seen is not None
    told = {"item_id": seen.item_id, "profile": "strict", "answer": answer, "reason": REASON, "role": role,
            "day": "2026-11-20", **changed}  # fmt: skip
    one = Judgement(evidence_digest=seen.looked_at, revid=seen.evidence.revid, number=number, **told)
    write_text(home.root / FOLDER / f"{one.sha256}.json", json.dumps({**asdict(one), "sha256": one.sha256}))


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ([(1, "free", "a"), (2, "free", "b"), (1, "not_free", "c"), (2, "not_free", "d")], "quarantine"),
        ([(1, "free", "a"), (1, "free", "b"), (1, "not_free", "c")], "quarantine"),
        ([(1, "free", "a"), (1, "not_free", "a"), (2, "free", "b")], "quarantine"),
        ([(3, "free", "a"), (3, "free", "b")], "quarantine"),
        ([(1, "free", "a"), (3, "free", "b")], "quarantine"),
        ([(1, "free", "a"), (2, "not_free", "b"), (3, "cannot_tell", "c"), (3, "free", "d")], "quarantine"),
        ([(1, "free", "a"), (1, "free", "a-a"), (2, "free", "a a")], "accept"),
        ([(1, "free", "a a"), (2, "free", "a-a")], "quarantine"),
        ([(1, "free", "a"), (1, "free", "b"), (2, "free", "c"), (2, "free", "d")], "accept"),
        ([(1, "not_free", "a"), (1, "not_free", "b")], "reject"),
    ],
)
def test_of_answers_from_several_homes_free_counts_where_nobody_says_otherwise(
    catalogue: Catalogue, said: list[tuple[int, str, str]], verdict: str
) -> None:
    for place, (number, answer, role) in enumerate(said):
        keep(catalogue.home, number, answer, f"curator {role}", day=f"2026-11-{place + 1:02}")
    catalogue.decide()
    assert stands(catalogue)[0] == verdict


@pytest.mark.parametrize("tag", ["{{PD-Atlantis}}", "{{PD-USGov}}", "{{PD-Atlantis}}{{PD-old-100}}"])
def test_a_maker_who_died_too_late_is_not_overruled_whatever_the_tag_rests_on(tmp_path: Path, tag: str) -> None:
    catalogue = Catalogue(home=open_home(tmp_path / "home"))
    catalogue.put(1, box(tag, artist="Anna Vester (1900-1990)", date="1950"))
    catalogue.decide()
    with pytest.raises(ConfigError, match="nobody can tell by looking at it"):
        say(catalogue.home, "free")
    for number, role in ((1, "curator a"), (2, "curator b")):
        keep(catalogue.home, number, "free", role)
    catalogue.decide()
    assert stands(catalogue)[0] == "quarantine"


def test_a_tag_that_nobody_knows_is_for_people_to_weigh_and_the_tables_prove_it(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path / "home"))
    for number, text in enumerate(("{{PD-Atlantis}}", "{{PD-Atlantis}}" + OLD), 1):
        catalogue.put(number, box(text))
    catalogue.decide()
    for number in (1, 2):
        say(catalogue.home, "free", "free", number=number)
    catalogue.decide()
    for number in (1, 2):
        row = catalogue.decisions()[number]
        assert (row["rule_id"], row["witness"]) == ("accept-judged", "")
        assert BY_PEOPLE in row["grounds"]  # type: ignore[operator]
        assert all(BY_PEOPLE not in catalogue.decisions(other)[number]["grounds"] for other in ("life70", "us"))  # type: ignore[operator]
    assert find_unproven(catalogue.home) == []
    told = [
        {**row, "evidence": json.dumps({**json.loads(str(row["evidence"])), "judged": judged_by})}
        for row in rows(catalogue.home, DECISIONS)
        for judged_by in ([{"profile": row["profile"], "answer": "free", "roles": ["curator A", "curator a"]}],)
    ]
    plant(catalogue.home, DECISIONS, told)
    assert sum("no two people judged it" in problem for problem in find_unproven(catalogue.home)) == 2


ITEM = "smithsonian:edanmdm-1:m1"


def museum(home: Home, *, signature: str = "a", media_signature: str = "a", **told: object) -> tuple[str, str]:
    """Have a record of a museum say this, and decide: the verdict and its rule."""
    row = {**record(**told), "item_id": ITEM, "record_id": "edanmdm-1", "media_id": "m1", "shard": "00",  # type: ignore[arg-type]
           "signature": signature, "media_signature": media_signature, "fetched_at": THEN}  # fmt: skip
    plant(home, RECORDS, [row], partition="FSG")
    plant(home, ITEMS, [{**item(1, item_id=ITEM, source="smithsonian"), "sha1": None}])
    decide_all(home, profile="strict", today=TODAY)
    (found,) = (row for row in rows(home, DECISIONS) if row["profile"] == "strict")
    return str(found["verdict"]), str(found["rule_id"])


def test_a_museums_judgement_is_of_its_record_and_of_its_picture(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    says = {"names": ["Artist: B. Roy (1840-1924)"], "dates": ["1922"], "title": "Portrait of a lady"}
    assert museum(home, **says)[0] == "quarantine"
    for role in ("curator A", "curator B"):
        seen = waiting_item(home, "strict", ITEM)
        assert seen is not None
        judge(home, seen, answer="free", reason=REASON, role=role, today=TODAY, seen_digest=seen.looked_at)
    assert museum(home, **says) == ("accept", "accept-judged")
    assert museum(home, media_signature="another picture", **says)[0] == "quarantine"
    assert museum(home, signature="another title", **says)[0] == "quarantine"
    assert museum(home, **says) == ("accept", "accept-judged")
    assert find_unproven(home) == []


def test_another_revision_of_what_others_say_is_no_other_evidence_and_a_life_that_changes_is(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    catalogue = Catalogue(home=home)
    plant(home, CREATORS, [person("Q1", 1880, revid=5), creator("Creator:Jan Roy", "Q1")])
    catalogue.put(1, box(OLD + "{{PD-Atlantis}}", artist="{{Creator:Jan Roy}}"))
    catalogue.decide()
    assert stands(catalogue) == ("quarantine", "unknown-tag")
    plant(home, CREATORS, [person("Q1", 1880, revid=6), creator("Creator:Jan Roy", "Q1")])
    say(home, "free", "free")
    catalogue.decide()
    assert stands(catalogue) == ("accept", "accept-judged")
    plant(home, CREATORS, [person("Q1", 1930, revid=7), creator("Creator:Jan Roy", "Q1")])
    catalogue.decide()
    assert stands(catalogue)[0] == "quarantine"
    assert [change["cause"] for change in catalogue.changes()] == ["judgement", "knowledge"]


@pytest.mark.parametrize("content", [b"[" * 200_000, b"{" * 70_000, b"", b'{"item_id": "commons:M1", "profile"'])
def test_a_damaged_file_breaks_nothing_and_holds_against_free_of_what_it_may_be_about(
    catalogue: Catalogue, content: bytes
) -> None:
    catalogue.put(5, WAITS)
    catalogue.decide()
    for number in (1, 5):
        say(catalogue.home, "free", "free", number=number)
    (catalogue.home.root / FOLDER / f"{'d' * 64}.json").write_bytes(content)
    catalogue.decide()
    assert (stands(catalogue, 1)[0], stands(catalogue, 5)[0]) == ("quarantine", "quarantine")
    (catalogue.home.root / FOLDER / f"{'d' * 64}.json").rename(catalogue.home.root / FOLDER / "notes.json")
    catalogue.decide()
    assert (stands(catalogue, 1)[0], stands(catalogue, 5)[0]) == ("accept", "accept"), "no judgement is named so"


def test_what_is_not_free_under_a_profile_that_asks_for_less_is_not_free(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path / "home"))
    catalogue.put(1, box("{{PD-Atlantis}}"))
    catalogue.decide()
    say(catalogue.home, "not_free", "not_free", profile="us")
    say(catalogue.home, "free", "free", profile="strict")
    catalogue.decide()
    assert [catalogue.decisions(profile)[1]["rule_id"] for profile in PROFILES] == ["judged-not-free"] * 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("curator A", "Curator A"),
        ("curator a", "curator-a"),
        ("curator 1", "curator 01"),
        ("curator A", "\uff43urator A"),
        ("curator A", "curator \u0410"),
        ("curator A", "\u0441urator A"),
        ("curator 1", "curator \u0661"),
    ],
)
def test_two_spellings_of_a_role_are_no_two_people(catalogue: Catalogue, one: str, other: str) -> None:
    seen = waiting_item(catalogue.home, "strict", "commons:M1")
    assert seen is not None
    told = {"answer": "free", "reason": REASON, "today": TODAY, "seen_digest": seen.looked_at}
    judge(catalogue.home, seen, role=one, **told)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"the first answer counts|expected the name of a role"):
        judge(catalogue.home, seen, role=other, **told)  # type: ignore[arg-type]


def test_the_queue_goes_on_where_another_profile_was_judged(catalogue: Catalogue) -> None:
    catalogue.put(3, box("{{PD-Atlantis}}"))
    catalogue.decide()
    say(catalogue.home, "not_free", "not_free", number=3, profile="life70")
    catalogue.decide()
    pages = over(catalogue.home)
    pages.headers["Origin"] = "http://127.0.0.1"
    assert stands(catalogue, 3)[0] == "reject" and [line.item_id for line in in_line(catalogue.home, "strict")] == [
        "commons:M1"
    ]
    seen = waiting_item(catalogue.home, "strict", "commons:M1")
    assert seen is not None
    for role in ("curator A", "curator B"):
        form = {"answer": "cannot_tell", "role": role, "reason": "", "seen": seen.looked_at}
        then = pages.post("/judge/waiting/commons:M1", data=form)
        assert then.status_code == 200 and "Your answer is kept" in then.text
    assert "Nobody has judged these" in then.text and "/judge/waiting/commons:M1" not in then.text


def test_the_picture_beside_the_evidence_is_the_one_that_it_is_about(catalogue: Catalogue) -> None:
    path = catalogue.home.root / "images" / "old.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    for sha1, shown in (("a" * 40, None), (str(catalogue.pages[1]["sha1"]), "images/old.jpg")):
        plant(catalogue.home, FILES, [file(1, sha1=sha1, path="images/old.jpg")])
        seen = waiting_item(catalogue.home, "strict", "commons:M1")
        assert seen is not None and seen.path == shown


@pytest.mark.parametrize(
    "text",
    [
        box("") + "This image may be used for non-commercial purposes only.",
        box("", permission="You must credit the author and link here."),
        box("") + "{{Foo|{{a|{{a|",
        box("{{PD-Atlantis}}", artist="Anna Vester (1950-present)", date="1985"),
        box("{{PD-Atlantis}}", artist="Anna Vester (born 1920)", date="1950"),
        box("{{PD-USGov}}", artist="Anna Vester", date="1985"),
        box(OLD, artist="Anna Vester", date="1985"),
        box("{{PD-anon-70-EU}}", artist="{{unknown|author}}", date="1985"),
        box("{{PD-Atlantis}}", artist="Anna Vester", date="1950", description="Anna Vester died in 1990 in Rome."),
        box("{{PD-Atlantis}}", source="Photograph by Ben Roy (1900-1990)", date="1950"),
    ],
)
def test_people_settle_no_age_and_no_conditions_in_words(tmp_path: Path, text: str) -> None:
    catalogue = Catalogue(home=open_home(tmp_path / "home"))
    catalogue.put(1, text)
    catalogue.decide()
    for number, role in ((1, "curator a"), (2, "curator b")):
        for profile in ("strict", "life70"):
            keep(catalogue.home, number, "free", role, profile=profile)
    catalogue.decide()
    assert len(settled_by_people(catalogue.home)["commons:M1"]) == 2
    assert "accept-judged" not in {catalogue.decisions(profile)[1]["rule_id"] for profile in ("strict", "life70")}


@pytest.mark.parametrize(
    "told",
    [
        {"names": ["Artist: B. Roy (1900-1990)", "Artist: C. Foo"], "dates": ["1950"]},
        {"names": ["Artist: Ann Lee, American, born 1950"], "dates": ["1985"]},
        {"names": ["Artist: Ann Lee, American, born 1950"], "dates": []},
        {"names": ["Inventor: Ann Lee (1900-1990)"], "dates": ["1950"]},
    ],
)
def test_nor_do_they_of_a_museums_record(told: dict[str, Sequence[str]]) -> None:
    evidence = from_row({**record(**told), "item_id": ITEM})
    for profile in ("strict", "life70"):
        assert decide(judged(evidence, "free"), profile, TODAY).rule_id != "accept-judged"


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "", "answer": "free"},
        {"reason": "\ud800" * 20},
        {"profile": "\ud800"},
        {"item_id": "commons:M1\ud800"},
        {"role": "curator A "},
        {"day": "x"},
    ],
)
def test_a_file_that_nobody_would_write_counts_for_nothing_though_its_digest_fits(
    catalogue: Catalogue, changed: dict[str, str]
) -> None:
    keep(catalogue.home, 1, "free", "curator A")
    told = {"answer": "free", "role": "curator B", **changed}
    keep(catalogue.home, 2, told.pop("answer"), told.pop("role"), **told)
    catalogue.decide()
    assert stands(catalogue)[0] == "quarantine"
    pages = over(catalogue.home)
    for place in ("/judge", "/judge/waiting", "/judge/waiting/commons:M1", "/pictures/commons:M1"):
        assert pages.get(place).status_code == 200, place


def test_what_several_homes_say_otherwise_is_shown_and_said(catalogue: Catalogue) -> None:
    for place, (number, answer) in enumerate([(1, "free"), (2, "free"), (1, "not_free")]):
        keep(catalogue.home, number, answer, f"curator {'ABC'[place]}", day=f"2026-11-0{3 - place}")
    catalogue.decide()
    assert stands(catalogue)[0] == "quarantine"
    shown = over(catalogue.home).get("/judge/waiting/commons:M1").text
    assert all(f"curator {letter} on" in shown for letter in "ABC")


def test_a_forged_row_is_found_by_the_files(catalogue: Catalogue) -> None:
    say(catalogue.home, "free", "free")
    catalogue.decide()
    assert find_unproven(catalogue.home) == []
    kept = rows(catalogue.home, DECISIONS)
    for changed in ({"of": "0" * 64}, {"judgements": []}, {"roles": ["curator a", "curator-a"]}):
        told = []
        for row in kept:
            evidence = json.loads(str(row["evidence"]))
            if "judged" in evidence:
                evidence["judged"] = [{**one, **changed} for one in evidence["judged"]]
            text = json.dumps(evidence, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            told.append({**row, "evidence": text, "evidence_digest": digest_of(text)})
        plant(catalogue.home, DECISIONS, told)
        assert any("judgements are not in" in problem for problem in find_unproven(catalogue.home)), changed


def test_whoever_judges_is_led_to_nothing_that_cannot_be_judged(catalogue: Catalogue) -> None:
    for number in range(3, 9):
        catalogue.put(number, box("{{PD-Atlantis}}", artist="Anna Vester (1900-1990)", date="1950"))
    catalogue.decide()
    found = [(line.item_id, line.is_for_others) for line in in_line(catalogue.home, "strict")]
    assert found[0] == ("commons:M1", False) and [is_last for _, is_last in found[1:]] == [True] * 6
    pages = over(catalogue.home)
    pages.headers["Origin"] = "http://127.0.0.1"
    seen = waiting_item(catalogue.home, "strict", "commons:M1")
    assert seen is not None
    form = {"answer": "free", "role": "curator A", "reason": REASON, "seen": seen.looked_at}
    then = pages.post("/judge/waiting/commons:M1", data=form)
    assert "Your answer is kept" in then.text and then.text.count("not for people to settle") == 6
    assert "No judgement is taken here" in pages.get("/judge/waiting/commons:M3").text


@pytest.mark.parametrize("profile", PROFILES)
def test_of_an_own_photograph_that_was_given_away_people_may_say_that_it_shows_nobodys_work(
    tmp_path: Path, profile: str
) -> None:
    catalogue = Catalogue(home=open_home(tmp_path / "home"))
    catalogue.put(1, own("{{self|cc-zero}}", description="Something"))
    catalogue.decide()
    assert catalogue.decisions(profile)[1]["verdict"] == "quarantine"
    (line,) = in_line(catalogue.home, profile)
    assert not line.is_for_others
    say(catalogue.home, "free", "free", profile=profile)
    catalogue.decide()
    assert catalogue.decisions(profile)[1]["rule_id"] == "accept-judged"
    assert find_unproven(catalogue.home) == []
