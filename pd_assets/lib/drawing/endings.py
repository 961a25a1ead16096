"""How drawings end: what the process that draws answered, as what is kept of them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.drawing.kept import DRAWN, Drawing
from pd_assets.lib.drawing.server import Event
from pd_assets.lib.errors import PdError

UNTOLD = "What this resembles cannot be told"
Vectors = tuple[tuple[float, ...], ...]


def as_ended(drawing: Drawing, state: str, error: str = "") -> Drawing:
    """A drawing that ended without pictures, or is about to have them."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return replace(drawing, state=state, ended_at=now, error=" ".join(error.split())[:1000])


def as_drawn(drawing: Drawing, answer: Event, took_s: float, *, clip_version: str) -> Drawing:
    """A drawing with the pictures of an answer, in the space of a CLIP."""
    files = [answer["file"]] if answer.get("event") == "upscaled" else answer.get("files")
    assert isinstance(files, list)
    vectors, size = as_vectors(answer.get("vectors")), answer.get("size")
    warnings = answer.get("warnings")
    wish = drawing.wish
    return replace(
        as_ended(drawing, DRAWN),
        took_s=round(took_s, 2),
        files=tuple(Path(str(path)).name for path in files),
        size=tuple(int(str(side)) for side in size) if isinstance(size, list) else (),
        model_version=str(answer.get("model_version", wish.version)),
        clip_version=clip_version if vectors else "",
        vectors=vectors,
        cut_off=str(answer.get("cut_off") or ""),
        warnings=tuple(map(str, warnings)) if isinstance(warnings, list) else (),
    )


def as_untold(answer: Event, error: PdError) -> Event:
    """An answer without vectors, and why."""
    warnings = answer.get("warnings")
    return {**answer, "warnings": [*(warnings if isinstance(warnings, list) else ()), f"{UNTOLD}: {error}"]}


def as_vectors(told: object) -> Vectors:
    """Vectors of an answer; none where there are none."""
    return tuple(tuple(map(float, one)) for one in told) if isinstance(told, list) else ()
