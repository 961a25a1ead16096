"""A training in its room: what it makes, how it ends, what goes on with it, and what `run.json` says of all that."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pd_ml.provenance import READABLE, read_run, verify_outputs
from tests.patience import PATIENCE_S, until
from tests.pd_ml.command import ROOT, TINY_CLIP, settings
from tests.pd_ml.room.rooms import (
    TOKENIZER,
    WITHOUT_NAMESPACES,
    alive,
    copy_of_package,
    descendants,
    environment,
    require_landlock,
    require_own_root,
    run,
    start,
)

pytestmark = pytest.mark.slow

LONG = settings("steps=100000", "checkpoint_every_steps=5", "log_every_steps=1000", "validate_every_steps=100000")
ACCELERATE = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
ACCELERATE += ["--main_process_port", "0", "--mixed_precision", "no", "--dynamo_backend", "no"]
# Two forked workers that give back bytes, as those of a DataLoader may.
FORKING = """

def _forking(job, export, bench):
    import multiprocessing
    import os
    # What a pool needs; a pool itself starts threads before it forks, and may wait for one of them for ever.
    assert multiprocessing.get_context("fork").Semaphore().acquire()
    for size in (3, 4):
        reading, writing = os.pipe()
        worker = os.fork()
        if worker == 0:
            os.write(writing, bytes(size))
            os._exit(0)
        os.close(writing)
        with open(reading, "rb") as told:
            assert told.read() == bytes(size)
        assert os.waitpid(worker, 0)[1] == 0
    return train_tokenizer_stage(job, export, bench)

TRAINERS = MappingProxyType({**TRAINERS, "tokenizer": _forking})
"""
LINKING = """

def _linking(job, export, bench):
    found = train_tokenizer_stage(job, export, bench)
    (export / "weights.safetensors").symlink_to("/etc/hostname")
    return found

TRAINERS = MappingProxyType({**TRAINERS, "tokenizer": _linking})
"""


def clip(dataset: Path, models: Path, out: Path, *more: str) -> list[object]:
    base = ["train", "clip", "--recipe", "debug", "--dataset", dataset, "--input", f"tokenizer={models / 'tokenizer'}"]
    return [*base, "--out", out, *TINY_CLIP, *more]


def until_checkpoint(process: "subprocess.Popen[str]", number: int = 1) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        number -= '"checkpoint"' in line
        if number == 0:
            return
    raise AssertionError(process.communicate()[1])


def test_a_stage_makes_inside_what_it_makes_outside_and_lists_what_it_could_read(
    dataset: Path, models: Path, tmp_path: Path
) -> None:
    require_own_root()
    done = run(*clip(dataset, models, tmp_path / "clip"))
    assert done.returncode == 0, done.stderr
    assert "clip: clean room: kernel" in done.stderr
    found, outside = verify_outputs(tmp_path / "clip"), read_run(models / "clip")
    assert (found.version, found.digest) == (outside.version, outside.digest)
    assert found.level == "kernel" and found.room["root"] == "own" and found.room["missing"] == []
    assert outside.level == "unenforced: trained in the caller's process"
    told = json.loads((tmp_path / "clip" / READABLE).read_text())
    digests = {one["path"]: one["sha256"] for one in told["given"]}
    tokenizer = read_run(models / "tokenizer")
    assert digests["tokenizer/tokenizer.json"] == tokenizer.outputs["tokenizer.json"]
    assert {"dataset/manifest.json", "tokenizer/run.json", "pd_ml/training/stages.py"} <= set(digests)
    assert READABLE in found.outputs, "its digest is sealed in run.json"
    assert all(one["size_bytes"] > 64 * 1024 for one in told["data_like_in_libraries"])
    assert not (tmp_path / "clip.partial").exists() and not list(tmp_path.glob(".*.seal"))
    # What was decoded inside is lent to the next training, with its digest.
    again = run(*clip(dataset, models, tmp_path / "again"))
    assert again.returncode == 0, again.stderr
    told = json.loads((tmp_path / "again" / READABLE).read_text())
    assert any(one["path"].endswith("train.npy") for one in told["given"])
    assert read_run(tmp_path / "again").digest == found.digest


@pytest.mark.extended
def test_two_processes_of_accelerate_share_one_room_and_its_network(
    dataset: Path, models: Path, tmp_path: Path
) -> None:
    require_own_root()
    results = {}
    for name, more in (("inside", {}), ("outside", {"PD_CLEAN_ROOM": "off"})):
        command = [sys.executable, "-m", *ACCELERATE, "-m", "pd_ml", *clip(dataset, models, tmp_path / name)]
        done = subprocess.run(
            list(map(str, command)),
            cwd=ROOT,
            env=environment(**more),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert '"event": "processes", "stage": "clip", "processes": 2' in done.stdout
        assert done.stdout.count('"event": "done"') == 1
        results[name] = read_run(tmp_path / name)
    assert results["inside"].level == "kernel" and results["inside"].room["processes"] == 2
    assert results["outside"].level == "unenforced: switched off (PD_CLEAN_ROOM=off)"
    assert results["inside"].digest == results["outside"].digest
    done = run(*clip(dataset, models, tmp_path / "started inside"), "--processes", 2)
    assert done.returncode == 0 and '"processes": 2}' in done.stdout, done.stderr
    assert read_run(tmp_path / "started inside").level == "kernel"
    assert read_run(tmp_path / "started inside").digest == results["outside"].digest


@pytest.mark.extended
def test_without_namespaces_several_processes_train_unenforced_or_not_at_all(
    dataset: Path, models: Path, tmp_path: Path
) -> None:
    require_landlock()
    launch = [*WITHOUT_NAMESPACES, sys.executable, "-m", *ACCELERATE, "-m", "pd_ml"]
    command = list(map(str, [*launch, *clip(dataset, models, tmp_path / "clip")]))
    required = environment(PD_CLEAN_ROOM="require")
    done = subprocess.run(command, cwd=ROOT, env=required, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "CleanRoomError: PD_CLEAN_ROOM=require, and this training would be" in done.stderr
    assert not (tmp_path / "clip").exists()
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    level = read_run(tmp_path / "clip").level
    assert level.startswith("unenforced: namespaces: ") or level == "kernel, network of the container"


@pytest.mark.parametrize("pushed", [False, pytest.param(True, marks=pytest.mark.extended)])
def test_a_stopped_training_saves_ends_with_75_and_goes_on_with_what_was_sealed(
    dataset: Path, models: Path, tmp_path: Path, pushed: bool
) -> None:
    require_own_root()
    arguments = clip(dataset, models, tmp_path / "clip", *settings("steps=300", "checkpoint_every_steps=5"))
    process = start(*arguments)
    until_checkpoint(process)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 75, stderr
    assert stderr.count("Suspended: stopped at step ") == 1
    if pushed:
        (tmp_path / "clip.partial" / "checkpoints" / "foreign.pt").write_bytes(b"weights")
    done = run(*arguments)
    assert done.returncode == 0 and '"resumed"' in done.stdout, done.stderr
    sealed_otherwise = "unenforced: the run's folder is not as it was sealed: checkpoints/foreign.pt"
    assert read_run(tmp_path / "clip").level == (sealed_otherwise if pushed else "kernel")


@pytest.mark.extended
@pytest.mark.parametrize("whom", ["the launcher", "the process outside"])
def test_killed_from_outside_it_leaves_no_process_and_goes_on_from_what_was_sealed(
    dataset: Path, models: Path, tmp_path: Path, whom: str
) -> None:
    require_own_root()
    process = start(*clip(dataset, models, tmp_path / "clip", *LONG))
    until_checkpoint(process, 3)
    below = descendants(process.pid)
    assert len(below) >= 3, "the launcher, process 1 of the room, the training"
    os.kill(below[0] if whom == "the launcher" else process.pid, signal.SIGKILL)
    until(lambda: not alive([*below, process.pid]))
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGKILL
    assert ("the training was killed (SIGKILL)" in stderr) is (whom == "the launcher"), stderr
    process = start(*clip(dataset, models, tmp_path / "clip", *LONG))
    heard = "".join(_until_resumed(process))
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert '"resumed"' in heard
    assert "clip: clean room: kernel" in stderr


def _until_resumed(process: "subprocess.Popen[str]") -> Sequence[str]:
    assert process.stdout is not None
    heard = []
    for line in process.stdout:
        heard.append(line)
        if '"checkpoint"' in line:
            break
    return heard


@pytest.mark.extended
def test_without_its_parent_it_stops_and_saves(dataset: Path, models: Path, tmp_path: Path) -> None:
    require_own_root()
    code = "import os, subprocess, sys; os.environ['PD_STOP_WITHOUT_PARENT'] = str(os.getpid()); "
    code += "subprocess.run(sys.argv[1:])"
    command = [sys.executable, "-m", "pd_ml", *map(str, clip(dataset, models, tmp_path / "clip", *LONG))]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *command], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    until_checkpoint(process)
    below = descendants(process.pid)
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    until(lambda: not alive(below))
    seal = json.loads((tmp_path / ".clip.partial.seal").read_text())
    assert seal["ended"] and any(name.startswith("checkpoints/") for name in seal["files"])


@pytest.mark.extended
def test_forked_workers_give_back_bytes(dataset: Path, tmp_path: Path) -> None:
    require_own_root()
    package = copy_of_package(tmp_path / "copy", FORKING)
    out = tmp_path / "tokenizer"
    done = run("train", "tokenizer", *TOKENIZER, "--dataset", dataset, "--out", out, package=package)
    assert done.returncode == 0, done.stderr
    assert read_run(out).level == "kernel"


@pytest.mark.extended
def test_a_link_that_a_training_leaves_is_not_published(dataset: Path, tmp_path: Path) -> None:
    require_own_root()
    package = copy_of_package(tmp_path / "copy", LINKING)
    out = tmp_path / "tokenizer"
    done = run("train", "tokenizer", *TOKENIZER, "--dataset", dataset, "--out", out, package=package)
    assert done.returncode == 1
    assert "weights.safetensors: a link or a special file, which a training makes none of" in done.stderr
    assert not out.exists()


def test_an_input_with_a_socket_a_fifo_or_a_link_out_is_refused_by_name(
    dataset: Path, models: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "dataset"
    shutil.copytree(dataset, folder)
    os.mkfifo(folder / "pipe")
    (folder / "elsewhere").symlink_to(models / "clip" / "config.json")
    done = run("train", "tokenizer", *TOKENIZER, "--dataset", folder, "--out", tmp_path / "tokenizer")
    assert done.returncode == 1
    assert "dataset/pipe is a FIFO" in done.stderr and "dataset/elsewhere is a link to" in done.stderr


@pytest.mark.extended
def test_an_input_that_changes_meanwhile_makes_the_training_unenforced(
    dataset: Path, models: Path, tmp_path: Path
) -> None:
    require_own_root()
    tokenizer = tmp_path / "tokenizer"
    shutil.copytree(models / "tokenizer", tokenizer)
    arguments = [str(one) for one in clip(dataset, models, tmp_path / "clip", *settings("steps=30"))]
    process = start(*(one.replace(str(models / "tokenizer"), str(tokenizer)) for one in arguments))
    assert process.stdout is not None
    for line in process.stdout:
        if '"validation"' in line:
            (tokenizer / "another.safetensors").write_bytes(b"weights")
            break
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert read_run(tmp_path / "clip").level == "unenforced: tokenizer/another.safetensors came"
