"""What is put on a drawn picture, what of it stays, and what is kept of a picture that another one is made of."""

import getpass
import io
import itertools
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st
from PIL import Image

from pd_ml.errors import MarkError
from pd_ml.marks.claims import read_credentials
from pd_ml.marks.given import given_of
from pd_ml.marks.keys import Anchor, known_anchors
from pd_ml.marks.marking import CREDENTIALS_BYTES, Marks, marks, preview_marks
from pd_ml.marks.origin import ALTERED, GENERATED, MIXED, Origin
from pd_ml.marks.xmp import packet, read_xmp
from tests.pd_ml.marks.signers import operator, painting, state

ORIGIN = Origin(
    system="Public-Domain Diffusion unet", version="0123456789abcdef", model_digest="d" * 64, ledger_sha256="e" * 64
)
MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@pytest.fixture
def ready(tmp_path: Path) -> Marks:
    return marks(ORIGIN, state(tmp_path))


@pytest.fixture
def anchors(ready: Marks, tmp_path: Path) -> tuple[Anchor, ...]:
    return known_anchors(state(tmp_path))


def loaded(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_every_format_carries_credentials_and_xmp_and_any_flipped_byte_of_the_picture_is_told(
    ready: Marks, anchors: tuple[Anchor, ...], kind: str
) -> None:
    body = ready.mark(painting(), kind=kind, texts={})
    found = read_credentials(body, MIME[kind], anchors)
    assert found is not None and found.is_unchanged and found.known_as == "this machine's test key"
    assert (found.source_type, found.key, found.actions[0]) == (GENERATED, "test", "c2pa.created")
    xmp = read_xmp(loaded(body))
    assert xmp is not None
    assert (xmp.source_type, xmp.system, xmp.version) == (GENERATED, ORIGIN.system, ORIGIN.version)
    for place in (len(body) // 4, len(body) // 3, len(body) // 2):
        flipped = bytearray(body)
        flipped[place] ^= 1
        told = read_credentials(bytes(flipped), MIME[kind], anchors)
        assert told is not None and not told.is_unchanged
        assert told.faults == ("assertion.dataHash.mismatch",) or told.unreadable


def test_a_changed_word_of_the_xmp_or_of_the_credentials_is_told(ready: Marks) -> None:
    body = ready.mark(painting(), texts={})
    for word, other in ((b"AISystemUsed>Public", b"AISystemUsed>Bublic"), (b"lgorithmicMedia", b"lgorithmicNedia")):
        place = body.rindex(word)
        told = read_credentials(body[:place] + other + body[place + len(word) :], "image/png")
        assert told is not None and not told.is_unchanged


def test_a_certificate_beside_a_signature_that_is_not_its_own_is_not_known(
    ready: Marks, anchors: tuple[Anchor, ...]
) -> None:
    body = ready.mark(painting(), kind="WEBP", texts={})
    # Of a WebP the credentials lie at the end, and the signature at the end of them.
    altered = [body[:-place] + bytes([body[-place] ^ 1]) + body[1 - place :] for place in (40, 60)]
    told = [read_credentials(one, "image/webp", anchors) for one in altered]
    assert all(one and one.faults == ("claimSignature.mismatch",) and not one.is_signed for one in told)
    assert [one.known_as for one in told if one] == ["", ""]


def test_the_credentials_say_what_the_code_of_practice_asks_and_nothing_of_the_machine(tmp_path: Path) -> None:
    environment = {**operator(tmp_path / "secret place"), "PD_PROVIDER": " Museum \n of Ü "}
    body = marks(replace(ORIGIN, upscaler="super_resolution 77"), environment).mark(painting(), texts={})
    told = read_credentials(body, "image/png", known_anchors(environment))
    assert told is not None and told.known_as == "the operator's of this machine" and told.signer == "Museum"
    own = told.own
    assert {name: own[name] for name in ("provider", "system", "version", "made", "key", "upscaler", "detector")} == {
        "provider": "Museum of Ü",
        "system": ORIGIN.system,
        "version": ORIGIN.version,
        "made": "created",
        "key": "operator",
        "upscaler": "super_resolution 77",
        "detector": "python -m pd_ml detect PICTURE",
    }
    assert own["watermark"].startswith("Public-Domain Diffusion ") and own["ledger_sha256"] == "e" * 64
    assert len(own["id"]) == 32 and own["time"].endswith("Z")
    machine = [str(tmp_path), "secret place", socket.gethostname(), str(Path.home())]
    machine += [getpass.getuser()]
    # Shorter ones stand somewhere in so many compressed bytes.
    assert [name for name in machine if len(name) > 5 and name.encode() in body] == []


@pytest.mark.parametrize("provider", ["p" * 201, "a\udc80b", "a\x1b[2J"])
def test_a_provider_of_another_shape_than_a_name_is_refused_by_name(tmp_path: Path, provider: str) -> None:
    with pytest.raises(MarkError, match=r"PD_PROVIDER: \d+ characters, expected a name of at most 200, all printable"):
        marks(ORIGIN, {**state(tmp_path), "PD_PROVIDER": provider})


def test_the_same_picture_has_the_same_pixels_text_and_id_whenever_it_is_marked(ready: Marks) -> None:
    one, two = (ready.mark(painting(), texts={"pd_prompt": "a tree"}) for _ in range(2))
    assert np.array_equal(np.asarray(loaded(one)), np.asarray(loaded(two)))
    assert loaded(one).info == loaded(two).info
    ids = [told.own["id"] for told in (read_credentials(body, "image/png") for body in (one, two)) if told]
    assert len(ids) == 2 and ids[0] == ids[1]


def test_credentials_fit_into_what_is_reserved_for_them(ready: Marks, tmp_path: Path) -> None:
    marked = [ready, marks(ORIGIN, {**operator(tmp_path / "o"), "PD_PROVIDER": "p" * 150})]
    for one in marked:
        encoded = one.encode(painting(), texts={})
        assert len(one.sign(encoded, painting().size)) - len(encoded) < CREDENTIALS_BYTES / 2
    assert preview_marks("unet").reserved_bytes == 0


def test_a_small_picture_has_no_watermark_and_says_why(ready: Marks) -> None:
    small = painting(64, 300)
    body = ready.mark(small, texts={})
    told = read_credentials(body, "image/png")
    assert told is not None and told.own["watermark"] == "none: smaller than 256 x 256 pixels"
    assert told.actions == ("c2pa.created",)
    assert np.array_equal(np.asarray(loaded(body)), np.asarray(small))


def test_transparency_and_the_colour_profile_stay(ready: Marks) -> None:
    image = painting().convert("RGBA")
    image.putalpha(90)
    marked = loaded(ready.mark(image, texts={}, icc_profile=b"a profile"))
    assert marked.mode == "RGBA" and marked.getchannel("A").getextrema() == (90, 90)
    assert marked.info["icc_profile"] == b"a profile"
    assert np.abs(np.asarray(marked)[..., :3].astype(int) - np.asarray(image)[..., :3]).max() > 0


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "I;16", "I", "F", "LA", "RGBA"])
def test_a_picture_of_any_mode_is_marked_and_looks_as_before(mode: str) -> None:
    for side, kind in itertools.product((40, 300), MIME):
        grey = np.asarray(painting(side, side).convert("L"))
        wide = {"I;16": np.uint16, "I": np.int32}.get(mode)
        image = Image.fromarray(grey.astype(wide) * 257 if wide else grey).convert(mode)
        marked = loaded(preview_marks("unet").mark(image, kind=kind, texts={}))
        assert abs(np.asarray(marked.convert("L")).mean() - grey.mean()) < 2


@pytest.mark.parametrize("mode", ["P", "RGBA", "LA"])
def test_what_is_transparent_stays_so_and_is_white_in_a_jpeg(mode: str) -> None:
    image = Image.new(mode, (40, 40)) if mode == "P" else Image.new(mode, (40, 40), 0)
    if mode == "P":
        image.info["transparency"] = 0
    png, jpeg = (loaded(preview_marks("unet").mark(image, kind=kind, texts={})) for kind in ("PNG", "JPEG"))
    assert png.mode == "RGBA" and png.getchannel("A").getextrema() == (0, 0)
    assert jpeg.mode == "RGB" and np.asarray(jpeg).min() == 255


def test_previews_of_a_training_have_xmp_and_watermark_and_no_signature() -> None:
    body = preview_marks("vae").of_mixed().mark(painting(), texts={})
    assert read_credentials(body, "image/png") is None
    xmp = read_xmp(loaded(body))
    assert xmp is not None
    assert (xmp.source_type, xmp.system) == (MIXED, "Public-Domain Diffusion vae, in training")
    assert not np.array_equal(np.asarray(loaded(body)), np.asarray(painting()))


def test_a_format_that_carries_no_marks_is_refused(ready: Marks) -> None:
    with pytest.raises(MarkError, match="GIF: a format that carries no marks, expected one of PNG, JPEG, WEBP"):
        ready.mark(painting(), kind="GIF", texts={})


def made_of(path: Path, ready: Marks) -> bytes:
    return ready.mark(painting(500, 400), texts={}, given=given_of(path))


def test_an_inputs_credentials_are_kept_and_what_is_made_of_a_generated_picture_is_one(
    ready: Marks, tmp_path: Path, anchors: tuple[Anchor, ...]
) -> None:
    (tmp_path / "in.jpg").write_bytes(ready.mark(painting(), kind="JPEG", texts={}))
    (tmp_path / "out.png").write_bytes(made_of(tmp_path / "in.jpg", ready))
    told = read_credentials((tmp_path / "out.png").read_bytes(), "image/png", anchors)
    assert told is not None and told.is_unchanged
    assert (told.actions[:2], told.source_type, told.own["made"]) == (
        ("c2pa.opened", "c2pa.edited"),
        GENERATED,
        "altered",
    )
    (before,) = told.inputs
    assert (before.title, before.relationship, before.faults) == ("input", "parentOf", ())
    assert before.source_types[-1] == GENERATED
    again = read_credentials(made_of(tmp_path / "out.png", ready), "image/png", anchors)
    assert again is not None and again.inputs[0].inputs[0].source_types[-1] == GENERATED


def test_a_real_picture_is_kept_by_its_hash_and_what_is_made_of_it_is_an_altered_one(
    ready: Marks, tmp_path: Path
) -> None:
    for name in ("scan.jpg", "scan.bmp", "scan.tiff"):
        painting().save(tmp_path / name)
        told = read_credentials(made_of(tmp_path / name, ready), "image/png")
        assert told is not None and told.source_type == ALTERED
        assert told.own["input"] == "the input had no content credentials"
        assert [one.has_credentials for one in told.inputs] == [False]


def test_an_altered_input_is_told_by_what_was_made_of_it(
    ready: Marks, tmp_path: Path, anchors: tuple[Anchor, ...]
) -> None:
    body = bytearray(ready.mark(painting(), kind="JPEG", texts={}))
    body[-60] ^= 1
    (tmp_path / "in.jpg").write_bytes(body)
    told = read_credentials(made_of(tmp_path / "in.jpg", ready), "image/png", anchors)
    assert told is not None and told.is_unchanged, "the result itself is as it was signed"
    assert told.inputs[0].faults == ("assertion.dataHash.mismatch",)
    assert "it was altered since" in told.own["input"]


def test_an_inputs_credentials_that_cannot_be_read_are_told_of_and_its_pixels_kept(
    ready: Marks, tmp_path: Path
) -> None:
    body = bytearray(ready.mark(painting(), kind="WEBP", texts={}))
    place = body.index(b"c2pa.signature")
    body[place - 40 : place] = b"\xff" * 40
    (tmp_path / "in.webp").write_bytes(body)
    before = read_credentials(bytes(body), "image/webp")
    assert before is not None and before.unreadable
    told = read_credentials(made_of(tmp_path / "in.webp", ready), "image/png")
    assert told is not None and told.is_unchanged and told.source_type == GENERATED, "by its XMP"
    assert told.own["input"].startswith("the input had content credentials that could not be read: ")
    assert [one.has_credentials for one in told.inputs] == [False]


def test_an_input_is_taken_for_generated_by_its_xmp_or_by_its_watermark_alone(ready: Marks, tmp_path: Path) -> None:
    whole = loaded(ready.mark(painting(), texts={}))
    whole.save(tmp_path / "watermark.png")
    painting().save(tmp_path / "xmp.jpg", xmp=packet(ORIGIN).encode())
    painting().save(tmp_path / "edited.jpg", xmp=packet(replace(ORIGIN, source_type=ALTERED)).encode())
    painting().save(tmp_path / "plain.jpg")
    found = {path.stem: given_of(path).source_type for path in tmp_path.iterdir() if path.is_file()}
    assert found == {"watermark": GENERATED, "xmp": GENERATED, "edited": ALTERED, "plain": ALTERED}


LETTERS = st.characters(blacklist_categories=("Cs", "Cc", "Cn"))


@given_any(system=st.text(LETTERS, max_size=30), version=st.text(LETTERS, max_size=30))
def test_a_packet_is_read_as_it_was_written(system: str, version: str) -> None:
    image = Image.new("RGB", (1, 1))
    image.info["xmp"] = packet(Origin(system=system, version=version)).encode()
    found = read_xmp(image)
    assert found is not None and not found.fault
    assert (found.source_type, found.system, found.version) == (GENERATED, system.strip(), version.strip())


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"no XML", "syntax error"),
        (b"", ""),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "DTDForbidden"),
        (b"<x>" + b" " * 5_000_000 + b"</x>", "at most 4000000 are read"),
    ],
)
def test_a_packet_that_cannot_be_read_says_why_and_its_entities_are_refused(body: bytes, fault: str) -> None:
    image = Image.new("RGB", (1, 1))
    image.info["xmp"] = body
    found = read_xmp(image)
    assert found is None if not fault else found is not None and fault in found.fault


def test_a_packet_with_its_fields_as_attributes_is_read_too() -> None:
    image = Image.new("RGB", (1, 1))
    image.info["xmp"] = (
        f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        f"<rdf:Description xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' i:DigitalSourceType='{ALTERED}'/>"
        "</rdf:RDF></x:xmpmeta>"
    ).encode()
    found = read_xmp(image)
    assert found is not None and found.source_type == ALTERED
