"""Forms of upload programs and museums: each writes the page that the program would write from its own fields.

The shapes are those of public programs (named in README.md); every sentence is ours.
"""

import re
from collections.abc import Mapping, Sequence

from benchmarks.rights.source.makers import Maker
from benchmarks.rights.source.written import BY_SA, CC0, NO_SUMMARY, PD, Label, Written, box, page, said, use

EXPIRED = use("PD-Art", "PD-old-100-expired")
STATUS_OF_AGE = (
    ["Q19652", {"P1001": "Q60332278", "P459": "Q29940705"}],
    ["Q19652", {"P1001": "Q30", "P459": "Q47246828"}],
)


def file_title(text: str, number: str = "") -> str:
    """A file's title out of a work's."""
    plain = re.sub(r"\{\{[^{}|]*\|(?:1=)?|[\[\]{}|#<>:/]", "", text)[:90].strip()
    return f"File:{plain}{' ' + number if number else ''}.jpg"


def auto(maker: Maker) -> str:
    """The reason that computes from a death year."""
    return f"PD-old-auto-expired|deathyear={maker.died}"


def met(label: Label, *, artist: str, title: str, date: str, medium: str, sort: str, department: str,
        item: str = "", works: Mapping[str, Mapping[str, object]] | None = None) -> Written:  # fmt: skip
    """The Met's open access, as its upload bot writes it."""
    fields = {
        "artist": artist, "author": "", "title": title, "description": f"{sort}; {medium}", "object type": sort,
        "date": date, "medium": medium, "dimensions": "", "institution": use("Institution:Metropolitan Museum of Art"),
        "department": department, "accession number": f"{17 + len(title)}.{len(medium)}.{len(date) + 3}",
        "credit line": f"Gift of friends of the museum, {1950 + len(title)}",
        "source": f"https://www.metmuseum.org/art/collection/search/{40000 + 37 * len(title)}{use('TheMet')}",
        "permission": use("Cc-zero"), "other_versions": "",
    }  # fmt: skip
    if item:
        fields["wikidata"] = item
    category = f"{department} in the Metropolitan Museum of Art"
    return Written(label=label, form="Met", title=file_title(title, "MET DP"), summary=CC0, items=works or {},
                   wikitext=page(box("Artwork", fields), "", [category]), categories=[category])  # fmt: skip


def smk(label: Label, *, maker: Maker | None, title: str, date: str, medium: str, sort: str) -> Written:
    """Statens Museum for Kunst, Copenhagen."""
    number = f"KMS{100 + len(title) * 7}"
    ground = auto(maker) if maker is not None else "PD-old-100-expired"
    fields = {
        "artist": maker.creator if maker else "", "title": use("title", title, lang="da"), "date": date,
        "medium": medium, "institution": use("Institution:Statens Museum for Kunst, Copenhagen"),
        "accession number": use("SMK accession", number), "object type": sort,
        "source": f"* {use('SMK API', number)}\n* {use('SMK Open', number)}",
        "permission": use("Licensed-PD-Art", *ground.split("|"), "Cc-zero")
        + "\n" + use("Statens Museum for Kunst collaboration project"),
        "other versions": "",
    }  # fmt: skip
    return Written(label=label, form="SMK", title=file_title(title, number), summary=CC0,
                   wikitext=page(box("Artwork", fields), "", []),
                   categories=[])  # fmt: skip


def rijks(label: Label, *, artist: str, title: str, date: str, medium: str, sort: str, notes: str = "") -> Written:
    """Rijksmuseum: CC0 of the museum, fields out of its API."""
    number = f"RP-P-{1880 + len(title)}-A-{1000 + 13 * len(artist)}"
    fields = {
        "artist": artist, "title": said("nl", title), "description": said("nl", notes or title), "date": date,
        "medium": said("nl", medium), "object type": said("nl", sort), "dimensions": "h 198 mm × b 243 mm",
        "institution": use("Institution:Rijksmuseum"), "accession number": number,
        "source": f"http://hdl.handle.net/10934/{number} {use('Rijksmuseum online', number)}",
        "permission": use("cc-zero"),
    }  # fmt: skip
    return Written(label=label, form="Rijksmuseum", title=file_title(title, number), summary=CC0,
                   wikitext=page(box("Artwork", fields), "", ["Images from the Rijksmuseum"]),
                   categories=["Images from the Rijksmuseum"])  # fmt: skip


def nationalmuseum(label: Label, *, maker: Maker | None, title: str, date: str, medium: str, item: str,
                   works: Mapping[str, Mapping[str, object]] | None = None) -> Written:  # fmt: skip
    """Nationalmuseum, Stockholm."""
    ground = {"1": "PD-old-auto" if maker else "PD-old", "2": "PD-Nationalmuseum_Stockholm", "attribution": "",
              "deathyear": str(maker.died) if maker else ""}  # fmt: skip
    fields = {
        "other_fields_1": "", "artist": maker.creator if maker else use("unknown", "author"),
        "title": use("Title", title, lang="sv"), "wikidata": item, "description": "", "date": date, "medium": medium,
        "dimensions": use("Size", "cm", "61", "48"), "institution": use("Institution:Nationalmuseum Stockholm"),
        "accession number": use("Nationalmuseum Stockholm link", str(15000 + len(title)), f"NM {len(title) * 31}"),
        "source": "Nationalmuseum",
        "permission": use("Nationalmuseum Stockholm cooperation project") + "\n" + use("Licensed-PD-Art", **ground),
    }  # fmt: skip
    category = "Media contributed by Nationalmuseum Stockholm: 2016-10"
    return Written(label=label, form="Nationalmuseum", title=file_title(title), items=works or {},
                   wikitext=page(box("Artwork", fields, indent=" | "), "", [category]),
                   categories=[category])  # fmt: skip


def walters(label: Label, *, artist: str, title: str, date: str, medium: str, sort: str = "2D",
            shows: Sequence[str] = ("PD-Art", "PD-old-100-expired", "PD-old-100", "Cc-zero", "CC-Layout")) -> Written:  # fmt: skip
    """Walters Art Museum: the licence stands in the museum's own wrapper."""
    fields = {
        "artist": artist, "title": title, "description": "", "date": date, "medium": medium,
        "accession number": f"37.{100 + len(title)}", "id": str(9000 + len(title) * 3),
        "place of origin": "", "credit line": "Acquired by Henry Walters",
    }  # fmt: skip
    text = page(box("Walters Art Museum artwork", fields), use("Walters Art Museum license", type=sort),
                ["Media contributed by the Walters Art Museum"])  # fmt: skip
    marks = ("PD-Layout", "License template tag")
    return Written(label=label, form="Walters", title=file_title(title, "Walters 37"), wikitext=text,
                   shows=(*shows, *marks), summary=PD if sort == "2D" else CC0,
                   categories=["Media contributed by the Walters Art Museum"])  # fmt: skip


def painting_bot(label: Label, *, item: str, works: Mapping[str, Mapping[str, object]], maker: Maker | None, subject: str,
                 ground: str = "", inner: str = "") -> Written:  # fmt: skip
    """The Wikidata painting uploader: a bare box, the item in the structured data, a reason out of the item."""
    reason = ground or (auto(maker) if maker else "PD-old-100-expired")
    licence = use("Licensed-PD-Art", reason, inner) if inner else use("PD-Art", reason)
    category = f"Paintings in the {subject}"
    kept = [category, *([f"Paintings by {maker.name}"] if maker else [])]
    return Written(label=label, form="Wikidata painting uploader", title=f"File:{subject} - {item}.jpg", items=works,
                   wikitext=page("{{Artwork}}", licence, kept), categories=[*kept,
                   "Artworks with Wikidata item"], statements={"P6243": [item], "P6216": list(STATUS_OF_AGE)})  # fmt: skip


def google_art(label: Label, *, maker: Maker, title: str, date: str, medium: str, gallery: str,
               licence: str = EXPIRED) -> Written:  # fmt: skip
    """A picture of the Google Art Project."""
    fields = {
        "artist": maker.creator, "title": use("title", title), "date": date, "medium": medium, "institution": gallery,
        "source": use("Google Cultural Institute", f"{len(title)}QH{maker.born}aRk"), "other_versions": "",
    }  # fmt: skip
    shown = f"{maker.name} - {title} - Google Art Project"
    return Written(label=label, form="Google Art Project", title=f"File:{shown}.jpg",
                   wikitext=page(box("Artwork", fields), licence, ["Google Art Project works in high resolution"]),
                   categories=["Google Art Project works in high resolution"])  # fmt: skip


def open_access(label: Label, *, artist: str, title: str, date: str, medium: str, museum: str, partner: str,
                language: str = "en", kind: str = "") -> Written:  # fmt: skip
    """A museum's open access by a script: CC0 and the museum's own box below it."""
    fields = {
        "artist": artist, "title": said(language, title), "description": said(language, medium), "date": date,
        "medium": said(language, medium), "institution": use(f"Institution:{museum}"),
        "accession number": f"19{len(title) + 10}.{len(artist) + 100}", "source": "https://example.org/collection",
        "permission": "", "other_versions": "", **({"object type": kind} if kind else {}),
    }  # fmt: skip
    licence = use("cc-zero") + ("\n" + use(partner) if partner else "")
    return Written(label=label, form="museum open access script", title=file_title(title), summary=CC0,
                   wikitext=page(box("Artwork", fields), licence, [f"Collections of the {museum}"]),
                   categories=[f"Collections of the {museum}"])  # fmt: skip


def openrefine(label: Label, *, artist: str, title: str, date: str, medium: str, licence: str, source: str,
               statements: Mapping[str, Sequence[object]], summary: str = PD,
               works: Mapping[str, Mapping[str, object]] | None = None) -> Written:  # fmt: skip
    """OpenRefine: a table of a museum as wikitext, and most of it again as structured data."""
    fields = {"artist": artist, "title": said(label.language, title), "date": date, "medium": medium, "source": source}
    text = page(box("Artwork", fields), f"{licence}\n{use('Uploaded with OpenRefine')}", ["Uploaded with OpenRefine"])
    return Written(label=label, form="OpenRefine", title=file_title(title), wikitext=text, summary=summary,
                   categories=["Uploaded with OpenRefine"], statements=statements, items=works or {})  # fmt: skip


def pattypan(label: Label, *, author: str, description: str, date: str, source: str, licence: str,
             category: str, summary: str = PD) -> Written:  # fmt: skip
    """Pattypan: a table through a template."""
    fields = {"description": said(label.language, description), "date": date, "source": source, "author": author,
              "permission": licence, "other_fields": ""}  # fmt: skip
    kept = [category, "Uploaded with Pattypan"]
    return Written(label=label, form="Pattypan", title=file_title(description), summary=summary, categories=kept,
                   wikitext=page(box("Information", fields), "", kept))  # fmt: skip


def gwtoolset(label: Label, *, artist: str, title: str, date: str, medium: str, place: str, licence: str,
              institution: str = "Koninklijke Bibliotheek", notes: str = "", summary: str = PD) -> Written:  # fmt: skip
    """GWToolset: a library's records (the KB's in most cases)."""
    fields = {
        "artist": artist, "date": date, "dimensions": f"Folio size: {use('Size', 'mm', '261', '190')}",
        "institution": use(f"Institution:{institution}"), "medium": medium, "notes": notes, "permission": licence,
        "place of creation": place, "source": use(institution), "title": title,
    }  # fmt: skip
    return Written(label=label, form="GWToolset", title=file_title(title), summary=summary, categories=[],
                   wikitext=page(box("Artwork", fields, indent=" | "), "", [f"Files from the {institution}"]))  # fmt: skip


def from_flickr(label: Label, *, who: str, title: str, date: str, licence: str, description: str, summary: str,
                review: str = "", category: str = "Flickr images") -> Written:  # fmt: skip
    """Flickr2Commons."""
    fields = {
        "Description": description, "Source": f"[https://www.flickr.com/photos/example/{4000 + len(title)}/ {title}]",
        "Date": date, "Author": f"[https://www.flickr.com/people/example {who}]", "Permission": "",
        "other_versions": "",
    }  # fmt: skip
    return Written(label=label, form="Flickr2Commons", title=file_title(title), summary=summary,
                   wikitext=page(box("Information", fields, indent="|", equals="="), f"{licence}\n{review}".strip(),
                                 [category]), categories=[category])  # fmt: skip


def commonist(label: Label, *, description: str, date: str, licence: str, category: str, author: str,
              source: str = "{{own}}", summary: str = CC0) -> Written:  # fmt: skip
    """Commonist and its relatives: an old box and an old heading."""
    fields = {"Description": description, "Source": source, "Date": date, "Author": author, "Permission": "",
              "other_versions": ""}  # fmt: skip
    heads = ("== Summary ==", "== [[Commons:Copyright tags|Licensing]]: ==")
    return Written(label=label, form="Commonist", title=file_title(description), summary=summary,
                   wikitext=page(box("Information", fields, indent="| ", equals=" = "), licence, [category], heads=heads),
                   categories=[category])  # fmt: skip


def upload_wizard(label: Label, *, user: str, text: str, date: str, categories: Sequence[str], licence: str = "",
                  title: str = "", camera: bool = True, extra: str = "", depicts: str = "",
                  works: Mapping[str, Mapping[str, object]] | None = None) -> Written:  # fmt: skip
    """UploadWizard, own work: the box, and the same as structured data; `depicts` is the item of what it shows."""
    licence = licence or use("self", "cc-zero")
    is_free = "cc-zero" in licence.lower() or "cc0" in licence.lower()
    fields = {"description": said(label.language, text), "date": date, "source": use("own"),
              "author": f"[[User:{user}|{user}]]", "permission": "", "other versions": ""}  # fmt: skip
    maker = {
        "P3831": "Q33231",
        "P2093": user,
        "P4174": user,
        "P2699": f"https://commons.wikimedia.org/wiki/user:{user}",
    }
    day = {"time": f"+{date[:10]}T00:00:00Z", "precision": 11}
    statements: dict[str, Sequence[object]] = {
        "P170": [[None, maker]],
        "P6216": ["Q88088423" if is_free else "Q50423863"],
        "P275": ["Q6938433" if is_free else "Q18199165"],
        "P7482": ["Q66458942"],
        **({"P180": [depicts]} if depicts else {}),
        **({"P571": [day]} if re.fullmatch(r"\d{4}-\d\d-\d\d.*", date) else {}),
    }
    described = box("Information", fields, indent="|", equals="=") + (f"\n{extra}" if extra else "")
    if camera:
        described += "\n" + use("Location", f"{len(text) % 60}.1", f"{len(user) + 3}.2")
    ends = ["Self-published work", *categories]
    return Written(label=label, form="UploadWizard", title=title or file_title(text),
                   wikitext=page(described, licence, categories), categories=ends, statements=statements,
                   items=works or {}, summary=CC0 if is_free else BY_SA)  # fmt: skip


def wellcome(label: Label, *, author: str, text: str, date: str, licence: str, summary: str) -> Written:
    """Wellcome Images."""
    fields = {
        "description": said("en", text), "date": date, "author": author, "permission": "", "other versions": "",
        "source": f"{use('Wellcome Images')}<br/>Source: [https://wellcomecollection.org/works/a{len(text)} Wellcome]",
    }  # fmt: skip
    return Written(label=label, form="Wellcome", title=file_title(text, "Wellcome"), summary=summary,
                   wikitext=page(box("Information", fields, indent="|", equals="="), licence, ["Wellcome Images"]),
                   categories=["Images from Wellcome"])  # fmt: skip


def no_box(label: Label, *, form: str, text: str, title: str, categories: Sequence[str] = (),
           summary: str = NO_SUMMARY) -> Written:  # fmt: skip
    """A page whose wikitext is given whole."""
    return Written(label=label, form=form, title=title, wikitext=text, categories=categories, summary=summary)
