"""What is given is listed, stays as it was, and holds ordinary files alone."""

import os
import socket
from pathlib import Path

import pytest

from pd_ml.data.shards import sha256_of
from pd_ml.errors import CleanRoomError
from pd_ml.room import decoded, libraries
from pd_ml.room.given import differences, digests, look
from pd_ml.room.levels import CONTAINER, KERNEL, least, level_of


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    (folder / "train.parquet").write_bytes(b"rows")
    return folder


def test_every_file_is_listed_with_its_digest_and_compared_at_the_end(dataset: Path) -> None:
    given = look({"dataset": dataset})
    read = digests(given, {"dataset/train.parquet": "as the manifest says"})
    assert read == {
        "dataset/manifest.json": sha256_of(dataset / "manifest.json"),
        "dataset/train.parquet": "as the manifest says",
    }
    assert differences(given, read) == []
    (dataset / "manifest.json").write_text("[]")
    (dataset / "pushed.safetensors").write_bytes(b"weights")
    (dataset / "train.parquet").unlink()
    assert sorted(differences(given, read)) == [
        "dataset/manifest.json was changed",
        "dataset/pushed.safetensors came",
        "dataset/train.parquet is gone",
    ]


def test_another_version_of_a_dataset_may_share_a_shard_meanwhile(dataset: Path, tmp_path: Path) -> None:
    given = look({"dataset": dataset})
    read = digests(given, {})
    (tmp_path / "another").hardlink_to(dataset / "train.parquet")
    assert differences(given, read) == []
    before = (dataset / "train.parquet").stat()
    (dataset / "train.parquet").write_bytes(b"swor")
    os.utime(dataset / "train.parquet", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert differences(given, read) == ["dataset/train.parquet was changed"]


def test_a_socket_a_fifo_and_a_link_out_are_refused_by_name_and_a_link_within_is_not(
    dataset: Path, tmp_path: Path
) -> None:
    (dataset / "within").symlink_to(dataset / "train.parquet")
    assert "dataset/within" in look({"dataset": dataset}).stamps
    os.mkfifo(dataset / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(dataset)
        server.bind("socket")
        os.chdir(here)
    (dataset / "out").symlink_to(tmp_path)
    with pytest.raises(CleanRoomError) as error:
        look({"dataset": dataset})
    for words in ("pipe is a FIFO", "socket is a socket", f"out is a link to {tmp_path}, which is not given"):
        assert words in str(error.value)


def test_data_like_files_of_libraries_are_listed_and_only_changed_folders_looked_through(tmp_path: Path) -> None:
    tree, note = tmp_path / "site-packages", tmp_path / "note.json"
    (tree / "package").mkdir(parents=True)
    (tree / "package" / "weights.npz").write_bytes(bytes(70_000))
    (tree / "package" / "small.npz").write_bytes(bytes(70))
    (tree / "package" / "code.py").write_bytes(bytes(70_000))
    first = libraries.data_like([str(tree)], note)
    assert [(one.path, one.size_bytes) for one in first] == [(f"{tree}/package/weights.npz", 70_000)]
    assert first[0].sha256 == sha256_of(tree / "package" / "weights.npz")
    # One that grows in its place, one that comes.
    (tree / "package" / "small.npz").write_bytes(bytes(80_000))
    (tree / "package" / "new.safetensors").write_bytes(bytes(90_000))
    names = [Path(one.path).name for one in libraries.data_like([str(tree)], note)]
    assert names == ["new.safetensors", "small.npz", "weights.npz"]


def test_decoded_pictures_are_lent_where_a_room_made_them_and_they_are_as_it_left_them(tmp_path: Path) -> None:
    cache, own = tmp_path / "cache", tmp_path / "own"
    array = own / "0123456789abcdef-64px" / "train.npy"
    for made_inside, lent in ((False, []), (True, ["0123456789abcdef-64px/train.npy"])):
        array.parent.mkdir(parents=True, exist_ok=True)
        array.write_bytes(b"pixels")
        decoded.take_over(own, cache, made_inside=made_inside)
        assert not array.exists()
        assert list(decoded.lend(cache, tmp_path / f"next {made_inside}", "0123456789abcdef" * 4)) == lent
    assert (tmp_path / "next True" / "0123456789abcdef-64px" / "train.npy").read_bytes() == b"pixels"
    assert decoded.lend(cache, tmp_path / "of another dataset", "f" * 64) == {}
    (cache / "0123456789abcdef-64px" / "train.npy").write_bytes(b"foreign")
    assert decoded.lend(cache, tmp_path / "after", "0123456789abcdef" * 4) == {}


def test_the_level_is_that_of_what_was_entered() -> None:
    own = {"seccomp": True, "landlock": 7, "root": "own", "network": "own", "missing": []}
    assert level_of(own) == level_of({**own, "landlock": 0}) == KERNEL
    alone = {**own, "root": "landlock", "network": "none", "missing": ["namespaces: Operation not permitted"]}
    assert level_of(alone) == level_of({**alone, "landlock": 3}) == KERNEL
    assert level_of({**alone, "network": "container"}) == CONTAINER
    for worse in ({"landlock": 2}, {"seccomp": False}, {"network": "shared"}):
        assert level_of({**alone, **worse}) == "unenforced: namespaces: Operation not permitted"
    assert level_of({}) == "unenforced: nothing tells of a clean room"
    assert level_of(own, ["an input was changed"]) == "unenforced: an input was changed"
    assert least(KERNEL, CONTAINER) == CONTAINER
    assert least("unenforced: one", CONTAINER) == "unenforced: one"
