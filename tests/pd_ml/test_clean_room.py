"""A training has no network and loads no model that is not ours."""

import json
import socket
import urllib.request
from pathlib import Path

import pytest
from transformers import CLIPModel, CLIPTextModel

from pd_ml.clean_room import clean_room
from pd_ml.errors import CleanRoomError
from tests.pd_ml.command import TINY_CLIP, run_here


@pytest.fixture
def foreign(models: Path, tmp_path: Path) -> Path:
    """A model like ours from somewhere else."""
    folder = tmp_path / "downloads" / "their-clip"
    CLIPModel.from_pretrained(models / "clip").save_pretrained(folder)
    return folder


def test_a_foreign_model_cannot_be_loaded_and_an_input_can(models: Path, foreign: Path) -> None:
    with clean_room([models / "clip"]):
        assert CLIPTextModel.from_pretrained(models / "clip") is not None
        with pytest.raises(
            CleanRoomError, match=r"their-clip/config\.json: a model that is none of this training's inputs"
        ):
            CLIPModel.from_pretrained(foreign)
    assert CLIPModel.from_pretrained(foreign) is not None, "outside it nothing is forbidden"


def test_a_foreign_model_in_the_hubs_cache_or_behind_a_link_cannot_be_loaded(
    models: Path, foreign: Path, tmp_path: Path
) -> None:
    snapshot = tmp_path / "hub" / "models--them--clip" / "snapshots" / "0123"
    snapshot.parent.mkdir(parents=True)
    foreign.rename(snapshot)
    refs = tmp_path / "hub" / "models--them--clip" / "refs"
    refs.mkdir()
    (refs / "main").write_text("0123")
    assert CLIPModel.from_pretrained("them/clip", cache_dir=tmp_path / "hub") is not None
    inside = tmp_path / "ours"
    inside.mkdir()
    (inside / "clip").symlink_to(snapshot)
    with clean_room([inside]):
        with pytest.raises(CleanRoomError, match="none of this training's inputs"):
            CLIPModel.from_pretrained("them/clip", cache_dir=tmp_path / "hub")
        with pytest.raises(CleanRoomError, match="none of this training's inputs"):
            CLIPModel.from_pretrained(inside / "clip")


def test_there_is_no_network_but_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, clean_room([]):
        with socket.create_connection(server.getsockname()):
            pass
        with pytest.raises(CleanRoomError, match=r"asked for 192\.0\.2\.1"):
            socket.create_connection(("192.0.2.1", 80), timeout=1)
        with pytest.raises(CleanRoomError, match=r"asked for archive\.example"):
            urllib.request.urlopen("http://archive.example/")


def test_an_input_whose_weights_were_exchanged_is_refused(
    dataset: Path, models: Path, foreign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    for path in (models / "tokenizer").iterdir():
        if path.is_file():
            (swapped / path.name).write_bytes(path.read_bytes())
    vocabulary = json.loads((swapped / "tokenizer.json").read_text())
    (swapped / "tokenizer.json").write_text(json.dumps(vocabulary, indent=3))
    base = ["train", "clip", "--recipe", "debug", "--dataset", dataset, "--out", tmp_path / "out", *TINY_CLIP]
    assert run_here(*base, "--input", f"tokenizer={swapped}") == 1
    assert "tokenizer.json has another SHA-256 than run.json says" in capsys.readouterr().err
