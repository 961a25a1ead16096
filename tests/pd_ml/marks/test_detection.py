"""`python -m pd_ml detect`: three answers apart, and what none of them proves."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pd_ml.command_line import main
from pd_ml.marks import watermark
from pd_ml.marks.detection import NO_PROOF, anchors_of, detect, told
from pd_ml.marks.given import given_of
from pd_ml.marks.marking import marks
from pd_ml.marks.origin import GENERATED, Origin
from tests.pd_ml.marks.signers import operator, painting

ORIGIN = Origin(system="Public-Domain Diffusion unet", version="0123456789abcdef", model_digest="d" * 64)


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture that this machine's test key signed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "marked.png"
    path.write_bytes(marks(ORIGIN).mark(painting(), texts={}))
    return path


def said(path: Path, *anchors: Path) -> str:
    return "\n".join(told(detect(path, anchors_of(anchors))))


def test_a_marked_picture_is_found_by_all_three_each_with_how_sure_it_is(
    marked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", str(marked)]) == 0
    words = capsys.readouterr().out
    for part in (
        "content credentials: found; picture and credentials are unchanged since they were signed",
        "a test key, which stands for nobody, known here: this machine's test key",
        "made by a generative model; by Public-Domain Diffusion unet 0123456789abcdef",
        "to be checked with: python -m pd_ml detect PICTURE",
        "XMP (IPTC digital source type): found: made by a generative model",
        "which anybody can write or take away",
        f"watermark: found (score {detect(marked, ()).watermark.score:.1f}, threshold",
        f"measured false alarms: {watermark.FALSE_ALARM_RATE:.2%} of",
        "made or edited by a model: said by content credentials, XMP, watermark",
        NO_PROOF,
    ):
        assert part in words


def test_the_json_has_an_answer_for_each_mark(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    painting(40, 40).save(marked.with_name("small.webp"))
    assert main(["detect", "--json", str(marked), str(marked.with_name("small.webp"))]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    kinds = ("credentials", "xmp", "watermark")
    assert [first[kind]["answer"] for kind in kinds] == ["found"] * 3
    assert [second[kind]["answer"] for kind in kinds] == ["not found", "not found", "cannot be judged"]
    assert first["credentials"]["unchanged"] and first["credentials"]["own"]["key"] == "test"
    assert second["made_by_a_machine_says"] == [] and second["note"] == NO_PROOF
    assert first["watermark"]["false_alarm_rate"] == watermark.FALSE_ALARM_RATE


def test_a_flipped_byte_makes_the_credentials_invalid_by_name_and_leaves_the_rest(marked: Path) -> None:
    jpeg = marked.with_suffix(".jpg")
    body = bytearray(marks(ORIGIN).mark(painting(), kind="JPEG", texts={}))
    body[-60] ^= 1
    jpeg.write_bytes(body)
    words = said(jpeg)
    assert "found, INVALID: changed since they were signed (assertion.dataHash.mismatch)" in words
    assert "watermark: found" in words and "XMP (IPTC digital source type): found" in words


def test_saved_again_a_picture_keeps_the_watermark_alone(marked: Path) -> None:
    with Image.open(marked) as image:
        image.convert("RGB").save(marked.with_name("again.jpg"), quality=80)
    found = detect(marked.with_name("again.jpg"), ())
    assert found.answers == {"credentials": "not found", "xmp": "not found", "watermark": "found"}
    assert found.made_by_a_machine == ("watermark",)


def in_wide(image: Image.Image, mode: str) -> Image.Image:
    """The brightness of a picture in a mode of wider numbers than bytes."""
    grey = np.asarray(image.convert("L"))
    if mode == "F":
        return Image.fromarray(grey.astype(np.float32) / 255)
    return Image.fromarray(grey.astype(np.int32 if mode == "I" else np.uint16) * 257)


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_the_watermark_is_found_in_grey_of_wider_numbers_and_as_an_input_it_is_not_white(
    marked: Path, tmp_path: Path, mode: str
) -> None:
    wide = in_wide(Image.open(marked), mode)
    assert wide.mode == mode
    if mode == "I;16":
        wide.save(tmp_path / "wide.png")
        assert detect(tmp_path / "wide.png", ()).made_by_a_machine == ("watermark",)
    wide.save(tmp_path / "wide.tiff")
    given = given_of(tmp_path / "wide.tiff")
    assert given.source_type == GENERATED
    kept = np.asarray(Image.open(io.BytesIO(given.body)).convert("L")).astype(int)
    assert np.abs(kept - np.asarray(Image.open(marked).convert("L"))).max() <= 1


def test_a_stranger_with_the_names_of_the_operator_is_not_known_until_his_root_is_given(
    marked: Path, tmp_path: Path
) -> None:
    ours = operator(tmp_path / "ours", "Museum")
    for name in ("ours", "stranger"):
        environment = operator(tmp_path / name, "Museum") if name == "stranger" else ours
        (tmp_path / f"{name}.png").write_bytes(marks(ORIGIN, environment).mark(painting(), texts={}))
    ours_root = tmp_path / "ours" / "root.pem"
    assert "known here: given with --anchor root.pem" in said(tmp_path / "ours.png", ours_root)
    for words in (said(tmp_path / "stranger.png", ours_root), said(tmp_path / "ours.png")):
        assert "signed by: Museum; a key that this machine does not know: anybody can write such names" in words


def test_a_key_is_known_by_itself_or_by_a_certificate_above_it_one_of_several_that_are_given(
    marked: Path, tmp_path: Path
) -> None:
    environment = operator(tmp_path / "ours")
    operator(tmp_path / "other", "Other")
    chain = (tmp_path / "ours" / "chain.pem").read_bytes()
    place = chain.index(b"-----BEGIN", 10)
    marked.write_bytes(marks(ORIGIN, environment).mark(painting(), texts={}))
    known = detect(marked, anchors_of([], environment)).credentials
    assert known and known.known_as == "the operator's of this machine"
    (tmp_path / "leaf.pem").write_bytes(chain[:place])
    assert "known here: given with --anchor leaf.pem" in said(marked, tmp_path / "leaf.pem")
    roots = tmp_path / "roots.pem"
    roots.write_bytes((tmp_path / "other" / "root.pem").read_bytes() + chain[place:])
    assert "known here: given with --anchor roots.pem" in said(marked, roots)


def test_nothing_that_a_picture_says_of_itself_can_pass_for_a_line_of_ours(marked: Path, tmp_path: Path) -> None:
    lie = "x\n  watermark: not found\x1b[2J\u202e"
    path = tmp_path / "liar\n  watermark: not found.png"
    path.write_bytes(marks(replace(ORIGIN, version=lie)).mark(painting(40, 40), texts={}))
    lines = list(told(detect(path, ())))
    assert not [line for line in lines if line.startswith("  watermark: not found")]
    assert all(line.isprintable() for line in lines)


def test_a_real_picture_has_none_and_that_proves_nothing(tmp_path: Path) -> None:
    Image.fromarray(np.asarray(painting(700, 500))).save(tmp_path / "real.jpg")
    words = said(tmp_path / "real.jpg")
    assert words.count("not found") == 3 and NO_PROOF in words
    assert "made or edited by a model: no mark says so" in words


def test_what_cannot_be_looked_at_is_named_and_the_others_are_looked_at(
    marked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    painting(20, 20).save(tmp_path / "moving.gif")
    (tmp_path / "half.png").write_bytes(marked.read_bytes()[:9000])
    names = [str(tmp_path / name) for name in ("none.png", "text.png", "moving.gif", "half.png")]
    assert main(["detect", *names, str(marked)]) == 1
    out, err = capsys.readouterr()
    assert "content credentials: found" in out
    assert err.startswith("PictureError: ") and len(err.splitlines()) == 1
    assert all(name in err for name in names)
    assert "a picture of the format GIF, expected PNG, JPEG or WebP" in err


def test_an_anchor_that_is_no_certificate_is_named(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "--anchor", str(marked), str(marked)]) == 1
    assert capsys.readouterr().err.startswith(f"MarkError: {marked}: found no certificate that can be read")
    assert main(["detect", "--anchor", f"{marked}.none", str(marked)]) == 1
    assert capsys.readouterr().err == (
        f"MarkError: --anchor: {marked}.none cannot be read (No such file or directory); give a file of certificates\n"
    )


def test_help_and_other_commands_do_not_wait_for_what_only_marks_need() -> None:
    code = (
        "import sys\nfrom pd_ml.command_line import main\ntry:\n main(['--help'])\nexcept SystemExit:\n pass\n"
        "sys.exit(bool({'c2pa', 'pd_ml.marks.keys', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0
