"""The XMP packet of a picture: how it came to be and which system drew it, in fields of the IPTC; never a prompt.

IPTC Photo Metadata Standard 2025.1: DigitalSourceType, AISystemUsed, AISystemVersionUsed. The packet is read with
entities refused. Pillow writes it into JPEG and WebP; of PNG it has to be a chunk of text (`add_itxt`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import defusedxml
from defusedxml import ElementTree
from PIL import Image

from pd_ml.marks.origin import Origin

# The keyword of a PNG's text, exactly so (XMP specification, part 3, 1.1.5).
PNG_KEYWORD = "XML:com.adobe.xmp"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FIELDS: Mapping[str, str] = MappingProxyType(
    {"source_type": "DigitalSourceType", "system": "AISystemUsed", "version": "AISystemVersionUsed"}
)
_MAX_BYTES = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Xmp:
    """What a packet says; empty where it does not. `fault`: why it cannot be read.

    `source_type`: several have a space between them.
    """

    source_type: str = ""
    system: str = ""
    version: str = ""
    fault: str = ""


def packet(origin: Origin) -> str:
    """The packet for a picture of this origin."""
    told = {"source_type": origin.source_type, "system": origin.system, "version": origin.version}
    fields = "".join(
        f"<Iptc4xmpExt:{_FIELDS[name]}>{escape(text)}</Iptc4xmpExt:{_FIELDS[name]}>"
        for name, text in told.items()
        if text
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{_IPTC}">{fields}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def read_xmp(loaded: Image.Image) -> Xmp | None:
    """What the packet of a picture whose pixels are loaded says; None where there is none."""
    body = loaded.info.get("xmp") or loaded.info.get(PNG_KEYWORD)
    if not body:
        return None
    text = body if isinstance(body, str) else bytes(body).decode("utf-8", "replace")
    if len(text) > _MAX_BYTES:
        return Xmp(fault=f"{len(text)} characters, at most {_MAX_BYTES} are read")
    try:
        root = ElementTree.fromstring(text.strip("\0 \n\r\t"), forbid_dtd=True)
    except (ParseError, ValueError, RecursionError, defusedxml.DefusedXmlException) as error:
        return Xmp(fault=" ".join(str(error).split())[:200] or type(error).__name__)
    told = {name: _texts(root, field) for name, field in _FIELDS.items()}
    return Xmp(source_type=" ".join(told["source_type"]), **{name: told[name][0] for name in ("system", "version")})


def _texts(root: Element, name: str) -> list[str]:
    """A field as element, as list or as attribute of each description; one empty text where there is none."""
    found = []
    for description in root.iter(f"{{{_RDF}}}Description"):
        found.append(description.get(f"{{{_IPTC}}}{name}", ""))
        for element in description.findall(f"{{{_IPTC}}}{name}"):
            found += ["".join(part.itertext()) for part in element.iter(f"{{{_RDF}}}li")] or [
                "".join(element.itertext())
            ]
            found += [part.get(f"{{{_RDF}}}resource", "") for part in element.iter()]
    return list(dict.fromkeys(text.strip() for text in found if text.strip())) or [""]
