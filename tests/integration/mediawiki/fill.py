"""Fill the test wiki with real pictures under licences chosen by a test, and return the truth about every file.

The pictures are public-domain works; most `kinds` put them under a wrong, missing or contradictory licence on purpose.
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from hashlib import sha1
from pathlib import Path
from xml.sax.saxutils import escape

from tests.integration.mediawiki.errors import FillFailed
from tests.integration.mediawiki.kinds import KINDS, Kind
from tests.integration.mediawiki.pages import file_page, other_pages
from tests.integration.mediawiki.pictures import Picture, choose, read_art
from tests.integration.mediawiki.wiki import UPLOADER, MediaWiki

MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def fill(wiki: MediaWiki, art: Path, mix: Mapping[Kind, int], seed: int = 0) -> list[Picture]:
    """Put `mix[kind]` pictures of each kind into a fresh wiki whose server is stopped; the same seed, the same wiki."""
    pictures = choose(read_art(art), mix, seed)
    with tempfile.TemporaryDirectory() as scratch:
        _import_pages(wiki, Path(scratch), other_pages(pictures))
        pictures = _import_files(wiki, Path(scratch), art, pictures)
        _move(wiki, Path(scratch), pictures)
    wiki.run_jobs()
    wiki.maintenance("initSiteStats.php", "--update")
    pictures = [_title_now(picture) for picture in pictures]
    _check(wiki, pictures)
    return pictures


def _import_pages(wiki: MediaWiki, scratch: Path, pages: Mapping[str, str]) -> None:
    dump = scratch / "pages.xml"
    dump.write_text("\n".join(_export(pages)), encoding="utf-8")
    wiki.maintenance("importDump.php", "--quiet", str(dump))


def _export(pages: Mapping[str, str]) -> Iterator[str]:
    """MediaWiki's export format 0.11 (https://www.mediawiki.org/wiki/Help:Export)."""
    now = time.strftime(MOMENT, time.gmtime())
    # What a Creator page says counts once it stood for two days.
    long_ago = time.strftime(MOMENT, time.gmtime(time.time() - 30 * 86_400))
    yield '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">'
    for title, text in pages.items():
        yield (
            f"<page><title>{escape(title)}</title><revision>"
            f"<timestamp>{long_ago if title.startswith('Creator:') else now}</timestamp>"
            f"<contributor><username>{UPLOADER}</username></contributor><model>wikitext</model>"
            f'<format>text/x-wiki</format><text xml:space="preserve">{escape(text)}</text></revision></page>'
        )
    yield "</mediawiki>"


def _import_files(wiki: MediaWiki, scratch: Path, art: Path, pictures: Sequence[Picture]) -> list[Picture]:
    folder = scratch / "files"
    folder.mkdir()
    done = []
    for picture in pictures:
        path = folder / picture.title.removeprefix("File:").replace(" ", "_")
        shutil.copyfile(art / picture.row.file, path)
        if not picture.decodes:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        path.with_suffix(".txt").write_text(file_page(picture), encoding="utf-8")
        done.append(replace(picture, sha1=sha1(path.read_bytes(), usedforsecurity=False).hexdigest()))
    wiki.maintenance(
        "importImages.php",
        f"--user={UPLOADER}",
        "--comment-ext=txt",
        "--summary=import",
        "--extensions=jpg,png,webp",
        str(folder),
    )
    return done


def _move(wiki: MediaWiki, scratch: Path, pictures: Sequence[Picture]) -> None:
    """Rename the kinds that are renamed; their old titles stay as redirects."""
    moves = [f"{picture.title}|{_title_now(picture).title}" for picture in pictures if KINDS[picture.kind].renamed]
    if moves:
        (scratch / "moves").write_text("\n".join(moves) + "\n", encoding="utf-8")
        wiki.maintenance("moveBatch.php", f"--u={UPLOADER}", "--r=better name", str(scratch / "moves"))


def _title_now(picture: Picture) -> Picture:
    """The picture under the title that it has after `_move`."""
    if not KINDS[picture.kind].renamed:
        return picture
    title = picture.title.replace(" - ", " - Renamed ", 1)
    return replace(picture, title=title, former_title=picture.title)


def _check(wiki: MediaWiki, pictures: Sequence[Picture]) -> None:
    """Ask the database, since the import script says nothing of files that it left out."""
    with closing(sqlite3.connect(wiki.site / "data/commonswiki.sqlite")) as connection:
        rows = connection.execute("SELECT CAST(img_name AS TEXT) FROM image").fetchall()
    names = {name for (name,) in rows}
    wanted = {picture.title.removeprefix("File:").replace(" ", "_") for picture in pictures}
    if names != wanted:
        raise FillFailed(
            f"The wiki holds {len(names)} files instead of {len(wanted)}; missing: {sorted(wanted - names)[:5]}, "
            f"unexpected: {sorted(names - wanted)[:5]}"
        )
