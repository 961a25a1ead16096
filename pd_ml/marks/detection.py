"""Which marks a picture carries, each answered for itself, with how sure that is. Errors: PictureError, MarkError."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pd_ml.errors import PictureError
from pd_ml.marks import watermark
from pd_ml.marks.claims import EXPIRED, Credentials, Input, read_credentials
from pd_ml.marks.credentials import DETECTOR
from pd_ml.marks.foreign import plain
from pd_ml.marks.formats import MIME, mime_of, opened, read_file, rgb
from pd_ml.marks.keys import Anchor, known_anchors
from pd_ml.marks.origin import in_words, is_of_machines
from pd_ml.marks.xmp import Xmp, read_xmp

FOUND, NOT_FOUND, CANNOT_BE_JUDGED = "found", "not found", "cannot be judged"
_MOST_SAID, _MOST_TERMS = 6, 20
NO_PROOF = "That a mark is missing is no proof of a human hand: each of them can be lost or taken away."


@dataclass(frozen=True, kw_only=True)
class Detected:
    """What was found in a picture; None where there is none of it, or for the watermark where it cannot be judged.

    `fault`: why its pixels cannot be had; then its `size` is None, and only its credentials could be looked at.
    """

    picture: str
    size: tuple[int, int] | None
    fault: str = ""
    credentials: Credentials | None
    xmp: Xmp | None
    watermark: watermark.Found | None

    @property
    def answers(self) -> Mapping[str, str]:
        """Found, not found or cannot be judged, for each of the three."""
        credentials, xmp, mark = self.credentials, self.xmp, self.watermark
        return {
            "credentials": _answer(
                credentials is not None and not credentials.damaged, bool(credentials and credentials.unreadable)
            ),
            "xmp": _answer(xmp is not None and (bool(xmp.source_type) or bool(xmp.fault)), bool(xmp and xmp.fault)),
            "watermark": _answer(mark is not None and mark.is_found, mark is None),
        }

    @property
    def made_by_a_machine(self) -> tuple[str, ...]:
        """The marks that say that a model made or edited the picture."""
        credentials, xmp, mark = self.credentials, self.xmp, self.watermark
        inputs = [one for _, one in _all_inputs(credentials.inputs)] if credentials else []
        said = {
            "content credentials": credentials is not None and any(map(is_of_machines, credentials.source_types)),
            **{
                f"content credentials of an input ({one.title or 'without a name'})": True
                for one in inputs
                if any(map(is_of_machines, one.source_types))
            },
            "XMP": xmp is not None and is_of_machines(xmp.source_type),
            "watermark": mark is not None and mark.is_found,
        }
        return tuple(name for name, is_said in said.items() if is_said)


def anchors_of(given: Sequence[Path], environment: Mapping[str, str] = os.environ) -> tuple[Anchor, ...]:
    """Whose signatures this machine knows. MarkError where a certificate cannot be read."""
    return known_anchors(environment, tuple(given))


def detect(path: Path, anchors: Sequence[Anchor]) -> Detected:
    """Look for all three marks in a PNG, JPEG or WebP; PictureError for what is none.

    Of a damaged or too large one the credentials are read where there are some: it is them that tell of a change.
    """
    body = read_file(path)
    try:
        image = opened(body, str(path))
        pixels_HWC = np.asarray(rgb(image, str(path)))
    except PictureError as error:
        mime = mime_of(body)
        credentials = read_credentials(body, mime, anchors) if mime else None
        if credentials is None or credentials.damaged:
            raise
        xmp = Xmp(fault="the picture cannot be read")
        return Detected(
            picture=str(path), size=None, fault=str(error), credentials=credentials, xmp=xmp, watermark=None
        )
    mime = MIME.get(image.format or "", "")
    if not mime:
        raise PictureError(f"{path}: a picture of the format {image.format}, expected PNG, JPEG or WebP")
    return Detected(
        picture=str(path),
        size=image.size,
        credentials=read_credentials(body, mime, anchors),
        xmp=_plain(read_xmp(image)),
        watermark=watermark.find(pixels_HWC),
    )


def as_json(found: Detected) -> Mapping[str, object]:
    """All of it as plain values; each of the three with its `answer`."""
    answers = found.answers
    credentials = _credentials_json(found.credentials) if found.credentials else {}
    mark = asdict(found.watermark) if found.watermark else {"least_side_px": watermark.MIN_JUDGED_PX}
    return {
        "picture": found.picture,
        "size": found.size,
        "fault": found.fault,
        "credentials": {"answer": answers["credentials"], **credentials},
        "xmp": {"answer": answers["xmp"], **(asdict(found.xmp) if found.xmp else {})},
        "watermark": {
            "answer": answers["watermark"],
            "version": watermark.VERSION,
            "false_alarm_rate": watermark.FALSE_ALARM_RATE,
            "false_alarm_interval": watermark.FALSE_ALARM_INTERVAL,
            "false_alarm_pictures": watermark.FALSE_ALARM_PICTURES,
            **mark,
        },
        "made_by_a_machine_says": list(found.made_by_a_machine),
        "note": NO_PROOF,
    }


def _credentials_json(found: Credentials) -> Mapping[str, object]:
    return {**asdict(found), "source_type": found.source_type, "unchanged": found.is_unchanged}


def told(found: Detected) -> Iterator[str]:
    """The same in sentences, a line each."""
    reason = plain(found.fault.removeprefix(f"{found.picture}: "))
    size = " x ".join(map(str, found.size)) + " pixels" if found.size else f"its pixels cannot be had: {reason}"
    yield f"{plain(found.picture)}: {size}"
    yield from _credentials_told(found.credentials)
    yield _xmp_told(found.xmp, found.answers["xmp"])
    yield _watermark_told(found)
    says = found.made_by_a_machine
    said = ", ".join([*says[:_MOST_SAID], *([f"{len(says) - _MOST_SAID} more"] if len(says) > _MOST_SAID else [])])
    yield f"  made or edited by a model: said by {said}" if said else "  made or edited by a model: no mark says so"
    yield f"  {NO_PROOF}"


def _credentials_told(found: Credentials | None) -> Iterator[str]:
    if found is None:
        yield "  content credentials: not found"
        return
    if found.damaged:
        yield f"  content credentials: not found; the file is damaged ({found.damaged})"
        return
    if found.unreadable:
        yield f"  content credentials: cannot be judged: there are some, and they cannot be read ({found.unreadable})"
        return
    if found.is_unchanged:
        yield "  content credentials: found; picture and credentials are unchanged since they were signed"
    elif not found.is_signed:
        yield (
            f"  content credentials: found, INVALID: their signature does not hold ({', '.join(found.faults)}); they "
            "or the picture may have been changed"
        )
    else:
        yield (
            f"  content credentials: found, INVALID: changed since they were signed ({', '.join(found.faults)}); what "
            "they say may be of another picture"
        )
    yield f"    signed by: {found.signer or 'no name'}; {_known_told(found)}"
    if found.certificate_faults:
        yield f"    {_certificate_told(found.certificate_faults)}"
    yield f"    they say: {_claims_told(found)}"
    for depth, one in _all_inputs(found.inputs):
        yield f"    {'  ' * depth}made of {one.title or 'a picture'} ({one.relationship}): {_input_told(one)}"


def _known_told(found: Credentials) -> str:
    if not found.is_signed:
        return "the signature does NOT fit that name"
    by = "a test key, which stands for nobody" if found.key == "test" else "a key"
    if found.known_as:
        return f"{by}, known here: {found.known_as}"
    return f"{by} that this machine does not know: anybody can write such names"


def _certificate_told(faults: Sequence[str]) -> str:
    codes = ", ".join(faults)
    if EXPIRED in faults:
        return (
            f"its certificate has run out ({codes}), which changes nothing in the picture; without a time stamp of "
            "somebody else, only the signer's word says that it was signed before"
        )
    return f"its certificate or time stamp is not in order ({codes})"


def _claims_told(found: Credentials) -> str:
    own = found.own
    system = " ".join(own.get(name, "") for name in ("system", "version")).strip() or found.generator
    parts = [", then ".join(map(in_words, found.source_types)) or "not how the picture came to be"]
    parts += [f"by {system}"] if system else []
    parts += [f"{name} {own[name]}" for name in ("provider", "made", "time", "id", "watermark") if name in own]
    # A stranger's text must not tell anybody what to run.
    parts += [f"to be checked with: {DETECTOR}"] if own.get("detector") == DETECTOR else []
    return "; ".join(parts)


def _input_told(one: Input) -> str:
    if not one.has_credentials:
        return "it had no content credentials" + (f" ({', '.join(one.faults)})" if one.faults else "")
    state = f"CHANGED since it was signed ({', '.join(one.faults)})" if one.faults else "unchanged since it was signed"
    state += f" (its certificate: {', '.join(one.certificate_faults)})" if one.certificate_faults else ""
    came = ", then ".join(map(in_words, one.source_types)) or "nothing said of how it came to be"
    return f"{came}; signed by {one.signer or 'no name'}; {state}"


def _all_inputs(inputs: Sequence[Input], depth: int = 0) -> Iterator[tuple[int, Input]]:
    for one in inputs:
        yield depth, one
        yield from _all_inputs(one.inputs, depth + 1)


def _xmp_told(found: Xmp | None, answer: str) -> str:
    if answer == NOT_FOUND or found is None:
        return "  XMP (IPTC digital source type): not found"
    if found.fault:
        return f"  XMP (IPTC digital source type): cannot be judged: {found.fault}"
    system = " ".join(part for part in (found.system, found.version) if part)
    came = ", ".join(map(in_words, found.source_type.split()))
    by = f", by {system}" if system else ""
    return f"  XMP (IPTC digital source type): found: {came}{by}; a plain text, which anybody can write or take away"


def _watermark_told(found: Detected) -> str:
    mark, least = found.watermark, watermark.MIN_JUDGED_PX
    if found.fault:
        return "  watermark: cannot be judged without pixels"
    if mark is None:
        return f"  watermark: cannot be judged: the picture is smaller than {least} x {least} pixels"
    score = f"score {mark.score:.1f}, threshold {mark.threshold:.1f}"
    if mark.is_found:
        scale = "" if mark.scale is None else f", at {mark.scale:.2f} of its size"
        return (
            f"  watermark: found ({score}{scale}); measured false alarms: {watermark.FALSE_ALARM_RATE:.2%} of "
            f"{watermark.FALSE_ALARM_PICTURES} pictures without it, at most {watermark.FALSE_ALARM_INTERVAL[1]:.2%}"
        )
    return (
        f"  watermark: not found ({score}); it may have been lost, and pictures that were drawn smaller than "
        f"{watermark.MIN_SIDE_PX} x {watermark.MIN_SIDE_PX} pixels never had it"
    )


def _plain(found: Xmp | None) -> Xmp | None:
    """For people; of many source types those of machines come first, so that they are among what is kept."""
    if found is None:
        return None
    terms = plain(found.source_type, len(found.source_type)).split()
    kept = [plain(term) for term in sorted(terms, key=is_of_machines, reverse=True)[:_MOST_TERMS]]
    told = {name: plain(text) for name, text in asdict(found).items()}
    return Xmp(**{**told, "source_type": " ".join(kept)})


def _answer(is_found: bool, is_unclear: bool) -> str:
    return CANNOT_BE_JUDGED if is_unclear else FOUND if is_found else NOT_FOUND
