"""Whose key signs: the operator's, or a test key that is made once for a machine."""

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pd_ml.errors import MarkError
from pd_ml.marks.certificates import certificate
from pd_ml.marks.keys import known_anchors, machine_key_path, signing_key
from pd_ml.marks.marking import marks
from pd_ml.marks.origin import Origin
from tests.pd_ml.marks.signers import PEM, operator, private_pem, state


def test_a_machine_makes_one_test_key_that_only_its_user_reads_and_that_says_what_it_is(tmp_path: Path) -> None:
    first, again = signing_key(state(tmp_path)), signing_key(state(tmp_path))
    assert (first.kind, first.chain_pem, first.key_pem) == ("test", again.chain_pem, again.key_pem)
    path = machine_key_path(state(tmp_path))
    assert path is not None and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    leaf, root = x509.load_pem_x509_certificates(path.read_bytes())
    assert leaf.subject.rfc4514_string() == r"CN=TEST KEY\, NOT AN OPERATOR,O=TEST KEY\, NOT AN OPERATOR"
    assert path.read_bytes().count(b"PRIVATE KEY-----") == 2, "the root's own key is nowhere"
    assert leaf.issuer == root.subject


def test_of_processes_that_make_the_test_key_at_the_same_time_the_firsts_stays(tmp_path: Path) -> None:
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda _: signing_key(state(tmp_path)).chain_pem, range(24)))
    assert len(set(made)) == 1


def test_where_nothing_can_be_written_a_test_key_lives_for_one_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    one, another = (signing_key(state(tmp_path / "file")) for _ in range(2))
    assert one.kind == "test" and one.chain_pem != another.chain_pem
    assert known_anchors(state(tmp_path / "file")) == ()


def test_asking_whom_a_machine_knows_makes_no_key(tmp_path: Path) -> None:
    assert known_anchors(state(tmp_path)) == ()
    assert not list(tmp_path.iterdir())


def test_a_relative_state_folder_is_ignored_as_its_specification_says() -> None:
    path = machine_key_path({"XDG_STATE_HOME": "here"})
    assert path is None or path.is_absolute()


@pytest.mark.parametrize(("curve", "algorithm"), [(ec.SECP256R1(), "es256"), (ec.SECP384R1(), "es384")])
def test_an_operators_key_signs_by_the_algorithm_of_its_kind(
    tmp_path: Path, curve: ec.EllipticCurve, algorithm: str
) -> None:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(curve)
    leaf = certificate("Museum", key.public_key(), issuer="Museum root", signer=root_key)
    root = certificate("Museum root", root_key.public_key(), issuer="Museum root", signer=root_key, is_root=True)
    (tmp_path / "key.pem").write_bytes(private_pem(key))
    (tmp_path / "chain.pem").write_bytes(leaf.public_bytes(PEM) + root.public_bytes(PEM))
    environment = {"PD_MARKS_KEY": str(tmp_path / "key.pem"), "PD_MARKS_CHAIN": str(tmp_path / "chain.pem")}
    found = marks(Origin(), environment).key
    assert found is not None and (found.kind, found.algorithm) == ("operator", algorithm)


def _alone(folder: Path, given: dict[str, str]) -> None:
    del given["PD_MARKS_CHAIN"]


def _gone(folder: Path, given: dict[str, str]) -> None:
    (folder / "key.pem").unlink()


def _chain_gone(folder: Path, given: dict[str, str]) -> None:
    (folder / "chain.pem").unlink()


def _no_key(folder: Path, given: dict[str, str]) -> None:
    (folder / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n")


def _no_certificate(folder: Path, given: dict[str, str]) -> None:
    (folder / "chain.pem").write_text("none")


def _of_another(folder: Path, given: dict[str, str]) -> None:
    (folder / "key.pem").write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))


def _locked(folder: Path, given: dict[str, str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    how = serialization.BestAvailableEncryption(b"word")
    (folder / "key.pem").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, how))


def _upside_down(folder: Path, given: dict[str, str]) -> None:
    leaf, root = x509.load_pem_x509_certificates((folder / "chain.pem").read_bytes())
    (folder / "chain.pem").write_bytes(root.public_bytes(PEM) + leaf.public_bytes(PEM))


def _expired(folder: Path, given: dict[str, str]) -> None:
    operator(folder, life=timedelta(hours=-1))


def _without_root(folder: Path, given: dict[str, str]) -> None:
    leaf, _ = x509.load_pem_x509_certificates((folder / "chain.pem").read_bytes())
    (folder / "chain.pem").write_bytes(leaf.public_bytes(PEM))


def _with_a_namesakes_root(folder: Path, given: dict[str, str]) -> None:
    operator(folder / "namesake")
    leaf, _ = x509.load_pem_x509_certificates((folder / "chain.pem").read_bytes())
    (folder / "chain.pem").write_bytes(leaf.public_bytes(PEM) + (folder / "namesake" / "root.pem").read_bytes())


def _signed_by_itself(folder: Path, given: dict[str, str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "key.pem").write_bytes(private_pem(key))
    alone = certificate("Museum", key.public_key(), issuer="Museum", signer=key)
    (folder / "chain.pem").write_bytes(alone.public_bytes(PEM))


def _a_root(folder: Path, given: dict[str, str]) -> None:
    operator(folder, is_root=True)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_alone, "PD_MARKS_KEY alone is set"),
        (_gone, "PD_MARKS_KEY: "),
        (_chain_gone, "PD_MARKS_CHAIN: "),
        (_no_key, "no private key that can be read"),
        (_no_certificate, "no certificate that can be read"),
        (_of_another, "its first certificate is that of another key"),
        (_locked, "the key is encrypted"),
        (_upside_down, "its first certificate is that of another key"),
        (_expired, "a certificate is valid from"),
        (_without_root, "certificate number 1 of 1 is issued by CN=Museum root,O=Museum root, expected the root's"),
        (
            _with_a_namesakes_root,
            "certificate number 1 of 2 is issued by CN=Museum root,O=Museum root, expected one that",
        ),
        (_signed_by_itself, "number 1 of 1 is issued by CN=Museum,O=Museum, expected the root's, above it"),
        (_a_root, "the operator's key cannot sign"),
    ],
)
def test_a_key_that_cannot_sign_is_a_named_error_before_anything_is_drawn(
    tmp_path: Path, spoil: Callable[[Path, dict[str, str]], None], words: str
) -> None:
    given = operator(tmp_path)
    spoil(tmp_path, given)
    with pytest.raises(MarkError) as caught:
        marks(Origin(), given)
    message = str(caught.value)
    assert words in message and "\n" not in message
    assert "or neither" in message or "expected a certificate as docs/marks.md describes it" in message


def test_a_key_of_a_kind_that_signs_no_credentials_is_named(tmp_path: Path) -> None:
    given = operator(tmp_path)
    key = rsa.generate_private_key(65537, 1024)
    how = (PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(key.private_bytes(*how))
    root_key = ec.generate_private_key(ec.SECP256R1())
    leaf = certificate("Museum", key.public_key(), issuer="Museum root", signer=root_key)
    (tmp_path / "chain.pem").write_bytes(leaf.public_bytes(PEM))
    with pytest.raises(MarkError, match="a key of a kind that signs no content credentials, expected EC P-256"):
        marks(Origin(), given)


def test_a_damaged_test_key_is_named_with_its_remedy(tmp_path: Path) -> None:
    signing_key(state(tmp_path))
    path = machine_key_path(state(tmp_path))
    assert path is not None
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(MarkError, match=r"delete .*marks-test-key\.pem, the next command makes another"):
        signing_key(state(tmp_path))
