"""The commands that draw: what they write is marked, an input's marks are kept, a wrong key stops them at once."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pd_ml.marks.detection import Detected, anchors_of, detect
from pd_ml.marks.origin import ALTERED, GENERATED, MIXED
from pd_ml.marks.xmp import read_xmp
from pd_ml.provenance import LEDGER, read_run
from tests.pd_ml.command import run_here
from tests.pd_ml.marks.signers import operator, painting


def found(path: Path) -> Detected:
    return detect(path, anchors_of([]))


def test_samples_and_their_sheet_are_marked_with_model_version_and_ledger(models: Path, tmp_path: Path) -> None:
    prompts = [part for word in ("tree", "boat", "house") for part in ("--prompt", f"a secret {word}")]
    command = ["sample", "--model", models / "unet_text", *prompts, "--n", "2", "--steps", "2"]
    assert run_here(*command, "--out", tmp_path / "sheet.png") == 0
    record = read_run(models / "unet_text")
    sheet, one = found(tmp_path / "sheet.png"), found(tmp_path / "sheet" / "0000.png")
    assert set(sheet.answers.values()) == {"found"}
    assert one.answers == {"credentials": "found", "xmp": "found", "watermark": "cannot be judged"}
    for told in (sheet, one):
        assert told.credentials and told.credentials.known_as == "this machine's test key"
        own = told.credentials.own
        assert (own["system"], own["version"]) == ("Public-Domain Diffusion unet_text", record.version)
        assert (own["model_digest"], own["ledger_sha256"]) == (record.digest, record.outputs[LEDGER])
        assert told.xmp and (told.xmp.source_type, told.xmp.version) == (GENERATED, record.version)
        assert "secret" not in f"{told.credentials} {told.xmp}"


def test_an_enlarged_picture_keeps_what_its_input_said(upscaler: Path, models: Path, tmp_path: Path) -> None:
    assert run_here("sample", "--model", models / "unet", "--steps", "2", "--out", tmp_path / "drawn.png") == 0
    painting(80, 70).save(tmp_path / "scan.jpg")
    base = ["--model", upscaler, "--steps", "1"]
    assert run_here("upscale", tmp_path / "scan.jpg", tmp_path / "large scan.png", *base) == 0
    assert run_here("upscale", tmp_path / "drawn" / "0000.png", tmp_path / "large drawn.png", *base) == 0
    assert run_here("upscale", tmp_path / "large drawn.png", tmp_path / "larger.png", *base) == 0
    scan, drawn, larger = (found(tmp_path / f"{name}.png") for name in ("large scan", "large drawn", "larger"))
    assert set(scan.answers.values()) == {"found"}
    assert scan.credentials and drawn.credentials and larger.credentials
    assert scan.credentials.source_type == ALTERED and not scan.credentials.inputs[0].has_credentials
    assert scan.xmp and scan.xmp.source_type == ALTERED
    assert drawn.credentials.source_type == GENERATED
    assert drawn.credentials.inputs[0].source_types[-1] == GENERATED and not drawn.credentials.inputs[0].faults
    assert larger.credentials.inputs[0].inputs[0].source_types[-1] == GENERATED
    assert b"scan" not in (tmp_path / "large scan.png").read_bytes()


def test_a_wrong_key_stops_a_command_before_it_draws(
    models: Path,
    upscaler: Path,
    dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in operator(tmp_path / "keys").items():
        monkeypatch.setenv(name, value)
    (tmp_path / "keys" / "key.pem").unlink()
    painting(8, 8).save(tmp_path / "small.png")
    out = tmp_path / "out"
    commands = (
        ["sample", "--model", models / "unet", "--out", out / "x.png"],
        ["upscale", tmp_path / "small.png", out / "x.png", "--model", upscaler],
        ["evaluate", "--model", models / "unet", "--clip", models / "clip", "--dataset", dataset, "--out", out / "r"],
    )
    for command in commands:
        assert run_here(*command) == 1
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith(f"MarkError: PD_MARKS_KEY: {tmp_path / 'keys' / 'key.pem'} cannot be read")
    assert not out.exists()


def test_an_operators_key_signs_what_is_drawn(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in operator(tmp_path / "keys").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PD_PROVIDER", "Museum of Somewhere")
    assert run_here("sample", "--model", models / "unet", "--steps", "2", "--out", tmp_path / "x.png") == 0
    told = found(tmp_path / "x" / "0000.png").credentials
    assert told and (told.signer, told.key, told.known_as) == ("Museum", "operator", "the operator's of this machine")
    assert told.own["provider"] == "Museum of Somewhere"


def test_previews_of_a_training_are_marked_without_a_key(models: Path, upscaler: Path) -> None:
    for stage, source_type in (("unet", GENERATED), ("super_resolution", MIXED)):
        with Image.open(models / stage / "samples.png") as image:
            image.load()
            xmp = read_xmp(image)
            assert np.asarray(image).size
        assert xmp and (xmp.source_type, xmp.system) == (
            source_type,
            f"Public-Domain Diffusion {stage}, in training",
        )
        assert found(models / stage / "samples.png").credentials is None
