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
SURROGATE = "surrogate"
DOUBTED = "doubted"
CONFLICT = "statement-conflict"
EXPIRED = "{{PD-Art|PD-old-100-expired}}"
OLD = "{{PD-Art|PD-old-100}}"


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

    def row(self) -> dict[str, object]:
        return {
            "status": self.status,
            "problem": self.problem,
            "revid": 1,
            "wikitext": self.text,
            "categories": list(self.categories),
            "templates": list(self.templates),
            "extmetadata": json.dumps({key: {"value": value} for key, value in self.summary}),
            "mediainfo": mediainfo(self.statements),
        }


def mediainfo(statements: tuple[tuple[str, str | None], ...]) -> str:
    claims: dict[str, list[object]] = {}
    for prop, item in statements:
        snak: dict[str, object] = {"snaktype": "somevalue"}
        if item is not None:
            snak = {"snaktype": "value", "datavalue": {"value": {"id": item}}}
        claims.setdefault(prop, []).append({"mainsnak": snak, "rank": "normal"})
    return json.dumps({"labels": [], "statements": claims or []})


def box(tags: str, *, name: str = "Artwork", **fields: str) -> str:
    """A file page: an information box and the licence under its heading."""
    given = {"artist" if name == "Artwork" else "author": "Anna Vester", "date": "1860", **fields}
    lines = "".join(f" |{key.replace('_', ' ')} = {value}\n" for key, value in given.items())
    described = f"=={{{{int:filedesc}}}}==\n{{{{{name}\n{lines}}}}}"
    return f"{described}\n\n=={{{{int:license-header}}}}==\n{tags}\n[[Category:Tree]]"


def own(tags: str, **fields: str) -> str:
    given = {"author": "[[User:Paintbox|Paintbox]]", "date": "2015-06-01", "source": "{{own}}", **fields}
    return box(tags, name="Information", **given)


def case(trap: str, text: str, *rules: str, **more: object) -> Case:
    """One rule stands for all three profiles."""
    three = rules * 3 if len(rules) == 1 else rules
    return Case(trap=trap, text=text, rules=three, **more)  # type: ignore[arg-type]


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
    case("CC0 on an old museum work", box("{{Cc-zero}}", date="1750", medium="oil on canvas"), RELEASED),
    case("CC0 on one's own scan of an old work", own("{{Cc-zero}}", date="1748", source="Own scan"), RELEASED),
    case("CC0 on an old vase", box("{{Cc0}}", date="c. 1700", medium="porcelain"), RELEASED),
    case("CC0 on a work of antiquity", box("{{cc-zero}}", date="5th century BC", medium="marble"), RELEASED),
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
        box(EXPIRED, artist="{{Creator:Anna Vester}}", institution="{{Institution:Copyright Museum}}"),
        FREE,
    ),
    case("harmless templates beside the licence", box(EXPIRED + "{{Remove border}}\n{{Wikidata Infobox}}"), FREE),
)

BY_PROFILE = (
    case("life+70 only", box("{{PD-Art|PD-old-70}}"), NO_ORIGIN, FREE, FREE),
    case("life+70, expired in the US", box("{{PD-Art|PD-old-70-expired}}"), NO_ORIGIN, FREE, FREE),
    case("life+80", box("{{PD-Art|PD-old-80-expired}}"), NO_ORIGIN, FREE, FREE),
    case("computed, dead for 85 years", box("{{PD-Art|PD-old-auto-expired|deathyear=1941}}"), NO_ORIGIN, FREE, FREE),
    case("computed without a year", box("{{PD-Art|PD-old-auto-expired}}", date="1900"), NO_ORIGIN, NO_ORIGIN, FREE),
    case("expired in the US only", box("{{PD-Art|PD-US-expired}}", date="1910"), NO_ORIGIN, NO_ORIGIN, FREE),
    case("expired in the US, and very old", box("{{PD-Art|PD-US-expired}}", date="1650"), FREE),
    case("a US government work", box("{{PD-USGov}}", name="Photograph", date="1995"), NO_ORIGIN, NO_ORIGIN, FREE),
    case("life+100 without any date", box(OLD, date=""), NO_US),
    case("life+100 after an open date", box(OLD, date="after 1850"), NO_US),
    case("life+100, the date a numbered sheet", box(OLD, date="Inv. No. 1850"), NO_US),
    case("life+100, dates of a copied master", box(OLD, date="", artist="After Rembrandt (1606–1669)"), NO_US),
    case("life+100, one of two makers known", box(OLD, date="", artist="A. Roy (1800–1880) and B. Ray"), NO_US),
    case("two terms on one page", box("{{PD-Art|PD-old-100-expired}}{{PD-old-70}}"), NO_ORIGIN, FREE, FREE),
    case("CC0 on a work of 1875", box("{{Cc-zero}}", date="1875"), NO_ORIGIN, RELEASED, RELEASED),
    case("CC0 on a work of 1950", box("{{Cc-zero}}", date="1950"), NO_US),
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
            "{{PD-France}}",
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
            "{{Delete|reason=Not his work}}",
            "{{delete}}",
            "{{Deletion_request}}",
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
    case("a category of deletion", box(EXPIRED), DOUBTED, categories=("Deletion requests/2024/05/03",)),
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
    case("the summary gives a reason to delete", box(EXPIRED), DOUBTED, summary=(("DeletionReason", "copyvio"),)),
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
    case("an undefined reason", box("{{PD-Art|PD-old}}"), NO_GROUND),
    case("one country only", box("{{PD-Italy}}"), NO_GROUND),
    case("restored copyright not asked", box("{{PD-1996}}"), NO_GROUND),
    case("too simple", box("{{PD-textlogo}}"), NO_GROUND),
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
    case("overwritten by a second first argument", box("{{PD-Art|PD-old-100-expired|1=PD-Italy}}"), NO_GROUND),
    case("a redirect", f"#REDIRECT [[File:X.jpg]]\n{EXPIRED}", "no-picture"),
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
    case("dated after its maker died", box(EXPIRED, artist="Claude Roy (1840–1899)", date="1910"), DATE),
    case("a maker who died in 1973", box(EXPIRED, artist="Pablo Picasso (1881–1973)", date=""), DATE),
    case("a year of death that is too late", box("{{PD-Art|PD-old-100-expired|deathyear=1960}}", date=""), DATE),
    case("a second box with another date", box(EXPIRED) + "{{Information|date=1999}}", DATE),
    case("a century that may be too late", box(EXPIRED, date="20th century"), FREE),
    case("own work of 1890", own("{{self|cc-zero}}", date="1890"), "own-work-too-old"),
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
)

CASES = (
    *ACCEPTED,
    *BY_PROFILE,
    *CONDITIONS_CASES,
    *DOUBT_CASES,
    *UNKNOWN_CASES,
    *REFUSED,
    *DATE_CASES,
    *SURROGATE_CASES,
)
