"""What was drawn, below `drawn/` of the home: a folder for each drawing with its pictures and `drawing.json`, from
which it can be drawn again; and the pictures that people gave to begin with. All of it is bounded.

A drawing that no process is at and that says it waits was interrupted.
"""

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.drawing import wish as wishes
from pd_assets.lib.drawing.wish import Wish
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home, write_text

WAITING, DRAWING, DRAWN, FAILED, CANCELLED, INTERRUPTED = (
    "waiting",
    "drawing",
    "drawn",
    "failed",
    "cancelled",
    "interrupted",
)
ENDED = frozenset({DRAWN, FAILED, CANCELLED, INTERRUPTED})
MOST_KEPT, MOST_GIVEN = 200, 200
MOST_GIVEN_BYTES = 2_000_000_000
FILE = "drawing.json"
GIVEN = ".given"
# Beside what is drawn from: the file as it was given, whose marks tell what it is, and all names of the picture.
ORIGINAL, NAMES = ".original", ".names"
FORMAT_VERSION = 1
_NAME = re.compile(r"\d{8}-\d{12}-[0-9a-f]{8}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A wish and what became of it. `files` are names in its folder; `vectors` lie in the space of the CLIP of
    `clip_version`, one for each file.
    """

    id: str
    wish: Wish
    state: str = WAITING
    ordered_at: str = ""
    ended_at: str = ""
    took_s: float = 0.0
    files: tuple[str, ...] = ()
    size: tuple[int, ...] = ()
    model_version: str = ""
    clip_version: str = ""
    vectors: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    cut_off: str = ""
    warnings: tuple[str, ...] = ()
    error: str = ""
    marks: tuple[tuple[str, ...], ...] = ()
    format_version: int = FORMAT_VERSION

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class Kept:
    """The folder of all drawings."""

    root: Path
    most: int = MOST_KEPT
    most_given: int = MOST_GIVEN

    @staticmethod
    def of(home: Home, *, most: int = MOST_KEPT) -> "Kept":
        """Of a home; of one that may not be written in a folder that goes with this process."""
        if not home.may_write:
            return Kept(home.scratch / "drawn", most)
        # What begins with a dot is neither published to a bucket nor removed by what comes from it.
        return Kept(home.root / ("drawn" if home.copy is None else ".drawn"), most)

    def folder(self, name: str) -> Path:
        """Where a drawing lies; `name` may be anybody's text."""
        if not _NAME.fullmatch(name):
            raise PdError(f"{name[:60]!r} is the name of no drawing")
        return self.root / name

    def new(self, wish: Wish) -> Drawing:
        """A drawing that waits."""
        now = datetime.now(UTC)
        drawing = Drawing(
            id=f"{now:%Y%m%d-%H%M%S%f}-{secrets.token_hex(4)}", wish=wish, ordered_at=now.isoformat(timespec="seconds")
        )
        self.write(drawing)
        return drawing

    def write(self, drawing: Drawing) -> None:
        """Note a drawing as it is now."""
        write_text(self.folder(drawing.id) / FILE, json.dumps(asdict(drawing), indent=1) + "\n")

    def read(self, name: str, *, is_at_work: Callable[[str], bool] = lambda name: False) -> Drawing | None:
        """A drawing, or None where there is none that can be read. `is_at_work`: whether this process is at it."""
        if not _NAME.fullmatch(name):
            return None
        try:
            told = json.loads((self.root / name / FILE).read_text())
            if told["format_version"] != FORMAT_VERSION or set(told) != {one.name for one in fields(Drawing)}:
                return None
            several = {key: tuple(told[key]) for key in ("files", "size", "warnings")}
            nested = {key: tuple(tuple(one) for one in told[key]) for key in ("vectors", "marks")}
            drawing = Drawing(**{**told, **several, **nested, "wish": wishes.from_json(told["wish"])})
        except (OSError, ValueError, KeyError, TypeError, PdError):
            return None
        if drawing.is_ended or is_at_work(name):
            return drawing
        return replace(drawing, state=INTERRUPTED)

    def picture(self, name: str, number: int) -> Path | None:
        """The file of one picture of a drawing."""
        drawing = self.read(name)
        if drawing is None or not 0 <= number < len(drawing.files):
            return None
        path = self.folder(name) / Path(drawing.files[number]).name
        return path if path.is_file() else None

    def names(self) -> list[str]:
        """The drawings, the latest first."""
        found = (path.name for path in self.root.glob("[0-9]*"))
        return sorted((name for name in found if _NAME.fullmatch(name)), reverse=True)

    def latest(self, most: int, *, is_at_work: Callable[[str], bool] = lambda name: False) -> Iterator[Drawing]:
        """The latest drawings that have pictures."""
        for name in self.names():
            drawing = self.read(name, is_at_work=is_at_work)
            if most and drawing is not None and drawing.state == DRAWN:
                most -= 1
                yield drawing

    def prune(self, *, is_at_work: Callable[[str], bool]) -> None:
        """Remove what is beyond the bound, the oldest first, but nothing that waits."""
        for name in self.names()[self.most :]:
            if not is_at_work(name):
                shutil.rmtree(self.root / name, ignore_errors=True)

    def give(self, body: bytes, *, original: bytes = b"", names: Sequence[str] = ()) -> str:
        """Keep the bytes of a picture, with the file that they were made of and all its names; the name by which it is
        had again. What was given longest ago makes room.
        """
        digest = hashlib.sha256(original or body).hexdigest()
        path = self.root / GIVEN / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix, content in ((ORIGINAL, original), (NAMES, json.dumps(list(names)).encode()), ("", body)):
            if content:
                partial = path.with_name(f".{digest}.{secrets.token_hex(4)}")
                partial.write_bytes(content)
                partial.replace(path.with_suffix(suffix))
        self._prune_given()
        return digest

    def _prune_given(self) -> None:
        found = {path: _touched_and_bytes(path) for path in (self.root / GIVEN).glob("*")}
        total_bytes = 0
        for place, path in enumerate(sorted((one for one in found if not one.suffix), key=found.__getitem__)[::-1]):
            total_bytes += sum(found.get(one, (0, 0))[1] for one in (path, path.with_suffix(ORIGINAL)))
            if place and (place >= self.most_given or total_bytes > MOST_GIVEN_BYTES):
                self.forget(path.name)

    def forget(self, digest: str) -> None:
        """Remove what was given under a name."""
        for suffix in ("", NAMES, ORIGINAL):
            (self.root / GIVEN / digest).with_suffix(suffix).unlink(missing_ok=True)

    def names_of(self, digest: str) -> tuple[str, ...] | None:
        """All names of the picture that was given; None where nobody can tell."""
        if not _DIGEST.fullmatch(digest):
            return None
        try:
            return tuple(map(str, json.loads((self.root / GIVEN / digest).with_suffix(NAMES).read_text())))
        except (OSError, ValueError, TypeError):
            return None

    def made_of(self, known_by: Collection[str]) -> Iterator[Path]:
        """The folders of the drawings that one of some pictures is in, or may be; the files in which it was given."""
        for name in self.names():
            drawing = self.read(name)
            if drawing is None or is_made_of(drawing.wish.began_with, known_by):
                yield self.root / name
        for path in sorted((self.root / GIVEN).glob("*")):
            # A mask shows no picture.
            if is_made_of(self.names_of(path.stem), known_by):
                yield path

    def original(self, given: Path) -> Path | None:
        """The file that a picture was given as; None of one that was not given."""
        path = given.with_suffix(ORIGINAL)
        return path if given.parent.name == GIVEN and path.is_file() else None

    def given(self, digest: str) -> Path | None:
        """The file of what was given, while it is kept."""
        path = self.root / GIVEN / digest
        if not _DIGEST.fullmatch(digest) or not path.is_file():
            return None
        with suppress(OSError):
            path.touch()
        return path


def is_made_of(root: Sequence[str] | None, known_by: Collection[str]) -> bool:
    """Whether a picture with such names is one of some, or may be."""
    return root is None or any(name.removeprefix("picture:") in known_by for name in root)


def _touched_and_bytes(path: Path) -> tuple[float, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0.0, 0
    return stat.st_mtime, stat.st_size
