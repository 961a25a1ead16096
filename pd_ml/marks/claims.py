"""What a picture's content credentials (C2PA) say, whether it was changed since, and whose key signed it.

Everything but the signature's check is what somebody wrote: names in a certificate are proof only where its root or its
very key is known here. What is wrong with a certificate (it ran out) is no change of the picture and is kept apart. The
results of an input are its own: a picture made out of a tampered one is unchanged itself.
"""

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509

from pd_ml.marks.credentials import OWN_LABEL, SETTINGS
from pd_ml.marks.foreign import listed, mapping, plain, source_types_in
from pd_ml.marks.formats import has_credentials_box
from pd_ml.marks.keys import Anchor
from pd_ml.marks.signer import chain_of, is_below, key_of

_TRUSTED, _UNTRUSTED, _SIGNED = "signingCredential.trusted", "signingCredential.untrusted", "claimSignature.validated"
EXPIRED = "signingCredential.expired"
# What is wrong with who signed or when, and not with what is signed.
_OF_SIGNER = ("signingCredential.", "timeStamp.", "claimSignature.outsideValidity")
_PARENT = "parentOf"
_MAX_DEPTH = 50


@dataclass(frozen=True, kw_only=True)
class Input:
    """A picture that this one was made of, with what was found about it when it was taken in.

    `faults`: codes of what was changed in it then, `certificate_faults` of what was wrong with who signed it; empty
    where nothing was. `source_types`: all that is said of how it came to be. `inputs`: what it was made of itself.
    """

    title: str
    relationship: str
    has_credentials: bool
    source_types: tuple[str, ...]
    signer: str
    faults: tuple[str, ...]
    certificate_faults: tuple[str, ...]
    inputs: tuple["Input", ...]


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Of a picture: `faults` are codes of what does not fit (empty: unchanged), `unreadable` why nothing can be said.

    `damaged`: there are none, and the file is so damaged. `certificate_faults`: of who signed, such as EXPIRED.
    `is_signed`: the signature is that of the certificate's key; a certificate alone can be copied by anybody.
    `known_as`: whose key or root this machine knows it by, empty where it knows none. `key`: "test" where the signer
    says so. `source_types`: all that they say of how the picture came to be, without what they say of its inputs.
    """

    faults: tuple[str, ...] = ()
    certificate_faults: tuple[str, ...] = ()
    unreadable: str = ""
    damaged: str = ""
    is_signed: bool = False
    known_as: str = ""
    signer: str = ""
    algorithm: str = ""
    generator: str = ""
    actions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    key: str = ""
    own: Mapping[str, str]
    inputs: tuple[Input, ...] = ()

    @property
    def is_unchanged(self) -> bool:
        """Whether the picture and what is said of it are as they were signed."""
        return self.is_signed and not self.faults

    @property
    def source_type(self) -> str:
        """How the picture came to be, by the last that says so."""
        return self.source_types[-1] if self.source_types else ""

    @property
    def source_types_of_parents(self) -> tuple[str, ...]:
        """Those of the pictures that this one was as a whole before, through all that is known of them."""
        found: list[str] = []
        parents = list(self.inputs)
        while parents:
            one = parents.pop()
            if one.relationship == _PARENT:
                found += one.source_types
                parents += one.inputs
        return tuple(found)


def read_credentials(body: bytes, mime: str, anchors: Sequence[Anchor] = ()) -> Credentials | None:
    """What the credentials of an encoded picture say; None where it has none."""
    import c2pa

    try:
        document, store = _read(body, mime, None)
        if document is None:
            return None
        label = str(document.get("active_manifest"))
        chain = _chain(document, chain_of(store, label))
        is_signed = _SIGNED in _codes(document, "success")
        known = _known(body, mime, document, chain, anchors) if is_signed else ""
        return _told(document, known)
    except c2pa.C2paError as error:
        if str(error).startswith("Remote"):
            return Credentials(
                unreadable=plain(f"they are said to lie elsewhere, and nothing is fetched: {error}"), own={}
            )
        if has_credentials_box(body, mime):
            return Credentials(unreadable=plain(error), own={})
        return Credentials(damaged=plain(error), own={})
    except Exception as error:  # what a stranger writes may lead a library to errors of any kind
        return Credentials(unreadable=plain(f"{type(error).__name__}: {error}"), own={})


def _read(body: bytes, mime: str, anchor: Anchor | None) -> tuple[Mapping[str, object] | None, bytes]:
    """What the library says of a picture, and the credentials themselves."""
    import c2pa

    settings = dict(SETTINGS)
    if anchor is not None:
        settings["trust"] = {"trust_anchors": anchor.pem}
    with c2pa.Context.from_dict(settings) as context:
        reader = c2pa.Reader.try_create(mime, io.BytesIO(body), context=context)
        if reader is None:
            return None, b""
        with reader:
            document, store = mapping(json.loads(reader.json())), io.BytesIO()
            # Asked for a manifest, it gives the whole store.
            with suppress(c2pa.C2paError):
                reader.resource_to_stream(f"self#jumbf=/c2pa/{document.get('active_manifest')}", store)
            return document, store.getvalue()


def _chain(document: Mapping[str, object], chain: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    """The certificates, where they are those that the library checked the signature by."""
    told = mapping(_active(document).get("signature_info"))
    return chain if chain and str(chain[0].serial_number) == str(told.get("cert_serial_number")) else ()


def _known(
    body: bytes,
    mime: str,
    document: Mapping[str, object],
    chain: tuple[x509.Certificate, ...],
    anchors: Sequence[Anchor],
) -> str:
    """The name of the first anchor whose very key signed, else of the first with a root above it."""
    if chain and (own := next((anchor for anchor in anchors if key_of(chain[0]) in anchor.keys), None)):
        return own.key_name
    # The library vouches for no certificate that has run out; whether the root is above it is another question.
    is_expired = EXPIRED in _codes(document, "failure")
    for anchor in anchors:
        if not anchor.roots:
            continue
        if is_below(chain, anchor.roots) if is_expired else _is_trusted(_read(body, mime, anchor)[0]):
            return anchor.name
    return ""


def _is_trusted(document: Mapping[str, object] | None) -> bool:
    return document is not None and {_TRUSTED, _SIGNED} <= set(_codes(document, "success"))


def _codes(told: Mapping[str, object], kind: str) -> tuple[str, ...]:
    """The codes of what held or failed for a picture or an input, without its own inputs."""
    results = mapping(mapping(told.get("validation_results")).get("activeManifest"))
    return tuple(plain(mapping(one).get("code", "unnamed")) for one in listed(results.get(kind)))


def _faults(told: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes of what was changed, and of what is wrong with who signed; all are the first if the signature fails."""
    codes = tuple(code for code in _codes(told, "failure") if code != _UNTRUSTED)
    if _SIGNED not in _codes(told, "success"):
        return codes, ()
    of_signer = tuple(code for code in codes if code.startswith(_OF_SIGNER))
    return tuple(code for code in codes if code not in of_signer), of_signer


def _active(document: Mapping[str, object]) -> Mapping[str, object]:
    return mapping(mapping(document.get("manifests")).get(str(document.get("active_manifest"))))


def _told(document: Mapping[str, object], known: str) -> Credentials:
    manifests = mapping(document.get("manifests"))
    active = _active(document)
    own = {plain(name): plain(text) for name, text in _assertion(active, OWN_LABEL).items()}
    faults, certificate_faults = _faults(document)
    if document.get("validation_state") == "Invalid" and not faults and not certificate_faults:
        faults = ("invalid",)
    generators = [mapping(one) for one in listed(active.get("claim_generator_info"))]
    return Credentials(
        faults=faults,
        certificate_faults=certificate_faults,
        is_signed=_SIGNED in _codes(document, "success"),
        known_as=known,
        signer=_signer(active),
        algorithm=plain(mapping(active.get("signature_info")).get("alg", "")),
        generator=plain(f"{generators[0].get('name', '')} {generators[0].get('version', '')}") if generators else "",
        actions=tuple(plain(action.get("action", "")) for action in _actions(active)),
        source_types=source_types_in({name: value for name, value in active.items() if name != "ingredients"}),
        key=own.get("key", ""),
        own=own,
        inputs=_inputs(active, manifests, {str(document.get("active_manifest"))}),
    )


def _inputs(
    manifest: Mapping[str, object], manifests: Mapping[str, object], seen: set[str], depth: int = 0
) -> tuple[Input, ...]:
    """Of each picture the inputs are told once, where it comes first: a few can be made of each other in many ways."""
    if depth == _MAX_DEPTH:
        return ()
    return tuple(_input(mapping(one), manifests, seen, depth) for one in listed(manifest.get("ingredients")))


def _input(told: Mapping[str, object], manifests: Mapping[str, object], seen: set[str], depth: int) -> Input:
    label = told.get("active_manifest")
    manifest = mapping(manifests.get(str(label)))
    faults, certificate_faults = _faults(told) if label is not None else (_codes(told, "failure"), ())
    said = {name: value for name, value in manifest.items() if name != "ingredients"}
    is_new = str(label) not in seen
    seen.add(str(label))
    return Input(
        title=plain(told.get("title", "")),
        relationship=plain(told.get("relationship", "")),
        has_credentials=label is not None,
        source_types=source_types_in([{**told, "validation_results": None}, said]),
        signer=_signer(manifest),
        faults=faults,
        certificate_faults=certificate_faults,
        inputs=_inputs(manifest, manifests, seen, depth + 1) if is_new else (),
    )


def _signer(manifest: Mapping[str, object]) -> str:
    told = mapping(manifest.get("signature_info"))
    names = dict.fromkeys(plain(told[name]) for name in ("common_name", "issuer") if name in told)
    return ", ".join(names)


def _actions(manifest: Mapping[str, object]) -> list[Mapping[str, object]]:
    told = [mapping(one) for one in listed(manifest.get("assertions"))]
    data = [mapping(one.get("data")) for one in told if str(one.get("label", "")).startswith("c2pa.actions")]
    return [mapping(action) for one in data for action in listed(one.get("actions"))]


def _assertion(manifest: Mapping[str, object], label: str) -> Mapping[str, object]:
    for one in listed(manifest.get("assertions")):
        if mapping(one).get("label") == label:
            return mapping(mapping(one).get("data"))
    return {}
