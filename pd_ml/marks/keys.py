"""The key that signs content credentials: the operator's, or one made on the spot for this machine, called a test key.

The operator's lies where PD_MARKS_KEY (private key) and PD_MARKS_CHAIN (its certificate, then those above it) say, both
PEM. The machine's lies in the state folder of whoever runs this, mode 600, and lives for one command where nothing can
be written there. Errors: MarkError.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from pd_ml.errors import MarkError
from pd_ml.marks.certificates import make_test_key
from pd_ml.marks.signer import is_issued_by, key_of, may_issue

KEY_VARIABLE, CHAIN_VARIABLE = "PD_MARKS_KEY", "PD_MARKS_CHAIN"
OPERATOR, TEST = "operator", "test"
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_OURS, _TESTS = "the operator's of this machine", "this machine's test key"
_OF_SAME = "another key, under the same authority as {}"
_BOTH = f"set {KEY_VARIABLE} and {CHAIN_VARIABLE} to a key and its certificates (docs/marks.md), or neither"
_GIVE = "give a file of certificates"


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A private key (PKCS 8) and its certificates, its own first, as PEM; `kind` is "operator" or "test"."""

    kind: str
    key_pem: bytes = field(repr=False)
    chain_pem: bytes
    algorithm: str


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Certificates that this machine knows: `key_name` says whose a signature by one of the `keys` themselves is,
    `name` what one is whose certificate is below one of the `roots`, which may be of many.
    """

    name: str
    key_name: str
    roots: tuple[x509.Certificate, ...]
    keys: frozenset[bytes]

    @property
    def pem(self) -> str:
        """The roots; empty where there is none."""
        return _pem(self.roots).decode()


def signing_key(environment: Mapping[str, str]) -> SigningKey:
    """The operator's key where the environment names one, else this machine's test key, which is made where needed."""
    key, chain = (environment.get(name, "").strip() for name in (KEY_VARIABLE, CHAIN_VARIABLE))
    if bool(key) != bool(chain):
        raise MarkError(f"{KEY_VARIABLE if key else CHAIN_VARIABLE} alone is set; {_BOTH}")
    if key:
        bodies = _bytes(Path(key), KEY_VARIABLE, _BOTH), _bytes(Path(chain), CHAIN_VARIABLE, _BOTH)
        return _read(OPERATOR, *bodies, chain)
    path = machine_key_path(environment)
    body = _kept(path) if path else make_test_key()
    return _read(TEST, body, body, str(path))


def known_anchors(environment: Mapping[str, str], given: tuple[Path, ...] = ()) -> tuple[Anchor, ...]:
    """Whom this machine knows: the certificates that are given, the operator's own, its test key's. Makes none."""
    anchors = []
    for file in given:
        name = f"given with --anchor {file.name}"
        anchors.append(_anchor(file, _bytes(file, "--anchor"), name, name))
    if chain := environment.get(CHAIN_VARIABLE, "").strip():
        anchors.append(_anchor(Path(chain), _bytes(Path(chain), CHAIN_VARIABLE, _BOTH), _OF_SAME.format(_OURS), _OURS))
    if path := machine_key_path(environment):
        # One that is damaged or closed stops who draws; to look at pictures it is not needed.
        with suppress(MarkError):
            anchors.append(_anchor(path, _bytes(path, "test key"), _OF_SAME.format(_TESTS), _TESTS))
    return tuple(anchors)


def machine_key_path(environment: Mapping[str, str]) -> Path | None:
    """Where this machine's test key lies, below XDG_STATE_HOME; None where there is no home folder."""
    base = Path(environment.get("XDG_STATE_HOME", ""))
    try:
        # The specification of XDG's folders: a relative one is to be ignored.
        folder = base if base.is_absolute() else Path("~/.local/state").expanduser()
    except RuntimeError:
        return None
    if not folder.is_absolute():
        return None
    return folder / "public-domain-diffusion" / "marks-test-key.pem"


def _kept(path: Path) -> bytes:
    """The machine's test key, made where there is none: of several processes the first one's stays."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_first(path, make_test_key())
        return path.read_bytes()
    except OSError:
        return make_test_key()


def _write_first(path: Path, body: bytes) -> None:
    # Readable by nobody else from the beginning.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".marks-")
    partial = Path(name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
    try:
        os.link(partial, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _bytes(path: Path, what: str, remedy: str = _GIVE) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MarkError(f"{what}: {path} cannot be read ({error.strerror}); {remedy}") from error


def _anchor(path: Path, body: bytes, name: str, key_name: str) -> Anchor:
    known = _certificates(path, body, _GIVE)
    return Anchor(
        name=name,
        key_name=key_name,
        roots=tuple(one for one in known if may_issue(one)),
        keys=frozenset(key_of(one) for one in known if not may_issue(one)),
    )


def _certificates(path: Path | str, body: bytes, remedy: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(body)
    except ValueError as error:
        raise MarkError(f"{path}: found no certificate that can be read, expected PEM; {remedy}") from error


def _read(kind: str, key_body: bytes, chain_body: bytes, place: str) -> SigningKey:
    """Key and chain where they fit together and are valid now."""
    remedy = _BOTH if kind == OPERATOR else f"delete {place}, the next command makes another"
    try:
        key = serialization.load_pem_private_key(key_body, password=None)
    except TypeError as error:
        raise MarkError(f"{KEY_VARIABLE}: the key is encrypted, expected one without a password; {remedy}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MarkError(f"{kind} key: found no private key that can be read, expected PEM; {remedy}") from error
    chain = _certificates(place, chain_body, remedy)
    if chain[0].public_key() != key.public_key():
        raise MarkError(f"{place}: its first certificate is that of another key, expected the signing key's; {remedy}")
    algorithm = _algorithm(key, remedy)
    _whole(chain, place, remedy)
    now = datetime.now(UTC)
    for certificate in chain:
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if not first <= now <= last:
            raise MarkError(
                f"{place}: a certificate is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d}, and it is {now:%Y-%m-%d}; "
                f"{remedy}"
            )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningKey(kind=kind, key_pem=pem, chain_pem=_pem(chain), algorithm=algorithm)


def _whole(chain: Sequence[x509.Certificate], place: str, remedy: str) -> None:
    """MarkError where a certificate is not issued by the next one, or the last one is no root."""
    issuers = [*chain[1:], chain[-1]]
    for number, (one, issuer) in enumerate(zip(chain, issuers, strict=True), 1):
        if is_issued_by(one, issuer) and may_issue(issuer):
            continue
        is_last = number == len(chain)
        expected = "the root's, above it, as the last" if is_last else f"one that number {number + 1} issued"
        raise MarkError(
            f"{place}: its certificate number {number} of {len(chain)} is issued by {_issuer(one)}, expected "
            f"{expected}; put the certificate, those above it in their order, and the root's into it, or {remedy}"
        )


def _issuer(certificate: x509.Certificate) -> str:
    return " ".join(certificate.issuer.rfc4514_string().split()) or "nobody"


def _pem(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates)


def _algorithm(key: object, remedy: str) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise MarkError(
        f"{KEY_VARIABLE}: a key of a kind that signs no content credentials, expected EC P-256, P-384 or P-521, "
        f"Ed25519, or RSA of 2048 bits or more; {remedy}"
    )
