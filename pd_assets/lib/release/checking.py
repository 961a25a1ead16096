"""A bundle checked by the child that whoever receives it would run, by the key of this house.

A signature by another key than the operator's proves nothing here: `key` is what it is compared with.
Errors: ConfigError, ChildFailed.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from pd_assets.lib.child import ChildFailed, run_pd_ml
from pd_assets.lib.errors import ConfigError

MAKE_ONE = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out release-key.pem"
CURVES = ("secp256r1", "secp384r1")
# So many problems are told; `verify` lists all.
TOLD = 5


def verify_bundle(folder: Path, key: Path | None) -> None:
    """ConfigError with what is wrong; `key` is the operator's private one, without which the bundle's own is taken."""
    problems: list[str] = []

    def heard(event: Mapping[str, object]) -> None:
        told = event.get("problems")
        for one in told if isinstance(told, list) else ():
            problems.append(f"{one.get('file')}: {one.get('text')}")

    with tempfile.TemporaryDirectory() as scratch:
        by = []
        if key is not None:
            public = Path(scratch) / "public.pem"
            half = private_key(key).public_key()
            public.write_bytes(half.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
            by = ["--public-key", str(public)]
        try:
            run_pd_ml(["verify", str(folder), "--json", *by], heard)
        except ChildFailed as error:
            if not problems:
                raise
            more = f"; and {len(problems) - TOLD} more" if len(problems) > TOLD else ""
            raise ConfigError(
                f"{folder} does not verify: {'; '.join(problems[:TOLD])}{more}; python -P -m pd_ml verify lists all; "
                "remove the folder and materialise release/bundle again"
            ) from error


def fingerprint(key: Path) -> str:
    """SHA-256 of the public half as DER: what a publisher says of the key elsewhere. ConfigError."""
    half = private_key(key).public_key()
    return hashlib.sha256(half.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key that signs bundles; ConfigError where it is none that can."""
    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except (OSError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"PD_SIGNING_KEY={path}: no private key that can be read ({' '.join(str(error).split())[:100]}); expected "
            f"one as PEM, without a password: {MAKE_ONE}"
        ) from error
    if not isinstance(found, ec.EllipticCurvePrivateKey) or found.curve.name not in CURVES:
        kind = type(found).__name__.strip("_").removesuffix("PrivateKey")
        raise ConfigError(f"PD_SIGNING_KEY={path}: a key of {kind}, expected an EC key on P-256 or P-384: {MAKE_ONE}")
    return found
