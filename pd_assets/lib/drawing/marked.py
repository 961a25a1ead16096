"""Which marks the files of a drawing have, a line each, as `python -m pd_ml detect` finds them. Errors: ChildFailed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pd_assets.lib.child import run_pd_ml


def marks_of(paths: Sequence[Path]) -> list[tuple[str, ...]]:
    """What was found in each file."""
    found: dict[str, tuple[str, ...]] = {}

    def keep(told: Mapping[str, object]) -> None:
        if "picture" in told:
            found[str(told["picture"])] = tuple(_lines(told))

    run_pd_ml(["detect", "--json", *map(str, paths)], keep)
    return [found.get(str(path), ("its marks could not be read",)) for path in paths]


def _lines(told: Mapping[str, object]) -> list[str]:
    if told.get("fault"):
        return [f"cannot be read: {told['fault']}"]
    credentials, xmp, mark = (_part(told, name) for name in ("credentials", "xmp", "watermark"))
    signed = f": signed by {credentials.get('signer')}" if credentials.get("signer") else ""
    known = f" ({credentials.get('known_as')})" if credentials.get("known_as") else ""
    changed = "" if credentials.get("unchanged", True) else "; the file was changed since"
    system = f": made by {xmp.get('system')}, version {xmp.get('version')}" if xmp.get("system") else ""
    size = "" if mark.get("answer") != "cannot be judged" else f" in a picture below {mark.get('least_side_px')} px"
    return [
        f"Content credentials {credentials.get('answer')}{signed}{known}{changed}",
        f"XMP {xmp.get('answer')}{system}",
        f"Watermark {mark.get('answer')}{size}",
    ]


def _part(told: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}
