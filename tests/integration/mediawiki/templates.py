"""The pages of Commons on which licence evidence rests, written anew and much simpler: templates and categories.

They emit the classes of Commons:Machine-readable data (licensetpl_*, fileinfotpl_*, nuke) and set the categories of the
real ones. The layout templates in between exist too, because `prop=templates` lists them among the licence tags.
"""

from collections.abc import Mapping

HIDDEN = "__HIDDENCAT__"
AGE_TAGS = "Tags of age"
ROOTS = ("PD-Art (PD-old-100-expired)", "PD-Art (PD-old-100)")
PD_REASONS: Mapping[str, tuple[str, str]] = {
    "PD-old-100": (
        "The author died more than 100 years ago.",
        "Author died more than 100 years ago public domain images",
    ),
    "PD-old-70": ("The author died more than 70 years ago.", "Author died more than 70 years ago public domain images"),
    "PD-old-100-expired": (
        "The author died more than 100 years ago; published in the United States more than 95 years ago.",
        "PD-old-100-expired",
    ),
    "PD-US-expired": ("Published in the United States more than 95 years ago.", "PD US expired"),
    "PD-self": ("The copyright holder of this work releases it into the public domain.", "PD-self"),
    "PD-Italy": ("Italian photograph, created more than 20 years ago.", "PD Italy (20 years after creation)"),
    # No such tag exists on Commons: a rule table cannot know it, although it looks like any public-domain tag.
    "PD-Atlantis": ("Published in Atlantis before it sank.", "PD Atlantis"),
}


def template_pages() -> dict[str, str]:
    """Every template page by its full title."""
    classified = (
        ("Commons templates", _layouts()),
        ("License tags", _licences()),
        ("PD-Art license tags", _art_licences()),
        ("Problem tags", _problem_tags()),
        ("Infobox templates: based on Information template", _boxes()),
        ("Internationalization templates", _small_helpers()),
    )
    return {
        f"Template:{name}": f"<includeonly>{text}</includeonly>"
        f"<noinclude>[[Category:{AGE_TAGS if name.startswith('PD-old') else category}]]</noinclude>"
        for category, pages in classified
        for name, text in pages.items()
    }


def category_pages() -> dict[str, str]:
    """The hidden licence categories and what lies above them; the roots are parents of nothing yet."""
    reasons = {category: "Public domain" for _, category in PD_REASONS.values()}
    art = {f"PD-Art ({reason})": "PD Art" for reason in PD_REASONS}
    other = dict.fromkeys(
        ("CC-Zero", "CC-BY-SA-4.0", "CC-BY-4.0", "GFDL", "CC-PD-Mark", "Licensed PD-Art", "Self-published work"),
        "License tags",
    )
    problems = dict.fromkeys(("Deletion requests", "Media without a license"), "Problem media")
    hidden = reasons | art | other | problems | {"PD Art": "Public domain"}
    pages = {name: f"{HIDDEN}\n[[Category:{parent}]]" for name, parent in hidden.items()}
    top = {name: "A category." for name in ("Public domain", "License tags", "Problem media")}
    # Two steps from the tags of age to the root of all licences.
    tree = {AGE_TAGS: "[[Category:PD tags]]", "PD tags": "[[Category:License tags]]"}
    return {f"Category:{name}": text for name, text in (pages | top | tree).items()}


def interface_pages() -> dict[str, str]:
    """Messages behind {{int:…}} headings that only Commons defines."""
    return {"MediaWiki:License-header": "Licensing"}


def _layouts() -> dict[str, str]:
    tag = "".join(
        f'<span class="licensetpl_{name}" style="display:none;">{{{{{{{name}|}}}}}}</span>'
        for name in ("short", "long", "attr_req", "link_req")
    )
    link = '{{#if:{{{link|}}}|<span class="licensetpl_link" style="display:none;"><nowiki/>{{{link}}}</span>}}'
    box = '<table class="licensetpl layouttemplate"><tr><td>{{{text|}}} {{License template tag|'
    return {
        "License template tag": tag + link,
        "PD-Layout": box
        + "short=Public domain|long=Public domain|attr_req=false|link_req=false}}</td></tr></table>"
        + "{{#if:{{{mark|}}}|[[Category:CC-PD-Mark]]}}",
        "CC-Layout": box + "short={{{short}}}|long={{{long}}}|attr_req={{{attr_req}}}|link_req={{{attr_req}}}"
        "|link={{{link|}}}}}</td></tr></table>",
    }


def _licences() -> dict[str, str]:
    return {name: _public_domain(text, category) for name, (text, category) in PD_REASONS.items()} | {
        "Cc-zero": _licence(
            "CC0",
            "Creative Commons Zero, Public Domain Dedication",
            "publicdomain/zero/1.0/deed.en",
            "CC-Zero",
            "false",
        ),
        "Cc-by-sa-4.0": _licence(
            "CC BY-SA 4.0", "Creative Commons Attribution-Share Alike 4.0", "licenses/by-sa/4.0", "CC-BY-SA-4.0", "true"
        ),
        "Cc-by-4.0": _licence("CC BY 4.0", "Creative Commons Attribution 4.0", "licenses/by/4.0", "CC-BY-4.0", "true"),
        "GFDL": "{{CC-Layout|text=Permission under the GFDL.|short=GFDL|long=GNU Free Documentation License"
        "|attr_req=true}}"
        "[[Category:GFDL]]",
        # Its box names no known licence and it sets no category: only prop=templates and the box show it.
        "Atlantean heritage": "{{CC-Layout|text=Heritage of Atlantis; ask its council.|short=Atlantean heritage"
        "|long=Protected heritage of Atlantis|attr_req=true}}",
    }


def _public_domain(text: str, category: str) -> str:
    """Standing alone a tag sets its own category; nested in PD-Art it leaves that to PD-Art."""
    return f"{{{{PD-Layout|text={text}|mark=1}}}}{{{{#if:{{{{{{nested|}}}}}}||[[Category:{category}]]}}}}"


def _licence(short: str, long: str, path: str, category: str, attribution: str) -> str:
    link = f"https://creativecommons.org/{path}"
    return (
        f"{{{{CC-Layout|text={long}.|short={short}|long={long}|attr_req={attribution}|link={link}}}}}"
        f"[[Category:{category}]]"
    )


def _art_licences() -> dict[str, str]:
    nested = "{{ {{{1|PD-old-100}}}|nested=1}}"
    return {
        "PD-Art": "{{PD-Layout|text=A faithful photograph of a two-dimensional work of art. " + nested + "}}"
        "[[Category:PD-Art ({{{1|PD-old default}}})]]",
        "Licensed-PD-Art": "{{PD-Layout|text=The work of art. " + nested + "}} The photograph: {{ {{{2|GFDL}}}}}"
        "[[Category:PD-Art ({{{1|PD-old default}}})]][[Category:Licensed PD-Art]]",
        "Self": "{{#if:{{{1|}}}|{{ {{{1}}}}}}}{{#if:{{{2|}}}|{{ {{{2}}}}}}}[[Category:Self-published work]]",
    }


def _problem_tags() -> dict[str, str]:
    reason = '<span class="nuke-reason">{{{reason|{{{1|}}}}}}</span>'
    return {
        "Delete": f'<div class="nuke">Nominated for deletion: {reason}</div>[[Category:Deletion requests]]',
        "No license": f'<div class="nuke">No licence is stated. {reason}</div>[[Category:Media without a license]]',
    }


def _boxes() -> dict[str, str]:
    return {
        "Information": _box(
            "information",
            {
                "desc": ("Description", "{{{description|{{{Description|}}}}}}"),
                "date": ("Date", "{{{date|{{{Date|}}}}}}"),
                "src": ("Source", "{{{source|{{{Source|}}}}}}"),
                "aut": ("Author", "{{{author|{{{Author|}}}}}}"),
                "perm": ("Permission", "{{{permission|}}}"),
            },
        ),
        "Artwork": _box(
            "artwork",
            {
                "aut": ("Artist", "{{{artist|}}}"),
                "art_title": ("Title", "{{{title|}}}"),
                "desc": ("Description", "{{{description|}}}"),
                "date": ("Date", "{{{date|}}}"),
                "art_medium": ("Medium", "{{{medium|}}}"),
                "art_gallery": ("Collection", "{{{institution|}}}"),
                "src": ("Source/Photographer", "{{{source|}}}"),
                "perm": ("Permission", "{{{permission|}}}"),
            },
        ),
        "Creator": '<span class="fn value">{{{Name|}}}</span> ({{{Birthdate|}}}–{{{Deathdate|}}})',
        "Institution": '<span class="fn org">{{{name|}}}</span>',
    }


def _box(kind: str, rows: Mapping[str, tuple[str, str]]) -> str:
    lines = "".join(
        f'<tr><td id="fileinfotpl_{name}" class="fileinfo-paramfield">{label}</td><td>{value}</td></tr>'
        for name, (label, value) in rows.items()
    )
    return f'<table class="fileinfotpl-type-{kind} vevent">{lines}</table>'


def _small_helpers() -> dict[str, str]:
    languages = {"En": ("en", "English"), "De": ("de", "Deutsch")}
    return {
        code: f'<div class="description {tag}" lang="{tag}"><span class="language {tag}">{name}: </span>'
        "{{{1}}}</div>"
        for code, (tag, name) in languages.items()
    } | {
        "Title": "''{{{1|}}}''",
        "Technique": "{{{1|}}}{{#if:{{{2|}}}|&#32;on {{{2}}}}}",
        "Other date": "{{#switch:{{{1}}}|~|circa=circa {{{2}}}|between=between {{{2}}} and {{{3}}}|{{{1}}} {{{2}}}}}"
        '<div style="display: none;">date QS:P,+{{{2}}}-00-00T00:00:00Z/9,P1480,Q5727902</div>',
    }
