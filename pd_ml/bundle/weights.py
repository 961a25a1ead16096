"""The files of `pipeline/`: weights are safetensors, which hold numbers and no program; nothing else may bring code.

The format: https://github.com/huggingface/safetensors#format. No torch in here.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import Problem
from pd_ml.bundle.files import CODE
from pd_ml.bundle.sealing import Sealed

SAFETENSORS = ".safetensors"
# Configurations, and vocabularies of tokenizers.
_PLAIN = frozenset({".json", ".txt"})
# Those of safetensors' own reader.
_MOST_HEAD_BYTES = 100_000_000


def problems_of_weights(folder: Path, found: Mapping[str, Sealed]) -> list[Problem]:
    """Each file of the pipeline that a pipeline does not have, or that is not what its name says."""
    names = sorted(name for name in found if name.startswith(f"{layout.PIPELINE}/"))
    problems = [Problem(file=name, text=text) for name in names for text in _of_file(folder / name, name)]
    if not any(name.endswith(SAFETENSORS) for name in names):
        problems.append(Problem(file=layout.PIPELINE, text=f"no weights, expected at least one file {SAFETENSORS}"))
    return problems


def _of_file(path: Path, name: str) -> Iterator[str]:
    kind = PurePosixPath(name).suffix
    if kind == SAFETENSORS:
        if wrong := _fault(path):
            yield f"no safetensors: {wrong}"
    elif kind not in _PLAIN and name not in CODE:
        expected = ", ".join([SAFETENSORS, *sorted(_PLAIN)])
        yield f"expected weights as {expected}, or {' or '.join(CODE)}: others may run as a program"


def _fault(path: Path) -> str | None:
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_MOST_HEAD_BYTES, size_bytes - 8):
            return "its head is no head"
        try:
            head = json.loads(file.read(length))
            tensors = {name: one["data_offsets"] for name, one in head.items() if name != "__metadata__"}
            at = 0
            for first, end in sorted(tensors.values()):
                if first != at or end < first:
                    return "its tensors leave gaps or overlap"
                at = end
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return "its head cannot be read"
    if at != size_bytes - 8 - length:
        return f"its tensors are {at} bytes, the file has {size_bytes - 8 - length}"
    return None
