"""The certificates that lie beside a signature within content credentials, and who vouches for them.

Readers of content credentials give a signer's names only, which anybody can write. Here the certificate itself is taken
from where it lies: the box `c2pa.signature` of a manifest holds a COSE signature (RFC 9052), whose header has the chain
(RFC 9360, `x5chain`). What is not as expected has no certificates.
"""

from collections.abc import Iterator, Mapping, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SIGNATURE = b"c2pa.signature"
_X5CHAIN = (33, "x5chain")
_MAX_CHAIN = 10
_MAX_NESTING = 8


def chain_of(store: bytes, label: str) -> tuple[x509.Certificate, ...]:
    """The chain beside the signature of a manifest in the store of a picture, the signer's own certificate first."""
    try:
        manifests = [inner for outer in _superboxes(store, b"c2pa") for inner in _superboxes(outer, label.encode())]
        (manifest,) = manifests
        (signature,) = _superboxes(manifest, _SIGNATURE)
        (cose,) = (body for kind, body in _boxes(signature) if kind == b"cbor")
        return tuple(x509.load_der_x509_certificate(der) for der in _x5chain(cose)[:_MAX_CHAIN])
    except (ValueError, IndexError, TypeError):
        return ()


def key_of(certificate: x509.Certificate) -> bytes:
    """The public key, to be compared."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def may_issue(certificate: x509.Certificate) -> bool:
    """Whether it says that it may vouch for other certificates."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and signature are on it; nothing of dates."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_below(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> bool:
    """Whether one of the roots vouches for the first of a chain, over those after it; nothing of dates."""
    for place, one in enumerate(chain):
        if place and not (may_issue(one) and is_issued_by(chain[place - 1], one)):
            return False
        if any(may_issue(root) and is_issued_by(one, root) for root in roots):
            return True
    return False


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box of a JUMBF box's content (ISO 19566-5)."""
    place = 0
    while place < len(body):
        size, kind = int.from_bytes(body[place : place + 4]), body[place + 4 : place + 8]
        if size < 8 or place + size > len(body):
            raise ValueError("a box of a size that does not fit")
        yield kind, body[place + 8 : place + size]
        place += size


def _superboxes(body: bytes, label: bytes) -> list[bytes]:
    """The contents, without their description, of the superboxes with this label."""
    found = []
    for kind, inner in _boxes(body):
        if kind == b"jumb":
            size = int.from_bytes(inner[:4])
            # A description: size, "jumd", 16 bytes of type, a byte of flags, the label and a zero.
            if inner[25 : 25 + len(label) + 1] == label + b"\0":
                found.append(inner[size:])
    return found


def _x5chain(cose: bytes) -> list[bytes]:
    parts, _ = _cbor(cose, 0)
    if not (isinstance(parts, list) and len(parts) == 4 and isinstance(parts[0], bytes)):
        raise ValueError("no signature of one signer")
    headers = [header for header in (_cbor(parts[0], 0)[0], parts[1]) if isinstance(header, Mapping)]
    # One, or it is not clear which one signed.
    (chain,) = (header[name] for header in headers for name in _X5CHAIN if name in header)
    return [der for der in (chain if isinstance(chain, list) else [chain]) if isinstance(der, bytes)]


def _cbor(body: bytes, place: int, depth: int = 0) -> tuple[object, int]:
    """A value of CBOR (RFC 8949) with lengths that are given, and the place after it; ValueError for any other."""
    kind, length = body[place] >> 5, body[place] & 31
    place += 1
    if length > 27 or depth > _MAX_NESTING:
        raise ValueError("a length that is not given, or too deep")
    if length > 23:
        width = 1 << (length - 24)
        length = int.from_bytes(body[place : place + width])
        place += width
    if kind in (2, 3):
        text = body[place : place + length]
        if len(text) < length:
            raise ValueError("cut off")
        return (text if kind == 2 else text.decode()), place + length
    if kind == 4:
        items: list[object] = []
        for _ in range(length):
            item, place = _cbor(body, place, depth + 1)
            items.append(item)
        return items, place
    if kind == 5:
        pairs: dict[object, object] = {}
        for _ in range(length):
            name, place = _cbor(body, place, depth + 1)
            pairs[name], place = _cbor(body, place, depth + 1)
        return pairs, place
    if kind == 6:
        return _cbor(body, place, depth + 1)
    return (-1 - length if kind == 1 else length if kind == 0 else None), place
