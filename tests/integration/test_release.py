"""A model that Dagster trained, released by Dagster, checked by who receives it; and all that keeps it from release."""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pd_assets.checks import release as checks
from pd_assets.checks.every import NEEDED
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, EVIDENCE, Table
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import gates, publishing
from pd_assets.lib.release.lineage import kept_ledger
from pd_assets.lib.release.takedowns import take_down
from pd_ml.data.shards import MANIFEST, read_batches, write_shard
from pd_ml.provenance import LEDGER, RunRecord, read_run, write_run
from tests.integration.test_promotion import STAGES, train
from tests.pd_assets.lib.planting import PROFILE
from tests.pd_assets.line import QUIET, Line, Night
from tests.pd_ml.command import ROOT
from tests.pd_ml.room.rooms import reached

pytestmark = [pytest.mark.slow]
STAGE = "transformer"
PD_ML = (sys.executable, "-m", "pd_ml")
CHECK = dg.AssetKey(["dataset", "manifest"])


@dataclass(frozen=True, kw_only=True)
class Released:
    """A line after its first release; `folder` is the bundle, `operator` the environment of who released it."""

    line: Line
    folder: Path
    operator: Mapping[str, str]

    @property
    def version(self) -> str:
        found = self.line.home.pointed("models", STAGE, "latest")
        assert found is not None
        return found


@contextmanager
def environment(**values: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Somebody who may release: a name, a contact and a key."""
    key = tmp_path_factory.mktemp("operator") / "release-key.pem"
    command = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)]
    subprocess.run(command, check=True)
    return {"PD_PROVIDER": "A Studio | and more", "PD_CONTACT": "us@studio.test", "PD_SIGNING_KEY": str(key)}


@pytest.fixture(scope="module")
def released(
    first_night: Night, operator: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Released]:
    if not str(level := reached()[0]["level"]).startswith("kernel"):
        pytest.skip(f"this machine has no clean room, and without one nothing is released: {level}")
    # What another worker compiles while we train is a file that changed, and the room says so.
    compileall.compile_dir(ROOT / "pd_ml", quiet=1)
    with first_night.copy(tmp_path_factory.mktemp("released")) as line:
        # Other tests train in forks of a process that has torch, in no clean room.
        with environment(PD_CLEAN_ROOM="require"), mock.patch("pd_assets.lib.child.program", lambda: PD_ML):
            train(line)
        done = release(line, operator)
        assert done.success, refusals(done)
        version = line.home.pointed("release", STAGE, "latest")
        yield Released(line=line, folder=line.home.root / "release" / STAGE / str(version), operator=operator)


def release(line: Line, operator: Mapping[str, str]) -> dg.ExecuteInProcessResult:
    with environment(**operator):
        return line.defs.resolve_job_def("release").execute_in_process(
            instance=line.instance, run_config=QUIET, raise_on_error=False
        )


def refusals(done: dg.ExecuteInProcessResult) -> str:
    failed = [event.step_failure_data for event in done.all_events if event.is_step_failure]
    return "\n".join(str(one.user_failure_data.description if one.user_failure_data else one.error) for one in failed)


def pd_ml(*arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    command = [*PD_ML, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **values}, check=False)


def test_the_release_job_makes_a_bundle_that_verifies(released: Released) -> None:
    done = pd_ml("verify", str(released.folder))
    assert done.returncode == 0, done.stderr
    files = {path.name for path in released.folder.iterdir()}
    assert {
        *("README.md", "LICENSE", "pipeline", "ledger.parquet", "attribution.csv", "evaluation.json", "samples.png"),
        *("DATASET.md", "bom.cdx.json", "spdx.jsonld", "croissant.json", "debian-copyright", "run.json"),
        *("eu-training-summary.md", "eu-training-summary.json", "ca-ab2013.md", "manifest.json", "signature.json"),
    } <= files


def test_who_releases_the_same_again_gets_the_same_bundle(released: Released) -> None:
    before = {path: path.stat().st_mtime_ns for path in sorted(released.folder.rglob("*"))}
    assert release(released.line, released.operator).success
    assert {path: path.stat().st_mtime_ns for path in sorted(released.folder.rglob("*"))} == before
    assert [path.name for path in released.folder.parent.iterdir() if path.is_dir() and path.name[0] != "."] == [
        released.folder.name
    ]


def test_the_ui_shows_the_card_the_samples_and_where_the_bundle_is(released: Released) -> None:
    event = released.line.instance.get_latest_materialization_event(dg.AssetKey(["release", "bundle"]))
    assert event is not None and event.asset_materialization is not None
    told = event.asset_materialization.metadata
    assert told[f"{STAGE}/folder"].value == str(released.folder)
    assert "A Studio" in str(told[f"{STAGE}/card"].value) and "data:image" in str(told[f"{STAGE}/samples"].value)


def test_the_numbers_of_the_papers_are_those_that_plain_sql_finds_in_the_ledger(released: Released) -> None:
    trained, measured, shown = duckdb.sql(
        f"""select count(distinct item_id) filter (relation = 'trained_on'),
        count(distinct item_id) - count(distinct item_id) filter (relation = 'trained_on'),
        sum(times_shown)::bigint from '{released.folder / LEDGER}'"""
    ).fetchall()[0]
    assert trained and measured and shown
    paper = {path.name: path.read_text() for path in released.folder.iterdir() if path.suffix in (".json", ".md")}
    size = json.loads(paper["eu-training-summary.json"])["1.3.size"]["Image"]
    assert size["distinct pictures that were trained on"] == trained
    assert size["times shown, all models together"] == shown
    assert size["only measured with, not in the size"] == measured
    bom = json.loads(paper["bom.cdx.json"])["metadata"]["component"]["properties"]
    expected = {"pictures": trained, "measured": measured, "seen": trained + measured, "showings": shown}
    assert {f"pdd:{name}": str(n) for name, n in expected.items()}.items() <= {(o["name"], o["value"]) for o in bom}
    assert f" {trained} pictures free of copyright, shown {shown} times, all models together" in paper["README.md"]
    assert f" {measured} pictures more were only measured with. All {trained + measured} come" in paper["README.md"]
    assert (
        f"\n{trained + measured} pictures, counted in the ledger: {trained} that the models were trained on, and "
        f"{measured} that they were only measured with." in paper["ca-ab2013.md"]
    )


def test_the_licence_is_share_alike_as_labels_under_it_were_shown(released: Released) -> None:
    assert "Attribution-ShareAlike 4.0" in (released.folder / "LICENSE").read_text()
    with (released.folder / "attribution.csv").open() as file:
        assert sum(1 for _ in file) > 1


# What keeps it from release: each on a copy of the home.


@pytest.fixture
def home(released: Released, tmp_path: Path) -> Home:
    shutil.copytree(released.line.home.root, tmp_path / "home", symlinks=True)
    return open_home(tmp_path / "home")


def reasons(home: Home) -> list[str]:
    version = home.pointed("models", STAGE, "latest")
    assert version is not None
    return gates.reasons(home, STAGE, version, profile=PROFILE)


def seen(home: Home, relation: str) -> str:
    """An item that stands so to the model."""
    ledger = home.model(STAGE, str(home.pointed("models", STAGE, "latest"))) / "ledger.parquet"
    sql = f"select item_id from '{ledger}' where relation = '{relation}' order by item_id limit 1"
    return str(duckdb.sql(sql).fetchall()[0][0])


def of_clip(home: Home) -> Path:
    return home.model("clip", str(home.pointed("models", "clip", "latest")))


def test_a_home_in_which_nothing_is_wrong_refuses_nothing(home: Home) -> None:
    assert reasons(home) == []


def test_a_picture_that_was_taken_down_refuses_it_whether_learnt_from_or_measured_with(home: Home) -> None:
    learnt, measured = seen(home, "trained_on"), seen(home, "measured_with")
    for item in (learnt, measured):
        take_down(home, item, reason="the heirs ask for it")
    told = "\n".join(reasons(home))
    assert f"rights: {learnt} was trained on: taken down on request: " in told
    assert f"rights: {measured} was measured with: taken down on request: " in told


def altered(home: Home, table: Table, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    rows = [change(dict(row)) for row in tables.rows(tables.read(home, table))]
    tables.write(home, table, tables.as_table(table, [row for row in rows if row is not None]))


def test_a_picture_that_is_not_accepted_any_more_refuses_it(home: Home) -> None:
    item = seen(home, "trained_on")

    def refused(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "verdict": "quarantine", "rule_id": "later-year"} if row["item_id"] == item else row

    altered(home, DECISIONS, refused)
    assert reasons(home) == [f"rights: {item} was trained on: decided quarantine by later-year"]


def test_a_picture_whose_evidence_is_lost_refuses_it(home: Home) -> None:
    item = seen(home, "trained_on")
    altered(home, EVIDENCE, lambda row: None if row["item_id"] == item else row)
    for extra in home.table(EVIDENCE.key).glob(".*"):
        shutil.rmtree(extra) if extra.is_dir() else extra.unlink()
    told = [one for one in reasons(home) if one.startswith("evidence: ")]
    assert told and all(f"{item}: its evidence is not in rights/evidence" in one for one in told)


def resealed(folder: Path, **changes: object) -> RunRecord:
    """The record of a folder with other facts and a seal of its own, as somebody would forge it."""
    return write_run(folder, replace(read_run(folder), seal="", **changes))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"proven": False}, "was trained on pictures without the proof of their rights"),
        ({"level": "unenforced: no user namespaces"}, "not trained in a clean room that the kernel keeps"),
        ({"level": ""}, "nothing tells of a clean room"),
    ],
)
def test_a_foreign_input_or_a_clean_room_that_nothing_enforced_refuses_it_also_in_what_it_was_made_of(
    home: Home, changes: Mapping[str, object], says: str
) -> None:
    clip = of_clip(home)
    resealed(clip, **changes)
    told = reasons(home)
    assert any(f"clip {clip.name}" in one and says in one for one in told), told


@pytest.mark.extended
def test_a_training_outside_of_the_clean_room_cannot_be_released(home: Home, tmp_path: Path) -> None:
    version = trained_on(home.latest("dataset", "main"), home, tmp_path / "out", room="off")
    assert version != home.pointed("models", STAGE, "latest")
    told = gates.reasons(home, STAGE, version, profile=PROFILE)
    assert any(one.startswith("clean room: ") and version in one for one in told), told
    assert f"evaluation: {STAGE} {version} was not evaluated; materialise evaluation/report" in told


@pytest.mark.extended
def test_a_training_that_saw_one_picture_of_no_proof_cannot_be_released(home: Home, tmp_path: Path) -> None:
    dataset = home.latest("dataset", "main")
    assert dataset is not None
    rows = [row for batch in read_batches(dataset, "train") for row in batch.to_pylist()]
    Image.new("RGB", (64, 64), "red").save(tmp_path / "foreign.png")
    rows[0]["image"] = (tmp_path / "foreign.png").read_bytes()
    write_shard(rows, tmp_path / "foreign.parquet", "train")
    version = trained_on(tmp_path / "foreign.parquet", home, tmp_path / "out", room="require")
    told = gates.reasons(home, STAGE, version, profile=PROFILE)
    says = f"chain: {STAGE} {version} was trained on pictures without the proof of their rights; "
    assert [one for one in told if one.startswith(says)] and not [one for one in told if one.startswith("clean room")]


def trained_on(dataset: Path | None, home: Home, out: Path, *, room: str) -> str:
    """The version of a model of one step, in the home."""
    clip = of_clip(home)
    done = pd_ml(
        *("train", STAGE, "--recipe", "debug", "--dataset", str(dataset), "--input", f"clip={clip}"),
        *("--set", "steps=1", "--set", "batch_size=4", "--out", str(out)),
        PD_CLEAN_ROOM=room,
    )
    assert done.returncode == 0, done.stderr
    version = read_run(out).version
    shutil.move(out, home.model(STAGE, version))
    return version


def test_one_foreign_tensor_in_the_weights_refuses_it(home: Home) -> None:
    folder = home.model(STAGE, str(home.pointed("models", STAGE, "latest")))
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-8:] = bytes(8)
    weights.write_bytes(content)
    assert [one for one in reasons(home) if one.startswith("weights: ") and weights.name in one]


def test_without_an_evaluation_it_is_refused(home: Home) -> None:
    shutil.rmtree(home.root / "evaluation" / "report")
    assert any(one.startswith("evaluation: ") and "was not evaluated" in one for one in reasons(home))


def report_of(home: Home, change: Callable[[dict[str, Any]], None]) -> None:
    """Alter the report of the evaluation, and forge its record."""
    (folder,) = (path.parent for path in (home.root / "evaluation" / "report").glob("*/report.json"))
    report = json.loads((folder / "report.json").read_text())
    change(report)
    (folder / "report.json").write_text(json.dumps(report))
    resealed(folder)


@pytest.mark.parametrize("name", gates.AUDITS)
@pytest.mark.parametrize(
    ("part", "changes", "says"),
    [
        ("generated", {"copies": 8, "flagged": True}, "8 of "),
        ("", {"exceeds_floor": True}, "0 of "),
        ("control_copies", {"copies": 0, "flagged": False}, "the audit did not tell known copies (0 of "),
    ],
)
def test_an_audit_that_found_copies_or_does_not_tell_known_ones_refuses_it(
    home: Home, name: str, part: str, changes: Mapping[str, object], says: str
) -> None:
    def found(report: dict[str, Any]) -> None:
        (report[name][part] if part else report[name]).update(changes)

    report_of(home, found)
    (told,) = reasons(home)
    assert told.startswith(f"evaluation: {name}: {says}")


def test_an_audit_of_an_older_version_or_none_refuses_it(home: Home) -> None:
    report_of(home, lambda report: report["memorisation"].pop("exceeds_floor"))
    (told,) = reasons(home)
    assert told.startswith("evaluation: memorisation: an older version of this project made the audit")
    report_of(home, lambda report: report.pop("memorisation"))
    (told,) = reasons(home)
    assert told.startswith("evaluation: ") and "has no audit of copies; evaluate it again" in told


def ledger_lost(home: Home) -> None:
    clip = of_clip(home)
    for path in (clip / LEDGER, kept_ledger(home, "clip", clip.name)):
        path.unlink()


def ledger_altered(home: Home) -> None:
    clip = of_clip(home)
    for path in (clip / LEDGER, kept_ledger(home, "clip", clip.name)):
        path.write_bytes(path.read_bytes() + b"more")


def manifest_lost(home: Home) -> None:
    for path in (home.root / "dataset").glob(f"[!.]*/*/{MANIFEST}"):
        path.unlink()


def samples_purged(home: Home) -> None:
    for path in (home.root / "evaluation" / "report").glob(f"[!.]*/{gates.SAMPLES}"):
        path.unlink()


def label_of_no_licence(home: Home) -> None:
    """One label text under terms that allow nothing, in a ledger that its record proves."""
    path = home.model(STAGE, str(home.pointed("models", STAGE, "latest"))) / LEDGER
    schema, rows = pq.read_schema(path), pq.read_table(path).to_pylist()
    next(row for row in rows if row["captions"])["captions"][0]["licence"] = "CC-BY-NC-4.0"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    resealed(path.parent)


@pytest.mark.parametrize(
    ("change", "gate", "says"),
    [
        (ledger_lost, "ledger", "its ledger.parquet is missing: treated as seen"),
        (ledger_altered, "ledger", "its ledger.parquet is altered since it was written: treated as seen"),
        (manifest_lost, "dataset", "which the model was trained on or measured with; its manifest is part of a bundle"),
        (samples_purged, "evaluation", "has no samples.png any more, as a picture on it was purged"),
        (label_of_no_licence, "labels", "label texts under CC-BY-NC-4.0 were shown, and no licence of the weights"),
    ],
)
def test_what_a_bundle_would_lack_or_could_not_license_refuses_it(
    home: Home, change: Callable[[Home], None], gate: str, says: str
) -> None:
    change(home)
    told = reasons(home)
    assert [one for one in told if one.startswith(f"{gate}: ") and says in one], told


def test_the_checks_tell_a_bundle_that_was_altered_or_holds_what_was_taken_down(released: Released, home: Home) -> None:
    platform = released.line.platform_with(pd_home=str(home.root))
    folder = home.root / "release" / STAGE / released.folder.name

    def told() -> list[Any]:
        with environment(**released.operator):
            found = [checks.verifies(platform), checks.may_still_be_handed_out(platform)]
        assert all(one.passed is not bool(one.metadata["problems"].value) for one in found)
        return [one.metadata["problems"].value for one in found]

    assert told() == [[], []]
    content = bytearray((folder / "README.md").read_bytes())
    content[-2] ^= 1
    (folder / "README.md").write_bytes(content)
    (unverified,), refused = told()
    assert f"{folder} does not verify: README.md: " in unverified and refused == []
    item = seen(home, "trained_on")
    take_down(home, item, reason="the heirs ask for it")
    _, (refused,) = told()
    assert refused.startswith(f"{STAGE}/{folder.name}: rights: {item} was trained on: taken down on request: ")
    shutil.rmtree(folder)
    assert told() == [[], []]


def test_all_reasons_are_told_at_once(home: Home) -> None:
    take_down(home, seen(home, "trained_on"), reason="a test")
    shutil.rmtree(home.root / "evaluation" / "report")
    resealed(of_clip(home), level="")
    assert {one.partition(":")[0] for one in reasons(home)} >= {"rights", "evaluation", "clean room"}


def test_a_model_that_is_not_there_or_draws_nothing_is_named_with_what_there_is(home: Home) -> None:
    with pytest.raises(ConfigError, match=f"no models/{STAGE}/nothing .* there are: [0-9a-f]{{16}}"):
        gates.reasons(home, STAGE, "nothing", profile=PROFILE)
    with pytest.raises(ConfigError, match="models/clip is not evaluated by itself; expected one of transformer"):
        gates.reasons(home, "clip", str(home.pointed("models", "clip", "latest")), profile=PROFILE)


def copied(released: Released, folder: Path) -> Line:
    """The line on a home of its own."""
    shutil.copytree(released.line.home.root, folder, symlinks=True)
    platform = released.line.platform_with(pd_home=str(folder))
    return replace(released.line, home=open_home(folder), platform=platform)


def test_a_check_that_failed_refuses_it_until_it_passes(released: Released, tmp_path: Path) -> None:
    line = copied(released, tmp_path / "home")

    def said(passed: bool) -> dg.AssetCheckEvaluation:
        return dg.AssetCheckEvaluation(
            asset_key=CHECK, check_name="whole_and_licensed", passed=passed, severity=dg.AssetCheckSeverity.ERROR
        )

    line.instance.report_runless_asset_event(said(False))
    told = refusals(release(line, released.operator))
    assert "check: dataset/manifest:whole_and_licensed failed the last time" in told
    line.instance.report_runless_asset_event(said(True))
    assert release(line, released.operator).success


def test_a_needed_check_that_was_never_made_refuses_it(released: Released, tmp_path: Path) -> None:
    line = copied(released, tmp_path / "home")
    with dg.DagsterInstance.ephemeral() as instance:
        told = refusals(release(replace(line, instance=instance), released.operator))
    for asset in (*NEEDED, *(f"models/{stage}" for stage in STAGES)):
        assert re.search(rf"check: {asset}:\w+ was never made; materialise its asset", told), (asset, told)
    assert "models/vae:" not in told


def test_without_a_name_a_contact_and_a_key_nothing_is_released_and_each_is_asked_for(
    released: Released, tmp_path: Path
) -> None:
    line = copied(released, tmp_path / "home")
    told = refusals(release(line, {"PD_PROVIDER": "", "PD_SIGNING_KEY": str(tmp_path / "none.pem")}))
    wanted: Sequence[str] = ("PD_PROVIDER is not set", "PD_CONTACT is not set", "none.pem: no private key")
    assert all(one in told for one in wanted), told


@pytest.mark.extended
def test_a_bundle_that_somebody_else_signed_is_not_taken_for_ours(released: Released, tmp_path: Path) -> None:
    line = copied(released, tmp_path / "home")
    folder = line.home.root / "release" / STAGE / released.folder.name
    said = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps({**said, "provider": "Somebody Else"}))
    key = tmp_path / "other.pem"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)], check=True)
    for arguments in (("papers", str(folder)), ("sign", str(folder), "--key", str(key)), ("verify", str(folder))):
        assert pd_ml(*arguments).returncode == 0
    told = refusals(release(line, released.operator))
    assert "signing-key.pem" in told and "expected the given one" in told
    with pytest.raises(ConfigError, match=r"signing-key\.pem"):
        publishing.verify(publishing.find(line.home, STAGE), Path(released.operator["PD_SIGNING_KEY"]))


@pytest.mark.extended
def test_another_key_makes_another_bundle(released: Released, tmp_path: Path) -> None:
    line = copied(released, tmp_path / "home")
    key = tmp_path / "new.pem"
    subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", str(key)], check=True)
    assert release(line, {**released.operator, "PD_SIGNING_KEY": str(key)}).success
    version = str(line.home.pointed("release", STAGE, "latest"))
    told = json.loads((line.home.root / "release" / STAGE / version / "release.json").read_text())
    assert version != released.folder.name and told["previous"] == [released.folder.name]


def test_a_key_that_cannot_sign_leaves_nothing_behind(released: Released, tmp_path: Path) -> None:
    line = copied(released, tmp_path / "home")
    key = tmp_path / "ed25519.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True)
    shutil.rmtree(line.home.root / "release" / STAGE)
    told = refusals(release(line, {**released.operator, "PD_SIGNING_KEY": str(key)}))
    assert "openssl genpkey" in told
    shelf = line.home.root / "release" / STAGE
    assert [path.name for path in shelf.rglob("*") if path.is_file() and path.name != ".lock"] == []
