"""dataset/captions by bucket: rows are carried over where nothing that they are made of changed, and never else."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, LICENSED, PAGES, RECORDS, THINGS
from pd_assets.lib.commons.index import digest_of_row
from pd_assets.lib.dataset.captions import CaptionCounts, build_captions
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.planting import THEN, licensed, page, plant

ITEMS = 6
Fact = tuple[object, ...]


def depicting(thing: str) -> str:
    value = {"mainsnak": {"datavalue": {"value": {"id": thing}}}, "rank": "normal"}
    return json.dumps({"statements": {"P180": [value]}})


def fill(home: Home, texts: dict[int, str], names: dict[str, str], gone: set[int]) -> None:
    """Pages of Commons, each of which names a thing, and a museum's record for every third."""
    rows, records = [], []
    for number, text in texts.items():
        thing = f"Q{number % 2 + 1}"
        row = page(number, "A", wikitext=f"{{{{Information|description={text}}}}}", mediainfo=depicting(thing))
        rows.append({**row, "digest": digest_of_row(row)})
        if number % 3 == 0:
            told = {"title": text, "metadata_usage_access": "CC0", "status": "live", "fetched_at": THEN}
            records.append({"item_id": f"smithsonian:{number}:a", "signature": "same", **told})
    plant(home, PAGES, rows, partition="A")
    plant(home, RECORDS, records, partition="B")
    plant(home, THINGS, [{"thing": thing, "language": "en", "name": name} for thing, name in names.items()])
    there = [licensed(number) for number in texts if number not in gone]
    there += [
        licensed(0, item_id=one["item_id"]) for one in records if int(str(one["item_id"]).split(":")[1]) not in gone
    ]
    plant(home, LICENSED, there)


def files_of(home: Home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in tables.files_of(home, CAPTIONS)}


def build(home: Home, terms: dict[str, str], buckets: list[int] | None = None) -> CaptionCounts:
    return build_captions(home, policy=terms["policy"], language=terms["language"], buckets=buckets)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = open_home(tmp_path / "home")
    fill(home, {number: f"Tree {number}" for number in range(ITEMS)}, {"Q1": "oak", "Q2": "elm"}, set())
    yield home


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("text"), st.integers(0, ITEMS), st.sampled_from(["A cat", "A dog"])),
        st.tuples(st.just("name"), st.sampled_from(["Q1", "Q2", "Q3"]), st.sampled_from(["ash", "fir", "oak"])),
        st.tuples(st.just("gone"), st.integers(0, ITEMS)),
        st.tuples(st.just("policy"), st.sampled_from(["cc0", "all"])),
        st.tuples(st.just("language"), st.sampled_from(["en", "de"])),
    ),
    min_size=1,
    max_size=4,
)


@given(nights=st.lists(CHANGES, min_size=1, max_size=2), buckets=st.sampled_from([1, 2]), apart=st.booleans())
@settings(max_examples=4, deadline=None)
def test_whatever_changed_the_files_are_those_of_a_build_from_scratch(
    nights: list[list[Fact]], buckets: int, apart: bool
) -> None:
    texts: dict[int, str] = {number: f"Tree {number}" for number in range(ITEMS)}
    names, gone, terms = {"Q1": "oak", "Q2": "elm"}, set[int](), {"policy": "all", "language": "en"}
    with tempfile.TemporaryDirectory() as folder:
        kept, fresh = open_home(Path(folder) / "kept"), open_home(Path(folder) / "fresh")
        for home in (kept, fresh):
            home.fix_buckets(buckets)
        for night in [[], *nights]:
            for kind, *told in night:
                if kind == "text":
                    texts[int(str(told[0]))] = str(told[1])
                elif kind == "name":
                    names[str(told[0])] = str(told[1])
                elif kind == "gone":
                    gone ^= {int(str(told[0]))}
                else:
                    terms[str(kind)] = str(told[0])
            fill(kept, texts, names, gone)
            for some in reversed(range(buckets)) if apart else [None]:
                build(kept, terms, None if some is None else [some])
        fill(fresh, texts, names, gone)
        counts = build(fresh, terms)
        assert files_of(kept) == files_of(fresh)
        again = build(kept, terms)
        assert (again.read, again.digest, again.captions) == (0, counts.digest, counts.captions)


def read_again(home: Home) -> CaptionCounts:
    return build_captions(home, policy="all")


def test_only_what_changed_is_read(home: Home) -> None:
    assert read_again(home).read == ITEMS + 2
    before = tables.bucket_file(home, CAPTIONS, 0).stat()
    assert read_again(home).read == 0
    assert tables.bucket_file(home, CAPTIONS, 0).stat() == before, "what did not change is not written"
    texts = {number: f"Tree {number}" for number in range(ITEMS)}
    fill(home, {**texts, 1: "A cat"}, {"Q1": "oak", "Q2": "elm"}, set())
    assert read_again(home).read == 1
    fill(home, {**texts, 1: "A cat"}, {"Q1": "oak", "Q2": "birch"}, set())
    counts = read_again(home)
    assert (counts.read, counts.changes.edited) == (3, 3), "the pages that name a thing which is called otherwise now"


def test_a_home_of_before_is_read_once_and_nothing_counts_as_an_edit(home: Home) -> None:
    digest = read_again(home).digest
    columns = ["page_digest", "things", "made_of"]
    older = tables.read(home, CAPTIONS).drop_columns(columns)
    path = tables.bucket_file(home, CAPTIONS, 0)
    pq.write_table(older, path)
    counts = read_again(home)
    assert (counts.read, counts.digest, counts.changes.edited, counts.changes.examples) == (ITEMS + 2, digest, 0, ())
    assert read_again(home).read == 0


def test_other_processes_make_the_same_files_as_this_one(home: Home) -> None:
    home.fix_buckets(2)
    build_captions(home, policy="all", crew=0)
    before = files_of(home)
    for path in tables.files_of(home, CAPTIONS):
        path.unlink()
    build_captions(home, policy="all", crew=2)
    assert files_of(home) == before


def test_only_the_buckets_that_are_asked_for_are_written(home: Home) -> None:
    home.fix_buckets(4)
    build_captions(home, policy="all", buckets=[2])
    assert list(files_of(home)) == ["part-2.parquet"]
    whole = build_captions(home, policy="all")
    assert whole.pictures == ITEMS + 2 == len(tables.read(home, CAPTIONS))
