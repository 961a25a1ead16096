"""Makes file pages that nobody has seen: a work with a true history, and a page that tells of it, honestly or not.

The truth is known before the page is written, so that the judge in the test needs to know nothing of the rules: it
looks at the work's years and at which traps were set.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.pd_assets.lib.rights.cases import mediainfo, merged, said

OBLIGATIONS = (
    "{{Cc-by-sa-4.0}}",
    "{{cc-by-3.0}}",
    "{{CC BY-SA 3.0}}",
    "{{GFDL}}",
    "{{FAL}}",
    "{{self|cc-by-sa-4.0}}",
    "{{Self|GFDL|cc-by-sa-3.0,2.5}}",
    "{{Attribution}}",
    "{{Copyrighted free use}}",
    "{{cc_by_2.0}}",
    "{{Cc-by-nc-4.0}}",
    "{{No known restrictions}}",
    "{{Flickr-no known copyright restrictions}}",
    "{{PDMark-owner}}",
    "{{OGL3}}",
    "{{multi-license|cc-by-4.0|gfdl}}",
    "{{Licence Ouverte}}",
    "{{KOGL}}",
    "{{cc-by-sa-4.0|Foo Bar}}",
    "{{CC-BY-4.0 }}",
)
DOUBTS = (
    "{{delete|reason=x}}",
    "{{copyvio|x}}",
    "{{no license since|month=May}}",
    "{{No permission since}}",
    "{{speedy|x}}",
    "{{disputed}}",
    "{{Not-PD-US-URAA}}",
    "{{dw no source since|month=1}}",
)
COUNTRY_ONLY = (
    "{{PD-Italy}}",
    "{{PD-Japan}}",
    "{{PD-Russia}}",
    "{{PD-Argentina-Photo}}",
    "{{PD-India}}",
    "{{PD-UK-unknown}}",
    "{{PD-China}}",
    "{{PD-Norway50}}",
    "{{PD-Sweden-photo}}",
)
UNKNOWN = ("{{PD-Ruritania}}", "{{Ruritanian heritage notice}}", "{{User:Foo/licence}}", "{{PD-Art|because it is old}}")
LICENCE_CATEGORIES = (
    "CC-BY-SA-4.0",
    "CC-BY-2.0",
    "GFDL",
    "FAL",
    "License migration redundant",
    "Attribution only license",
    "Copyrighted free use",
    "Deletion requests/2026/11/01",
    "Media missing permission as of 1 May 2026",
    "Items with disputed copyright information",
    "Personality rights warning",
)
PD_SUMMARY = {
    "License": "pd",
    "LicenseShortName": "Public domain",
    "UsageTerms": "Public domain",
    "AttributionRequired": "false",
    "Copyrighted": "False",
}


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is true of the work: made and published in `made` by somebody who died in `died`."""

    made: int
    died: int


@dataclass(kw_only=True)
class Draft:
    """A page in the making: what a trap may change."""

    tags: list[str]
    fields: dict[str, str]
    categories: list[str]
    templates: list[str]
    info: str


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """A page, the work that it shows, the traps that were set, and the profiles for which its tags are the proof."""

    row: dict[str, object]
    work: Work
    traps: tuple[str, ...]
    matching: frozenset[str]


def unseen_page(rng: random.Random) -> Unseen:
    """One page: two thirds with one or two traps, the others honest."""
    work = _work(rng)
    tags, matching = _honest_tags(work, rng)
    page = _draft(work, tags, rng)
    traps = rng.sample(sorted(TRAPS), rng.choice((1, 1, 2))) if rng.random() < 0.67 else []
    for trap in traps:
        TRAPS[trap](rng, page)
    if rng.random() < 0.3:
        page.fields["permission"], page.tags = "\n".join(page.tags), []
    rng.shuffle(page.tags)
    rng.shuffle(page.categories)
    row: dict[str, object] = {
        "status": "live",
        "wikitext": _wikitext(page, rng),
        "categories": page.categories,
        "templates": page.templates,
        "extmetadata": json.dumps({key: {"value": value} for key, value in PD_SUMMARY.items()}),
        "mediainfo": page.info,
        "uploaded_at": "2015-06-01T00:00:00Z",
    }
    return Unseen(row=row, work=work, traps=tuple(traps), matching=matching)


def _draft(work: Work, tags: list[str], rng: random.Random) -> Draft:
    fields = {
        "artist": _artist(work, rng),
        "date": _date(work.made, rng),
        "medium": rng.choice(("{{technique|oil|canvas}}", "etching", "oil on panel", "watercolour on paper")),
        "source": rng.choice(("Museum of Ruritania", "[https://example.org/1 scan]", "")),
        "permission": "",
    }
    return Draft(
        tags=tags,
        fields=fields,
        categories=["1860s paintings", "Trees in art", "CC-PD-Mark", "Artworks without Wikidata item"],
        templates=["Template:Artwork", "Template:PD-Layout", "Template:License template tag"],
        info=mediainfo((("P6216", "Q19652"),)) if rng.random() < 0.5 else json.dumps({"statements": []}),
    )


def _artist(work: Work, rng: random.Random) -> str:
    born, died = work.died - 60, work.died
    return rng.choice(
        (
            f"Jan Roy ({born}–{died})",
            f"Roy, Jan, {born}-{died}",
            f"Jan Roy [{born} - {died}]",
            f"{{{{creator|Name=Jan Roy|Deathdate={died}}}}}",
            f"Jan Roy (b. {born} Gent, d. {died})",
            f"Jan Roy († {died})",
        )
    )


def _work(rng: random.Random) -> Work:
    died = rng.choice(
        (rng.randint(1500, 1849), rng.randint(1850, 1925), rng.randint(1926, 1955), rng.randint(1956, 2010))
    )
    return Work(made=died - rng.randint(1, 40), died=died)


def _honest_tags(work: Work, rng: random.Random) -> tuple[list[str], frozenset[str]]:
    """Tags as a careful person would choose them, and the profiles whose proof they are."""
    years, is_expired = 2025 - work.died, work.made < 1931
    wrap = rng.choice(
        (
            "{{PD-Art|%s}}",
            "{{PD-Art|1=%s}}",
            "{{pd-art| %s }}",
            "{{PD-scan|%s}}",
            "{{PD_Art|%s}}",
            "{{%s}}",
            "{{Licensed-PD-Art|%s|Cc-zero}}",
            "{{licensed-PD-Art|%s|cc0}}",
        )
    )
    wrap = wrap.replace("PD_Art", "PD-Art")
    if is_expired and years >= 100:
        reason = rng.choice(("PD-old-100-expired", "PD-Old-100-Expired", "PD-old-100-1923", "PD-old-auto-expired"))
        matching = frozenset(("strict", "life70", "us"))
    elif is_expired and years >= 70:
        reason, matching = rng.choice(("PD-old-auto-expired", "PD-old-70-expired")), frozenset(("life70", "us"))
    elif is_expired:
        reason, matching = "PD-US-expired", frozenset({"us"})
    else:
        reason, matching = rng.choice(("PD-Italy", "PD-1996", "PD-old")), frozenset()
    tag = wrap % reason
    if "auto" in reason:
        tag = tag[:-2] + f"|deathyear={work.died}" + "}}"
    extra = rng.choice(((), (), ("{{PD-US-expired}}",))) if is_expired else ()
    return [tag, *extra], matching


def _date(year: int, rng: random.Random) -> str:
    return rng.choice((str(year), f"{{{{other date|ca|{year}}}}}", f"c. {year}", f"{year}-05-03", f"3 May {year}"))


def _wikitext(page: Draft, rng: random.Random) -> str:
    lines = "".join(f" |{name} = {value}\n" for name, value in page.fields.items())
    head = rng.choice(("== {{int:filedesc}} ==\n", "==Summary==\n", ""))
    licence = rng.choice(("== {{int:license-header}} ==\n", "==Licensing==\n", ""))
    return (
        f"{head}{{{{Artwork\n{lines}}}}}\n{licence}"
        + rng.choice(("\n", "", "\n\n")).join(page.tags)
        + "\n[[Category:Trees]]"
    )


def _bound_beside(rng: random.Random, page: Draft) -> None:
    page.tags.append(rng.choice(OBLIGATIONS))


def _bound_nested(rng: random.Random, page: Draft) -> None:
    tag = rng.choice(OBLIGATIONS)
    shell = rng.choice(
        (
            "{{Art Photo|photo license=%s}}",
            "{{Information|permission=%s}}",
            "{{Foo|{{Bar|%s}}}}",
            "<div>%s</div>",
            "{{collapse top|x}}%s{{collapse bottom}}",
            "{| \n| %s\n|}",
            "{{en|%s}}",
        )
    )
    page.tags.append(shell % tag)


def _bound_in_field(rng: random.Random, page: Draft) -> None:
    field = rng.choice(("source", "artist", "date"))
    page.fields[field] += " " + rng.choice(OBLIGATIONS)


def _bound_photograph(rng: random.Random, page: Draft) -> None:
    licence = rng.choice(("cc-by-sa-4.0", "Cc-by-3.0", "GFDL", "FAL", "cc-by-nc-2.0"))
    page.tags[:] = [f"{{{{Licensed-PD-Art|PD-old-100-expired|{licence}}}}}"]


def _hidden_category(rng: random.Random, page: Draft) -> None:
    page.categories.append(rng.choice(LICENCE_CATEGORIES))


def _hidden_template(rng: random.Random, page: Draft) -> None:
    page.templates += [
        "Template:CC-Layout",
        rng.choice(("Template:Cc-by-sa-4.0", "Template:GFDL", "Template:FAL/layout")),
    ]


def _doubted(rng: random.Random, page: Draft) -> None:
    page.tags.append(rng.choice(DOUBTS))


def _one_country(rng: random.Random, page: Draft) -> None:
    """Such a tag says nothing where the work is not old in any case."""
    page.tags[:] = rng.sample(COUNTRY_ONLY, rng.choice((1, 2)))
    page.fields["date"] = rng.choice(("1935", "c. 1950", "1962"))


def _unknown(rng: random.Random, page: Draft) -> None:
    page.tags.append(rng.choice(UNKNOWN))


def _dead_text(rng: random.Random, page: Draft) -> None:
    shell = rng.choice(("<!-- %s -->", "<nowiki>%s</nowiki>", "<includeonly>%s</includeonly>", "<pre>%s</pre>"))
    page.tags[:] = [shell % tag for tag in page.tags]


def _only_category(rng: random.Random, page: Draft) -> None:
    page.tags.clear()
    page.categories.append(rng.choice(("PD-Art (PD-old-100-expired)", "PD-old-100-expired", "CC-Zero")))


def _stated_copyright(rng: random.Random, page: Draft) -> None:
    page.info = said("P6216", rng.choice(("Q50423863", "Q99263261", "Q59496158", None)))


def _stated_licence(rng: random.Random, page: Draft) -> None:
    page.info = merged(said("P6216", "Q19652"), said("P275", rng.choice(("Q18199165", "Q20007257", "Q50829104", None))))


def _stated_late(rng: random.Random, page: Draft) -> None:
    page.info = said("P571", rng.randint(1960, 2020))


def _dated_late(rng: random.Random, page: Draft) -> None:
    page.fields["date"] = rng.choice(
        ("1955", "{{other date|between|1950|1960}}", "late 20th century", "12.05.1961", "1970s")
    )


def _solid(rng: random.Random, page: Draft) -> None:
    page.fields["medium"] = rng.choice(("bronze", "marble statue", "carved limestone relief"))
    page.tags[:] = ["{{PD-Art|PD-old-100-expired}}"]


def _living(rng: random.Random, page: Draft) -> None:
    page.tags.append("{{Personality rights}}")


TRAPS: dict[str, Callable[[random.Random, Draft], None]] = {
    trap.__name__: trap
    for trap in (
        _bound_beside,
        _bound_nested,
        _bound_in_field,
        _bound_photograph,
        _hidden_category,
        _hidden_template,
        _doubted,
        _one_country,
        _unknown,
        _dead_text,
        _only_category,
        _stated_copyright,
        _stated_licence,
        _stated_late,
        _dated_late,
        _solid,
        _living,
    )
}
