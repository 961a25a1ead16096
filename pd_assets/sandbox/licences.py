"""Licence templates as data: the box each one draws, in the machine-readable form of Commons, and its categories.

The fields of a box follow Commons:Machine-readable data; the masking of several boxes lives in extmetadata.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PUBLIC_DOMAIN = "Public domain"


@dataclass(frozen=True, kw_only=True)
class Licence:
    """One licence box. `short`, `long`, `url` and the attribution flag are what extmetadata reports of it."""

    short: str
    long: str
    text: str
    categories: tuple[str, ...]
    url: str | None = None
    attribution: bool = False
    non_free: bool = False


def _public_domain(text: str, *categories: str) -> Licence:
    return Licence(short=PUBLIC_DOMAIN, long=PUBLIC_DOMAIN, text=text, categories=categories)


def _creative_commons(code: str, version: str, long: str) -> Licence:
    return Licence(
        short=f"CC {code.upper()} {version}",
        long=f"Creative Commons {long} {version}",
        text=f"This file is licensed under the Creative Commons {long} {version} licence.",
        categories=(f"CC-{code.upper()}-{version}",),
        url=f"https://creativecommons.org/licenses/{code}/{version}",
        attribution=True,
    )


_CC0 = Licence(
    short="CC0",
    long="Creative Commons Zero, Public Domain Dedication",
    text="This file is made available under the Creative Commons CC0 1.0 Universal Public Domain Dedication.",
    categories=("CC-Zero",),
    url="http://creativecommons.org/publicdomain/zero/1.0/deed.en",
)
_GFDL = Licence(
    short="GFDL",
    long="GNU Free Documentation License",
    text="Permission is granted to copy, distribute and/or modify this document under the GNU FDL 1.2 or later.",
    categories=("GFDL", "License migration candidates"),
    url="https://www.gnu.org/copyleft/fdl.html",
    attribution=True,
)

LICENCES: Mapping[str, Licence] = {
    "PD-old-100-expired": _public_domain(
        "The author died more than 100 years ago, and the work was published before January 1, 1931.",
        "PD-old-100-expired",
        "CC-PD-Mark",
    ),
    "PD-old-100": _public_domain(
        "The author died more than 100 years ago. You must also include a United States public domain tag.",
        "PD-old-100",
        "CC-PD-Mark",
    ),
    "PD-old-70-expired": _public_domain(
        "The author died more than 70 years ago, and the work was published before January 1, 1931.",
        "PD-old-70-expired",
        "CC-PD-Mark",
    ),
    "PD-old-70": _public_domain("The author died more than 70 years ago.", "PD-old-70", "CC-PD-Mark"),
    "PD-old": _public_domain("The copyright of this work has expired.", "PD Old", "CC-PD-Mark"),
    "PD-US-expired": _public_domain("Published before January 1, 1931.", "PD-US-expired", "CC-PD-Mark"),
    "PD-USGov": _public_domain("A work of the United States federal government.", "PD US Government", "CC-PD-Mark"),
    "PD-self": _public_domain("The copyright holder releases this work into the public domain.", "PD-self"),
    "PD-Italy": _public_domain("Public domain in Italy: first published more than 20 years ago.", "PD-Italy"),
    "Cc-zero": _CC0,
    "Cc0": _CC0,
    "Cc-by-4.0": _creative_commons("by", "4.0", "Attribution"),
    "Cc-by-3.0": _creative_commons("by", "3.0", "Attribution"),
    "Cc-by-sa-4.0": _creative_commons("by-sa", "4.0", "Attribution-Share Alike"),
    "Cc-by-sa-3.0": _creative_commons("by-sa", "3.0", "Attribution-Share Alike"),
    "Cc-by-nc-4.0": _creative_commons("by-nc", "4.0", "Attribution-NonCommercial"),
    "Cc-by-nc-sa-4.0": _creative_commons("by-nc-sa", "4.0", "Attribution-NonCommercial-ShareAlike"),
    "GFDL": _GFDL,
    "FAL": Licence(
        short="FAL",
        long="Free Art License",
        text="Copyleft: this work of art is free.",
        categories=("FAL",),
        url="https://artlibre.org/licence/lal/en",
        attribution=True,
    ),
    "PDMark-owner": Licence(
        short="PDM-owner",
        long="Public Domain Mark 1.0",
        text="The copyright holder marked this work with the Public Domain Mark.",
        categories=("PDMark-owner",),
        url="https://creativecommons.org/publicdomain/mark/1.0/",
    ),
}

# Categories that only licence and maintenance templates fill; they are hidden on pages, as on Commons.
HIDDEN_CATEGORIES = tuple(
    sorted(
        {name for licence in LICENCES.values() for name in licence.categories}
        | {f"PD-Art ({name})" for name in LICENCES if name.startswith("PD-")}
        | {"PD-Art (PD-old default)", "Deletion requests", "Media without a license", "Self-published work"}
        | {"Personality rights warning"}
    )
)
