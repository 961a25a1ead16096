"""A picture that another one is made of: what its marks say, and what of it goes into the new one's credentials."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from pd_ml.marks.claims import read_credentials
from pd_ml.marks.credentials import Given
from pd_ml.marks.formats import MIME, opened, read_file, rgb
from pd_ml.marks.origin import ALTERED, GENERATED, OF_MACHINES
from pd_ml.marks.watermark import find
from pd_ml.marks.xmp import read_xmp


def given_of(path: Path) -> Given:
    """The input in a file. Where its format carries no credentials that can be kept, its pixels are, as a PNG.

    What is made of a picture that a model had made is such a picture too; of another one it is an altered one.
    Credentials and XMP are taken at their word, for they could only be believed too much. Errors: PictureError.
    """
    body = read_file(path)
    image = opened(body, str(path))
    mime = MIME.get(image.format or "", "")
    credentials = read_credentials(body, mime) if mime else None
    xmp = read_xmp(image)
    if credentials is None:
        says = "the input had no content credentials"
    elif credentials.unreadable:
        says = f"the input had content credentials that could not be read: {credentials.unreadable}"
    elif credentials.faults:
        says = f"the input's content credentials were kept, and it was altered since: {', '.join(credentials.faults)}"
    else:
        says = "the input's content credentials were kept, and it was as they were signed"
    told = {credentials.source_type if credentials else "", xmp.source_type if xmp else ""}
    is_kept = mime and not (credentials and credentials.unreadable)
    return Given(
        body=body if is_kept else _as_png(image),
        mime=mime if is_kept else MIME["PNG"],
        source_type=_of_result(told, image),
        says=says,
    )


def _of_result(told: set[str], image: Image.Image) -> str:
    if told.isdisjoint(OF_MACHINES):
        found = find(np.asarray(rgb(image)))
        return GENERATED if found is not None and found.is_found else ALTERED
    return GENERATED if GENERATED in told else ALTERED


def _as_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    rgb(image).save(buffer, "PNG")
    return buffer.getvalue()
