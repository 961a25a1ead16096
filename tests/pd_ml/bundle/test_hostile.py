"""A bundle that was made to harm whoever verifies it is refused like any other: no crash, no file outside is read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import MOST_JSON_BYTES
from pd_ml.bundle.sealing import write_manifest
from pd_ml.bundle.signature import sign
from pd_ml.bundle.verify import verify
from tests.pd_ml.bundle.handed_out import HandedOut, lines, only, told

RECORD = "chain/clip-*/run.json"
DATASET = "chain/dataset-*/manifest.json"
JSON_FACTS = (layout.RELEASE, RECORD, DATASET)


def signed(folder: Path, whole: HandedOut) -> Path:
    """With digests and a signature that fit."""
    write_manifest(folder)
    sign(folder, whole.key)
    return folder


@pytest.mark.parametrize("name", [layout.RELEASE, RECORD, layout.MANIFEST, layout.SIGNATURE])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe{}",
        b'{"a":' * 100_000,
        b'{"format_version": ' + b"9" * 5000 + b"}",
        b" " * (MOST_JSON_BYTES + 1),
    ],
    ids=["empty", "null", "list", "object", "not UTF-8", "nested", "long number", "large"],
)
def test_json_of_any_content_is_refused(name: str, content: bytes, whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    only(folder, name).write_bytes(content)
    found = verify(folder)
    assert any(problem.file == only(folder, name).relative_to(folder).as_posix() for problem in found.problems)
    assert "\n" not in str(found.problems[0])


@pytest.mark.parametrize("name", JSON_FACTS)
@pytest.mark.parametrize("value", [None, {"a": {"b": []}}])
def test_a_field_of_any_kind_is_refused_without_a_crash(
    name: str, value: object, whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    path = only(folder, name)
    before = json.loads(path.read_text())
    for field in before:
        path.write_text(json.dumps({**before, field: value}))
        if name != layout.RELEASE:
            # Nothing is sealed of a release that cannot be read.
            signed(folder, whole)
        assert not verify(folder).is_whole, field


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"../outside.json": {"sha256": "0" * 64, "size_bytes": 1}}, "no path within a bundle"),
        ({"/etc/hostname": {"sha256": "0" * 64, "size_bytes": 1}}, "no path within a bundle"),
        ({"pipeline/../README.md": {"sha256": "0" * 64, "size_bytes": 1}}, "no path within a bundle"),
        ({layout.MANIFEST: {"sha256": "0" * 64, "size_bytes": 1}}, "no path within a bundle"),
        ({"\x1b[31m\nred": None}, "is missing"),
        ({layout.CARD: ["sha256"]}, "altered"),
    ],
)
def test_paths_that_lead_out_of_a_bundle_are_not_followed(
    entry: dict[str, Any], words: str, whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    manifest = json.loads((folder / layout.MANIFEST).read_text())
    manifest["files"] |= entry
    (folder / layout.MANIFEST).write_text(json.dumps(manifest))
    found = verify(folder)
    assert told(found, next(iter(entry)), words), lines(found)
    assert "\x1b" not in lines(found)
    assert len(lines(found).splitlines()) == len(found.problems)


def link_to_a_secret(folder: Path) -> None:
    (folder / "pipeline" / "config.json").symlink_to("/etc/hostname")


def link_to_itself(folder: Path) -> None:
    (folder / "pipeline" / "loop").symlink_to(folder)


def pipe(folder: Path) -> None:
    (folder / layout.CARD).unlink()
    os.mkfifo(folder / layout.CARD)


@pytest.mark.parametrize(
    ("change", "words"),
    [(link_to_a_secret, "a symbolic link"), (link_to_itself, "a symbolic link"), (pipe, "neither a file nor a folder")],
)
def test_links_and_special_files_are_refused_before_anything_is_read(
    change: Callable[[Path], None], words: str, whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    change(folder)
    found = verify(folder)
    assert told(found, "", words), lines(found)
    assert found.checked.files == 0


@pytest.mark.parametrize("name", [b"\xff\xfe.json", b"new\nline.json", b"back\\slash.json", b"\x1b[2J"])
def test_names_that_are_no_plain_text_are_refused_and_printed_plain(
    name: bytes, whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("{}")
    found = verify(folder)
    assert told(found, "", "a name that is not plain UTF-8"), lines(found)
    assert lines(found).isascii()
    lines(found).encode()


def test_a_path_that_is_longer_than_can_be_asked_for_is_a_problem(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    inner = os.open(folder / "pipeline", os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=inner)
        outer, inner = inner, os.open("d" * 200, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)
    found = verify(folder)
    assert told(found, "", "cannot be looked at (File name too long)"), lines(found)
    subprocess.run(["rm", "-rf", str(folder / "pipeline")], check=True)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused_in_every_file(number: str, whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    for name in (layout.RELEASE, RECORD, DATASET, layout.EVALUATION):
        path = only(folder, name)
        path.write_text(path.read_text().replace("{", f'{{"x": {number}, ', 1))
        assert told(verify(folder), path.relative_to(folder).as_posix(), "is no number"), name


def test_a_ledger_that_was_cut_is_not_opened(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    content = (folder / layout.LEDGER).read_bytes()
    (folder / layout.LEDGER).write_bytes(content[: len(content) // 2])
    found = verify(folder)
    assert told(found, layout.LEDGER, "altered") and not told(found, layout.LEDGER, "cannot be read")
    found = verify(signed(folder, whole))
    assert told(found, layout.LEDGER, "cannot be read as a ledger"), lines(found)


_FLIPS = """
import random, sys
from pathlib import Path
from pd_ml.bundle.sealing import write_manifest
from pd_ml.bundle.signature import sign
from pd_ml.bundle.verify import verify
folder, key = Path(sys.argv[1]), Path(sys.argv[2])
path = folder / "ledger.parquet"
whole, draw = path.read_bytes(), random.Random(0)
for flip in range(int(sys.argv[3])):
    content = bytearray(whole)
    at = draw.randrange(len(content))
    content[at] ^= 1 << draw.randrange(8)
    path.write_bytes(content)
    write_manifest(folder)
    sign(folder, key)
    verdict = verify(folder)
    assert verdict.checked.files
    sys.stdout.write("whole\\n" if verdict.is_whole else "refused\\n")
"""


def test_flipped_bits_under_a_good_signature_end_no_process(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    command = [sys.executable, "-c", _FLIPS, str(folder), str(whole.key), "12"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    # Bits that carry no value (padding, statistics) change nothing that a reader sees.
    assert done.stdout.count("refused") >= 8
