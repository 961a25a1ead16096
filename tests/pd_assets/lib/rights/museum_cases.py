"""Rows of smithsonian/records and the rules that must decide them: strict, life70, us, on 22 November 2026."""

import json
from dataclasses import dataclass

OBJECT, WORK = "accept-museum-object", "accept-museum-work"
CONFLICT, SENSITIVE, PERSON = "rights-conflict", "sensitive", "person-may-live"
NO_US, NO_ORIGIN = "no-us-ground", "no-origin-ground"
Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class MuseumCase:
    """`trap` names what the row is about."""

    trap: str
    row: Row
    rules: tuple[str, str, str]


def record(**columns: object) -> Row:
    """A CC0 painting of 1847 by a maker who died in 1849, with the columns that a case changes."""
    row: Row = {
        "source": "smithsonian",
        "status": "live",
        "problem": None,
        "unit_code": "FSG",
        "title": "Thunder god",
        "record_type": "edanmdm",
        "media_type": "Images",
        "usage_access": "CC0",
        "usage_text": None,
        "metadata_usage_access": "CC0",
        "object_rights": ["CC0"],
        "media_rights": [],
        "terms": ["object_type: Paintings", "topic: Ukiyo-e"],
        "names": ["Artist: Katsushika Hokusai (1760-1849)"],
        "dates": ["1847"],
        "freetext": None,
    }
    return row | columns


def specimen(**columns: object) -> Row:
    given: Row = {"unit_code": "NMNHBIRDS", "title": "Passerculus sandwichensis", "object_rights": [],
                  "terms": ["topic: Birds"], "names": ["Collector: Seymour H. Levy"], "dates": ["22 Apr 1958"],
    }  # fmt: skip
    return record(**(given | columns))


def case(trap: str, row: Row, *rules: str) -> MuseumCase:
    """One rule stands for all three profiles."""
    three = rules * 3 if len(rules) == 1 else rules
    assert len(three) == 3
    return MuseumCase(trap=trap, row=row, rules=(three[0], three[1], three[2]))


MODERN = {"names": ["Artist: Ann Lee, American, born 1950"], "dates": ["ca. 1985"], "terms": ["object_type: Drawings"]}
USAGE_CASES = (
    case("CC0 on an old painting", record(), WORK),
    case("CC0 on a specimen", specimen(), OBJECT),
    case("CC0 on an engine", record(terms=["object_type: Reciprocating (piston) engines"], dates=["Circa 1933"],
                                    names=["Manufacturer: Wright Aeronautical"], unit_code="NASM"), OBJECT),
    case("no usage at all", record(usage_access=None), "usage-absent"),
    case("conditions apply", record(usage_access="Usage conditions apply"), "usage-with-conditions"),
    case("not determined", record(usage_access="(Not determined)"), "usage-with-conditions"),
    case("CC0 in lower case is not exactly CC0", record(usage_access="cc0"), "usage-with-conditions"),
    case("CC0 with a space", record(usage_access="CC0 "), "usage-with-conditions"),
    case("CC BY", record(usage_access="CC-BY"), "usage-with-conditions"),
    case("CC0 of the text only", record(usage_access=None, metadata_usage_access="CC0"), "usage-absent"),
    case("CC0 of the medium only", record(metadata_usage_access=None), "text-with-conditions"),
    case("text under conditions", record(metadata_usage_access="Usage conditions apply"), "text-with-conditions"),
    case("images in lower case", record(media_type="images"), "not-images"),
    case("a 3D model", record(media_type="3d_model"), "not-images"),
    case("no type", record(media_type=None), "not-images"),
    case("a record without media", record(problem="no_media", media_type=None, usage_access=None), "no-picture"),
    case("gone from its shard", record(status="deleted"), "gone"),
)  # fmt: skip
RIGHTS_CASES = (
    *(
        case(f"rights: {text}", record(object_rights=["CC0", text]), CONFLICT)
        for text in ("© Ann Lee", "No known copyright restrictions", "Usage conditions apply", "In copyright",
                     "Permission required", "Restrictions apply", "Public domain outside the US", "CC BY-NC")
    ),
    case("rights in the medium", record(media_rights=["All rights reserved"]), CONFLICT),
    case("rights in the usage's text", record(usage_text="Not for commercial use"), CONFLICT),
    case("rights: CC0 by its whole name", record(object_rights=["CC0 1.0 Universal (Creative Commons Zero)"]), WORK),
    case("rights: a licence of the same house", record(object_rights=["Creative Commons"]), CONFLICT),
    case("rights: public domain", record(object_rights=["Public Domain"]), WORK),
    case("rights unsaid", record(object_rights=[]), WORK),
)  # fmt: skip
CARE_CASES = (
    *(case(f"unit {unit}", specimen(unit_code=unit), SENSITIVE) for unit in ("NMAI", "NMNHANTHRO", "NAA", "HSFA")),
    *(
        case(f"title {title}", record(title=title), SENSITIVE)
        for title in ("Human skull", "Funerary stele", "Grave marker", "Sacred bundle", "Burial urn", "Egyptian mummy")
    ),
    case("a term of human remains", record(terms=["object_type: Paintings", "topic: Human remains"]), SENSITIVE),
    case("a sacred object in its notes",
         record(freetext=json.dumps({"notes": [{"label": "Summary", "content": "A sacred object."}]})), SENSITIVE),
    case("a thing of no telling kind in an art museum", record(names=[], dates=[], terms=[], unit_code="SAAM"), NO_US),
    case("engraved is no grave", record(title="Engraved portrait frame, gravel, entombment-free"), WORK),
    case("sacredness is not sacred", record(title="Engravings of massacred-free consecrations"), WORK),
    case("a modern portrait", record(title="Portrait of a lady", names=[], dates=["1975-1980"],
                                     terms=["object_type: Paintings"]), PERSON),
    case("an old portrait", record(title="Portrait of a lady"), WORK),
    case("a sitter of 1999", record(names=["Sitter: Ann Lee", "Artist: B. Roy, 1930 - 2001"], dates=["1999"],
                                    unit_code="NPG"), PERSON),
    case("the portrait gallery, undated", record(unit_code="NPG", dates=["n.d."], names=[]), PERSON),
    case("a term of living people", record(terms=["object_type: Paintings", "topic: Living people"]), "living-person"),
)  # fmt: skip
WORK_CASES = (
    case("a modern drawing", record(**MODERN), NO_US),
    case("an undated drawing of nobody known", record(names=[], dates=["n.d."]), NO_US),
    case("an anonymous print of the 18th century", record(names=["Artist: Unknown"], dates=["18th century"]), WORK),
    case("an anonymous print of 1920", record(names=["Artist: Unidentified"], dates=["1920"]), WORK),
    case("an anonymous print of 1928", record(names=["Artist: Unidentified"], dates=["1928"]), NO_ORIGIN, WORK, WORK),
    case("an anonymous poster of 1950", record(names=[], dates=["1950"], terms=["object_type: Posters"]), NO_US),
    case("a drawing of 1905 by somebody without dates", record(names=["Artist: B. Roy"], dates=["1905"]),
         NO_ORIGIN, NO_ORIGIN, WORK),
    case("a drawing of 1905, its maker dead since 1949", record(names=["Artist: B. Roy, 1870 - 1949"], dates=["1905"]),
         NO_ORIGIN, WORK, WORK),
    case("a drawing of 1905, its maker dead since 1961", record(names=["Artist: B. Roy, 1880 - 1961"], dates=["1905"]),
         NO_ORIGIN, NO_ORIGIN, WORK),
    case("BCE 500s", record(names=[], dates=["BCE 500s"], terms=["object_type: Vases"]), WORK),
    case("20th century", record(names=[], dates=["20th century"]), NO_US),
    case("posthumous, by somebody who died in 1900",
         record(names=["Artist: B. Roy, 1830 - 1900"], dates=["1890 (posthumous cast)"]), "posthumous"),
)  # fmt: skip
MUSEUM_CASES = (*USAGE_CASES, *RIGHTS_CASES, *CARE_CASES, *WORK_CASES)
