"""A child that speaks the protocol of `python -m pd_ml serve` and draws squares of one colour, without torch.

What it does is told by the prompt: `wait:FILE` draws once the file is there, `die` ends the process, `kill` kills it,
`refuse` is an error of its own, `crash` one that nobody foresaw. Each request is noted in the file that is its first
argument.
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from PIL import Image


def command(log: Path, masks: Path | None = None) -> tuple[str, ...]:
    """How it is started; `masks` is a folder for copies of the masks that it is given."""
    return (sys.executable, __file__, str(log), *([str(masks)] if masks else []))


def requests(log: Path) -> list[dict[str, object]]:
    """What it was asked for, in order."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def prompts(log: Path) -> list[str]:
    """The prompts that it was asked for, in order."""
    return [str(request["prompt"]) for request in requests(log) if request["do"] == "draw"]


def main() -> None:
    with Path(sys.argv[1]).open("a", buffering=1) as log:
        for line in sys.stdin:
            log.write(line)
            request = json.loads(line)
            for event in answered(request):
                sys.stdout.write(json.dumps({"id": request["id"], **event}) + "\n")
                sys.stdout.flush()


def answered(request: dict) -> list[dict]:  # type: ignore[type-arg]
    if request["do"] == "load":
        return [{"event": "loaded"}]
    if request["do"] == "embed":
        texts, images = ([[1.0, 0.0]] * len(request[what]) for what in ("texts", "images"))
        return [{"event": "embedded", "texts": texts, "images": images}]
    if request["do"] == "upscale":
        with Image.open(request["image"]) as opened:
            opened.resize((4 * opened.width, 4 * opened.height)).save(request["out"])
        return [{"event": "upscaled", "file": request["out"]}]
    word, _, rest = request["prompt"].partition(":")
    if "broken" in str(request["clip"]):
        return [{"event": "error", "error": "ProvenanceError", "message": f"{request['clip']}: no run.json"}]
    if word == "die":
        sys.stderr.write("it ran out of paint\n")
        os._exit(3)
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "crash":
        return [{"event": "error", "error": "IndexError", "message": "index 1000 is out of bounds"}]
    if word == "refuse":
        return [{"event": "error", "error": "PromptError", "message": "I do not draw that"}]
    sys.stdout.write(json.dumps({"id": request["id"], "event": "progress", "step": 1, "steps": 2, "picture": 1}) + "\n")
    sys.stdout.flush()
    while word == "wait" and not Path(rest).exists():
        time.sleep(0.01)
    size = [request["width"] or 8, request["height"] or 8]
    if request["mask"] and len(sys.argv) > 2:
        shutil.copy(request["mask"], Path(sys.argv[2]) / f"{request['id']}.png")
    files, vectors = [], [[1.0, 0.0]] * request["n"] if request["clip"] else None
    for number in range(request["n"]):
        path = Path(request["out"]) / f"{number:04d}.png"
        Image.new("RGB", tuple(size), (request["seed"] % 256, number, 0)).save(path)
        files.append(str(path))
    return [
        {"event": "drawn", "files": files, "model_version": "v1", "vectors": vectors, "size": size, "cut_off": "",
         "warnings": []}
    ]  # fmt: skip


if __name__ == "__main__":
    main()
