"""Keys of operators and of strangers, and pictures, for the tests of marks."""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import c2pa
import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from pd_ml.marks.certificates import certificate
from pd_ml.marks.credentials import SETTINGS
from pd_ml.marks.keys import signing_key

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


def crafted(
    environment: Mapping[str, str],
    assertions: Sequence[Mapping[str, object]],
    *,
    inputs: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """A PNG with credentials as other software writes them: relationship and PNG of each input."""
    key = signing_key(environment)
    info = c2pa.C2paSignerInfo(
        alg=key.algorithm.encode(), sign_cert=key.chain_pem, private_key=key.key_pem, ta_url=None
    )
    manifest = {"claim_generator_info": [{"name": "Editor"}], "format": "image/png", "assertions": list(assertions)}
    out = io.BytesIO()
    with (
        c2pa.Context.from_dict(dict(SETTINGS)) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(json.dumps(manifest), context=context) as builder,
    ):
        for number, (relationship, body) in enumerate(inputs):
            told = {"title": f"picture {number}", "relationship": relationship, "label": f"i{number}"}
            builder.add_ingredient(json.dumps(told), "image/png", io.BytesIO(body))
        builder.sign(signer, "image/png", io.BytesIO(bytes_of(painting(40, 40))), out)
    return out.getvalue()


def actions(*told: Mapping[str, object]) -> Mapping[str, object]:
    """The assertion of actions."""
    return {"label": "c2pa.actions.v2", "data": {"actions": list(told)}}
