"""The wikitext of the wiki's pages: a description page for each file, creators, institutions, the category graph."""

import re
from collections.abc import Sequence
from zlib import crc32

from tests.integration.mediawiki.kinds import KINDS
from tests.integration.mediawiki.pictures import PLAIN_YEAR, Picture
from tests.integration.mediawiki.templates import ROOTS, category_pages, interface_pages, template_pages


def file_page(picture: Picture) -> str:
    """The description page: an information box, the licence, the categories."""
    spec = KINDS[picture.kind]
    fields = _artwork(picture) if spec.box == "Artwork" else _information(picture)
    fields |= {"permission": spec.licence if spec.in_permission else ""}
    box = "\n".join([f"{{{{{spec.box}", *(f" |{name} = {value}" for name, value in fields.items()), "}}"])
    licence = "" if spec.in_permission else f"\n=={{{{int:license-header}}}}==\n{spec.licence}\n"
    categories = "\n".join(f"[[Category:{category}]]" for category in picture.categories)
    return f"=={{{{int:filedesc}}}}==\n{box}\n{licence}\n{categories}\n"


def other_pages(pictures: Sequence[Picture]) -> dict[str, str]:
    """Every page that is no file, by its full title."""
    return template_pages() | interface_pages() | category_pages() | _tree(pictures) | _people_and_places(pictures)


def _artwork(picture: Picture) -> dict[str, str]:
    row = picture.row
    return {
        "artist": f"{{{{Creator:{_page_name(row.artist)}}}}}",
        "title": f"{{{{title|1={_plain(row.title)}}}}}",
        "description": f"{{{{En|1={_plain(row.title)}, {row.kind} by {_plain(row.artist)}.}}}}",
        "date": KINDS[picture.kind].date or _date(row.year),
        "medium": f"{{{{technique|{_plain(row.medium)}}}}}",
        "object type": row.kind,
        "institution": "" if row.museum == "Unknown" else f"{{{{Institution:{_page_name(row.museum)}}}}}",
        "source": row.source_url,
    }


def _information(picture: Picture) -> dict[str, str]:
    row = picture.row
    return {
        "description": f"{{{{En|1={_plain(row.title)}}}}}\n{{{{De|1=Bild von {_plain(row.artist)}}}}}",
        "date": KINDS[picture.kind].date or _date(row.year),
        "source": row.source_url,
        "author": _plain(row.artist),
    }


def _date(year: str) -> str:
    match = PLAIN_YEAR.fullmatch(year)
    assert match is not None
    if match["last"]:
        return f"{{{{other date|between|{match['first']}|{match['last']}}}}}"
    return f"{{{{other date|circa|{match['first']}}}}}" if match["circa"] else match["first"]


def _plain(text: str) -> str:
    """Text without meaning to the wikitext parser."""
    return re.sub(r"[\[\]{}|<>]", "", text)


def item_of_artist(name: str) -> str:
    """The id of an artist's item; wikidata.py has what it says."""
    return f"Q{9_100_000_000 + crc32(name.encode())}"


def _page_name(name: str) -> str:
    return _plain(name).replace("#", "").replace("_", " ").strip()


def _people_and_places(pictures: Sequence[Picture]) -> dict[str, str]:
    rows = [picture.row for picture in pictures]
    creators = {
        f"Creator:{_page_name(row.artist)}": f"{{{{Creator\n |Name = {_plain(row.artist)}\n |Deathdate = "
        f"{row.artist_death_year or ''}\n |Wikidata = {item_of_artist(row.artist)}\n}}}}"
        for row in rows
    }
    institutions = {
        f"Institution:{_page_name(row.museum)}": f"{{{{Institution\n |name = {_plain(row.museum)}\n}}}}"
        for row in rows
        if row.museum != "Unknown"
    }
    return creators | institutions


def _tree(pictures: Sequence[Picture]) -> dict[str, str]:
    """Works by artist below both roots, with the second root below it again: a cycle; and a category below itself."""
    by_artist = "PD-Art works by artist"
    by_medium = "PD-Art works by medium"
    parents = {by_artist: list(ROOTS), by_medium: [by_artist, by_medium], "Category without files": [by_artist]}
    for category in sorted({category for picture in pictures for category in picture.categories}):
        parents[category] = [by_artist, by_medium]
    pages = {
        f"Category:{name}": "\n".join(f"[[Category:{parent}]]" for parent in above) for name, above in parents.items()
    }
    root = f"Category:{ROOTS[1]}"
    return pages | {root: f"{category_pages()[root]}\n[[Category:{by_artist}]]"}
