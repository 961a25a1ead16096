"""Content credentials (C2PA) written into a picture: what drew it, signed. Nothing is fetched, no thumbnail is made.

C2PA 2.2 with the SDK behind `c2pa-python`; what it refuses and what it lets pass was tried, docs/marks.md. Signing
comes last: a byte that is changed afterwards makes the credentials invalid. Errors: MarkError.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from pd_ml.errors import MarkError
from pd_ml.marks.keys import SigningKey
from pd_ml.marks.origin import SYSTEM, Origin
from pd_ml.project import project

SETTINGS: Mapping[str, object] = MappingProxyType(
    {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
)
# Our own assertion: the fields of the EU's code of practice, and where the detector is.
OWN_LABEL = "org.public-domain-diffusion.ledger"
DETECTOR = "python -m pd_ml detect PICTURE"
_ACTIONS = "c2pa.actions.v2"
_INPUT = "input"


@dataclass(frozen=True, kw_only=True)
class Given:
    """A picture that another one is made of, as it is kept in the credentials of that one.

    `source_type`: that of what a model makes of it. `says`: in words what was found of its marks.
    """

    body: bytes
    mime: str
    source_type: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is to be signed about a picture; `watermark` is its name and version, or why there is none."""

    origin: Origin
    watermark: str
    is_watermarked: bool
    provider: str
    given: Given | None = None


def signed(encoded: bytes, mime: str, statement: Statement, key: SigningKey) -> bytes:
    """The picture with credentials, its input's kept within them. MarkError where the key or a certificate cannot."""
    # Some 70 ms, which no other command is to wait for.
    import c2pa

    manifest = _manifest(encoded, mime, statement, key)
    info = c2pa.C2paSignerInfo(
        alg=key.algorithm.encode(), sign_cert=key.chain_pem, private_key=key.key_pem, ta_url=None
    )
    out = io.BytesIO()
    try:
        with (
            c2pa.Context.from_dict(dict(SETTINGS)) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(json.dumps(manifest), context=context) as builder,
        ):
            if given := statement.given:
                ingredient = {"title": _INPUT, "relationship": "parentOf", "label": _INPUT}
                builder.add_ingredient(json.dumps(ingredient), given.mime, io.BytesIO(given.body))
            builder.sign(signer, mime, io.BytesIO(encoded), out)
    except c2pa.C2paError as error:
        raise MarkError(
            f"the {key.kind}'s key cannot sign ({' '.join(str(error).split())[:200]}); expected a certificate as "
            "docs/marks.md describes it (not of a root, for digital signatures, extended key usage e-mail protection, "
            "with an authority key identifier), and those above it after it"
        ) from error
    return out.getvalue()


def _manifest(encoded: bytes, mime: str, statement: Statement, key: SigningKey) -> Mapping[str, object]:
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "claim_generator_info": [{"name": SYSTEM, "version": project()["project"]}],
        "title": "picture",
        "format": mime,
        "assertions": [
            {"label": _ACTIONS, "data": {"actions": _actions(statement, when)}},
            {"label": OWN_LABEL, "data": _own(encoded, statement, key, when)},
        ],
    }


def _actions(statement: Statement, when: str) -> list[Mapping[str, object]]:
    """A picture that had an input was opened and edited, another one was created."""
    origin = statement.origin
    made: dict[str, object] = {
        "when": when,
        "digitalSourceType": origin.source_type,
        "softwareAgent": {"name": origin.system, "version": origin.version or "unknown"},
    }
    if statement.given is None:
        actions: list[Mapping[str, object]] = [{"action": "c2pa.created", **made}]
    else:
        opened = {"action": "c2pa.opened", "when": when, "parameters": {"ingredientIds": [_INPUT]}}
        actions = [opened, {"action": "c2pa.edited", **made}]
    if statement.is_watermarked:
        actions.append({"action": "c2pa.watermarked.unbound", "when": when})
    return actions


def _own(encoded: bytes, statement: Statement, key: SigningKey, when: str) -> Mapping[str, str]:
    origin, given = statement.origin, statement.given
    told = {
        "provider": statement.provider,
        "system": origin.system,
        "version": origin.version,
        "model_digest": origin.model_digest,
        "ledger_sha256": origin.ledger_sha256,
        "upscaler": origin.upscaler,
        "time": when,
        # Of the picture as it is signed: the same picture has the same.
        "id": hashlib.sha256(encoded).hexdigest()[:32],
        "made": "created" if given is None else "altered",
        "input": given.says if given else "",
        "key": key.kind,
        "watermark": statement.watermark,
        "detector": DETECTOR,
    }
    return {name: text for name, text in told.items() if text}
