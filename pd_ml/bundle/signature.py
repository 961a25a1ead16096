"""The signature of a bundle: an in-toto statement over every file, in a Sigstore bundle, by an elliptic-curve key.

It is made by `model-signing` and checked here with `cryptography` alone, so that whoever has `pd_ml` can check it; the
outside tool agrees. DSSE, the envelope: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md; in-toto
statement: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md. The outside tool is laxer: it takes
the list of files that are left out from the signature itself. Errors: BundleError, MarkError.
"""

import base64
import binascii
import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import Problem, read_json
from pd_ml.bundle.sealing import GIT_NAMES, Sealed, list_files, require_plain, write_manifest
from pd_ml.errors import BundleError, MarkError

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
# Each curve with the hash that its signatures are made over.
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {"secp256r1": hashes.SHA256, "secp384r1": hashes.SHA384}
_MAKE_ONE = "make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY.pem"
_MOST_KEY_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """A key to check with, and the SHA-256 of its DER form, by which publishers name it."""

    key: ec.EllipticCurvePublicKey
    fingerprint: str


def sign(folder: Path, private_key: Path) -> str:
    """Sign every file of a bundle; the fingerprint of the key. What was signed before is signed anew.

    `signing-key.pem` and `manifest.json` are written before, `signature.json` last. MarkError: the key; BundleError:
    the folder.
    """
    public = _fingerprinted(_private_key(private_key).public_key())
    if private_key.resolve().is_relative_to(folder.resolve()):
        raise MarkError(f"{private_key}: the private key lies within the bundle {folder}; move it out")
    # Lazy: what verifies does without it.
    from model_signing import hashing, signing

    place = folder / layout.SIGNATURE
    place.unlink(missing_ok=True)
    (folder / layout.PUBLIC_KEY).write_bytes(_pem(public.key))
    write_manifest(folder)
    require_plain(folder, list_files(folder))
    # The names that git and hubs add are left out, as by default: a copy with them still passes the outside tool.
    left_out = hashing.Config().set_ignored_paths(paths=[place], ignore_git_paths=True)
    signer = signing.Config().use_elliptic_key_signer(private_key=private_key).set_hashing_config(left_out)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / layout.SIGNATURE
        signer.sign(folder, made)
        partial = folder / f".{layout.SIGNATURE}.partial"
        partial.write_bytes(written_form(read_json(made)))
        partial.replace(place)
    return public.fingerprint


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        with path.open("rb") as file:
            found = serialization.load_pem_private_key(file.read(_MOST_KEY_BYTES), None)
    except OSError as error:
        raise MarkError(f"{path}: the key cannot be read ({error.strerror}); {_MAKE_ONE}") from error
    except TypeError as error:
        raise MarkError(f"{path}: the key is encrypted, expected one without a password; {_MAKE_ONE}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MarkError(f"{path}: no private key in PEM form; {_MAKE_ONE}") from error
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        kind = type(found).__name__.strip("_").removesuffix("PrivateKey")
        raise MarkError(f"{path}: a key of {kind}, expected an elliptic curve, P-256 or P-384; {_MAKE_ONE}")
    if found.curve.name not in _HASHES:
        raise MarkError(f"{path}: a key on the curve {found.curve.name}, expected P-256 or P-384; {_MAKE_ONE}")
    return found


def read_public_key(path: Path) -> PublicKey:
    """The key in a PEM file; MarkError where it is none that signs bundles."""
    try:
        with path.open("rb") as file:
            found = serialization.load_pem_public_key(file.read(_MOST_KEY_BYTES))
    except OSError as error:
        raise MarkError(f"{path}: the public key cannot be read ({error.strerror})") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MarkError(f"{path}: no public key in PEM form; expected what the publisher hands out") from error
    if not isinstance(found, ec.EllipticCurvePublicKey) or found.curve.name not in _HASHES:
        raise MarkError(f"{path}: no key on an elliptic curve P-256 or P-384, which bundles are signed with")
    return _fingerprinted(found)


def _fingerprinted(key: ec.EllipticCurvePublicKey) -> PublicKey:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(key=key, fingerprint=hashlib.sha256(der).hexdigest())


def _pem(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def problems_of_signature(folder: Path, found: Mapping[str, Sealed], key: PublicKey) -> list[Problem]:
    """What is wrong with `signature.json`: who made it, what it leaves out, and each file that it was not made over."""
    try:
        raw = read_json(folder / layout.SIGNATURE)
        statement = json.loads(_signed_payload(raw, key))
        problems = [*_problems_of_head(statement), *_problems_of_resources(statement, found)]
        if (folder / layout.SIGNATURE).read_bytes() != written_form(raw):
            text = "not as a signature is written: more in it, or other spaces or order; fetch the bundle again"
            problems.append(Problem(file=layout.SIGNATURE, text=text))
        return problems
    except BundleError as error:
        return [Problem(file=layout.SIGNATURE, text=str(error))]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        text = f"not a signature of a model ({type(error).__name__} at {error}); fetch the bundle again"
        return [Problem(file=layout.SIGNATURE, text=text)]


def written_form(raw: Mapping[str, Any]) -> bytes:
    """The one form of a signature's file: nothing but what is read, in the order of Sigstore's bundles, on one line."""
    envelope = raw["dsseEnvelope"]
    signatures = [{"sig": _base64(one["sig"]), "keyid": ""} for one in envelope["signatures"]]
    form = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {
            "publicKey": {"hint": raw["verificationMaterial"]["publicKey"]["hint"]},
            "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": _base64(envelope["payload"]),
            "payloadType": PAYLOAD_TYPE,
            "signatures": signatures,
        },
    }
    return json.dumps(form, separators=(",", ":")).encode()


def _base64(text: str) -> str:
    """The same bytes in their one encoding."""
    return base64.b64encode(base64.b64decode(text, validate=True)).decode()


def _signed_payload(raw: Mapping[str, Any], key: PublicKey) -> bytes:
    """The statement's bytes, once the signature over them is that of the key."""
    if raw.get("mediaType") != MEDIA_TYPE:
        raise BundleError(f"media type {raw.get('mediaType')!r}, expected {MEDIA_TYPE!r}")
    envelope = raw["dsseEnvelope"]
    kind, signatures = envelope["payloadType"], envelope["signatures"]
    if kind != PAYLOAD_TYPE:
        raise BundleError(f"payload of type {kind!r}, expected {PAYLOAD_TYPE!r}")
    if len(signatures) != 1:
        raise BundleError(f"{len(signatures)} signatures, expected one")
    try:
        payload = base64.b64decode(envelope["payload"], validate=True)
        signature = base64.b64decode(signatures[0]["sig"], validate=True)
    except binascii.Error as error:
        raise BundleError(f"payload or signature is no base64 ({error}); fetch the bundle again") from error
    # The pre-authentication encoding of DSSE.
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    try:
        key.key.verify(signature, message, ec.ECDSA(_HASHES[key.key.curve.name]()))
    except InvalidSignature as error:
        raise BundleError(
            f"not signed by the key {key.fingerprint}: another key signed, or the signature was altered; do not trust "
            "this bundle before the publisher confirms the key"
        ) from error
    hint = raw["verificationMaterial"]["publicKey"]["hint"]
    if hint != (expected := hashlib.sha256(_pem(key.key)).hexdigest()):
        raise BundleError(f"names the key {hint!r}, expected {expected}, which signed it")
    return payload


def _problems_of_head(statement: Mapping[str, Any]) -> list[Problem]:
    """Whether the statement is over all files, by digests of whole files."""
    serialization_ = statement["predicate"]["serialization"]
    texts = [
        f"{name} is {found!r}, expected {expected!r}"
        for name, found, expected in (
            ("_type", statement["_type"], STATEMENT_TYPE),
            ("predicateType", statement["predicateType"], PREDICATE_TYPE),
            ("method", serialization_["method"], "files"),
            ("hash_type", serialization_["hash_type"], "sha256"),
            ("allow_symlinks", serialization_["allow_symlinks"], False),
        )
        if found != expected
    ]
    if left_out := sorted(set(serialization_["ignore_paths"]) - GIT_NAMES - {layout.SIGNATURE}):
        texts.append(f"made without {', '.join(left_out)}: a signature that leaves out files proves nothing of them")
    return [Problem(file=layout.SIGNATURE, text=text) for text in texts]


def _problems_of_resources(statement: Mapping[str, Any], found: Mapping[str, Sealed]) -> list[Problem]:
    resources = statement["predicate"]["resources"]
    signed = {one["name"]: one["digest"] for one in resources if one["algorithm"] == "sha256"}
    problems = []
    if len(signed) != len(resources):
        problems.append(Problem(file=layout.SIGNATURE, text="files twice, or by other digests than SHA-256"))
    there = {name: one.sha256 for name, one in found.items() if name != layout.SIGNATURE}
    for name in sorted(there.keys() - signed.keys()):
        problems.append(Problem(file=name, text="not signed; remove it"))
    for name in sorted(signed.keys() - there.keys()):
        problems.append(Problem(file=name, text="is missing, and was signed; fetch the bundle again"))
    for name in sorted(signed.keys() & there.keys()):
        if signed[name] != there[name]:
            text = f"altered since it was signed: SHA-256 {there[name][:16]}, the signature says {signed[name][:16]}"
            problems.append(Problem(file=name, text=text))
    subject = statement["subject"]
    whole = hashlib.sha256(b"".join(bytes.fromhex(one["digest"]) for one in resources)).hexdigest()
    if len(subject) != 1 or subject[0]["digest"] != {"sha256": whole}:
        problems.append(Problem(file=layout.SIGNATURE, text="its subject is not the digest of the files that it names"))
    return problems
