"""From bytes to a normalised picture: what is accepted comes out upright, in sRGB and bare; the rest says why not."""

import hashlib
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from pd_assets.lib.images.decode import MOST_PIXELS, Picture, UnusableImage, normalise, perceptual_hash, sniff
from tests.pd_assets.lib.pictures import (
    encoded,
    linear_grey_profile,
    painting,
    png_header_only,
    png_of,
    scene,
    srgb_profile,
    swapped_profile,
    tiff_of,
    with_everything_attached,
)

SIDE = 512
ORIENTATION = 0x0112
MARKERS = (b"Exif", b"http://ns.adobe.com", b"xmpmeta", b"ICC_PROFILE", b"Photoshop", b"8BIM", b"GPS", b"ecret")


def opened(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.body))


def colour_at(picture: Picture, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place given as shares of width and height."""
    image = opened(picture)
    found = image.getpixel((int(x * image.width), int(y * image.height)))
    assert isinstance(found, tuple)
    return found


def is_near(colour: tuple[int, ...], expected: tuple[int, ...], tolerance: int = 12) -> bool:
    return max(abs(a - b) for a, b in zip(colour, expected, strict=True)) <= tolerance


def test_a_picture_is_kept_as_a_jpeg_under_the_sha256_of_its_bytes() -> None:
    picture = normalise(encoded(scene(), "PNG"), max_side=SIDE)
    assert picture.sha256 == hashlib.sha256(picture.body).hexdigest()
    assert (picture.mime, picture.width, picture.height) == ("image/jpeg", 120, 80)
    assert (opened(picture).format, opened(picture).mode, opened(picture).size) == ("JPEG", "RGB", (120, 80))
    assert is_near(colour_at(picture, 0.25, 0.25), (255, 0, 0))


def test_the_same_bytes_give_the_same_picture() -> None:
    body = encoded(painting(1))
    assert normalise(body, max_side=100) == normalise(body, max_side=100)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP"])
def test_every_format_of_the_list_is_read(kind: str) -> None:
    body = encoded(scene(), kind)
    assert sniff(body) == f"image/{kind.lower()}"
    picture = normalise(body, max_side=SIDE)
    assert is_near(colour_at(picture, 0.25, 0.75), (0, 0, 255))


@pytest.mark.parametrize(("size", "kept"), [((800, 400), (200, 100)), ((3, 2000), (1, 200)), ((150, 90), (150, 90))])
def test_the_longest_side_is_bounded_and_nothing_is_enlarged(size: tuple[int, int], kept: tuple[int, int]) -> None:
    picture = normalise(encoded(Image.new("RGB", size, "red")), max_side=200)
    assert (picture.width, picture.height) == kept
    assert opened(picture).size == kept


@pytest.mark.parametrize("mode", ["1", "P"])
def test_a_drawing_of_a_few_colours_stays_lossless(mode: str) -> None:
    drawing = scene().convert(mode, palette=Image.Palette.ADAPTIVE, colors=8)
    picture = normalise(encoded(drawing, "PNG"), max_side=SIDE)
    assert (picture.mime, opened(picture).format, opened(picture).mode) == ("image/png", "PNG", "RGB")
    assert np.array_equal(np.asarray(opened(picture)), np.asarray(drawing.convert("RGB")))


def test_what_only_looks_like_a_drawing_becomes_a_jpeg() -> None:
    many_colours = painting(5).convert("P", palette=Image.Palette.ADAPTIVE, colors=64)
    assert normalise(encoded(many_colours, "PNG"), max_side=SIDE).mime == "image/jpeg"
    few_colours_in_rgb = encoded(scene(), "PNG")
    assert normalise(few_colours_in_rgb, max_side=SIDE).mime == "image/jpeg"
    scaled = Image.fromarray((np.indices((400, 400)).sum(axis=0) % 7 < 3).astype(np.uint8) * 255).convert("1")
    assert normalise(encoded(scaled, "PNG"), max_side=100).mime == "image/jpeg"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "L", "I;16", "P", "1"])
def test_what_is_scaled_in_strips_looks_like_what_is_scaled_as_a_whole(mode: str) -> None:
    large = painting(6, 2900, 1900).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        large = Image.fromarray(np.asarray(large, dtype=np.uint16) * 257)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    picture = normalise(encoded(large, kind, compress_level=1), max_side=290)
    plain = painting(6, 2900, 1900).convert("RGB" if mode in ("RGB", "RGBA", "CMYK", "P") else "L").convert("RGB")
    expected = np.asarray(plain.resize((290, 190), Image.Resampling.LANCZOS), dtype=int)
    found = np.asarray(opened(picture), dtype=int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < (8 if mode in ("P", "1") else 2)


@pytest.mark.parametrize("size", [(1300, 900), (700, 1900), (2400, 300)])
def test_a_jpeg_scaled_while_it_is_decoded_looks_like_one_that_is_decoded_whole(size: tuple[int, int]) -> None:
    body = encoded(painting(8, *size), quality=95)
    picture = normalise(body, max_side=300)
    expected = np.asarray(Image.open(io.BytesIO(body)).resize(opened(picture).size, Image.Resampling.LANCZOS), int)
    difference = np.asarray(opened(picture), dtype=int) - expected
    assert 10 * np.log10(255**2 / np.mean(difference**2)) > 38


def test_more_pixels_than_are_decoded_freely_are_announced() -> None:
    calls: list[str] = []
    normalise(white_png(1000, 1000), max_side=64, when_large=lambda: calls.append("small"))
    normalise(white_png(10_000, 4_100), max_side=64, when_large=lambda: calls.append("large"))
    assert calls == ["large"]


def white_png(width: int, height: int) -> bytes:
    return encoded(Image.new("1", (width, height)), "PNG")


# --- refused ---------------------------------------------------------------------------------------------------------


def test_a_truncated_jpeg_is_refused() -> None:
    body = encoded(painting(2))
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(UnusableImage, match="cannot be decoded"):
            normalise(body[: int(len(body) * share)], max_side=SIDE)


def test_a_web_page_that_calls_itself_a_jpeg_is_refused() -> None:
    page = b"<!DOCTYPE html><html><body>Use thumbnail steps/sizes listed on https://w.wiki/GHai</body></html>"
    assert sniff(page) is None
    with pytest.raises(UnusableImage, match="not a picture: the first bytes are b'<!DOCTYPE ht'"):
        normalise(page, max_side=SIDE)


@pytest.mark.parametrize("body", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x04\x00\x00\x00WAVE", b"GIF89a"])
def test_beginnings_without_a_picture_are_refused(body: bytes) -> None:
    with pytest.raises(UnusableImage):
        normalise(body, max_side=SIDE)


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (17_400, 17_300), (30_001, 10_000)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    assert width * height > MOST_PIXELS
    with pytest.raises(UnusableImage, match=r"pixels"):
        normalise(png_header_only(width, height), max_side=SIDE)


def halved(body: bytes) -> bytes:
    return body[: len(body) // 2] + b"\xff\xd9"


def shortened(body: bytes) -> bytes:
    return body[: len(body) * 4 // 10] + body[len(body) * 6 // 10 :]


def zeroed(body: bytes) -> bytes:
    middle, gap = len(body) // 2, len(body) // 10
    return body[:middle] + bytes(gap) + body[middle + gap :]


def inverted(body: bytes) -> bytes:
    middle, gap = len(body) // 2, len(body) // 10
    return body[:middle] + bytes(255 - byte for byte in body[middle : middle + gap]) + body[middle + gap :]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("damage", [halved, shortened, zeroed])
def test_damage_that_libjpeg_only_warns_of_is_refused(damage: Callable[[bytes], bytes], progressive: bool) -> None:
    body = encoded(painting(2), progressive=progressive)
    normalise(body, max_side=SIDE)
    with pytest.raises(UnusableImage, match=r"cannot be decoded: damaged \((Corrupt JPEG data|Premature end)"):
        normalise(damage(body), max_side=SIDE)


def unknown_revision(body: bytes) -> bytes:
    return body.replace(b"JFIF\x00\x01", b"JFIF\x00\x03", 1)


def profile_in_odd_pieces(body: bytes) -> bytes:
    return body[:2] + b"\xff\xe2\x00\x18ICC_PROFILE\x00\x05\x02" + bytes(8) + body[2:]


def scan_described_oddly(body: bytes) -> bytes:
    scan = body.index(b"\xff\xda")
    end = scan + 2 + int.from_bytes(body[scan + 2 : scan + 4])
    return body[: end - 2] + b"\x00" + body[end - 1 :]


@pytest.mark.parametrize("odd", [unknown_revision, profile_in_odd_pieces, scan_described_oddly])
def test_an_oddity_of_a_header_costs_no_picture_and_hides_no_damage(odd: Callable[[bytes], bytes]) -> None:
    body = encoded(painting(2))
    assert odd(body) != body
    normalise(odd(body), max_side=SIDE)
    with pytest.raises(UnusableImage, match=r"cannot be decoded: damaged"):
        normalise(odd(halved(body)), max_side=SIDE)


def test_a_small_jpeg_that_declares_12000_pixels_a_side_and_has_no_data_is_no_picture() -> None:
    body = encoded(Image.new("RGB", (16, 16)))
    place = body.index(b"\xff\xc0") + 5
    with pytest.raises(UnusableImage, match="damaged"):
        normalise(body[:place] + (12_000).to_bytes(2) * 2 + body[place + 4 :], max_side=SIDE)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_whole_jpegs_of_every_kind_are_read(mode: str) -> None:
    for options in ({}, {"progressive": True}, {"subsampling": "4:4:4"}, {"restart_marker_rows": 1}):
        normalise(encoded(painting(2).convert(mode), **options) + b"what a camera adds", max_side=SIDE)


def test_a_jpeg_with_a_sampling_that_the_strict_reader_does_not_know_is_read() -> None:
    body = bytearray(encoded(Image.new("RGB", (16, 16), "grey"), subsampling="4:4:4"))
    place = body.index(b"\xff\xc0")
    body[place + 14] = 0x22
    assert normalise(bytes(body), max_side=SIDE).width == 16


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "group4"])
def test_a_damaged_tiff_is_refused_also_where_only_libtiff_complains(compression: str) -> None:
    body = encoded(painting(2).convert("1"), "TIFF", compression=compression)
    normalise(body, max_side=SIDE)
    for damaged in (body[:-1], body[: len(body) // 2], *([inverted(body)] if compression != "raw" else [])):
        with pytest.raises(UnusableImage, match="cannot be decoded"):
            normalise(damaged, max_side=SIDE)


def test_a_png_without_its_end_is_refused() -> None:
    with pytest.raises(UnusableImage, match="ends before its last chunk"):
        normalise(encoded(scene(), "PNG")[:-1], max_side=SIDE)


@pytest.mark.parametrize("body", [b"RIFF\x04\x00\x00\x00WAVE", b"II*\x00", b"MM\x00*\x00\x00\x00\x08\x00\x00"])
def test_a_reason_is_the_same_in_every_run(body: bytes) -> None:
    reasons = set()
    for _ in range(2):
        with pytest.raises(UnusableImage) as refused:
            normalise(body, max_side=SIDE)
        reasons.add(str(refused.value))
    assert len(reasons) == 1 and "0x" not in reasons.pop()


@settings(max_examples=120)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_never_ends_the_run(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "TIFF", "GIF", "WEBP"]))
    body = bytearray(encoded(painting(3, 48, 32), kind))
    for _ in range(data.draw(st.integers(1, 12))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = normalise(bytes(body), max_side=SIDE)
    except UnusableImage as error:
        assert str(error)
    else:
        assert opened(picture).size == (picture.width, picture.height)


# --- colours ---------------------------------------------------------------------------------------------------------


def test_cmyk_becomes_rgb() -> None:
    picture = normalise(encoded(scene().convert("CMYK")), max_side=SIDE)
    assert opened(picture).mode == "RGB"
    assert is_near(colour_at(picture, 0.25, 0.25), (255, 0, 0), 30)
    assert is_near(colour_at(picture, 0.75, 0.75), (255, 255, 0), 30)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_brightness(kind: str) -> None:
    ramp = np.tile(np.linspace(0, 65_535, 64).astype(np.uint16), (32, 1))
    picture = normalise(encoded(Image.fromarray(ramp), kind), max_side=SIDE)
    assert is_near(colour_at(picture, 0.0, 0.5), (0, 0, 0))
    assert is_near(colour_at(picture, 0.5, 0.5), (130, 130, 130), 6)
    assert is_near(colour_at(picture, 0.99, 0.5), (255, 255, 255))


def test_a_palette_with_transparency_is_laid_on_white() -> None:
    palette = scene().convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    clear = palette.getpixel((5, 5))
    picture = normalise(encoded(palette, "PNG", transparency=clear), max_side=SIDE)
    assert is_near(colour_at(picture, 0.25, 0.25), (255, 255, 255))
    assert is_near(colour_at(picture, 0.25, 0.75), (0, 0, 255), 30)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_half_transparent_pixels_are_mixed_with_white(mode: str) -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 128)).convert(mode)
    assert is_near(colour_at(normalise(encoded(image, "PNG"), max_side=SIDE), 0.5, 0.5), (127, 127, 127))


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_black_and_white_grey_and_palettes_become_rgb(mode: str) -> None:
    picture = normalise(encoded(Image.new("RGB", (40, 40), "white").convert(mode), "PNG"), max_side=SIDE)
    assert opened(picture).mode == "RGB"
    assert is_near(colour_at(picture, 0.5, 0.5), (255, 255, 255))


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("RGB", "PNG"), ("P", "PNG"), ("RGB", "TIFF")])
def test_an_icc_profile_is_applied_and_dropped(mode: str, kind: str) -> None:
    image = Image.new("RGB", (40, 40), (250, 10, 10)).convert(mode)
    picture = normalise(encoded(image, kind, icc_profile=swapped_profile()), max_side=SIDE)
    red, green, _ = colour_at(picture, 0.5, 0.5)
    assert green > 200 and red < 60
    assert "icc_profile" not in opened(picture).info


def test_an_srgb_profile_changes_nothing() -> None:
    bare = normalise(encoded(scene(), "PNG"), max_side=SIDE)
    profiled = normalise(encoded(scene(), "PNG", icc_profile=srgb_profile()), max_side=SIDE)
    difference = np.asarray(opened(bare), dtype=int) - np.asarray(opened(profiled), dtype=int)
    assert np.abs(difference).max() <= 3


@pytest.mark.parametrize("profile", [b"nonsense", srgb_profile()[:200]])
def test_a_damaged_profile_loses_the_profile_and_not_the_picture(profile: bytes) -> None:
    picture = normalise(encoded(scene(), icc_profile=profile), max_side=SIDE)
    assert is_near(colour_at(picture, 0.25, 0.25), (255, 0, 0))


RAMP = np.tile(np.arange(0, 256, 4, dtype=np.uint32), (48, 1))
LINEAR = np.round(255 * np.where(RAMP < 1, 0, 1.055 * (RAMP / 255) ** (1 / 2.4) - 0.055)).astype(int)
PROFILE = (b"iCCP", b"g\x00\x00" + zlib.compress(linear_grey_profile()))


def greys(body: bytes) -> np.ndarray:
    """The green channel of what a file becomes."""
    return np.asarray(opened(normalise(body, max_side=SIDE)), dtype=int)[:, :, 1]


def with_alpha(samples: np.ndarray, opaque: int) -> np.ndarray:
    return np.dstack([samples, np.full_like(samples, opaque)])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (tiff_of(RAMP * 257, bits=16, photometric=0), 255 - RAMP),
        (tiff_of(RAMP * 257, bits=16, photometric=1), RAMP),
        (tiff_of(RAMP * 16_843_009, bits=32, photometric=1), RAMP),
        (tiff_of(RAMP * 257, bits=32, photometric=1), RAMP),
        (png_of(RAMP, chunks=(PROFILE,)), LINEAR),
        (png_of(RAMP * 257, bits=16, chunks=(PROFILE,)), LINEAR),
        (png_of(with_alpha(RAMP, 255), kind=4, chunks=(PROFILE,)), LINEAR),
        (png_of(with_alpha(RAMP * 257, 65_535), bits=16, kind=4, chunks=(PROFILE,)), LINEAR),
        (png_of(RAMP, chunks=((b"gAMA", struct.pack(">I", 100_000)),)), LINEAR),
        (png_of(RAMP * 257, bits=16, chunks=((b"gAMA", struct.pack(">I", 100_000)),)), LINEAR),
        (png_of(RAMP, chunks=((b"gAMA", struct.pack(">I", 45_455)),)), RAMP),
        (png_of(RAMP, chunks=((b"sRGB", b"\x00"), (b"gAMA", struct.pack(">I", 100_000)))), RAMP),
        (png_of(RAMP * 257, bits=16, chunks=((b"tRNS", b"\xfc\xfc"),)), np.where(RAMP == 252, 255, RAMP)),
        (encoded(Image.fromarray(RAMP.astype(np.float32) / 252), "TIFF"), RAMP * 255 // 252),
    ],
)  # fmt: skip
def test_greys_are_shown_as_the_file_means_them(body: bytes, expected: np.ndarray) -> None:
    assert np.abs(greys(body) - expected).mean() < 3


@pytest.mark.parametrize("transparent", [0, 7])
def test_the_transparent_grey_of_a_png_of_few_bits_is_one_of_its_own_samples(transparent: int) -> None:
    packed = np.full((8, 8), 0x77, dtype=np.uint8)
    found = greys(png_of(packed, bits=4, chunks=((b"tRNS", struct.pack(">H", transparent)),)))
    assert is_near(tuple(found[4, 2:4]), (255, 255) if transparent == 7 else (119, 119))


def test_of_a_tiff_whose_first_page_is_a_thumbnail_the_picture_is_read() -> None:
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer, True) as file:
        for size, kind in (((30, 20), 1), ((120, 80), 0)):
            scene(*size).save(file, "TIFF", tiffinfo={254: kind})
            file.newFrame()
    picture = normalise(buffer.getvalue(), max_side=SIDE)
    assert (picture.width, picture.height) == (120, 80)
    assert picture.sizes == ((120, 80), (30, 20))


# --- orientation and metadata ----------------------------------------------------------------------------------------

TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", TURNED)
def test_pixels_are_turned_upright_and_the_tag_is_gone(orientation: int, kind: str) -> None:
    turn = TURNED[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = normalise(encoded(stored, kind, exif=exif), max_side=SIDE)
    assert (picture.width, picture.height) == (120, 80)
    corners = [colour_at(picture, x, y) for x, y in ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8))]
    expected = [(255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 0)]
    assert all(is_near(*pair, 25) for pair in zip(corners, expected, strict=True)), (orientation, corners)
    assert ORIENTATION not in opened(picture).getexif()


def test_nothing_of_the_files_metadata_is_left_in_the_kept_bytes() -> None:
    body = with_everything_attached()
    assert all(marker in body for marker in MARKERS if marker != b"GPS")
    assert Image.open(io.BytesIO(body)).getexif().get_ifd(0x8825)
    picture = normalise(body, max_side=SIDE)
    assert [marker for marker in MARKERS if marker in picture.body] == []
    assert dict(opened(picture).getexif()) == {}
    assert set(opened(picture).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
    assert segments(picture.body) <= {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}


@pytest.mark.parametrize("exif", [b"LoremIpsum", b"II*\x00\xff\xff\x00\x00", b""])
def test_damaged_camera_data_cost_no_picture(exif: bytes) -> None:
    assert np.abs(greys(png_of(RAMP, chunks=((b"eXIf", exif),))) - RAMP).mean() < 3
    body = encoded(scene())
    app1 = b"Exif\x00\x00" + exif
    damaged = body[:2] + b"\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1 + body[2:]
    assert normalise(damaged, max_side=SIDE).body == normalise(body, max_side=SIDE).body


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_metadata_of_other_formats_is_left_behind_too(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    picture = normalise(encoded(scene(), kind, exif=exif, icc_profile=srgb_profile()), max_side=SIDE)
    assert [marker for marker in MARKERS if marker in picture.body] == []


def segments(body: bytes) -> set[int]:
    """The markers of a JPEG's segments up to its scan (ITU T.81, annex B)."""
    found, place = set(), 2
    while body[place] == 0xFF:
        found.add(body[place + 1])
        if body[place + 1] == 0xDA:
            return found
        place += 2 + int.from_bytes(body[place + 2 : place + 4], "big")
    raise AssertionError(f"no scan in the JPEG after {found}")


# --- perceptual hash -------------------------------------------------------------------------------------------------


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_the_perceptual_hash_is_64_bits_in_hexadecimal() -> None:
    assert len(normalise(encoded(painting(4)), max_side=SIDE).phash) == 16


@pytest.mark.parametrize("seed", range(6))
def test_the_hash_hardly_changes_with_size_and_compression(seed: int) -> None:
    picture = painting(seed, 512, 384)
    original = perceptual_hash(picture)
    for size in ((256, 192), (700, 525), (100, 75)):
        smaller = normalise(encoded(picture.resize(size, Image.Resampling.LANCZOS), quality=60), max_side=SIDE)
        assert distance(original, smaller.phash) <= 4


def test_different_pictures_have_hashes_far_apart() -> None:
    hashes = [perceptual_hash(painting(seed)) for seed in range(12)]
    assert min(distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) >= 12
