"""A bundle is signed by one kind of key, over every file, and a signature that leaves something out is refused."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pd_ml.bundle import layout
from pd_ml.bundle.sealing import digests_of, list_files
from pd_ml.bundle.signature import problems_of_signature, read_public_key, sign
from pd_ml.bundle.verify import verify
from pd_ml.command_line import main
from pd_ml.errors import BundleError, MarkError
from tests.pd_ml.bundle import handed_out as to
from tests.pd_ml.bundle.handed_out import HandedOut, lines, new_key, told


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path / "none.pem", "the key cannot be read"),
        (lambda path: new_key(path / "key.pem", password=b"secret"), "the key is encrypted"),
        (lambda path: new_key(path / "key.pem", ed25519.Ed25519PrivateKey.generate()), "a key of Ed25519"),
        (lambda path: new_key(path / "key.pem", rsa.generate_private_key(65537, 1024)), "a key of RSA"),
        (lambda path: new_key(path / "key.pem", ec.generate_private_key(ec.SECP521R1())), "on the curve secp521r1"),
        (lambda path: path, "the key cannot be read"),
        (lambda path: Path(shutil.copy(__file__, path / "key.pem")), "no private key in PEM form"),
    ],
)
def test_another_kind_of_key_is_refused_with_the_way_to_a_right_one(
    make: Callable[[Path], Path], words: str, whole: HandedOut, tmp_path: Path
) -> None:
    with pytest.raises(MarkError, match=words) as found:
        sign(whole.folder, make(tmp_path))
    assert "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY.pem" in str(found.value)
    assert verify(whole.folder, whole.public).is_whole


def test_a_private_key_within_the_bundle_is_refused(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    with pytest.raises(MarkError, match="lies within the bundle"):
        sign(folder, new_key(folder / "key.pem"))


def test_a_folder_with_links_or_hidden_files_is_not_signed(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    (folder / "link").symlink_to(whole.key)
    (folder / ".gitignore").write_text("*\n")
    with pytest.raises(BundleError, match=r"link: a symbolic link.*\.gitignore: no part of a bundle"):
        sign(folder, whole.key)


def test_the_other_curve_signs_too(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    assert (
        main(
            ["sign", str(folder), "--key", str(new_key(tmp_path / "384.pem", ec.generate_private_key(ec.SECP384R1())))]
        )
        == 0
    )
    assert verify(folder).is_whole
    assert told(verify(folder, whole.public), layout.SIGNATURE, "not signed by the key")


def test_a_bundle_by_another_name_is_still_signed(whole: HandedOut, tmp_path: Path) -> None:
    assert verify(whole.copy(tmp_path / "fetched from a hub"), whole.public).is_whole


def signed_otherwise(folder: Path, key: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """A signature by the right key over another statement."""
    signature = json.loads((folder / layout.SIGNATURE).read_text())
    envelope = signature["dsseEnvelope"]
    statement = json.loads(base64.b64decode(envelope["payload"]))
    change(statement)
    payload, kind = json.dumps(statement).encode(), envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    private = load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    envelope["payload"] = base64.b64encode(payload).decode()
    envelope["signatures"] = [{"sig": base64.b64encode(private.sign(message, ec.ECDSA(hashes.SHA256()))).decode()}]
    (folder / layout.SIGNATURE).write_text(json.dumps(signature))


def resources(statement: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = statement["predicate"]["resources"]
    return found


@pytest.mark.parametrize(
    ("change", "file", "words"),
    [
        (lambda one: resources(one).pop(), "", "not signed"),
        (lambda one: resources(one)[0].update(name="another.json"), "another.json", "is missing, and was signed"),
        (lambda one: resources(one)[0].update(digest="0" * 64), "", "altered since it was signed"),
        (lambda one: resources(one)[0].update(algorithm="md5"), layout.SIGNATURE, "other digests than SHA-256"),
        (lambda one: resources(one).append(resources(one)[0]), layout.SIGNATURE, "files twice"),
        (lambda one: one["subject"][0].update(digest={"sha256": "0" * 64}), layout.SIGNATURE, "its subject is not"),
        (lambda one: one.update(predicateType="https://example.org"), layout.SIGNATURE, "predicateType is"),
        (
            lambda one: one["predicate"]["serialization"]["ignore_paths"].append("README.md"),
            layout.SIGNATURE,
            "made without README.md",
        ),
        (
            lambda one: one["predicate"]["serialization"].update(allow_symlinks=True),
            layout.SIGNATURE,
            "allow_symlinks is True",
        ),
        (lambda one: one.pop("predicate"), layout.SIGNATURE, "not a signature of a model"),
        (lambda one: one.update(predicate=[1]), layout.SIGNATURE, "not a signature of a model"),
    ],
)
def test_a_signature_over_something_else_is_refused(
    change: Callable[[dict[str, Any]], None], file: str, words: str, whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    signed_otherwise(folder, whole.key, change)
    found = problems_of_signature(folder, digests_of(list_files(folder)), read_public_key(whole.public))
    assert any(one.file.endswith(file) and words in one.text for one in found), found


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text + "\n",
        lambda text: text.replace(",", ", ", 1),
        lambda text: text.replace("{", '{"evil":{"licence":"CC0-1.0"},', 1),
        lambda text: text.replace("{", '{"mediaType":"x",', 1),
        lambda text: text.replace('"keyid":""', '"keyid":"another"'),
        lambda text: text.replace('"tlogEntries":[]', '"tlogEntries":[1]'),
        lambda text: text.replace("dsseEnvelope", "\\u0064sseEnvelope"),
        lambda text: text.replace("application/vnd.in-toto+json", "application\\/vnd.in-toto+json"),
        lambda text: json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":")),
    ],
    ids=["line", "space", "field", "doubled", "key", "log", "escape", "slash", "order"],
)
def test_a_signature_has_one_written_form(rewrite: Callable[[str], str], whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    text = (folder / layout.SIGNATURE).read_text()
    assert rewrite(text) != text
    (folder / layout.SIGNATURE).write_text(rewrite(text))
    found = digests_of(list_files(folder))
    (problem,) = problems_of_signature(folder, found, read_public_key(whole.public))
    assert problem.file == layout.SIGNATURE


def test_the_other_signature_of_the_same_bytes_by_the_same_key_says_the_same(whole: HandedOut, tmp_path: Path) -> None:
    """Anybody can compute it, and it is no other statement: docs/bundle.md."""
    folder = whole.copy(tmp_path / "bundle")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    def other(envelope: dict[str, Any]) -> None:
        r, s = decode_dss_signature(base64.b64decode(envelope["signatures"][0]["sig"]))
        envelope["signatures"][0]["sig"] = base64.b64encode(encode_dss_signature(r, order - s)).decode()

    to.signature_changed(other)(folder)
    assert verify(folder, whole.public).is_whole


def test_bits_of_base64_that_carry_nothing_are_those_that_were_written(whole: HandedOut, tmp_path: Path) -> None:
    folder = whole.copy(tmp_path / "bundle")
    # A signature of ECDSA is 70 to 72 bytes long, and 72 leave no bit over: then it is signed anew.
    while True:
        signature = json.loads((folder / layout.SIGNATURE).read_text())
        (padded,) = signature["dsseEnvelope"]["signatures"]
        if padded["sig"].endswith("="):
            break
        sign(folder, whole.key)
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = padded["sig"].rstrip("=")
    other = bare[:-1] + digits[digits.index(bare[-1]) + 1] + padded["sig"][len(bare) :]
    assert base64.b64decode(other, validate=True) == base64.b64decode(padded["sig"], validate=True)
    padded["sig"] = other
    (folder / layout.SIGNATURE).write_text(json.dumps(signature, separators=(",", ":")))
    found = digests_of(list_files(folder))
    (problem,) = problems_of_signature(folder, found, read_public_key(whole.public))
    assert "not as a signature is written" in problem.text


def test_a_signature_that_leaves_a_file_out_passes_the_outside_tool_and_is_refused_here(
    whole: HandedOut, tmp_path: Path
) -> None:
    folder = whole.copy(tmp_path / "bundle")
    files = ["--private_key", str(whole.key), "--ignore-paths", str(folder / layout.CARD)]
    command = [sys.executable, "-m", "model_signing"]
    place = ["--signature", str(folder / layout.SIGNATURE)]
    subprocess.run([*command, "sign", "key", str(folder), *place, *files], check=True, capture_output=True)
    (folder / layout.CARD).write_text("Another card.\n")
    outside = [*command, "verify", "key", str(folder), *place, "--public_key", str(whole.public)]
    assert subprocess.run(outside, check=False, capture_output=True).returncode == 0
    found = verify(folder, whole.public)
    assert told(found, layout.SIGNATURE, "made without README.md"), lines(found)
    assert told(found, layout.CARD, "not signed")


def test_a_public_key_that_is_none_is_a_named_error(
    whole: HandedOut, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no.pem").write_text("not a key\n")
    for given in (tmp_path / "no.pem", tmp_path / "missing.pem", whole.key):
        assert main(["verify", str(whole.folder), "--public-key", str(given)]) == 1
        assert capsys.readouterr().err.startswith("MarkError: ")


def test_a_folder_that_is_none_is_a_named_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "none")]) == 1
    assert "no folder; expected that of a bundle" in capsys.readouterr().err
    assert to.lines(verify(tmp_path)).startswith(f"{tmp_path.name}: half a bundle, without release.json")
