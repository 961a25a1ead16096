"""Forms of archives and governments: NARA, DPLA, the Library of Congress, BnF, Europeana, USGS, NASA, FEMA, stamps,
geograph, book scans, and pages written by hand."""

from collections.abc import Mapping, Sequence

from benchmarks.rights.source.forms import file_title
from benchmarks.rights.source.written import NO_SUMMARY, PD, Label, Written, box, page, said, use


def nara(
    label: Label, *, title: str, author: str, date: str, licence: str, scope: str = "", group: str = "79"
) -> Written:
    """National Archives of the United States, the older upload."""
    fields = {
        "Title": title, "Scope and content": scope, "General notes": "", "NAID": str(510000 + len(title) * 11),
        "Local identifier": f"{group}-AA-{len(title)}", "Creator": "Department of the Interior", "Author": author,
        "Location": "National Archives at College Park", "Date": date, "Record group": f"Record Group {group}",
        "Series": "Photographs", "Other versions": "",
    }  # fmt: skip
    contributed = "Media contributed by the National Archives and Records Administration"
    text = page(box("NARA-image-full", fields, indent=" | "), f"{use('NARA-cooperation')}\n{licence}", [contributed])
    return Written(label=label, form="NARA", title=file_title(title, "NARA"), wikitext=text,
                   categories=[contributed])  # fmt: skip


def dpla(label: Label, *, creator: str, title: str, date: str, licence: str, summary: str = PD, legacy: bool = False,
         description: str = "Photographic print", shows: Sequence[str] = ()) -> Written:  # fmt: skip
    """Digital Public Library of America: today's box, or (`legacy`) the older Artwork with the name in an extra field."""
    number = f"{len(title):02d}9c{len(date):02d}7e" * 4
    if legacy:
        fields = {
            "Other fields 1": use("InFi", "Creator", creator) if creator else "", "title": title,
            "description": description, "date": date, "permission": licence,
            "source": use("DPLA", "Q518155", hub="Q5275908", url="https://example.org/x", dpla_id=number),
            "Institution": use("Institution", wikidata="Q49115"),
        }  # fmt: skip
        name, form = "Artwork", "DPLA legacy"
    else:
        fields = {
            "creator": creator, "title": title, "description": description, "date": date, "permission": licence,
            "hub": "Q5275908", "institution": "Q49115", "url": "https://example.org/x", "dpla_id": number,
            "local_id": str(len(description)),
        }  # fmt: skip
        name, form = "DPLA metadata", "DPLA"
    contributed = "Media contributed by the Digital Public Library of America"
    return Written(label=label, form=form, title=file_title(title, "DPLA"), summary=summary, shows=shows,
                   wikitext=page(box(name, fields, indent="| "), "", [contributed] if not legacy else []),
                   categories=[contributed], statements={"P6216": ["Q19652"]} if summary == PD else {})  # fmt: skip


def congress(
    label: Label, *, author: str, title: str, date: str, licence: str, medium: str, summary: str = PD
) -> Written:
    """Library of Congress, prints and photographs."""
    fields = {
        "photographer": author, "title": said("en", title), "date": date, "medium": medium,
        "institution": use("Institution:Library of Congress"), "source": use("LOC-image", id=f"cph.3c{len(title):05d}"),
    }  # fmt: skip
    return Written(label=label, form="Library of Congress", title=file_title(title, "LOC"), summary=summary,
                   wikitext=page(box("Photograph", fields), licence, ["Photographs from the Library of Congress"]),
                   categories=["Photographs from the Library of Congress"])  # fmt: skip


def bnf(label: Label, *, author: str, title: str, date: str, licence: str, more: Mapping[str, str] | None = None,
        summary: str = PD) -> Written:  # fmt: skip
    """Bibliothèque nationale de France, by way of Gallica."""
    fields = {
        "artist": author, "title": said("fr", title), "date": date,
        "institution": use("Institution:Bibliothèque nationale de France"), **(more or {}),
        "source": use("Gallica", f"btv1b{len(title):03d}42x"), "permission": "",
    }  # fmt: skip
    return Written(label=label, form="BnF", title=file_title(title, "BnF Gallica"), summary=summary,
                   wikitext=page(box("Artwork", fields), licence, ["Images from Gallica"]),
                   categories=["Images from Gallica"])  # fmt: skip


def europeana(label: Label, *, author: str, title: str, date: str, licence: str, provider: str, medium: str = "",
              summary: str = PD) -> Written:  # fmt: skip
    """A record of Europeana."""
    fields = {
        "artist": author, "title": said(label.language, title), "date": date, "medium": medium,
        "source": f"{use('Europeana upload')} {provider}", "institution": provider,
    }  # fmt: skip
    return Written(label=label, form="Europeana", title=file_title(title, "Europeana"), summary=summary,
                   wikitext=page(box("Artwork", fields), licence, ["Images from Europeana"]),
                   categories=["Images from Europeana"])  # fmt: skip


def agency(label: Label, *, form: str, author: str, text: str, date: str, licence: str, source: str,
           category: str) -> Written:  # fmt: skip
    """USGS, NASA, FEMA, the Navy and their like: one box, one tag."""
    fields = {"description": said("en", text), "date": date, "source": source, "author": author, "permission": ""}
    return Written(label=label, form=form, title=file_title(text), categories=[category],
                   wikitext=page(box("Information", fields, indent="|", equals="="), licence, [category]))  # fmt: skip


def stamp(
    label: Label, *, text: str, date: str, author: str, licence: str, category: str, source: str = "own scan"
) -> Written:
    """A postage stamp."""
    fields = {"Description": said(label.language, text), "Source": source, "Date": date, "Author": author,
              "Permission": ""}  # fmt: skip
    return Written(label=label, form="stamp", title=file_title(text), categories=[category],
                   wikitext=page(box("Information", fields, indent="|", equals="="), licence, [category]))  # fmt: skip


def geograph(label: Label, *, text: str, who: str, date: str, number: int, summary: str = NO_SUMMARY) -> Written:  # fmt: skip
    """Geograph Britain and Ireland; its own tag is a CC BY-SA licence."""
    fields = {"description": said("en", text), "date": date, "author": who, "permission": "",
              "source": f"From [https://www.geograph.org.uk/photo/{number} geograph.org.uk]"}  # fmt: skip
    return Written(label=label, form="geograph", title=file_title(text, "geograph"), summary=summary,
                   wikitext=page(box("Information", fields, indent="|", equals="="),
                                 use("Geograph", str(number), who), []), categories=[],
                   shows=("Cc-by-sa-2.0", "CC-Layout", "License template tag"))  # fmt: skip


def book(label: Label, *, author: str, title: str, year: str, licence: str, illustrator: str = "", text: str = "",
         publisher: str = "", engraver: str = "", category: str = "Book illustrations", summary: str = PD) -> Written:  # fmt: skip
    """A page of a scanned book."""
    fields = {"Author": author, "Illustrator": illustrator, "Title": title, "Publisher": publisher, "Date": year,
              "Description": said(label.language, text or title), "Source": "https://archive.org/details/example",
              **({"Engraver": engraver} if engraver else {})}  # fmt: skip
    kept = {key: value for key, value in fields.items() if value}
    return Written(label=label, form="book scan", title=file_title(title, "scan"), categories=[category],
                   wikitext=page(box("Book", kept), licence, [category]), summary=summary)  # fmt: skip


def by_hand(label: Label, *, fields: Mapping[str, str], licence: str, categories: Sequence[str] = (), name: str = "Artwork", form: str = "by hand",
            heads: tuple[str, str] | None = None, title: str = "", summary: str = PD, shows: Sequence[str] = (),
            statements: Mapping[str, Sequence[object]] | None = None,
            works: Mapping[str, Mapping[str, object]] | None = None) -> Written:  # fmt: skip
    """A page that a person wrote, in whatever language and order."""
    first = next((value for key, value in fields.items() if key.lower() in ("title", "description")), form)
    return Written(label=label, form=form, title=title or file_title(first[:60]), summary=summary, shows=shows,
                   wikitext=page(box(name, fields), licence, categories, heads=heads), categories=categories,
                   statements=statements or {}, items=works or {})  # fmt: skip


__all__ = ["agency", "bnf", "book", "by_hand", "congress", "dpla", "europeana", "geograph", "nara", "stamp"]
