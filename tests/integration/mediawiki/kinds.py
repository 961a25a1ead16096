"""The kinds of licence situation that a file of the test wiki can be in, as a table of data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What is true of a file's licence, or what happened to the file."""

    PD_OLD_100_EXPIRED = "pd_old_100_expired"
    PD_OLD_100 = "pd_old_100"
    CC0_MUSEUM = "cc0_museum"
    CC_BY_SA = "cc_by_sa"
    SELF_CC_BY_SA = "self_cc_by_sa"
    PD_PLUS_CC_BY_SA = "pd_plus_cc_by_sa"
    LICENSED_PD_ART_CC_BY_SA = "licensed_pd_art_cc_by_sa"
    CC_BY = "cc_by"
    GFDL = "gfdl"
    NONE = "none"
    NO_LICENSE_TAG = "no_license_tag"
    PD_OLD_70 = "pd_old_70"
    DELETE_REQUEST = "delete_request"
    DATED_1955 = "dated_1955"
    UNKNOWN_TAG = "unknown_tag"
    PD_PLUS_UNKNOWN_TAG = "pd_plus_unknown_tag"
    COUNTRY_ONLY = "country_only"
    RENAMED = "renamed"
    DUPLICATE = "duplicate"
    TRUNCATED = "truncated"


@dataclass(frozen=True, kw_only=True)
class KindSpec:
    """How a kind's page is written and what is true of it.

    `free` is meant under the strict profile. `date` replaces the work's own date, `in_permission` puts the
    licence into the information box, `twice` uploads each picture under two titles.
    """

    licence: str
    free: bool
    box: str = "Artwork"
    latest_year: int = 1880
    date: str = ""
    needs_museum: bool = False
    in_permission: bool = False
    renamed: bool = False
    twice: bool = False
    truncated: bool = False


EXPIRED = "{{PD-Art|PD-old-100-expired}}"
OLD_100 = "{{PD-Art|PD-old-100}}"

KINDS: Mapping[Kind, KindSpec] = MappingProxyType(
    {
        Kind.PD_OLD_100_EXPIRED: KindSpec(licence=EXPIRED, free=True),
        Kind.PD_OLD_100: KindSpec(licence=OLD_100, free=True, in_permission=True),
        Kind.CC0_MUSEUM: KindSpec(licence="{{Cc-zero}}", free=True, latest_year=1850, needs_museum=True),
        Kind.CC_BY_SA: KindSpec(licence="{{Cc-by-sa-4.0}}", free=False, box="Information"),
        Kind.SELF_CC_BY_SA: KindSpec(licence="{{self|Cc-by-sa-4.0}}", free=False, box="Information"),
        Kind.PD_PLUS_CC_BY_SA: KindSpec(licence=f"{EXPIRED}\n{{{{Cc-by-sa-4.0}}}}", free=False),
        Kind.LICENSED_PD_ART_CC_BY_SA: KindSpec(licence="{{Licensed-PD-Art|PD-old-100|Cc-by-sa-4.0}}", free=False),
        Kind.CC_BY: KindSpec(licence="{{Cc-by-4.0}}", free=False, box="Information", in_permission=True),
        Kind.GFDL: KindSpec(licence="{{GFDL}}", free=False, box="Information"),
        Kind.NONE: KindSpec(licence="", free=False),
        Kind.NO_LICENSE_TAG: KindSpec(licence="{{No license}}", free=False),
        Kind.PD_OLD_70: KindSpec(licence="{{PD-Art|PD-old-70}}", free=False, date="1935"),
        Kind.DELETE_REQUEST: KindSpec(licence=f"{{{{Delete|reason=Not his work}}}}\n{EXPIRED}", free=False),
        Kind.DATED_1955: KindSpec(licence=EXPIRED, free=False, date="1955"),
        Kind.UNKNOWN_TAG: KindSpec(licence="{{PD-Atlantis}}", free=False),
        Kind.PD_PLUS_UNKNOWN_TAG: KindSpec(licence=f"{OLD_100}\n{{{{Atlantean heritage}}}}", free=False),
        Kind.COUNTRY_ONLY: KindSpec(licence="{{PD-Italy}}", free=False, date="1935"),
        Kind.RENAMED: KindSpec(licence=EXPIRED, free=True, renamed=True),
        Kind.DUPLICATE: KindSpec(licence=EXPIRED, free=True, twice=True),
        Kind.TRUNCATED: KindSpec(licence=EXPIRED, free=True, truncated=True),
    }
)
