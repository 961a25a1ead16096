"""Files that are no pictures, too large, damaged or made to break a reader: each named, the others looked at."""

import json
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from pd_ml.command_line import main
from pd_ml.errors import PictureError
from pd_ml.marks import formats
from pd_ml.marks.detection import detect, told
from pd_ml.marks.formats import MAX_BYTES, MAX_PIXELS, has_credentials_box, opened, read_file
from pd_ml.marks.given import given_of
from pd_ml.marks.keys import known_anchors, machine_key_path
from pd_ml.marks.marking import marks
from pd_ml.marks.origin import Origin
from tests.pd_ml.marks.signers import bytes_of, painting, state


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks: bytes, width: int = 64, height: int = 64, kind: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


PIXELS = chunk(b"IDAT", zlib.compress(b"\0" * (64 * 3 + 1) * 64))


def test_what_is_no_picture_or_breaks_a_decoder_is_named_and_the_others_are_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("folder").mkdir()
    with Path("huge.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    Path("index error.png").write_bytes(png(PIXELS, chunk(b"iCCP", b"")))
    Path("assertion.png").write_bytes(png(chunk(b"tRNS", b"\0"), PIXELS, kind=3))
    Path("wide.png").write_bytes(png(PIXELS, width=MAX_PIXELS // 100 + 1, height=100))
    painting(80, 80).save("good.png")
    bad = ["pipe", "folder", "huge.png", "index error.png", "assertion.png", "wide.png", "none\0.png", "/dev/zero"]
    assert main(["detect", *bad, "good.png"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("good.png: 80 x 80 pixels")
    assert err.startswith("PictureError: ") and len(err.splitlines()) == 1
    for words in (
        "pipe: a folder, pipe or device, expected the file of a picture",
        "folder: cannot be read (Is a directory)",
        f"huge.png: a file of more than {MAX_BYTES:,} bytes",
        "index error.png: cannot be read as a picture (IndexError",
        "assertion.png: cannot be read as a picture (AssertionError",
        f"wide.png: 1200001 x 100 pixels, expected at most {MAX_PIXELS:,} in all",
        ".png: cannot be read (embedded null byte)",
        "/dev/zero: a folder, pipe or device",
    ):
        assert words in err


def test_an_error_of_any_kind_is_named_with_its_kind_and_ours_stays_as_it_is() -> None:
    for error, words in (
        (MemoryError(), r"x: cannot be read as a picture \(MemoryError: \)"),
        (PictureError("y"), "^y$"),
    ):
        with pytest.raises(PictureError, match=words), formats.decoding("x"):
            raise error


@pytest.mark.parametrize("cut", [2, 12])
def test_a_damaged_picture_without_credentials_is_told_as_damaged_and_not_as_one_that_had_some(
    tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "cut.png"
    path.write_bytes(bytes_of(painting(80, 80))[:-cut])
    found = detect(path, ())
    words = "\n".join(told(found))
    assert found.answers["credentials"] == "not found"
    assert "content credentials: not found; the file is damaged (" in words and "there are some" not in words
    given = given_of(path)
    assert given.says.startswith("the input had no content credentials, and its file was damaged: ")
    assert opened(given.body, "x").size == (80, 80)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_place_of_credentials_is_found_only_where_there_is_one(tmp_path: Path, kind: str) -> None:
    mime = formats.MIME[kind]
    plain = bytes_of(painting(80, 80), kind)
    signed = marks(Origin(), state(tmp_path)).mark(painting(80, 80), kind=kind, texts={})
    assert has_credentials_box(signed, mime) and not has_credentials_box(plain, mime)
    for size in range(0, len(plain), 97):
        assert not has_credentials_box(plain[:size], mime)


def test_damaged_credentials_are_some_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png(chunk(b"caBX", b"no box at all"), PIXELS))
    assert detect(path, ()).answers["credentials"] == "cannot be judged"
    assert read_file(path) == path.read_bytes()


def test_of_a_damaged_signed_picture_the_credentials_are_still_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = bytearray(marks(Origin(), state(tmp_path)).mark(painting(80, 80), texts={}))
    body[body.index(b"IDAT") + 200] ^= 1
    path = tmp_path / "x.png"
    path.write_bytes(body)
    assert main(["detect", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "INVALID: changed since they were signed (assertion.dataHash.mismatch)" in out
    assert "XMP (IPTC digital source type): cannot be judged: the picture cannot be read" in out
    assert "watermark: cannot be judged without pixels" in out
    assert "x.png: cannot be read as a picture" in err


def test_a_signed_picture_of_too_many_pixels_is_told_as_such_and_not_as_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large = bytes_of(Image.new("1", (MAX_PIXELS // 10_000 + 1, 10_000)))
    path = tmp_path / "x.png"
    path.write_bytes(marks(Origin(), state(tmp_path)).sign(large, (8, 8)))
    assert main(["detect", str(path)]) == 1
    out, _ = capsys.readouterr()
    assert "unchanged since they were signed" in out and "damaged" not in out
    assert out.startswith(f"{path}: its pixels cannot be had: 12001 x 10000 pixels, expected at most 120,000,000 in")


def test_the_json_has_a_line_for_what_cannot_be_read_and_errors_are_one_printable_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "no\x1b[31m picture"
    path.write_text("text")
    assert main(["detect", "--json", str(path)]) == 1
    out, err = capsys.readouterr()
    first = json.loads(out.splitlines()[0])
    assert first["picture"] == str(path) and "cannot identify image file the file)" in first["fault"]
    assert err.strip().isprintable()


def test_a_state_folder_that_cannot_be_looked_into_does_not_stop_who_only_looks(tmp_path: Path) -> None:
    # Like a folder that is closed to the user, which no test can make that runs as root.
    assert known_anchors(state(tmp_path / ("x" * 300))) == ()


def test_a_damaged_test_key_does_not_stop_who_only_looks(tmp_path: Path) -> None:
    path = machine_key_path(state(tmp_path))
    assert path is not None
    path.parent.mkdir(parents=True)
    path.write_text("no key")
    assert known_anchors(state(tmp_path)) == ()
