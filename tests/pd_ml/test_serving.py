"""`python -m pd_ml serve`: what it draws, how it refuses, what it keeps in memory, and when it ends."""

import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pd_ml.data.shards import read_batches
from pd_ml.errors import ProvenanceError
from pd_ml.marks.detection import anchors_of, detect
from pd_ml.marks.origin import GENERATED
from pd_ml.provenance import RUN, read_run
from pd_ml.serving.server import LONGEST_LINE, Server
from pd_ml.serving.shelf import Shelf
from tests.patience import PATIENCE_S
from tests.pd_ml.command import ROOT, run_here

Answer = Mapping[str, object]

REFUSE = """
import io, json, sys
from pd_ml.command_line import main
from pd_ml.serving.server import Server
commands, lines = json.loads(sys.stdin.read())
codes = [main(command) for command in commands]
answers = io.StringIO()
Server("cpu").serve(io.BytesIO("".join(f"{line}\\n" for line in lines).encode()), answers)
print(json.dumps([codes, [json.loads(line) for line in answers.getvalue().splitlines()], "torch" in sys.modules]))
"""
PARENT = """
import os, subprocess, sys
environment = {**os.environ, "PD_STOP_WITHOUT_PARENT": str(os.getpid())}
subprocess.Popen([sys.executable, "-m", "pd_ml", "serve"], env=environment)
print("started", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def server() -> Server:
    return Server("cpu")


def answers(server: Server, *requests: object) -> list[Answer]:
    """What the server says to the requests, progress left out."""
    return [answer for answer in all_answers(server, *requests) if answer["event"] != "progress"]


def all_answers(server: Server, *requests: object) -> list[Answer]:
    written = io.StringIO()
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in requests]
    server.serve(io.BytesIO(b"".join(line + b"\n" for line in lines)), written)
    return [json.loads(line) for line in written.getvalue().splitlines()]


def drawing(models: Path, out: Path, **more: object) -> dict[str, object]:
    return {
        "id": "7",
        "do": "draw",
        "model": str(models / "unet_text"),
        "prompt": "a tree",
        "out": str(out),
        "steps": 3,
    } | more


def pixels(path: object) -> bytes:
    with Image.open(str(path)) as image:
        return np.asarray(image).tobytes()


def test_it_draws_what_sample_draws_tells_each_step_and_marks_each_file(
    server: Server, models: Path, tmp_path: Path
) -> None:
    found = all_answers(server, drawing(models, tmp_path / "a", n=2, seed=3))
    *steps, drawn = found
    assert all(answer["id"] == "7" for answer in found)
    assert {answer["event"] for answer in steps} == {"progress"} and steps[-1]["step"] == steps[-1]["steps"] == 6
    assert drawn["event"] == "drawn" and drawn["model_version"] == read_run(models / "unet_text").version
    assert (drawn["size"], drawn["cut_off"], drawn["vectors"]) == ([16, 16], "", None)
    base = ["sample", "--model", models / "unet_text", "--prompt", "a tree", "--steps", "3", "--seed", "3"]
    assert run_here(*base, "--n", "2", "--out", tmp_path / "b.png") == 0
    assert [pixels(path) for path in drawn["files"]] == [  # type: ignore[attr-defined]
        pixels(tmp_path / "b" / name) for name in ("0000.png", "0001.png")
    ]
    told = detect(tmp_path / "a" / "0000.png", anchors_of([]))
    assert told.credentials is not None and GENERATED in told.credentials.source_types


def test_what_is_made_of_a_picture_is_marked_by_the_file_that_was_given_and_not_by_a_copy_without_its_marks(
    server: Server, models: Path, tmp_path: Path
) -> None:
    (first,) = answers(server, drawing(models, tmp_path / "a"))
    (given,) = first["files"]  # type: ignore[misc]
    with Image.open(str(given)) as image:
        Image.fromarray(np.asarray(image)).save(tmp_path / "copy.png")
    copy = {"image": str(tmp_path / "copy.png"), "strength": 0.5}
    answers(server, *(drawing(models, tmp_path / name, **copy, given=of) for name, of in (("b", given), ("c", None))))
    told = [detect(tmp_path / name / "0000.png", anchors_of([])).credentials for name in ("b", "c")]
    assert [one is not None and GENERATED in one.source_types for one in told] == [True, False]


def test_two_requests_in_a_row_share_the_model_and_one_of_another_folder_content_does_not(
    server: Server, models: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(models / "unet", model)
    plain = drawing(models, tmp_path / "out", model=str(model), prompt="")
    first, again = answers(server, plain, plain)
    assert (first["model_was_loaded"], again["model_was_loaded"]) == (False, True)
    shutil.rmtree(model)
    shutil.copytree(models / "unet_text", model)
    (other,) = answers(server, plain | {"prompt": "a tree"})
    assert other["model_version"] == read_run(models / "unet_text").version and not other["model_was_loaded"]
    loaded, drawn = answers(server, {"id": 1, "do": "load", "model": str(model)}, plain | {"prompt": "a boat"})
    assert loaded == {"id": 1, "event": "loaded", "model_was_loaded": True} and drawn["model_was_loaded"]


def test_vectors_of_results_are_those_of_their_files(server: Server, models: Path, tmp_path: Path) -> None:
    clip = str(models / "clip")
    (drawn,) = answers(server, drawing(models, tmp_path / "out", n=2, clip=clip))
    asked = {"id": 2, "do": "embed", "clip": clip, "texts": ["a tree"], "images": drawn["files"]}
    (embedded,) = answers(server, asked)
    assert embedded["images"] == drawn["vectors"]
    vectors = np.array([*embedded["images"], *embedded["texts"]])  # type: ignore[misc]
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    (tmp_path / "none.png").write_bytes(b"no picture")
    (refused,) = answers(server, asked | {"images": [str(tmp_path / "none.png")]})
    assert refused["error"] == "PictureError" and "cannot be read as a picture" in str(refused["message"])


def test_vectors_of_a_datasets_pictures_are_those_of_its_folder(
    server: Server, models: Path, dataset: Path, tmp_path: Path
) -> None:
    assert run_here("embed", "--clip", models / "clip", "--dataset", dataset, "--out", tmp_path / "vectors") == 0
    rows = next(iter(read_batches(dataset, "train", ("image",)))).to_pylist()[:3]
    files = [tmp_path / f"{number}.jpg" for number in range(3)]
    for path, row in zip(files, rows, strict=True):
        path.write_bytes(row["image"])
    asked = {"id": 1, "do": "embed", "clip": str(models / "clip"), "images": [str(path) for path in files]}
    (embedded,) = answers(server, asked)
    of_folder = np.load(tmp_path / "vectors" / "vectors.npy")[:3]
    assert np.allclose(np.array(embedded["images"]), of_folder, atol=1e-3)


def test_a_prompt_of_ten_thousand_words_is_cut_off_and_the_answer_says_so_in_few(
    server: Server, models: Path, tmp_path: Path
) -> None:
    (drawn,) = answers(server, drawing(models, tmp_path / "out", prompt="a tree by a lake " * 2000))
    assert "lake" in str(drawn["cut_off"]) and "more characters" in str(drawn["cut_off"])
    assert len(str(drawn["cut_off"])) < 600
    with Image.open(tmp_path / "out" / "0000.png") as image:
        assert len(image.text["pd_prompt"]) < 11_000


def test_an_enlarged_picture_is_told_with_its_steps(server: Server, upscaler: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 12), "teal").save(tmp_path / "small.png")
    out = tmp_path / "new" / "large.png"
    asked = {"id": 1, "do": "upscale", "image": str(tmp_path / "small.png"), "model": str(upscaler), "out": str(out)}
    *steps, done = all_answers(server, asked)
    assert steps[-1]["step"] == steps[-1]["steps"] == 3
    assert done["event"] == "upscaled" and done["file"] == str(out)
    assert Image.open(out).size == (80, 48)


def test_an_altered_a_half_written_and_an_older_model_are_named_and_the_next_request_is_answered(
    server: Server, models: Path, tmp_path: Path
) -> None:
    altered, half, other = (tmp_path / name for name in ("altered", "half", "other"))
    for folder in (altered, half, other):
        shutil.copytree(models / "unet", folder)
    weights = next(altered.rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    (half / RUN).unlink()
    record = json.loads((other / RUN).read_text())
    (other / RUN).write_text(json.dumps(record | {"format_version": 99}))
    asked = [drawing(models, tmp_path / "out", model=str(folder), prompt="") for folder in (altered, half, other)]
    *refused, drawn = answers(server, *asked, drawing(models, tmp_path / "out"))
    assert [answer["error"] for answer in refused] == ["ProvenanceError"] * 3
    for answer, words in zip(refused, ("another SHA-256", "unfinished", "format version 99"), strict=True):
        assert words in str(answer["message"]) and "\n" not in str(answer["message"])
    assert drawn["event"] == "drawn"


def test_what_is_refused_is_named_before_torch_is_imported(models: Path, tmp_path: Path) -> None:
    text, plain = str(models / "unet_text"), str(models / "unet")
    Image.new("RGB", (32, 32), "white").save(tmp_path / "start.png")
    Image.new("L", (32, 30), 255).save(tmp_path / "mask.png")
    Image.new("L", (32, 32), 0).save(tmp_path / "black.png")
    (tmp_path / "none.png").write_bytes(b"no picture")
    (tmp_path / "bomb.png").write_bytes(bomb())
    start, mask, black, none, bombed = (str(tmp_path / f"{n}.png") for n in ("start", "mask", "black", "none", "bomb"))
    out = ["--out", str(tmp_path / "x.png")]
    prompted = ["sample", "--model", text, "--prompt", "a tree"]
    commands = {
        "no run.json": ["sample", "--model", str(tmp_path), *out],
        "a clip model draws no pictures": ["sample", "--model", str(models / "clip"), *out],
        "give --prompt TEXT": ["sample", "--model", text, *out],
        "takes no prompt; leave out --prompt": ["sample", "--model", plain, "--prompt", "x", *out],
        "a name that ends in .png": [*prompted, "--out", "x.jpg"],
        "is no folder": [*prompted, "--out", str(tmp_path / "none.png" / "x.png")],
        "expected multiples of 2 pixels from 8 to 32": [*prompted, "--width", "36", *out],
        "expected more than 0 and at most 1": [*prompted, "--image", start, "--strength", "2", *out],
        "--strength without --image": [*prompted, "--strength", "0.5", *out],
        "a mask of 32 x 30 pixels, expected 32 x 32": [*prompted, "--image", start, "--mask", mask, *out],
        "all black": [*prompted, "--image", start, "--mask", black, *out],
        "no such file": [*prompted, "--image", str(tmp_path / "gone.png"), *out],
        "cannot be read as a picture": [*prompted, "--image", none, *out],
        "expected at most 40,000,000 pixels": [*prompted, "--image", bombed, *out],
        "expected super_resolution": [*prompted, "--upscale", plain, *out],
        "5000 steps, expected 1 to 1000": [*prompted, "--steps", "5000", *out],
        "expected a picture": ["upscale", str(tmp_path), str(tmp_path / "l.png"), "--model", plain],
    }
    folder = {"out": str(tmp_path / "out")}
    lines = {
        "not JSON": "nonsense",
        "list in JSON": "[]",
        "no `id`": '{"do": "draw"}',
        "expected one of draw, embed": '{"id": 1, "do": "fly"}',
        "no `model`": json.dumps({"id": 1, "do": "draw"} | folder),
        "unknown size": json.dumps({"id": 1, "do": "draw", "model": text, "size": 3} | folder),
        "`n` is 65": json.dumps({"id": 1, "do": "draw", "model": text, "n": 65} | folder),
        "`prompt` is 3": json.dumps({"id": 1, "do": "draw", "model": text, "prompt": 3} | folder),
        "`guidance` is 1000": json.dumps({"id": 1, "do": "draw", "model": text, "guidance": 10**400} | folder),
        "give --prompt": json.dumps({"id": 1, "do": "draw", "model": text, "strength": 0.6} | folder),
        "expected clip": json.dumps({"id": 1, "do": "embed", "clip": text}),
        "a line of more than": json.dumps({"id": 1, "do": "embed", "clip": "x" * LONGEST_LINE}),
    }
    done = subprocess.run(
        [sys.executable, "-c", REFUSE],
        input=json.dumps([list(commands.values()), list(lines.values())]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    codes, told, imported_torch = json.loads(done.stdout.splitlines()[-1])
    assert codes == [1] * len(commands) and not imported_torch
    for said, words in zip(done.stderr.splitlines(), commands, strict=True):
        assert words in said
    for answer, words in zip(told, lines, strict=True):
        assert answer["event"] == "error" and words in answer["message"], answer
    assert not (tmp_path / "out").exists() and not (tmp_path / "x").exists()


def bomb() -> bytes:
    """The head of a PNG of 200 megapixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


def test_the_last_models_are_kept_and_the_oldest_goes(tmp_path: Path, models: Path) -> None:
    loads: list[str] = []
    for name in "abc":
        shutil.copytree(models / "tokenizer", tmp_path / name)
    shelf = Shelf(2, lambda folder: loads.append(folder.name))
    for name in "abacab":
        shelf.take(tmp_path / name)
    assert loads == ["a", "b", "c", "b"]
    with pytest.raises(ProvenanceError, match="no run"):
        shelf.take(tmp_path / "nowhere")


def test_it_ends_with_its_input_and_writes_only_json_to_stdout(tmp_path: Path) -> None:
    line = json.dumps({"id": "é", "do": "draw", "model": str(tmp_path), "out": str(tmp_path / "out")})
    done = subprocess.run(
        [sys.executable, "-m", "pd_ml", "serve"],
        input=f"{line}\n\n{line}",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0 and done.stderr == ""
    assert [json.loads(answer)["error"] for answer in done.stdout.splitlines()] == ["ProvenanceError"] * 2


def test_a_killed_parent_ends_it_although_its_input_stays_open() -> None:
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdin=reading, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        parent.send_signal(signal.SIGKILL)
        # Both hold the pipe: it ends when the server has ended too.
        assert parent.stdout.read() == ""
    os.close(reading)
    os.close(writing)
