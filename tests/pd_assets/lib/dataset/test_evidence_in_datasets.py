"""A dataset version says on which evidence each picture was accepted; lists, parts and seals of before stay valid."""

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from pd_assets.lib.catalog import table_files, tables
from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, EVIDENCE, MEMBERS
from pd_assets.lib.dataset import manifest as manifests
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import INDEX, Export, pictures_of
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import members
from pd_assets.lib.release.pruning import prune
from pd_assets.lib.release.purge import purge_pictures
from pd_assets.lib.rights import evidence_proof
from pd_assets.lib.rights.claims import digest_of
from pd_assets.lib.soundness import faults
from pd_ml.data import shards
from pd_ml.provenance import MEMBERS as SEALED
from tests.pd_assets.lib.dataset.exporting import contents, fill
from tests.pd_assets.lib.planting import decision, plant

NUMBERS = range(1, 31)
PAGES = {number: {"page_url": f"https://archive.test/wiki/{number}"} for number in NUMBERS}
LICENCES = ["CC0-1.0", "CC-BY-SA-4.0"]


def evidence(number: int, revid: int) -> str:
    return json.dumps({"artist": f"Painter {number}", "revid": revid})


def digest(number: int, revid: int = 1) -> str:
    return digest_of(evidence(number, revid))


def decided(home: Home, revids: Mapping[int, int] | None = None) -> None:
    """Every picture is accepted on its page at a revision: 1, or what `revids` says."""
    at = {number: (revids or {}).get(number, 1) for number in NUMBERS}
    log = sorted({(number, one) for number, revid in at.items() for one in {1, revid}})
    told = {(n, one): {"evidence": evidence(n, one), "digest": digest(n, one), "revid": one} for n, one in log}
    plant(
        home,
        DECISIONS,
        [decision(n, evidence=evidence(n, one), evidence_digest=digest(n, one)) for n, one in at.items()],
    )
    rows = [{"item_id": f"commons:M{n}", "seen_on": "2026-06-01", **row} for (n, _), row in told.items()]
    plant(home, EVIDENCE, rows)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path)
    fill(home, NUMBERS, facts=PAGES)
    decided(home)
    captions = tables.read(home, CAPTIONS).to_pylist()
    plant(home, CAPTIONS, [{**row, "caption_licences": LICENCES} for row in captions])
    return home


def exported(home: Home) -> Export:
    export = export_shards(home, name="main", shard_bytes=8_000)
    manifests.finish(export, {SEALED: members.record(home, export)})
    return export


def listed(export: Export) -> dict[int, dict[str, object]]:
    rows = [row for batch in pictures_of(export.folder) for row in batch.to_pylist()]
    return {int(row["item_id"].removeprefix("commons:M")): row for row in rows}


def part(home: Home, export: Export) -> Path:
    return home.table(MEMBERS.key) / "main" / f"{export.version}.parquet"


def test_list_and_members_say_page_revision_evidence_and_the_licence_of_each_caption(home: Home) -> None:
    export = exported(home)
    for number, row in listed(export).items():
        assert (row["page_url"], row["revid"]) == (f"https://archive.test/wiki/{number}", 1)
        assert (row["evidence_digest"], row["caption_licences"]) == (digest(number), LICENCES)
    told = {row["item_id"]: row for row in pq.read_table(part(home, export)).to_pylist()}
    for number, row in listed(export).items():
        same = ("page_url", "revid", "evidence_digest", "caption_licences", "rule_id", "shard")
        assert {name: told[f"commons:M{number}"][name] for name in same} == {name: row[name] for name in same}


def test_the_manifest_proves_the_list(home: Home) -> None:
    export = exported(home)
    path = export.folder / shards.PICTURES
    sealed = shards.read_manifest(export.folder).facts[shards.PICTURES_SHA256]
    assert sealed == shards.sha256_of(path)
    assert list(faults(home)) == []
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))
    assert any(str(export.folder) in str(fault) for fault in faults(home))


def test_an_edit_of_a_page_gives_another_version_that_shares_every_shard(home: Home) -> None:
    before = exported(home)
    decided(home, {7: 2})
    after = exported(home)
    assert before.version != after.version and after.written == 0
    assert contents(before.folder) == contents(after.folder)
    assert shards.read_manifest(before.folder).digest == shards.read_manifest(after.folder).digest
    assert [(p.name, p.stat().st_ino) for p in sorted(before.folder.glob("*.parquet"))] == [
        (p.name, p.stat().st_ino) for p in sorted(after.folder.glob("*.parquet"))
    ]
    one, other = listed(before), listed(after)
    assert {n for n in NUMBERS if one[n] != other[n]} == {7}
    assert (other[7]["revid"], other[7]["evidence_digest"]) == (2, digest(7, 2))
    assert members.known(home).unknown == {}
    # The page is as it was: the version is too.
    decided(home)
    assert exported(home).version == before.version


def test_the_same_tables_give_the_same_version_and_bytes(home: Home) -> None:
    export = exported(home)
    before = {path.name: path.read_bytes() for path in export.folder.iterdir()}
    assert exported(home).version == export.version
    assert {path.name: path.read_bytes() for path in export.folder.iterdir()} == before


def test_what_else_is_decided_leaves_all_files_of_an_export_as_they_are(home: Home) -> None:
    export = exported(home)
    before = {path.name: path.read_bytes() for path in export.folder.iterdir()}
    rows = tables.read(home, DECISIONS).to_pylist()
    plant(home, DECISIONS, [*({**row, "grounds": ["PD-x"]} for row in rows), decision(99, "reject")])
    assert exported(home).version == export.version
    assert {path.name: path.read_bytes() for path in export.folder.iterdir()} == before


def test_what_was_accepted_by_another_rule_since_is_not_taken_for_what_the_catalogue_says(home: Home) -> None:
    rows = tables.read(home, DECISIONS).to_pylist()
    plant(home, DECISIONS, [{**row, "rule_id": "another"} if row["item_id"] == "commons:M3" else row for row in rows])
    assert listed(exported(home))[3]["evidence_digest"] is None


def test_captions_that_wait_in_their_shard_keep_their_licences(home: Home) -> None:
    export_shards(home, name="main", shard_bytes=8_000)
    rows = tables.read(home, CAPTIONS).to_pylist()
    plant(home, CAPTIONS, [{**row, "captions": ["another"], "caption_licences": ["CC0-1.0"]} for row in rows])
    export = export_shards(home, name="main", shard_bytes=8_000)
    assert export.labels_waiting
    for info in export.shards:
        held = pq.read_table(export.folder / info.path, columns=["item_id", "captions"]).to_pylist()
        for row in held:
            licences = listed(export)[int(row["item_id"].removeprefix("commons:M"))]["caption_licences"]
            assert len(row["captions"]) == len(licences), info.path  # type: ignore[arg-type]


def test_the_next_export_of_a_list_of_before_links_its_shards_and_knows_what_can_be_known(home: Home) -> None:
    before = exported(home)
    of_before(home, before)
    after = exported(home)
    assert after.written == 0
    assert listed(after)[5]["evidence_digest"] == digest(5) and listed(after)[5]["caption_licences"] == LICENCES


def test_a_part_of_before_is_readable_and_its_seal_holds(home: Home) -> None:
    export = exported(home)
    of_before(home, export)
    assert members.known(home).unknown == {}
    row = tables.read_part(MEMBERS, part(home, export)).to_pylist()[0]
    assert (row["evidence_digest"], row["caption_licences"]) == (None, None)
    # Made anew of its folder it is what it was.
    body = part(home, export).read_bytes()
    part(home, export).unlink()
    assert members.repair_members(home) == ([export.version], [])
    assert part(home, export).read_bytes() == body
    # And without its seal the folder proves it.
    manifest = shards.read_manifest(export.folder)
    facts = {name: value for name, value in manifest.facts.items() if name != SEALED}
    shards.write_manifest(export.folder, shards.Manifest(**{**vars(manifest), "facts": facts}))
    part(home, export).with_suffix(".json").unlink()
    assert members.known(home).unknown == {}


def test_neither_pruning_nor_a_purge_touches_the_evidence(home: Home) -> None:
    first = exported(home)
    decided(home, {7: 2})
    last = exported(home)
    home.point("dataset", "main", "latest", last.version)
    kept = {path: path.read_bytes() for path in tables.files_of(home, EVIDENCE)}
    assert prune(home, "main") == [first.version]
    purged = purge_pictures(home, {"commons:M7"}, set())
    assert purged.datasets == (f"main/{last.version}",) and purged.left == ()
    assert {path: path.read_bytes() for path in tables.files_of(home, EVIDENCE)} == kept
    assert evidence_proof.find_lost(home) == []
    told = {row["item_id"]: row for row in pq.read_table(part(home, first)).to_pylist()}
    assert told["commons:M7"]["evidence_digest"] == digest(7)


def test_a_part_from_which_the_new_columns_were_taken_is_not_what_was_sealed(home: Home) -> None:
    export = exported(home)
    path = part(home, export)
    pq.write_table(pq.read_table(path).drop_columns(list(members.LATER)), path)
    assert list(members.known(home).unknown) == [export.version]


def of_before(home: Home, export: Export) -> None:
    """Leave what an older version left: list, index, part and manifest without what came later."""
    path = export.folder / shards.PICTURES
    table = pa.Table.from_batches(pictures_of(export.folder)).drop_columns(list(members.LATER))
    with ipc.new_file(path, table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_table(table)
    index = json.loads((export.folder / INDEX).read_text())
    (export.folder / INDEX).write_text(json.dumps({**index, "listed": shards.sha256_of(path)}))
    before = members._OF_BEFORE
    rows = pq.read_table(part(home, export)).select(list(before.columns))
    sealed = table_files.stream(before, rows.to_batches(), part(home, export))
    manifest = shards.read_manifest(export.folder)
    facts = {name: value for name, value in manifest.facts.items() if name != shards.PICTURES_SHA256}
    facts[SEALED] = sealed
    shards.write_manifest(export.folder, shards.Manifest(**{**vars(manifest), "facts": facts}))
