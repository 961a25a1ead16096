"""Pages and the verdicts that they must get: what is truly free, and every trap that a page of Commons sets.

A case gives the rule that decides under each profile, in the order strict, life70, us; the day is 22 November 2026.
"""

import json
from dataclasses import dataclass
from datetime import date

TODAY = date(2026, 11, 22)
PROFILES = ("strict", "life70", "us")

FREE = "accept-free-work"
RELEASED = "accept-old-work-released"
OWN = "accept-own-work-released"
CONDITIONS = "tag-with-conditions"
SUMMARY = "summary-with-conditions"
UNKNOWN = "unknown-tag"
NO_US = "no-us-ground"
NO_ORIGIN = "no-origin-ground"
NO_GROUND = "no-ground"
DATE = "date-contradicts"
LATER = "later-year"
SURROGATE = "surrogate"
DOUBTED = "doubted"
PENDING = "deletion-pending"
US_ONLY = "statement-us-only"
STATED_DATE = "statement-date"
STATED_CREATOR = "statement-creator"
PERSON = "person-may-live"
FRESH = "fresh-upload"
UNCLEAR = "own-subject-unclear"
OTHERS = "work-of-another"
TOO_OLD = "own-work-too-old"
POSTHUMOUS = "posthumous"
CONFLICT = "statement-conflict"
LIVED_ON = "maker-lived-on"
SILENT_MAKER = "maker-unknown-death"
UNREAD_DATE = "date-unread"
UNWITNESSED = "age-unwitnessed"
EXPIRED = "{{PD-Art|PD-old-100-expired}}"
OLD = "{{PD-Art|PD-old-100}}"
AUTO = "{{PD-Art|PD-old-auto-expired|deathyear=1880}}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A row of commons/pages in short, and the rules that must decide it; `trap` names what it is about."""

    trap: str
    text: str
    rules: tuple[str, str, str]
    categories: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    summary: tuple[tuple[str, str], ...] = ()
    statements: tuple[tuple[str, str | None], ...] = ()
    status: str = "live"
    problem: str | None = None
    uploaded_at: str | None = None
    mediainfo: str | None = None

    def row(self) -> dict[str, object]:
        return {
            "status": self.status,
            "problem": self.problem,
            "revid": 1,
            "wikitext": self.text,
            "categories": list(self.categories),
            "templates": list(self.templates),
            "extmetadata": json.dumps({key: {"value": value} for key, value in self.summary}),
            "mediainfo": mediainfo(self.statements) if self.mediainfo is None else self.mediainfo,
            "uploaded_at": self.uploaded_at,
        }


def mediainfo(statements: tuple[tuple[str, str | None], ...]) -> str:
    claims: dict[str, list[object]] = {}
    for prop, item in statements:
        snak: dict[str, object] = {"snaktype": "somevalue"}
        if item is not None:
            snak = {"snaktype": "value", "datavalue": {"value": {"id": item}}}
        claims.setdefault(prop, []).append({"mainsnak": snak, "rank": "normal"})
    return json.dumps({"labels": [], "statements": claims or []})


def said(prop: str, value: object, *, rank: str = "normal", **qualifiers: object) -> str:
    """The structured data of a page with one statement: a value is an item id, a text, a year, or None for unknown."""
    claim = {"mainsnak": snak(value), "rank": rank, "qualifiers": {key: [snak(v)] for key, v in qualifiers.items()}}
    return json.dumps({"statements": {prop: [claim]}})


def snak(value: object) -> dict[str, object]:
    if value is None:
        return {"snaktype": "somevalue"}
    if isinstance(value, int):
        return {"snaktype": "value", "datavalue": {"value": {"time": f"{value:+05d}-00-00T00:00:00Z", "precision": 9}}}
    text = str(value)
    held: object = {"id": text} if text.startswith("Q") and text[1:].isdecimal() else text
    return {"snaktype": "value", "datavalue": {"value": held}}


def merged(*parts: str) -> str:
    """The statements of several pages' structured data on one page."""
    claims: dict[str, list[object]] = {}
    for part in parts:
        for prop, listed in json.loads(part)["statements"].items():
            claims.setdefault(prop, []).extend(listed)
    return json.dumps({"statements": claims})


def box(tags: str, *, name: str = "Artwork", **fields: str) -> str:
    """A file page: an information box and the licence under its heading."""
    given = {"artist" if name == "Artwork" else "author": "Anna Vester († 1925)", "date": "1860", **fields}
    lines = "".join(f" |{key.replace('_', ' ')} = {value}\n" for key, value in given.items())
    described = f"=={{{{int:filedesc}}}}==\n{{{{{name}\n{lines}}}}}"
    return f"{described}\n\n=={{{{int:license-header}}}}==\n{tags}\n[[Category:Tree]]"


def own(tags: str, **fields: str) -> str:
    plain = {"author": "[[User:Paintbox|Paintbox]]", "date": "2015-06-01", "source": "{{own}}"}
    given = {**plain, "description": "A lake in the hills", **fields}
    return box(tags, name="Information", **given)


def case(trap: str, text: str, *rules: str, **more: object) -> Case:
    """One rule stands for all three profiles."""
    three = rules * 3 if len(rules) == 1 else rules
    return Case(trap=trap, text=text, rules=three, **more)  # type: ignore[arg-type]


# Two witnesses of age: what is named beside the tag, and whose life is known.
WITNESS_CASES = (
    case("only a tag", "{{PD-Art|PD-old-100-expired}}", UNWITNESSED),
    case("a tag of one country on a work of 1500", box("{{PD-Italy}}", date="1500", artist="{{unknown|author}}"), FREE),
    case("nobody knows the maker, 1880", box(EXPIRED, date="1880", artist="{{anonymous}}"), FREE),
    case("nobody knows the maker, 1910", box(EXPIRED, date="1910", artist="unbekannt"), NO_ORIGIN, FREE, FREE),
    case(
        "a tag says that nobody knows the maker",
        box("{{PD-scan|PD-anon-70-EU}}", date="1924", artist="Anonymous"),
        FREE,
    ),
    case(
        "a tag of anonymous works, and a maker",
        box("{{PD-scan|PD-anon-70-EU}}", date="1924", artist="Karel Novák"),
        SILENT_MAKER,
        SILENT_MAKER,
        FREE,
    ),
    case("a workshop after a master", box(EXPIRED, artist="after Rembrandt (1606–1669)"), SILENT_MAKER, FREE, FREE),
    case(
        "a copyist by option",
        box(EXPIRED, date="1890", artist="{{Creator:Rembrandt|after}}"),
        SILENT_MAKER,
        SILENT_MAKER,
        FREE,
    ),
    case("two makers, one of them silent", box(EXPIRED, artist="A. Roy (1800–1880), B. Ray"), SILENT_MAKER, FREE, FREE),
    case(
        "a cartographer who died late",
        box(EXPIRED, name="Map", author="", cartographer="K. Novák (1840–1949)", date="1890"),
        LIVED_ON,
        FREE,
        FREE,
    ),
    case("an office and the one who worked there", box(EXPIRED, artist="War Department; Brady, M., 1823-1896"), FREE),
    case("only an office", box(EXPIRED, date="1900", artist="War Department"), SILENT_MAKER, SILENT_MAKER, FREE),
    case("a date of the Hijra", box(EXPIRED, date="1377 AH", artist="{{unknown|author}}"), DATE),
    case("a date of the Bengali calendar", box(EXPIRED, date="1365 BS"), UNREAD_DATE),
    case("a date of Vikram Samvat", box(EXPIRED, date="VS 1915"), UNREAD_DATE),
    case(
        "a bare year beside Persian", box(EXPIRED, title="خط نستعلیق", date="1337", artist="{{unknown|author}}"), NO_US
    ),
    case("digits of another script", box(EXPIRED, date="١٣٣٧", artist="{{unknown|author}}"), NO_US),
    case("a period that ended long ago", box(EXPIRED, date="Edo period", artist="{{unknown|author}}"), FREE),
    case("a date of the Hijra that is long ago", box(EXPIRED, date="930 AH", artist="{{unknown|author}}"), FREE),
    case("an era of Japan that is long ago", box(EXPIRED, date="天明5年", artist="{{unknown|author}}"), FREE),
    case("Roman numerals", box(EXPIRED, date="MDCLIV", artist="{{unknown|author}}"), FREE),
    case(
        "a work of ESA under a tag of the US government",
        box("{{PD-USGov-NASA}}", name="Information", date="2016", author="ESA/Hubble"),
        NO_US,
    ),
    case("a work of nobody named, 1890", box(EXPIRED, date="1890", artist=""), NO_ORIGIN, NO_ORIGIN, FREE),
    case("a date that is a reign", box(EXPIRED, date="in the reign of the king"), UNREAD_DATE),
    case(
        "published in the United States without notice in 1990",
        box("{{PD-US-no notice}}", name="Photograph", date="1990", author="Anna Vester"),
        NO_US,
    ),
    case(
        "not renewed, of 1964", box("{{PD-US-not renewed}}", name="Photograph", date="1964", author="A. Vester"), NO_US
    ),
    case(
        "not renewed, of 1953",
        box("{{PD-US-not renewed}}", name="Photograph", date="1953", author="A. Vester"),
        NO_ORIGIN,
        NO_ORIGIN,
        FREE,
    ),
    case(
        "a stamp of 1995",
        box(
            "{{PD-USGov}}",
            name="Information",
            date="1995",
            author="U.S. Postal Service",
            description="postage stamp, 29 cents",
        ),
        NO_US,
    ),
    case("a work on which its maker worked 130 years later", box(EXPIRED, artist="K. Novák (1900–1995)"), DATE),
)
ACCEPTED = (
    case("PD-Art of a work expired everywhere", box(EXPIRED), FREE),
    case("the reason as a numbered argument", box("{{PD-Art|1=PD-old-100-expired}}"), FREE),
    case("life+100 and a date before 1931", box(OLD), FREE),
    case("life+100, no date, a maker long dead", box(OLD, date="", artist="Claude Roy (1840–1899)"), FREE),
    case("life+100 with a US tag beside it", box("{{PD-Art|PD-old-100}}{{PD-US-expired}}", date=""), FREE),
    case("a plain tag on an oil painting", box("{{PD-old-100-expired}}", medium="{{Technique|oil|canvas}}"), FREE),
    case("a plain tag on an old photograph", box("{{PD-old-100-expired}}", name="Photograph", date="1880"), FREE),
    case(
        "a plain tag, flat by its category",
        box("{{PD-old-100-expired}}", date=""),
        FREE,
        categories=("1860 paintings",),
    ),
    case("computed from the year of death", box("{{PD-Art|PD-old-auto-expired|deathyear=1880}}"), FREE),
    case("two layers, both free", box("{{Licensed-PD-Art|PD-old-100-expired|Cc-zero}}"), FREE),
    case("a scan", box("{{PD-scan|PD-old-100-expired}}"), FREE),
    case("PD-Art and CC0", box(EXPIRED + "\n{{Cc-zero}}"), FREE, summary=(("LicenseShortName", "Public domain"),)),
    case("the tag in the permission field", box("", permission=EXPIRED), FREE),
    case(
        "two licences in the box of an art photograph",
        "{{Art Photo|artist=X|artwork date=1700|medium=marble|artwork license={{PD-old-100-expired}}"
        "|photo license={{Cc-zero}}}}",
        FREE,
    ),
    case(
        "CC0 on an old museum work",
        box("{{Cc-zero}}", date="1750", medium="oil on canvas", artist=""),
        RELEASED,
    ),
    case("CC0 on one's own scan of an old work", own("{{Cc-zero}}", date="1748", source="Own scan"), RELEASED),
    case("CC0 on an old vase", box("{{Cc0}}", date="c. 1700", medium="porcelain", artist=""), RELEASED),
    case(
        "CC0 on a work of antiquity",
        box("{{cc-zero}}", date="5th century BC", medium="marble", artist=""),
        RELEASED,
    ),
    case("CC0 on an own photograph", own("{{self|cc-zero}}"), OWN),
    case("an own work released", own("{{PD-self}}"), OWN),
    case("underscores and capitals", box("{{pd-art|PD-OLD-100_EXPIRED}}".replace("_", "-")), FREE),
    case("spaces, newline and comment in the name", box("{{ PD-Art\n| PD-old-100-<!-- was 1923 -->expired }}"), FREE),
    case("the old name of the tag", box("{{PD-Art|PD-old-100-1923}}"), FREE),
    case("a licence in a comment", box(EXPIRED + "<!-- {{Cc-by-sa-4.0}} -->"), FREE),
    case("a licence in nowiki", box(EXPIRED + "<nowiki>{{Cc-by-sa-4.0}}</nowiki>"), FREE),
    case("a licence that is only mentioned", box(EXPIRED + " not {{tlx|cc-by-sa-4.0}}"), FREE),
    case("made 1890, photographed 2013", box(EXPIRED, date="1890 (photographed 2013)"), FREE),
    case("only the day of the upload", box(EXPIRED, date="{{Original upload date|2013-05-04}}"), FREE),
    case(
        "art history is no licence",
        box(EXPIRED),
        FREE,
        categories=(
            "Formerly attributed to Rembrandt",
            "Paintings with disputed attribution",
            "Copyright Agency",
            "License plates of Vienna",
            "Duplicates by Rubens",
            "Attribution studies",
            "Apache",
        ),
    ),
    case(
        "layouts and helpers transcluded",
        box(EXPIRED),
        FREE,
        templates=(
            "Template:PD-Layout",
            "Template:License template tag",
            "Template:Artwork",
            "Template:Creator",
            "Template:En",
            "Template:Institution",
            "Template:Other date",
            "Template:Technique",
            "Template:Title",
            "Template:PD-Art",
        ),
    ),
    case(
        "hidden categories of the tag itself",
        box(EXPIRED),
        FREE,
        categories=(
            "PD-Art (PD-old-100-expired)",
            "CC-PD-Mark",
            "PD-Art missing SDC copyright status",
        ),
    ),
    case("statements that agree", box(EXPIRED), FREE, statements=(("P6216", "Q19652"), ("P275", "Q7257361"))),
    case(
        "a fountain in a painting", box(EXPIRED, medium="oil on canvas"), FREE, categories=("Paintings of fountains",)
    ),
    case("a painted bust", box(EXPIRED, medium="chalk on paper", title="Bust of a woman"), FREE),
    case(
        "creator and institution templates",
        box(EXPIRED, artist="{{Creator:Anna Vester}}", date="1840", institution="{{Institution:Copyright Museum}}"),
        FREE,
    ),
    case("harmless templates beside the licence", box(EXPIRED + "{{Remove border}}\n{{Wikidata Infobox}}"), FREE),
)

BY_PROFILE = (
    case("life+70 only", box("{{PD-Art|PD-old-70}}"), FREE),
    case("life+70, expired in the US", box("{{PD-Art|PD-old-70-expired}}"), FREE),
    case("life+80", box("{{PD-Art|PD-old-80-expired}}"), FREE),
    case("computed, dead for 85 years", box("{{PD-Art|PD-old-auto-expired|deathyear=1941}}"), LIVED_ON, FREE, FREE),
    case(
        "computed without a year",
        box("{{PD-Art|PD-old-auto-expired}}", date="1900", artist="Anna Vester"),
        SILENT_MAKER,
        SILENT_MAKER,
        FREE,
    ),
    case(
        "expired in the US only",
        box("{{PD-Art|PD-US-expired}}", date="1910", artist="Anna Vester"),
        SILENT_MAKER,
        SILENT_MAKER,
        FREE,
    ),
    case("expired in the US, and very old", box("{{PD-Art|PD-US-expired}}", date="1650", artist=""), FREE),
    case(
        "a US government work",
        box("{{PD-USGov}}", name="Photograph", date="1995", author="Anna Vester"),
        NO_ORIGIN,
        NO_ORIGIN,
        FREE,
    ),
    case("life+100 without any date", box(OLD, date="", artist="Anna Vester"), SILENT_MAKER, SILENT_MAKER, NO_US),
    case("life+100 after an open date", box(OLD, date="after 1850"), UNREAD_DATE),
    case("life+100, the date a numbered sheet", box(OLD, date="Inv. No. 1850"), UNREAD_DATE),
    case(
        "life+100, dates of a copied master",
        box(OLD, date="", artist="After Rembrandt (1606–1669)"),
        SILENT_MAKER,
        SILENT_MAKER,
        NO_US,
    ),
    case(
        "life+100, one of two makers known",
        box(OLD, date="", artist="A. Roy (1800–1880) and B. Ray"),
        SILENT_MAKER,
        SILENT_MAKER,
        NO_US,
    ),
    case("two terms on one page", box("{{PD-Art|PD-old-100-expired}}{{PD-old-70}}"), FREE),
    case(
        "CC0 on a work of 1875", box("{{Cc-zero}}", date="1875", artist="Anna Vester"), SILENT_MAKER, RELEASED, RELEASED
    ),
    case(
        "CC0 on a work of 1950",
        box("{{Cc-zero}}", date="1950", artist="Anna Vester"),
        SILENT_MAKER,
        SILENT_MAKER,
        NO_US,
    ),
)

CONDITIONS_CASES = (
    *(
        case(f"{tag} beside PD-Art", box(f"{EXPIRED}\n{tag}"), CONDITIONS)
        for tag in (
            "{{Cc-by-sa-4.0}}",
            "{{cc-by-sa}}",
            "{{CC BY-SA 4.0}}",
            "{{cc-by-sa-all}}",
            "{{Cc-by-4.0,3.0}}",
            "{{Cc_by_sa_4.0}}",
            "{{self|cc-by-sa-4.0}}",
            "{{self2|GFDL|cc-by-sa-3.0}}",
            "{{multi-license|cc-by-4.0|PD-self}}",
            "{{GFDL}}",
            "{{GFDL-user|Foo}}",
            "{{GFDL-self}}",
            "{{FAL}}",
            "{{attribution|Foo}}",
            "{{Attribution only license}}",
            "{{Cc-by-nc-sa-4.0}}",
            "{{Cc-by-nd-2.0}}",
            "{{Cc-sa-1.0}}",
            "{{Copyrighted free use}}",
            "{{No known restrictions}}",
            "{{Flickr-no known copyright restrictions}}",
            "{{PDMark-owner}}",
            "{{Non-free art}}",
            "{{Noncommercial}}",
            "{{Template:cc-by-4.0}}",
            "{{cc-by-4.0<!-- -->}}",
            "{{self|1=cc-by-sa-4.0}}",
        )
    ),
    case("the photograph of a licensed work", box("{{Licensed-PD-Art|PD-old-100-expired|cc-by-sa-4.0}}"), CONDITIONS),
    case("in the permission field", box(EXPIRED, permission="{{cc-by-4.0}}"), CONDITIONS),
    case("deep in another template", box(EXPIRED, source="{{Foo|{{Bar|{{cc-by-4.0}}}}}}"), CONDITIONS),
    case(
        "in the photograph's licence",
        "{{Art Photo|artwork license={{PD-old-100-expired}}|photo license=cc-by-4.0}}",
        CONDITIONS,
    ),
    case(
        "only in a hidden category",
        box(EXPIRED),
        CONDITIONS,
        categories=("CC-BY-SA-4.0",),
        summary=(("License", "pd"), ("LicenseShortName", "Public domain"), ("AttributionRequired", "false")),
    ),
    case(
        "only in the category of a missing statement",
        box(EXPIRED),
        CONDITIONS,
        categories=("CC-BY-SA-4.0 missing SDC copyright status",),
    ),
    case(
        "only in what the page transcludes",
        box(EXPIRED, source="{{Foo/credit}}"),
        CONDITIONS,
        templates=("Template:Foo/credit", "Template:Cc-by-sa-4.0"),
    ),
    case(
        "in a user's own template",
        box(EXPIRED + "{{User:Foo/licence}}"),
        CONDITIONS,
        templates=("User:Foo/licence", "Template:CC-Layout", "Template:Cc-by-4.0/en"),
    ),
    case("the summary names CC BY", box(EXPIRED), SUMMARY, summary=(("LicenseShortName", "CC BY 4.0"),)),
    case("the summary has only a code", box(EXPIRED), SUMMARY, summary=(("License", "cc-by-sa-4.0"),)),
    case(
        "the summary links to a licence",
        box(EXPIRED),
        SUMMARY,
        summary=(("LicenseUrl", "https://creativecommons.org/licenses/by/4.0"),),
    ),
    case("the summary asks for attribution", box(EXPIRED), SUMMARY, summary=(("AttributionRequired", "true"),)),
    case("no restrictions known", box(EXPIRED), SUMMARY, summary=(("LicenseShortName", "No restrictions"),)),
    case("a statement of CC BY-SA", box(EXPIRED), "statement-with-conditions", statements=(("P275", "Q18199165"),)),
    case("a statement of an unknown licence", box(EXPIRED), "statement-with-conditions", statements=(("P275", None),)),
)

DOUBT_CASES = (
    *(
        case(f"{tag} beside PD-Art", box(f"{EXPIRED}\n{tag}"), DOUBTED)
        for tag in (
            "{{speedydelete|x}}",
            "{{Speedy delete}}",
            "{{SD|F1}}",
            "{{copyvio|x}}",
            "{{No license}}",
            "{{no_license|month=May}}",
            "{{Nolicense}}",
            "{{subst:nld}}",
            "{{No source since|month=May}}",
            "{{No-permission}}",
            "{{npd}}",
            "{{Disputed}}",
            "{{Wrong-license}}",
            "{{LicenseReview}}",
            "{{Not-PD-US-URAA}}",
            "{{Duplicate|File:X.jpg}}",
        )
    ),
    case(
        "a category of missing licences",
        box(EXPIRED),
        DOUBTED,
        categories=("Media without a license as of 3 May 2024",),
    ),
    case("disputed information", box(EXPIRED), DOUBTED, categories=("Items with disputed copyright information",)),
    case(
        "no licence that a machine reads", box(EXPIRED), DOUBTED, categories=("Files with no machine-readable license",)
    ),
    case("the summary says not free", box(EXPIRED), DOUBTED, summary=(("NonFree", "true"),)),
    case("an identifiable person", own("{{self|cc-zero}}{{Personality rights}}"), "living-person"),
    case(
        "a restriction of personality", own("{{cc-zero}}"), "living-person", summary=(("Restrictions", "personality"),)
    ),
)

UNKNOWN_CASES = (
    case("a tag that does not exist", box("{{PD-Atlantis}}"), UNKNOWN),
    case("an unknown tag beside a ground", box(EXPIRED + "{{PD-Atlantis}}"), UNKNOWN),
    case("an unknown reason", box("{{PD-Art|PD-Atlantis}}"), UNKNOWN),
    case("a reason that is no tag", box("{{PD-Art|he is long dead}}"), UNKNOWN),
    case("terms of a museum", box(EXPIRED + "{{Sandbox Museum terms of use}}"), UNKNOWN),
    case("a licence by no telling name", box(OLD + "\n{{Atlantean heritage}}"), UNKNOWN),
    case("the same in the permission field", box("", permission=OLD + "{{Atlantean heritage}}"), UNKNOWN),
    case(
        "a box of a licence that nobody named",
        box(OLD, source="{{Heritage}}"),
        UNKNOWN,
        templates=("Template:PD-Layout", "Template:CC-Layout", "Template:License template tag"),
    ),
    case("a user's own template", box(EXPIRED, source="{{User:Foo/thanks}}"), UNKNOWN),
    case("a ground under a condition", box("{{#if:x|{{PD-old-100-expired}}}}"), UNKNOWN),
    case("a ground in a template that may drop it", box("{{Foo|{{PD-old-100-expired}}}}"), UNKNOWN),
    case("the photograph's licence is missing", box("{{Licensed-PD-Art|PD-old-100-expired}}"), UNKNOWN),
    case("two layers with different grounds", box("{{PD-Art-two|PD-old-100-expired|PD-old-70}}"), UNKNOWN),
    case("conditions in words", box(EXPIRED, permission="This photograph is under CC BY-SA 3.0."), UNKNOWN),
    case("a link to a licence", box(EXPIRED, source="[https://creativecommons.org/licenses/by/2.0 x]"), UNKNOWN),
    case("not for commerce", box(EXPIRED, permission="For non-commercial use only"), UNKNOWN),
    case("an unclosed comment around the tag", box("<!-- " + EXPIRED), UNKNOWN),
    case(
        "a licence deeper than the parser goes", box(EXPIRED, source="{{a|" * 60 + "{{cc-by-4.0}}" + "}}" * 60), UNKNOWN
    ),
    case("an unknown licence category", box(EXPIRED), UNKNOWN, categories=("PD-Atlantis",)),
    case("statements that cannot be known", box(EXPIRED), CONFLICT, statements=(("P6216", None),)),
    case("a statement of copyright", box(EXPIRED), CONFLICT, statements=(("P6216", "Q50423863"),)),
    case("no known copyright restrictions", box(EXPIRED), CONFLICT, statements=(("P6216", "Q99263261"),)),
)

REFUSED = (
    case("an empty page", "", NO_GROUND),
    case("no licence at all", box(""), NO_GROUND),
    case("PD-Art without a reason", box("{{PD-Art}}"), NO_GROUND),
    case("PD-Art with an empty reason", box("{{PD-Art|}}"), NO_GROUND),
    case(
        "an undefined reason",
        box("{{PD-Art|PD-old}}", date="1900", artist="Anna Vester"),
        SILENT_MAKER,
        SILENT_MAKER,
        FREE,
    ),
    case("one country only", box("{{PD-Italy}}", date="1900", artist="Anna Vester"), NO_GROUND, NO_GROUND, FREE),
    case("restored copyright not asked", box("{{PD-1996}}", date="1935", artist="Anna Vester"), NO_GROUND),
    case("too simple", box("{{PD-textlogo}}", date="1935", artist="Anna Vester"), NO_GROUND),
    case("only a category", box(""), NO_GROUND, categories=("PD-Art (PD-old-100-expired)",)),
    case("only the summary", box(""), NO_GROUND, summary=(("License", "pd"), ("LicenseShortName", "Public domain"))),
    case("only statements", box(""), NO_GROUND, statements=(("P6216", "Q19652"),)),
    case("only the mark of a page footer", box(""), NO_GROUND, categories=("CC-PD-Mark",)),
    case("the tag in a comment", box(f"<!-- {EXPIRED} -->"), NO_GROUND),
    case("the tag in nowiki", box(f"<nowiki>{EXPIRED}</nowiki>"), NO_GROUND),
    case("the tag where it is not included", box(f"<includeonly>{EXPIRED}</includeonly>"), NO_GROUND),
    case("the tag only mentioned", box("{{tl|PD-old-100-expired}}"), NO_GROUND),
    case("the tag of another version", box("", other_versions="{{PD-old-100-expired}}"), NO_GROUND),
    case("an article called like a tag", box("{{:PD-old-100-expired}}"), UNKNOWN),
    case(
        "overwritten by a second first argument",
        box("{{PD-Art|PD-old-100-expired|1=PD-Italy}}", date="1935", artist="Anna Vester"),
        NO_GROUND,
    ),
    case("a redirect", f"#REDIRECT [[File:X.jpg]]\n{EXPIRED}", "no-picture"),
    case(
        "a page with a value that cannot be kept",
        box(EXPIRED),
        "page-unreadable",
        problem="unreadable: width (whole number from 0 to 2147483647 expected)",
    ),
    case("a drawing in vectors", box(EXPIRED), "no-picture", problem="not_bitmap"),
    case("deleted", box(EXPIRED), "gone", status="deleted"),
    case("left the category", box(EXPIRED), "gone", status="left"),
)

DATE_CASES = (
    *(
        case(f"a work dated {text}", box(EXPIRED, date=text), DATE)
        for text in (
            "1955",
            "12.05.1955",
            "2013-05-04",
            "{{other date|between|1950|1960}}",
            "circa 1950",
            "1950s",
            "21st century",
            "20130504",
            "1890, cast 1955",
            "{{Taken on|2013-05-04}}",
            "before 1950",
            "1929–32",
        )
    ),
    case("a maker born in 1950", box(EXPIRED, artist="Jan Roy (born 1950)", date=""), LIVED_ON, SILENT_MAKER, LATER),
    case(
        "a maker of whom no death is told",
        box(EXPIRED, artist="Jan Roy (1931–)", date=""),
        LIVED_ON,
        SILENT_MAKER,
        LATER,
    ),
    case("made before its maker was born", box("{{PD-Art|PD-US-expired}}", artist="Jan Roy (born 1950)"), DATE),
    case("dated after its maker died", box(EXPIRED, artist="Claude Roy (1840–1899)", date="1910"), DATE),
    case(
        "a maker who died in 1973", box(EXPIRED, artist="Pablo Picasso (1881–1973)", date=""), LIVED_ON, LIVED_ON, LATER
    ),
    case(
        "a year of death that is too late",
        box("{{PD-Art|PD-old-100-expired|deathyear=1960}}", date=""),
        LIVED_ON,
        LIVED_ON,
        LATER,
    ),
    case("a later year in its title", box(EXPIRED, title="Poster for the fair of 1958"), LATER),
    case("a later year in its description", box(EXPIRED, description="{{de|1=Plakat, 1958}}"), LATER),
    case(
        "life dates without brackets",
        box(EXPIRED, artist="Novák, Karel, 1895-1965", date=""),
        LIVED_ON,
        LIVED_ON,
        LATER,
    ),
    case(
        "life dates in square brackets",
        box(EXPIRED, artist="Karel Novák [1879-1965]", date=""),
        LIVED_ON,
        LIVED_ON,
        LATER,
    ),
    case("a second maker", box(EXPIRED, illustrator="Karel Novák (1895–1967)"), DATE),
    case(
        "a second maker in an information field",
        box(EXPIRED, other_fields="{{Information field|name=Engraver|value=Karel Novák (1895–1967)}}"),
        DATE,
    ),
    case("a year in a field that nobody listed", box(EXPIRED, remarks_of_mine="made in 1958"), LATER),
    case("another maker than the one computed from", box(AUTO, engraver="Karel Novák (1895–1967)"), DATE),
    case(
        "CC0 on an old work with a later maker",
        box("{{Cc-zero}}", date="1750", printer="K. Novák, d. 1967"),
        DATE,
    ),
    case("a year in a category", box(EXPIRED, date=""), LATER, categories=("1958 posters",)),
    case("a second box with another date", box(EXPIRED) + "{{Information|date=1999}}", DATE),
    case("a century that may be too late", box(EXPIRED, date="20th century"), FREE),
    case("own work of 1890", own("{{self|cc-zero}}", date="1890"), TOO_OLD),
)

SURROGATE_CASES = (
    case("a statue under PD-Art", box(EXPIRED, medium="marble", object_type="statue"), SURROGATE),
    case("a bronze in its category", box(EXPIRED), SURROGATE, categories=("Bronze sculptures in Paris",)),
    case("a building", box("{{PD-old-100-expired}}"), SURROGATE, categories=("Buildings in Vienna",)),
    case("a statue by its description", box(EXPIRED, description="Statue of Marcus Aurelius, bronze"), SURROGATE),
    case("a photograph of a statue", box(EXPIRED, description="Photograph of the statue of Liberty"), SURROGATE),
    case("photographs of sculptures", box(EXPIRED), SURROGATE, categories=("Photographs of sculptures",)),
    case("a plain tag on a work of unknown shape", box("{{PD-old-100-expired}}", title="Ewer"), SURROGATE),
    case("a plain tag and nothing else", "{{PD-old-100-expired}}", SURROGATE),
    case("an own photograph of a statue", own("{{self|cc-zero}}", description="Statue by Niki"), "work-of-another"),
    case(
        "an own photograph of a named artist's work",
        box("{{cc-zero}}", artist="Gerhard Richter", date="2001", source="{{own}}"),
        "work-of-another",
    ),
    *(
        case(f"given away, and shows: {shown}", own("{{self|cc-zero}}", description=shown), "work-of-another")
        for shown in (
            "Mural by Banksy in London",
            "Cover of the book Dune",
            "Film poster of Alien",
            "Screenshot of a game",
            "Lego figure of a knight",
            "Tattoo of a dragon",
            "Louvre pyramid by I. M. Pei",
            "Wandgemälde in Berlin",
            "Affiche de cinéma",
            "Graffiti under a bridge",
            "Photo of a painting in a museum",
            "Cosplay at a fair",
            "Captura de pantalla",
            "Памятник Гагарину",
        )
    ),
    *(
        case(f"given away, and shows nothing of others: {shown}", own("{{self|cc-zero}}", description=shown), OWN)
        for shown in (
            "Lake Como from Bellagio",
            "Lake Garda, seen from the boat by Riva Harbour",
            "Coast of Man",
        )
    ),
    *(
        case(f"given away, and may show anything: {shown}", own("{{self|cc-zero}}", description=shown), UNCLEAR)
        for shown in (
            "Die Säule am See",
            "The Eiffel Tower at night",
            "La pyramide du Louvre",
            "Fernsehbild",
        )
    ),
)

LATER_HAND_CASES = (
    *(
        case(f"an old picture: {told}", box(EXPIRED, description=told), "later-hand")
        for told in (
            "Abraham Lincoln, colorized in 2018",
            "Portrait, AI-enhanced",
            "Colourised by a user",
            "restored with AI",
        )
    ),
    case("a later hand in the notes", box(EXPIRED, notes="Restored and colourised by J. Roy, 2018"), "later-hand"),
    case("a machine's hand in the notes", box(EXPIRED, notes="AI upscaled version"), "later-hand"),
    case("coloured by hand in its time", box(EXPIRED, description="Hand-colored lithograph"), FREE),
    case("an invention of a machine", own("{{self|cc-zero}}", description="A cat, made with Midjourney"), "later-hand"),
)

WORDS_OF_CONDITIONS_CASES = (
    *(
        case(f"the page says: {said}", box(EXPIRED, permission=said), UNKNOWN)
        for said in (
            "Please credit the museum",
            "Attribution is required",
            "Must be credited to the library",
            "Namensnennung erforderlich",
            "Tous droits réservés",
            "Todos los derechos reservados",
            "© Museum of Art",
            "(c) 2014 A. Roy",
            "Nur für nicht-kommerzielle Zwecke",
            "Used with permission",
            "Все права защищены",
            "Usage free if credited to the museum",
            "Reuse allowed provided the photographer is acknowledged",
            "May not be reproduced in print",
            "For educational use only",
            "Libre de droits, merci de citer la source",
            "Uso non commerciale",
            "Wykorzystanie niekomercyjne, z podaniem autora",
            "Только для некоммерческого использования",
            "Bronvermelding verplicht",
            "無断転載禁止",
            "非商用に限る",
        )
    ),
    *(
        case(f"a permission in words: {said}", box(EXPIRED, permission=said), UNKNOWN)
        for said in (
            "Ask the museum first",
            "使用时必须署名",
            "يجب ذكر المصدر",
            "출처를 표시해야 합니다",
            "חובה לתת קרדיט לצלם",
            "Απαιτείται αναφορά του δημιουργού",
            "Kaynak gösterilmesi zorunludur",
            "Ez a kép csak engedéllyel használható",
            "{{sw|1=Tafadhali taja jina la mpiga picha}}",
            "Public domain only in the country of the museum",
            "It is not in the public domain",
            "In the public domain from 2041",
            "Free licence from the author",
            "Unknown",
            "[https://example.org/terms See the terms]",
            "By permission of the heirs",
        )
    ),
    *(
        case(f"a permission that says only that it is free: {said}", box(EXPIRED, permission=said), FREE)
        for said in (
            "Public domain",
            "PD-Art, see below.",
            "The author died in 1866, more than 150 years ago; this work is in the [[public domain]].",
            "{{en|1=Copyright has expired.}} {{de|1=Gemeinfrei, der Maler ist seit 150 Jahren tot}}",
            "Domaine public",
            "No longer protected by copyright",
        )
    ),
    *(
        case(f"conditions elsewhere: {said}", box(EXPIRED, **{field: said}), UNKNOWN)
        for field, said in (
            ("credit_line", "Copyright Museum of the Town, 2012"),
            ("notes", "Permission of the museum is needed for publication"),
            ("source", "Reproduction fees are payable to the library"),
            ("description", "A merchant; kuvaajan nimi on mainittava"),
            ("notes", "使用時請註明出處"),
        )
    ),
    case("the name of an office of copyright", box(EXPIRED, source="Copyright Office Records, 1950"), FREE),
    case("a frame in the picture", box(EXPIRED, description="Painting in its carved frame"), SURROGATE),
    case("a category of frames", box(EXPIRED), SURROGATE, categories=("Framed paintings in a town hall",)),
    *(
        case(f"an own photograph of {said}", own("{{self|cc-zero}}", description=said), "work-of-another")
        for said in ("Filmplakat", "Reiterdenkmal")
    ),
    *(
        case(f"people on an own photograph: {said}", own("{{self|cc-zero}}", description=said), PERSON)
        for said in ("Participants of the marathon", "Kinder am Strand", "Des enfants dans la rue")
    ),
    *(
        case(f"the page says, and sets no condition: {said}", box(EXPIRED, description=said), FREE)
        for said in (
            "A gift of the artist's son, credited to Jan Roy until 1890",
            "The merchant and his commercial house",
            "Attributed to the master, mentioned by Vasari",
            "Inv. 1985.64, 60 × 80 cm, scanned in 2015",
        )
    ),
    case("an old notice of copyright", box(EXPIRED, description="Copyright 1899 by a company, © 1899"), FREE),
)

PENDING_CASES = (
    *(
        case(f"{tag} beside PD-Art", box(f"{EXPIRED}\n{tag}"), PENDING)
        for tag in ("{{Delete|reason=Not his work}}", "{{delete}}", "{{Deletion_request}}", "{{vfd}}")
    ),
    case("a category of deletion", box(EXPIRED), PENDING, categories=("Deletion requests/2024/05/03",)),
    case("the summary gives a reason to delete", box(EXPIRED), PENDING, summary=(("DeletionReason", "not his"),)),
    case("a request on a page with conditions", box(EXPIRED + "{{delete}}{{cc-by-4.0}}"), CONDITIONS),
    case("a request on a page without a licence", box("{{delete}}"), PENDING),
    case("uploaded yesterday", box(EXPIRED), FRESH, uploaded_at="2026-11-21T08:00:00Z"),
    case("uploaded 29 days ago", box(EXPIRED), FRESH, uploaded_at="2026-10-24"),
    case("uploaded 30 days ago", box(EXPIRED), FREE, uploaded_at="2026-10-23"),
    case("uploaded in the future", box(EXPIRED), FRESH, uploaded_at="2027-01-05"),
    case("an own work uploaded yesterday", own("{{self|cc-zero}}"), FRESH, uploaded_at="2026-11-21"),
    case("new, and under conditions", box("{{cc-by-4.0}}"), CONDITIONS, uploaded_at="2026-11-21"),
    case("new, and without a ground", box(""), NO_GROUND, uploaded_at="2026-11-21"),
)

US = {"P1001": "Q30"}
STATEMENT_CASES = (
    case("stated free in the US alone", box(EXPIRED), US_ONLY, US_ONLY, FREE, mediainfo=said("P6216", "Q19652", **US)),
    case(
        "stated free in the US and where life+100 counts",
        box(EXPIRED),
        FREE,
        mediainfo=merged(said("P6216", "Q19652", **US), said("P6216", "Q19652", P1001="Q60332278")),
    ),
    case(
        "stated free in the US, copyrighted in France",
        box(EXPIRED),
        CONFLICT,
        CONFLICT,
        FREE,
        mediainfo=merged(said("P6216", "Q19652", **US), said("P6216", "Q50423863", P1001="Q142")),
    ),
    case("stated copyrighted in the US", box(EXPIRED), CONFLICT, mediainfo=said("P6216", "Q50423863", **US)),
    case("the page's jurisdiction is the US", box(EXPIRED), US_ONLY, US_ONLY, FREE, mediainfo=said("P1001", "Q30")),
    case(
        "a withdrawn statement of copyright",
        box(EXPIRED),
        FREE,
        mediainfo=said("P6216", "Q50423863", rank="deprecated"),
    ),
    case(
        "stated to have no value of status",
        box(EXPIRED),
        CONFLICT,
        mediainfo='{"statements": {"P6216": [{"mainsnak": {"snaktype": "novalue"}}]}}',
    ),
    case("a stated date that agrees", box(EXPIRED, date="1860"), FREE, mediainfo=said("P571", 1861)),
    case("a stated date of another century", box(EXPIRED, date="1860"), STATED_DATE, mediainfo=said("P571", 1760)),
    case("a stated date after the term", box(EXPIRED, date="1860"), STATED_DATE, mediainfo=said("P571", 1955)),
    case("a stated date after the term, none on the page", box(EXPIRED, date=""), DATE, mediainfo=said("P571", 1955)),
    case(
        "the date of a photograph of the work's item",
        box(EXPIRED),
        FREE,
        mediainfo=merged(said("P571", 2013), said("P6243", "Q12418")),
    ),
    case(
        "a stated date does not stand for a missing one",
        box(OLD, date="", artist="Anna Vester"),
        SILENT_MAKER,
        FREE,
        FREE,
        mediainfo=said("P571", 1860),
    ),
    case(
        "a stated span that meets the date",
        box(EXPIRED, date="1860"),
        FREE,
        mediainfo=said("P571", None, P1319=1850, P1326=1870),
    ),
    case(
        "stated as a user's own", box(EXPIRED), STATED_CREATOR, mediainfo=said("P170", None, P4174="Foo", P2093="Foo")
    ),
    case(
        "a user stated as photographer", box(EXPIRED), FREE, mediainfo=said("P170", None, P4174="Foo", P3831="Q33231")
    ),
    case(
        "a stated maker who died too late",
        box(EXPIRED),
        DATE,
        mediainfo=said("P170", "Q5593", P570=1973),
    ),
    case("a stated maker long dead", box(OLD, date=""), FREE, mediainfo=said("P170", "Q296", P570=1898)),
    case(
        "own work of which another is stated as maker",
        own("{{self|cc-zero}}"),
        STATED_CREATOR,
        mediainfo=said("P170", "Q5593"),
    ),
    case("own work of a user with an item", own("{{self|cc-zero}}"), OWN, mediainfo=said("P170", "Q1", P4174="Foo")),
    case("own work stated as dedicated", own("{{self|cc-zero}}"), OWN, mediainfo=said("P6216", "Q88088423")),
)

PEOPLE_CASES = (
    case(
        "a person born 1980 and not said to be dead",
        own("{{self|cc-zero}}"),
        "living-person",
        mediainfo=said("P180", "Q42", P569=1980),
    ),
    case("a person born 1900 and dead", box(EXPIRED), FREE, mediainfo=said("P180", "Q42", P569=1850, P570=1920)),
    case("a category of living people", box(EXPIRED), "living-person", categories=("Living people",)),
    case("an own photograph of a person by statement", own("{{self|cc-zero}}"), PERSON, mediainfo=said("P180", "Q5")),
    case(
        "an own photograph of somebody named",
        own("{{self|cc-zero}}", description="{{depicted person|Ann Lee}}"),
        PERSON,
    ),
    *(
        case(f"given away, and shows somebody: {shown}", own("{{self|cc-zero}}", description=shown), PERSON)
        for shown in (
            "Portrait of a friend",
            "A young man at the sea",
            "The mayor of Bern",
            "My daughter",
            "Sängerin auf der Bühne",
        )
    ),
    case("portrait photographs of today", own("{{self|cc-zero}}"), PERSON, categories=("Portrait photographs of men",)),
    case(
        "people on a government photograph",
        box("{{PD-USGov}}", name="Photograph", date="1995", author="Anna Vester"),
        PERSON,
        categories=("People of NASA",),
    ),
    case(
        "a person on an old painting",
        box(EXPIRED),
        FREE,
        mediainfo=said("P180", "Q5"),
        categories=("Portraits of men",),
    ),
)

TIME_CASES = (
    case(
        "a maker dead since 31 December 1925", box("{{PD-Art|PD-old-auto-expired|deathyear=1925}}", date="1900"), FREE
    ),
    case(
        "a maker dead since 1926",
        box("{{PD-Art|PD-old-auto-expired|deathyear=1926}}", date="1900"),
        LIVED_ON,
        FREE,
        FREE,
    ),
    case(
        "a maker dead since 31 December 1955",
        box("{{PD-Art|PD-old-auto-expired|deathyear=1955}}", date="1900"),
        LIVED_ON,
        FREE,
        FREE,
    ),
    case(
        "a maker dead since 1956",
        box("{{PD-Art|PD-old-auto-expired|deathyear=1956}}", date="1900"),
        LIVED_ON,
        LIVED_ON,
        FREE,
    ),
    case(
        "published in 1930",
        box("{{PD-Art|PD-US-expired}}", date="1930", artist="Anna Vester"),
        DATE,
        SILENT_MAKER,
        FREE,
    ),
    case("published in 1931", box("{{PD-Art|PD-US-expired}}", date="1931"), DATE),
    case("life+100, a work of 1925", box(OLD, date="1925"), FREE),
    case(
        "life+100, a work of 1926, later than its maker may have died",
        box(OLD, date="1926", artist="Anna Vester"),
        DATE,
        SILENT_MAKER,
        FREE,
    ),
    case("old enough whoever made it: 1850", box("{{PD-Art|PD-US-expired}}", date="1850"), FREE),
    case(
        "not old enough whoever made it: 1851",
        box("{{PD-Art|PD-US-expired}}", date="1851", artist="Anna Vester"),
        SILENT_MAKER,
        FREE,
        FREE,
    ),
    case(
        "circa 1845 may be 1855",
        box("{{PD-Art|PD-US-expired}}", date="circa 1845", artist="Anna Vester"),
        SILENT_MAKER,
        FREE,
        FREE,
    ),
    case("in the 16th century", box("{{PD-Art|PD-US-expired}}", date="16th century", artist=""), FREE),
    case("in the late 20th century", box(EXPIRED, date="late 20th century"), DATE),
    case(
        "in the second half of the 19th century",
        box("{{PD-Art|PD-US-expired}}", date="2nd half of 19th century", artist="Anna Vester"),
        SILENT_MAKER,
        SILENT_MAKER,
        FREE,
    ),
    case("before 1840", box("{{PD-Art|PD-US-expired}}", date="before 1840"), FREE),
    case("500 years before Christ", box("{{PD-Art|PD-US-expired}}", date="500 BCE", artist=""), FREE),
    case("published long after its maker's death", box(EXPIRED, date="1880", publication_date="1955"), DATE),
    case("posthumous, nobody knows when", box(OLD, date="1880 (posthumous print)"), POSTHUMOUS),
    case("posthumous, and published in time", box(OLD, date="1880 (posthumous)", publication_date="1910"), FREE),
    case("life dates of a box of the maker", box(OLD, date="", artist="{{Creator|Name=A. Roy|Deathdate=1899}}"), FREE),
    case(
        "the summary knows of a later death",
        box(EXPIRED),
        LIVED_ON,
        LIVED_ON,
        LATER,
        summary=(("Artist", "<b>A. Roy</b> (1880–1961)"),),
    ),
    case(
        "the summary's life dates prove nothing",
        box(OLD, date="", artist="Anna Vester"),
        SILENT_MAKER,
        SILENT_MAKER,
        NO_US,
        summary=(("Artist", "A. Roy (1800–1861)"),),
    ),
    case("own work of 1860 under a tag of age", own("{{PD-old-100-expired}}", date="1860"), TOO_OLD),
    case("own photograph of a named old master", own(EXPIRED, author="Jan Roy", date="1660"), FREE),
)

WILD_CASES = (
    case(
        "the year of death in the plain tag",
        box("{{PD-old-auto-expired|deathyear=1900}}", medium="oil on canvas"),
        FREE,
    ),
    case(
        "licensed, with the year of death", box("{{Licensed-PD-Art|PD-old-auto-expired|Cc-zero|deathyear=1901}}"), FREE
    ),
    case(
        "licensed, the photograph by CC BY",
        box("{{Licensed-PD-Art|PD-old-auto-expired|Cc-by-4.0|deathyear=1901}}"),
        CONDITIONS,
    ),
    case(
        "expired in the US, and the country said",
        box("{{PD-Art|PD-US-expired|country=FR}}", date="1650", artist=""),
        FREE,
    ),
    case("NoC-US", box("{{NoC-US}}"), UNKNOWN),
    case("a tag that Flickr's members chose", box(EXPIRED + "{{Flickr-no known copyright restrictions}}"), CONDITIONS),
    case("the author's release", own("{{PD-author|Paintbox}}"), OWN),
    case("self with a free and a bound licence", own("{{self|cc-zero|GFDL}}"), CONDITIONS),
    case("two layers in capitals", box("{{LICENSED-PD-ART|PD-OLD-100-EXPIRED|CC-ZERO}}"), FREE),
    case("with the namespace", box("{{template:PD-Art|PD-old-100-expired}}"), FREE),
    case(
        "PD-Art-two, one ground for the source country and one for the US",
        box("{{PD-Art-two|PD-old-100|PD-US-expired}}", date=""),
        FREE,
    ),
    case(
        "PD-two, one of them for one country only",
        box("{{PD-two|PD-old-100|PD-Italy}}", date="", medium="oil on canvas", artist="Anna Vester"),
        SILENT_MAKER,
        SILENT_MAKER,
        NO_US,
    ),
    case(
        "a translated box of a bound licence",
        box(OLD, source="{{Foo}}"),
        CONDITIONS,
        templates=("Template:Foo", "Template:FAL/layout"),
    ),
    case("trademarks and insignia are no matter of copyright", box(EXPIRED + "{{trademarked}}{{insignia}}"), FREE),
    case("PD-Art-two with one ground", box("{{PD-Art-two|PD-old-100-expired|PD-old-100-expired}}"), FREE),
    case("PD-Japan and nothing else", box("{{PD-Japan-oldphoto}}", date="1935", artist="Anna Vester"), NO_GROUND),
    case("PD-Italy with PD-1996", box("{{PD-Italy}}{{PD-1996}}", date="1935", artist="Anna Vester"), NO_GROUND),
    case("a bound licence in a category with underscores", box(EXPIRED), CONDITIONS, categories=("CC-BY-SA-3.0,2.5",)),
)

CASES = (
    *WITNESS_CASES,
    *ACCEPTED,
    *BY_PROFILE,
    *CONDITIONS_CASES,
    *DOUBT_CASES,
    *UNKNOWN_CASES,
    *REFUSED,
    *DATE_CASES,
    *SURROGATE_CASES,
    *LATER_HAND_CASES,
    *WORDS_OF_CONDITIONS_CASES,
    *PENDING_CASES,
    *STATEMENT_CASES,
    *PEOPLE_CASES,
    *TIME_CASES,
    *WILD_CASES,
)
