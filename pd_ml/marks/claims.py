"""What a picture's content credentials (C2PA) say, whether it was changed since, and whose key signed it.

Everything but the signature's check is what somebody wrote: names in a certificate are proof only where its root is
known here. The results of an input are its own: a picture made out of a tampered one is unchanged itself.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pd_ml.marks.credentials import OWN_LABEL, SETTINGS
from pd_ml.marks.keys import Anchor

_TRUSTED, _UNTRUSTED, _SIGNED = "signingCredential.trusted", "signingCredential.untrusted", "claimSignature.validated"
_MAX_DEPTH = 8
_MAX_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True)
class Input:
    """A picture that this one was made of, with what was found about it when it was taken in.

    `faults`: codes of what was wrong with it then, empty where nothing was. `inputs`: what it was made of itself.
    """

    title: str
    relationship: str
    has_credentials: bool
    source_type: str
    signer: str
    faults: tuple[str, ...]
    inputs: tuple["Input", ...]


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Of a picture: `faults` are codes of what does not fit (empty: unchanged), `unreadable` why nothing can be said.

    `is_signed`: the signature is that of the certificate's key; a certificate alone can be copied by anybody.
    `known_as`: whose root this machine knows it by, empty where it knows none. `key`: "test" where the signer says so.
    """

    faults: tuple[str, ...] = ()
    unreadable: str = ""
    is_signed: bool = False
    known_as: str = ""
    signer: str = ""
    algorithm: str = ""
    generator: str = ""
    actions: tuple[str, ...] = ()
    source_type: str = ""
    key: str = ""
    own: Mapping[str, str]
    inputs: tuple[Input, ...] = ()

    @property
    def is_unchanged(self) -> bool:
        """Whether the picture and what is said of it are as they were signed."""
        return not self.faults and not self.unreadable


def read_credentials(body: bytes, mime: str, anchors: Sequence[Anchor] = ()) -> Credentials | None:
    """What the credentials of an encoded picture say; None where it has none."""
    import c2pa

    try:
        document = _document(body, mime, None)
        if document is None:
            return None
        known = next((anchor.name for anchor in anchors if _is_trusted(_document(body, mime, anchor))), "")
    except c2pa.C2paError as error:
        return Credentials(unreadable=plain(str(error)), own={})
    return _told(document, known)


def plain(value: object) -> str:
    """A text of the picture for people: one line, printable, not too long."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return " ".join(text.split())[:_MAX_CHARACTERS]


def _document(body: bytes, mime: str, anchor: Anchor | None) -> Mapping[str, object] | None:
    import c2pa

    settings = dict(SETTINGS)
    if anchor is not None:
        settings["trust"] = {"trust_anchors": anchor.pem}
    with c2pa.Context.from_dict(settings) as context:
        reader = c2pa.Reader.try_create(mime, io.BytesIO(body), context=context)
        if reader is None:
            return None
        with reader:
            return _mapping(json.loads(reader.json()))


def _is_trusted(document: Mapping[str, object] | None) -> bool:
    return document is not None and {_TRUSTED, _SIGNED} <= set(_codes(document, "success"))


def _codes(told: Mapping[str, object], kind: str) -> tuple[str, ...]:
    """The codes of what held or failed for a picture or an input, without its own inputs."""
    results = _mapping(_mapping(told.get("validation_results")).get("activeManifest"))
    return tuple(plain(_mapping(one).get("code", "unnamed")) for one in _list(results.get(kind)))


def _faults(told: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(code for code in _codes(told, "failure") if code != _UNTRUSTED)


def _told(document: Mapping[str, object], known: str) -> Credentials:
    manifests = _mapping(document.get("manifests"))
    active = _mapping(manifests.get(str(document.get("active_manifest"))))
    own = {plain(name): plain(text) for name, text in _assertion(active, OWN_LABEL).items()}
    faults = _faults(document)
    if document.get("validation_state") == "Invalid" and not faults:
        faults = ("invalid",)
    generators = [_mapping(one) for one in _list(active.get("claim_generator_info"))]
    return Credentials(
        faults=faults,
        is_signed=_SIGNED in _codes(document, "success"),
        known_as=known,
        signer=_signer(active),
        algorithm=plain(_mapping(active.get("signature_info")).get("alg", "")),
        generator=plain(f"{generators[0].get('name', '')} {generators[0].get('version', '')}") if generators else "",
        actions=tuple(plain(action.get("action", "")) for action in _actions(active)),
        source_type=_source_type(active),
        key=own.get("key", ""),
        own=own,
        inputs=_inputs(active, manifests),
    )


def _inputs(manifest: Mapping[str, object], manifests: Mapping[str, object], depth: int = 0) -> tuple[Input, ...]:
    if depth == _MAX_DEPTH:
        return ()
    return tuple(_input(_mapping(one), manifests, depth) for one in _list(manifest.get("ingredients")))


def _input(told: Mapping[str, object], manifests: Mapping[str, object], depth: int) -> Input:
    label = told.get("active_manifest")
    manifest = _mapping(manifests.get(str(label)))
    return Input(
        title=plain(told.get("title", "")),
        relationship=plain(told.get("relationship", "")),
        has_credentials=label is not None,
        source_type=_source_type(manifest),
        signer=_signer(manifest),
        faults=_faults(told),
        inputs=_inputs(manifest, manifests, depth + 1),
    )


def _signer(manifest: Mapping[str, object]) -> str:
    told = _mapping(manifest.get("signature_info"))
    names = dict.fromkeys(plain(told[name]) for name in ("common_name", "issuer") if name in told)
    return ", ".join(names)


def _source_type(manifest: Mapping[str, object]) -> str:
    """How the picture came to be, by the last action that says so."""
    told = [action["digitalSourceType"] for action in _actions(manifest) if "digitalSourceType" in action]
    return plain(told[-1]) if told else ""


def _actions(manifest: Mapping[str, object]) -> list[Mapping[str, object]]:
    data = _assertion(manifest, "c2pa.actions.v2") or _assertion(manifest, "c2pa.actions")
    return [_mapping(action) for action in _list(data.get("actions"))]


def _assertion(manifest: Mapping[str, object], label: str) -> Mapping[str, object]:
    for one in _list(manifest.get("assertions")):
        if _mapping(one).get("label") == label:
            return _mapping(_mapping(one).get("data"))
    return {}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
