"""A picture that another one is made of: what its marks say, and what of it goes into the new one's credentials."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pd_ml.marks.claims import read_credentials
from pd_ml.marks.credentials import Given
from pd_ml.marks.formats import MIME, opened, read_file, rgb
from pd_ml.marks.origin import ALTERED, GENERATED, is_generated, is_of_machines
from pd_ml.marks.watermark import find
from pd_ml.marks.xmp import read_xmp


def given_of(path: Path) -> Given:
    """`given_in` of a file. Errors: PictureError."""
    return given_in(read_file(path), str(path))


def given_in(body: bytes, name: str) -> Given:
    """The input in a file's bytes. Where its format carries no credentials that can be kept, its pixels are, as a PNG.

    What is made of a picture that a model had made is such a picture too, whatever was done with that in between; of
    another one it is an altered one.
    Credentials and XMP are taken at their word, for they could only be believed too much. Errors: PictureError.
    """
    image = opened(body, name)
    mime = MIME.get(image.format or "", "")
    credentials = read_credentials(body, mime) if mime else None
    xmp = read_xmp(image)
    if credentials is None:
        says = "the input had no content credentials"
    elif credentials.damaged:
        says = f"the input had no content credentials, and its file was damaged: {credentials.damaged}"
    elif credentials.unreadable:
        says = f"the input had content credentials that could not be read: {credentials.unreadable}"
    elif credentials.faults:
        says = f"the input's content credentials were kept, and it was altered since: {', '.join(credentials.faults)}"
    else:
        says = "the input's content credentials were kept, and it was as they were signed"
        if credentials.certificate_faults:
            says += f"; of their certificate: {', '.join(credentials.certificate_faults)}"
    told = [xmp.source_type] if xmp else []
    if credentials:
        told += [*credentials.source_types, *credentials.source_types_of_parents]
    is_kept = mime and not (credentials and (credentials.unreadable or credentials.damaged))
    return Given(
        body=body if is_kept else _as_png(image, name),
        mime=mime if is_kept else MIME["PNG"],
        source_type=_of_result(told, image, name),
        says=says,
    )


def _of_result(told: Sequence[str], image: Image.Image, name: str) -> str:
    if not any(map(is_of_machines, told)):
        found = find(np.asarray(rgb(image, name)))
        return GENERATED if found is not None and found.is_found else ALTERED
    return GENERATED if any(map(is_generated, told)) else ALTERED


def _as_png(image: Image.Image, name: str) -> bytes:
    buffer = io.BytesIO()
    rgb(image, name).save(buffer, "PNG")
    return buffer.getvalue()
