"""Whatever is changed in a bundle is found and named: by digests, by the signature, and where both were made anew."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from pd_ml.bundle import layout
from pd_ml.bundle.sealing import make_papers, write_manifest
from pd_ml.bundle.signature import sign
from pd_ml.bundle.verify import verify
from pd_ml.command_line import main
from pd_ml.errors import BundleError
from tests.pd_ml.bundle import handed_out as to
from tests.pd_ml.bundle import made
from tests.pd_ml.bundle.handed_out import Change, HandedOut, lines, told

UNET = "pipeline/unet/diffusion_pytorch_model.safetensors"
EVALUATION = "chain/evaluate-*/run.json"

# What is changed -> how, the file that is named, and words about it once manifest and signature were made anew by the
# same key: what is left then are the papers, the chain and the rules.
CHANGES: dict[str, tuple[Change, str, str]] = {
    "a count in a row of the ledger": (
        to.rows_changed(layout.LEDGER, to.with_value("times_shown", 0, 99)),
        layout.LEDGER,
        "times_shown is 99, its training wrote 2",
    ),
    "a row less in the ledger": (
        to.rows_changed(layout.LEDGER, to.without_row(4)),
        layout.LEDGER,
        "is missing, which its training or evaluation wrote",
    ),
    "the last row less in the ledger": (
        to.rows_changed(layout.LEDGER, lambda table: table.slice(0, table.num_rows - 1)),
        layout.LEDGER,
        "is missing, which its training or evaluation wrote",
    ),
    "a row more in the ledger": (
        to.rows_changed(layout.LEDGER, to.with_row_of_another_picture),
        layout.LEDGER,
        "the row of zoo:1 and",
    ),
    "rows of the ledger in another order": (
        to.rows_changed(layout.LEDGER, lambda table: table.sort_by([("item_id", "descending")])),
        layout.LEDGER,
        "expected the order of item, stage and version",
    ),
    "a row of a model that is not in the chain": (
        to.rows_changed(layout.LEDGER, to.with_value("version", 0, "0" * 16)),
        layout.LEDGER,
        "which is no model of the chain",
    ),
    "free licences of all label texts in the ledger": (
        to.rows_changed(layout.LEDGER, to.with_free_captions),
        layout.LEDGER,
        "captions is",
    ),
    "another rule in the ledger": (
        to.rows_changed(layout.LEDGER, to.with_value("rule_id", 0, "accept-old-work")),
        layout.LEDGER,
        "rule_id is 'accept-old-work'",
    ),
    "no evidence in the ledger": (
        to.rows_changed(layout.LEDGER, to.with_value("evidence_digest", 0, None)),
        layout.LEDGER,
        "no evidence_digest, and it was trained on",
    ),
    "another archive in the ledger": (
        to.rows_changed(layout.LEDGER, to.with_value(layout.SOURCE, 0, "smithsonian")),
        layout.LEDGER,
        "its source is not the archive that its item_id names",
    ),
    "another host in the ledger": (
        to.rows_changed(layout.LEDGER, to.with_value(layout.MEDIA_HOST, 0, "elsewhere.example")),
        layout.EU_PAGE,
        "line",
    ),
    "a ledger of the chain": (
        to.rows_changed("chain/clip-*/ledger.parquet", to.with_value("times_shown", 0, 99)),
        "/ledger.parquet",
        "the record of clip",
    ),
    "a ledger of the chain with its record": (
        to.ledger_of_training_changed("clip", to.with_value("times_shown", 0, 99)),
        "/ledger.parquet",
        "images_seen counted in it is",
    ),
    "a byte of the weights": (to.flipped(UNET), UNET, "the record of unet_text"),
    "a file of the pipeline less": (
        to.removed("pipeline/unet/config.json"),
        "pipeline/unet/config.json",
        "is missing, and the record of unet_text",
    ),
    "a file of the pipeline more": (
        to.added("pipeline/unet/other.json"),
        "pipeline/unet/other.json",
        "does not name it",
    ),
    "weights by another name": (
        to.renamed(UNET, "pipeline/unet/weights.safetensors"),
        "pipeline/unet/weights.safetensors",
        "does not name it",
    ),
    "a count in a record": (
        to.rewritten("chain/clip-*/run.json", '"steps": 4', '"steps": 5'),
        "/run.json",
        "altered since it was written",
    ),
    "a clean room that was not enforced": (
        to.sealed_anew("clip", level="unenforced: no landlock"),
        "/run.json",
        "clean room: 'unenforced: no landlock', expected 'kernel'",
    ),
    "a training without proof of rights": (to.sealed_anew("tokenizer", proven=False), "/run.json", "unproven"),
    "a record without a seal": (
        lambda folder: (
            to.only(folder, "chain/clip-*/run.json").write_text(
                json.dumps({**json.loads(to.only(folder, "chain/clip-*/run.json").read_text()), "seal": ""})
            )
            and None
        ),
        "/run.json",
        "without a seal",
    ),
    "a training that does not count": (
        to.sealed_anew("clip", counts={}),
        "/run.json",
        "does not count images_seen, so that nothing proves its ledger",
    ),
    "a clean room that its own facts do not bear out": (
        to.sealed_anew("clip", room={}),
        "/run.json",
        "clean room: 'kernel', its own facts give 'unenforced: nothing tells of a clean room'",
    ),
    "a training that names no model it was made of": (
        to.sealed_anew("unet_text", inputs={"dataset": "0" * 64}),
        "/run.json",
        "names no clip that it was made of, which every unet_text is",
    ),
    "an evaluation by another CLIP": (
        to.sealed_anew("evaluate", inputs={"clip": "f" * 64}),
        layout.EVALUATION,
        "which its record does not name",
    ),
    "an evaluation without an audit of copies": (
        to.report_changed(lambda one: one.pop("memorisation") and None),
        layout.EVALUATION,
        "has no audit of copies (memorisation), which every evaluation of unet_text makes",
    ),
    "an audit that tells nothing": (
        to.report_changed(lambda one: one["memorisation_training_captions"].update(generated={})),
        layout.EVALUATION,
        "memorisation_training_captions.generated tells no share of copies",
    ),
    "no number in the evaluation": (
        to.report_changed(lambda one: one["kid"].update(generated=float("nan"))),
        layout.EVALUATION,
        "NaN is no number",
    ),
    "a pickle beside the weights": (
        to.weights_changed("unet/diffusion_pytorch_model.bin", b"\x80\x04"),
        "pipeline/unet/diffusion_pytorch_model.bin",
        "expected weights as .safetensors",
    ),
    "weights that are no safetensors": (
        to.weights_changed("unet/diffusion_pytorch_model.safetensors", b"\x80\x04" * 100),
        UNET,
        "no safetensors: its head is no head",
    ),
    "bytes behind the weights": (
        to.weights_changed("unet/diffusion_pytorch_model.safetensors", made.safetensors("seed") + b"more"),
        UNET,
        "no safetensors: its tensors are 16 bytes, the file has 20",
    ),
    "a free policy of labels": (
        to.rewritten(layout.RELEASE, '"labels": "all"', '"labels": "cc0"'),
        layout.RELEASE,
        "labels is 'cc0', the manifest of the model's dataset says 'all'",
    ),
    "a free policy of labels, in the dataset too": (
        to.all_of(
            to.rewritten(layout.RELEASE, '"labels": "all"', '"labels": "cc0"'),
            to.dataset_changed(lambda one: replace(one, facts={**one.facts, "labels": "cc0"})),
        ),
        layout.LEDGER,
        "was shown captions under CC-BY-SA-4.0, by the policy of labels 'cc0'",
    ),
    "a day that is none": (
        to.rewritten(layout.RELEASE, "2026-11-30", "9999-99-99"),
        layout.RELEASE,
        "expected a day as 2026-11-30",
    ),
    "fewer than no pictures taken down": (
        to.rewritten(layout.RELEASE, '"taken_down": 1', '"taken_down": -5'),
        layout.RELEASE,
        "taken_down is -5, expected a number from 0",
    ),
    "more computing than there is": (
        to.rewritten(layout.RELEASE, "1500000000000.0", "-1e30"),
        layout.RELEASE,
        "is -1e+30, expected a number from 0",
    ),
    "a model of the chain less": (to.removed("chain/clip-*"), "/run.json", "made of clip"),
    "another record at the top": (to.rewritten(layout.RUN, "\n", "\n\n"), layout.RUN, "is not the same as chain/"),
    "a list of pictures that the dataset did not seal": (
        to.sealed_anew("clip", members="0" * 64),
        "/run.json",
        "is not the one that the dataset sealed",
    ),
    "other rules in the dataset": (
        to.dataset_changed(lambda one: replace(one, facts={**one.facts, "rules": {"accept-free-work": 24}})),
        "/ledger.parquet",
        "rules: 8 pictures of 'accept-free-work', the manifest of its dataset says 24",
    ),
    "other archives in the dataset": (
        to.dataset_changed(lambda one: replace(one, facts={**one.facts, "sources": {"commons": 24}})),
        "/ledger.parquet",
        "sources: 16 pictures of 'commons', the manifest of its dataset says 24",
    ),
    "archives in the dataset that are not counted": (
        to.dataset_changed(lambda one: replace(one, facts={**one.facts, "sources": ["commons"]})),
        "/ledger.parquet",
        "sources: 16 pictures of 'commons', the manifest of its dataset says None",
    ),
    "another shard in the dataset": (
        to.dataset_changed(lambda one: replace(one, shards=one.shards[1:])),
        "/manifest.json",
        "is not that of its shards",
    ),
    "another number of pictures in the dataset": (
        to.dataset_changed(lambda one: replace(one, counts={**one.counts, "train": 5})),
        "/run.json",
        "pictures in its dataset, the manifest says",
    ),
    "the evaluation of another model": (
        to.sealed_anew("evaluate", inputs={"unet_text": "0" * 64}),
        "/run.json",
        "not this unet_text",
    ),
    "a better number in the evaluation": (
        to.rewritten(layout.EVALUATION, '"n": 8', '"n": 9'),
        layout.EVALUATION,
        "the record of evaluate",
    ),
    "other samples": (to.flipped(layout.SAMPLES), layout.SAMPLES, "the record of evaluate"),
    "another provider": (
        to.rewritten(layout.RELEASE, "Example Studio", "Another Studio"),
        layout.CARD,
        "expected",
    ),
    "a bundle of another name": (
        to.rewritten(layout.RELEASE, "0123456789abcdef", "0123456789abcdee"),
        layout.CARD,
        "expected",
    ),
    "a sentence more in the card": (
        lambda folder: (
            (folder / layout.CARD).write_text(f"{(folder / layout.CARD).read_text()}It is the best.\n") and None
        ),
        layout.CARD,
        "is 'It is the best.', the facts give none",
    ),
    "another text of the licence": (
        lambda folder: (folder / layout.LICENCE).write_text("Do what you like.\n") and None,
        layout.LICENCE,
        'licence of the weights is [], expected ["CC-BY-SA-4.0"]',
    ),
    "a field more in the summary for the Union": (
        lambda folder: (
            (folder / layout.EU_DATA).write_text(
                json.dumps({**json.loads((folder / layout.EU_DATA).read_text()), "1.4": "none"})
            )
            and None
        ),
        layout.EU_DATA,
        "1.4 is",
    ),
    "an attribution less": (
        lambda folder: (
            (folder / layout.ATTRIBUTION).write_text(
                "".join((folder / layout.ATTRIBUTION).read_text().splitlines(keepends=True)[:-1])
            )
            and None
        ),
        layout.ATTRIBUTION,
        "is missing, expected",
    ),
    "a bill of materials that is none": (to.flipped(layout.BOM, 0), layout.BOM, "cannot be read as JSON"),
    "a record beside the manifest of a dataset": (
        lambda folder: to.added(f"chain/{to.only(folder, 'chain/dataset-*').name}/run.json")(folder),
        "/run.json",
        "no file of a bundle",
    ),
    "a file more": (to.added("notes.md"), "notes.md", "no file of a bundle"),
}


def test_a_whole_bundle_passes(whole: HandedOut) -> None:
    found = verify(whole.folder)
    assert found.is_whole, lines(found)
    assert found.checked.is_own_key
    assert (found.checked.models, found.checked.pictures, found.checked.licence) == (3, 24, layout.BY_SA)
    assert found.checked.showings == to.sum_of(whole.folder / layout.LEDGER, "times_shown")
    assert verify(whole.folder, whole.public).is_whole


@pytest.mark.parametrize(
    ("stage", "labels", "datasets"),
    [
        ("unet", "none", 1),
        ("unet_text", "cc0", 2),
        ("transformer", "mixed", 1),
        ("latent_unet", "mixed", 2),
        ("latent_diffusion", "mixed", 1),
        ("super_resolution", "none", 1),
    ],
)
def test_a_bundle_of_each_model_that_draws_passes(
    stage: str, labels: made.Labels, datasets: int, whole: HandedOut, tmp_path: Path
) -> None:
    folder = made.bundle(tmp_path / "bundle", stage, labels=labels, datasets=datasets)
    make_papers(folder)
    sign(folder, whole.key)
    found = verify(folder, whole.public)
    assert found.is_whole, lines(found)


def test_a_bundle_whose_evaluation_saw_a_newer_dataset_version_passes(whole: HandedOut, tmp_path: Path) -> None:
    folder = made.bundle(tmp_path / "bundle", datasets=2, is_evaluated_on_newer=True)
    make_papers(folder)
    sign(folder, whole.key)
    rows = pq.read_table(folder / layout.LEDGER).to_pylist()
    # Held in the model's training, and measured by that of its CLIP.
    revids = {row["stage"]: row["revid"] for row in rows if row["item_id"] == made.item_of(made.HELD_BACK)}
    assert revids == {"clip": 5004, "unet_text": 5005}
    found = verify(folder, whole.public)
    assert found.is_whole, lines(found)


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_changed_is_named(what: str, whole: HandedOut, tmp_path: Path) -> None:
    change, _, _ = CHANGES[what]
    folder = whole.copy(tmp_path / "bundle")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    change(folder)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    changed = [path for path in {*before, *after} if before.get(path) != after.get(path)]
    found = verify(folder)
    for path in changed:
        assert told(found, path.relative_to(folder).as_posix(), ""), lines(found)


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_changed_and_signed_again_is_named(what: str, whole: HandedOut, tmp_path: Path) -> None:
    change, file, words = CHANGES[what]
    folder = whole.copy(tmp_path / "bundle")
    change(folder)
    write_manifest(folder)
    sign(folder, whole.key)
    found = verify(folder, whole.public)
    assert told(found, file, words), lines(found)
    # By another key: that too.
    sign(folder, whole.other)
    by_another = verify(folder, whole.public)
    assert told(by_another, layout.SIGNATURE, "not signed by the key"), lines(by_another)
    assert told(by_another, layout.PUBLIC_KEY, "expected the given one")
    assert told(by_another, file, words)


@pytest.mark.parametrize(
    ("change", "file", "words"),
    [
        (to.rewritten(layout.MANIFEST, '"size_bytes": ', '"size_bytes": 1'), "", "altered"),
        (to.rewritten(layout.MANIFEST, '"stage": "unet_text"', '"stage": "unet"'), layout.MANIFEST, "stage is 'unet'"),
        (
            to.signature_changed(lambda one: one["signatures"][0].update(sig="MAYCAQECAQE=")),
            layout.SIGNATURE,
            "not signed by the key",
        ),
        (
            to.signature_changed(lambda one: one.update(payload=one["payload"][4:])),
            layout.SIGNATURE,
            "not signed by the key",
        ),
        (to.rewritten(layout.PUBLIC_KEY, "BEGIN PUBLIC", "BEGIN SECRET"), layout.PUBLIC_KEY, "no public key"),
        (to.removed(layout.SIGNATURE), "bundle", "without signature.json"),
        (to.removed(layout.CARD), "bundle", "half a bundle, without README.md"),
        (to.removed(layout.PIPELINE), "bundle", "without pipeline/"),
        (to.removed(layout.CHAIN), "bundle", "without chain/"),
        (to.linked(layout.LEDGER), layout.LEDGER, "a symbolic link"),
        (to.added(".gitignore"), ".gitignore", "no signature covers it"),
        (to.added("pipeline/.gitattributes"), "pipeline/.gitattributes", "no signature covers it"),
        (to.added(".git/config"), ".git", "no signature covers it"),
        (to.added("pipeline/.hidden/weights.json"), "weights.json", "a hidden file"),
        (to.rewritten(layout.RELEASE, '"format_version": 1', '"format_version": 2'), layout.RELEASE, "newer version"),
        (to.rewritten(layout.MANIFEST, '"format_version": 1', '"format_version": 2'), layout.MANIFEST, "format 2"),
        (to.rewritten(layout.RELEASE, '"format_version": 1', '"format_version": 0'), layout.RELEASE, "expected 1"),
        (to.rewritten(layout.RELEASE, '"format_version": 1', '"format_version": true'), layout.RELEASE, "format True"),
    ],
)
def test_what_cannot_be_sealed_again_is_named(
    change: Change, file: str, words: str, whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    change(folder)
    found = verify(folder)
    assert told(found, file, words), lines(found)


def test_a_name_that_is_not_ascii_is_the_same_on_a_machine_of_any_encoding(whole: HandedOut, tmp_path: Path) -> None:
    folder = made.bundle(tmp_path / "bundle", provider="Österreichische Bücherei")
    said = json.loads((folder / layout.RELEASE).read_bytes())
    (folder / layout.RELEASE).write_bytes(json.dumps(said, ensure_ascii=False).encode())
    for command in (["papers"], ["sign", "--key", str(whole.key)], ["verify", "--public-key", str(whole.public)]):
        there = [sys.executable, "-X", "utf8=0", "-m", "pd_ml", command[0], str(folder), *command[1:]]
        environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
        done = subprocess.run(there, capture_output=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert verify(folder, whole.public).is_whole
    assert "Österreichische Bücherei" in (folder / layout.CARD).read_bytes().decode()


def test_json_is_utf_8_and_nothing_else(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    content = (folder / layout.RELEASE).read_bytes().decode()
    (folder / layout.RELEASE).write_bytes(content.encode("utf-16"))
    assert told(verify(folder), layout.RELEASE, "cannot be read as JSON")


def test_all_that_is_missing_is_named_at_once(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    for name in (layout.LEDGER, layout.BOM, layout.MANIFEST):
        (folder / name).unlink()
    assert told(verify(folder), "bundle", "without ledger.parquet, bom.cdx.json, manifest.json")


def test_the_outside_tool_agrees(whole: HandedOut, tmp_path: Path) -> None:
    altered = whole.copy(tmp_path / "altered")
    to.flipped(UNET)(altered)
    for folder, expected in ((whole.folder, 0), (altered, 1)):
        given = ["--signature", str(folder / layout.SIGNATURE), "--public_key", str(whole.public)]
        command = [sys.executable, "-m", "model_signing", "verify", "key", str(folder), *given]
        assert subprocess.run(command, capture_output=True, check=False).returncode == expected
        assert verify(folder, whole.public).is_whole == (expected == 0)


def test_the_command_says_what_was_checked_and_by_which_key(
    whole: HandedOut, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(whole.folder)]) == 0
    out = capsys.readouterr().out
    public = load_pem_public_key(whole.public.read_bytes())
    fingerprint = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    assert "24 pictures" in out
    assert f"signed by a key with fingerprint {fingerprint}, which this bundle brings itself" in out
    assert main(["verify", str(whole.folder), "--public-key", str(whole.public)]) == 0
    assert f"signed by the given key with fingerprint {fingerprint}" in capsys.readouterr().out


def test_the_command_prints_every_problem_in_a_line(
    whole: HandedOut, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    to.flipped(UNET)(folder)
    to.flipped(layout.SAMPLES)(folder)
    assert main(["verify", str(folder)]) == 1
    printed = capsys.readouterr().err.splitlines()
    assert any(line.startswith(f"{UNET}: altered") for line in printed)
    assert any(line.startswith("samples.png: altered") for line in printed)
    assert printed[-1].startswith("BundleError: ")
    assert main(["verify", str(folder), "--json"]) == 1
    refused = json.loads(capsys.readouterr().out.splitlines()[0])
    assert refused["event"] == "refused"
    assert {one["file"] for one in refused["problems"]} == {UNET, "samples.png"}


def test_what_a_hub_adds_to_its_copies_is_no_part_of_the_bundle_and_no_reason_against_it(
    whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    (folder / ".gitattributes").write_text("*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
    assert verify(folder, whole.public).is_whole
    with pytest.raises(BundleError, match="gitattributes"):
        write_manifest(folder)
