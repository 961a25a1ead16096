"""Who signed: the very key, another one under the same root, one whose certificate ran out, or nobody known."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_ml.errors import MarkError
from pd_ml.marks.certificates import certificate
from pd_ml.marks.claims import EXPIRED
from pd_ml.marks.detection import anchors_of, detect, told
from pd_ml.marks.given import given_of
from pd_ml.marks.keys import known_anchors
from pd_ml.marks.marking import marks
from pd_ml.marks.origin import Origin
from pd_ml.marks.signer import chain_of, is_below
from tests.pd_ml.marks.signers import PEM, operator, painting, private_pem, state


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def signed(path: Path, environment: Mapping[str, str]) -> Path:
    path.write_bytes(marks(Origin(), environment).mark(painting(40, 40), kind="WEBP", texts={}))
    return path


def said(path: Path, environment: Mapping[str, str], *anchors: Path) -> str:
    return "\n".join(told(detect(path, anchors_of(anchors, environment))))


def subscriber(folder: Path, name: str, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Somebody whose certificate a public authority has signed."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = certificate(name, key.public_key(), issuer="Authority", signer=root_key)
    (folder / "key.pem").write_bytes(private_pem(key))
    (folder / "chain.pem").write_bytes(leaf.public_bytes(PEM) + root.public_bytes(PEM))
    return {"PD_MARKS_KEY": str(folder / "key.pem"), "PD_MARKS_CHAIN": str(folder / "chain.pem")}


def test_the_operator_is_known_by_his_very_key_and_a_stranger_of_the_same_authority_is_told_as_one(
    tmp_path: Path,
) -> None:
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = certificate("Authority", root_key.public_key(), issuer="Authority", signer=root_key, is_root=True)
    museum, stranger = (subscriber(tmp_path / name, "Museum", root, root_key) for name in ("museum", "stranger"))
    ours, his = signed(tmp_path / "ours.png", museum), signed(tmp_path / "his.png", stranger)
    assert "known here: the operator's of this machine" in said(ours, museum)
    words = said(his, museum)
    assert "known here: another key, under the same authority as the operator's of this machine" in words
    assert "known here: the operator's" not in words
    (tmp_path / "root.pem").write_bytes(root.public_bytes(PEM))
    assert "known here: given with --anchor root.pem" in said(his, state(tmp_path), tmp_path / "root.pem")


def signed_before_it_ran_out(folder: Path) -> tuple[Mapping[str, str], Path, bytes]:
    """Whose certificate ran out, a picture that he signed, and one that was made of it before; on slow machines too."""
    for seconds in (2, 20, 200):
        museum = operator(folder / "museum", life=timedelta(seconds=seconds))
        (leaf, _) = x509.load_pem_x509_certificates((folder / "museum" / "chain.pem").read_bytes())
        try:
            path = signed(folder / "picture.webp", museum)
        except MarkError:
            continue
        before = marks(Origin()).mark(painting(60, 60), texts={}, given=given_of(path))
        while datetime.now(UTC) < leaf.not_valid_after_utc + timedelta(seconds=1.1):
            time.sleep(0.1)
        return museum, path, before
    raise AssertionError("no picture could be signed within 200 seconds")


def test_a_certificate_that_ran_out_after_signing_is_told_apart_from_a_change_and_from_whose_it_is(
    tmp_path: Path,
) -> None:
    museum, path, before = signed_before_it_ran_out(tmp_path)
    operator(tmp_path / "other")
    other = tmp_path / "other"
    root = tmp_path / "museum" / "root.pem"
    for environment, anchors, known in (
        (state(tmp_path), [root], "known here: given with --anchor root.pem"),
        (museum, [], "known here: the operator's of this machine"),
        (state(tmp_path), [other / "root.pem"], "a key that this machine does not know"),
    ):
        words = said(path, environment, *anchors)
        assert "found; picture and credentials are unchanged since they were signed" in words
        assert f"its certificate has run out ({EXPIRED})" in words
        assert known in words and "INVALID" not in words
    after = given_of(path)
    assert "it was as they were signed; of their certificate: signingCredential.expired" in after.says
    for name, body in (
        ("before", before),
        ("after", marks(Origin()).mark(painting(60, 60), texts={}, given=after)),
    ):
        (tmp_path / f"{name}.png").write_bytes(body)
        words = said(tmp_path / f"{name}.png", state(tmp_path))
        assert "INVALID" not in words and "CHANGED" not in words
    flipped = bytearray(path.read_bytes())
    flipped[flipped.rindex(b"AISystemUsed>Public") + 13] ^= 1
    path.write_bytes(flipped)
    assert "INVALID: changed since they were signed (assertion.dataHash.mismatch)" in said(path, museum)


def test_only_who_may_vouch_for_others_is_taken_for_a_root() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    names = ("root", "middle", "leaf")
    root = certificate("root", keys[0].public_key(), issuer="root", signer=keys[0], is_root=True)
    for may_issue in (True, False):
        middle = certificate("middle", keys[1].public_key(), issuer="root", signer=keys[0], is_root=may_issue)
        leaf = certificate(names[2], keys[2].public_key(), issuer="middle", signer=keys[1])
        assert is_below([leaf, middle], [root]) == may_issue
        assert is_below([leaf], [middle]) == may_issue
        assert not is_below([leaf], [root]) and not is_below([], [root]) and not is_below([leaf, middle], [])


@settings(max_examples=60)
@given(body=st.binary(max_size=80))
def test_a_store_of_any_bytes_has_no_certificates_and_is_no_surprise(body: bytes) -> None:
    boxed = (len(body) + 8).to_bytes(4) + b"jumb" + body
    assert chain_of(body, "x") == chain_of(boxed, "x") == ()


def test_the_test_key_is_known_by_itself(tmp_path: Path) -> None:
    path = signed(tmp_path / "x.png", state(tmp_path))
    (anchor,) = known_anchors(state(tmp_path))
    found = detect(path, [anchor]).credentials
    assert found and found.known_as == "this machine's test key" and len(anchor.keys) == 1
