"""Keys of operators and of strangers, and pictures, for the tests of marks."""

import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from pd_ml.marks.certificates import certificate

PEM = serialization.Encoding.PEM
YEAR = timedelta(days=365)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def operator(folder: Path, name: str = "Museum", *, life: timedelta = YEAR, is_root: bool = False) -> dict[str, str]:
    """A key with a chain of two certificates in `folder`, as the environment names it; `root.pem` is its root."""
    folder.mkdir(parents=True, exist_ok=True)
    root_key, key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate(f"{name} root", root_key.public_key(), issuer=f"{name} root", signer=root_key, is_root=True)
    issued = {"issuer": f"{name} root", "signer": root_key, "life": life, "is_root": is_root}
    leaf = certificate(name, key.public_key(), **issued)
    (folder / "key.pem").write_bytes(private_pem(key))
    (folder / "chain.pem").write_bytes(leaf.public_bytes(PEM) + root.public_bytes(PEM))
    (folder / "root.pem").write_bytes(root.public_bytes(PEM))
    return {"PD_MARKS_KEY": str(folder / "key.pem"), "PD_MARKS_CHAIN": str(folder / "chain.pem")}


def state(folder: Path) -> Mapping[str, str]:
    """An environment without an operator's key."""
    return {"XDG_STATE_HOME": str(folder)}


def painting(width: int = 320, height: int = 288) -> Image.Image:
    """Smooth, with some texture."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(30, 226, (9, 9, 3), dtype=np.uint8)).resize((width, height))
    return Image.fromarray(
        (np.asarray(coarse) + rng.integers(-9, 10, (height, width, 1))).clip(0, 255).astype(np.uint8)
    )


def bytes_of(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
