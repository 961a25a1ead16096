"""The drawing page: a form, the queue's answer, and each result with its marks, its licence and what it resembles."""

import base64
import binascii
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.child import ChildFailed
from pd_assets.lib.drawing import asking, marked, models, starts
from pd_assets.lib.drawing.asking import Read
from pd_assets.lib.drawing.desk import Desk, DeskFull, desk_of
from pd_assets.lib.drawing.kept import DRAWN, Drawing
from pd_assets.lib.drawing.models import Drawer
from pd_assets.lib.drawing.resembling import Vectors, resembling
from pd_assets.lib.drawing.wish import Wish
from pd_assets.lib.drawing.words import Unknown, frequent, unknown_words, vocabulary
from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.gallery.vectors import Maker, load_vectors
from pd_assets.web.served import HEADERS, Served, wants_part

LATELY = 12
SHOWN_SIDE = 512
# Beside the picture: the mask, and what was typed.
MOST_FIELD_BYTES = 3_000_000
BRUSH = "data:image/png;base64,"
OpenVectors = Callable[[], Vectors | None]


def routes(served: Served, desk: Desk | None = None, vectors: OpenVectors | None = None) -> Sequence[BaseRoute]:
    """The paths of this page. Without a desk that of the home; `vectors` opens those of its pictures."""
    page = _Draw(served, desk, vectors or partial(load_vectors, served.home))
    return [
        Route("/draw", page.form),
        Route("/draw", page.order, methods=["POST"]),
        Route("/draw/words", page.words),
        Route("/draw/start", page.start),
        Route("/draw/{name}", page.drawing),
        Route("/draw/{name}/part", page.part),
        Route("/draw/{name}/cancel", page.cancel, methods=["POST"]),
        Route("/draw/{name}/{number:int}.png", page.picture),
        Route("/draw/{name}/{number:int}/about", page.about),
        Route("/draw/{name}/{number:int}/enlarge", page.enlarge, methods=["POST"]),
    ]


class _Draw:
    def __init__(self, served: Served, desk: Desk | None, vectors: OpenVectors) -> None:
        self.served, self.home, self._desk, self.vectors = served, served.home, desk, vectors
        self.maker = Maker(served.home)
        self.one_looks_for_marks = threading.Lock()

    @property
    def desk(self) -> Desk:
        return self._desk or desk_of(self.home, self.served.settings.rights_profile, self.served.settings.stale_days)

    def drawers(self) -> list[Drawer]:
        return models.drawers(self.home, free_licence=self.served.settings.weights_licence)

    def form(self, request: Request) -> Response:
        """The form, with what an address says filled in."""
        found = self.drawers()
        asked = {name: request.query_params[name] for name in asking.FIELDS if name in request.query_params}
        problems: dict[str, str] = {}
        if "model" in asked:
            try:
                models.chosen([one for one in found if not one.is_enlarging], asked["model"])
            except ConfigError as error:
                problems["model"] = str(error)
        with suppress(PdError):
            # Somebody is about to ask: it takes seconds to load.
            self.desk.warm(models.chosen([one for one in found if not one.is_enlarging], asked.get("model", "")).folder)
        return self._page(request, found, Read(typed=asked, problems=problems))

    async def order(self, request: Request) -> Response:
        """Put a wish into the queue, or say what is wrong with it."""
        _require_bounded(request)
        async with request.form(max_files=1, max_fields=60, max_part_size=MOST_FIELD_BYTES) as form:
            typed = {name: value for name, value in form.items() if isinstance(value, str)}
            given = form.get("picture")
            body = await given.read() if isinstance(given, UploadFile) and given.size else b""
        return await run_in_threadpool(self._ordered, request, typed, body)

    def _ordered(self, request: Request, typed: dict[str, str], body: bytes) -> Response:
        found = self.drawers()
        problems: dict[str, str] = {}
        try:
            if body:
                typed["start"] = self.desk.starts.give_picture(body)
        except ConfigError as error:
            problems["start"] = str(error)
        try:
            if brush := typed.pop("brush", ""):
                typed["mask"] = self.desk.starts.give_mask(_brushed(brush))
        except ConfigError as error:
            problems["mask"] = str(error)
        read = asking.read(self.desk.starts, found, typed)
        read = replace(read, problems={**read.problems, **problems})
        if read.wish is None or read.problems:
            return self._page(request, found, read, status_code=422)
        try:
            drawing = self.desk.order(read.wish)
        except DeskFull as error:
            return self._page(request, found, replace(read, problems={"": str(error)}), status_code=503)
        return RedirectResponse(f"/draw/{drawing.id}", status_code=303)

    def drawing(self, request: Request) -> Response:
        """The form as it was, and beside it how far the drawing is, or its pictures."""
        drawing = self._drawing(request)
        return self._page(request, self.drawers(), Read(typed=_as_typed(drawing.wish), problems={}), drawing=drawing)

    def part(self, request: Request) -> Response:
        """How far a drawing is, for a page that asks every second."""
        return self.served.part("draw_part.html", self._told(self._drawing(request)))

    def cancel(self, request: Request) -> Response:
        """Leave a drawing, waiting or under way."""
        name = self._drawing(request).id
        self.desk.cancel(name)
        return RedirectResponse(f"/draw/{name}", status_code=303)

    def words(self, request: Request) -> Response:
        """Which words of a prompt the model never learnt."""
        prompt = request.query_params.get("prompt", "")[: asking.LONGEST_PROMPT]
        unknown: Sequence[Unknown] = ()
        often: Sequence[str] = ()
        with suppress(ConfigError):
            drawers = [one for one in self.drawers() if not one.is_enlarging]
            drawer = models.chosen(drawers, request.query_params.get("model", ""))
            unknown = self._unknown(drawer, prompt)
            known = vocabulary(self.home, drawer.dataset_version) if drawer.takes_prompts else None
            often = frequent(known) if known else ()
        return self.served.part("draw_words.html", {"unknown": unknown, "often": often})

    def start(self, request: Request) -> Response:
        """A start picture, cut to the shape of what is drawn; or the mask over it."""
        try:
            width, height = (min(max(int(request.query_params.get(name, "")), 1), 4096) for name in ("width", "height"))
        except ValueError:
            width = height = 1
        own, asked = self.desk.starts, request.query_params
        try:
            if mask := asked.get("mask"):
                body = own.shown_mask(mask, (width, height), SHOWN_SIDE)
            else:
                path = own.path_of(own.named(asked.get("start", "")))
                body = starts.shown_start(path, (width, height), SHOWN_SIDE)
        except PdError as error:
            raise HTTPException(404, str(error)) from error
        return Response(body, media_type="image/png", headers=HEADERS)

    def picture(self, request: Request) -> Response:
        """A drawn picture, with its marks in it."""
        drawing, path = self._drawn(request)
        wish = drawing.wish
        headers = {**HEADERS, "X-Robots-Tag": "noindex"}
        if "download" in request.query_params:
            called = f"{wish.stage}-{wish.version[:8]}-seed{wish.seed}-{request.path_params['number']}.png"
            return FileResponse(path, media_type="image/png", headers=headers, filename=called)
        return FileResponse(path, media_type="image/png", headers=headers)

    def about(self, request: Request) -> Response:
        """What a drawn picture resembles, and its marks."""
        drawing, _ = self._drawn(request)
        number = int(request.path_params["number"])
        told: dict[str, object] = {
            "drawing": drawing,
            "number": number,
            "marks": self._marks(drawing)[number],
            **self._resemblance(drawing, number),
        }
        if wants_part(request):
            return self.served.part("draw_about.html", {**told, "level": 4 if len(drawing.files) > 1 else 3})
        return self.served.page(request, "draw_one.html", {**told, "level": 2}, title="About a drawn picture")

    def enlarge(self, request: Request) -> Response:
        """Have a result made larger: a drawing of its own."""
        drawing, _ = self._drawn(request)
        found = [one for one in self.drawers() if one.is_enlarging and not one.problem]
        if not found:
            raise ConfigError("no model here enlarges pictures: make one with `pdd run train_latent`")
        wish = Wish(
            stage=found[0].stage,
            version=found[0].version,
            prompt=drawing.wish.prompt,
            steps=found[0].steps,
            start=f"drawn:{drawing.id}/{request.path_params['number']}",
            is_enlarging=True,
        )
        return RedirectResponse(f"/draw/{self.desk.order(wish).id}", status_code=303)

    def _drawing(self, request: Request) -> Drawing:
        found = self.desk.read(request.path_params["name"])
        if found is None:
            kept = f"the last {self.desk.kept.most} are kept"
            raise HTTPException(404, f"There is no such drawing here any more; {kept}.")
        return found

    def _drawn(self, request: Request) -> tuple[Drawing, Path]:
        drawing = self._drawing(request)
        path = self.desk.kept.picture(drawing.id, int(request.path_params["number"]))
        if path is None:
            raise HTTPException(404, "There is no such picture among the results.")
        if item := self.desk.starts.withdrawn(drawing.wish.start):
            raise HTTPException(410, f"This began with {item}, which was taken down since; it is not shown any more.")
        return drawing, path

    def _page(
        self,
        request: Request,
        found: Sequence[Drawer],
        read: Read,
        *,
        drawing: Drawing | None = None,
        status_code: int = 200,
    ) -> Response:
        drawing_models = [one for one in found if not one.is_enlarging]
        usable = [one for one in drawing_models if not one.problem]
        try:
            chosen = models.chosen(drawing_models, read.typed.get("model", "")) if usable else None
        except ConfigError:
            chosen = usable[0]
        typed = {name: read.typed.get(name, "") for name in asking.FIELDS}
        typed["seed"] = typed["seed"] or str(asking.new_seed())
        told: Mapping[str, object] = {
            "usable": usable,
            "unusable": [one for one in found if one.problem],
            "chosen": chosen,
            "typed": typed,
            "problems": read.problems,
            "most": asking,
            "most_bytes": starts.MOST_BYTES,
            "waiting": self.desk.waiting(),
            "lately": [] if drawing else list(self.desk.kept.latest(LATELY)),
            "drawing": None,
            **(self._told(drawing) if drawing else {}),
        }
        return self.served.page(request, "draw.html", told, title="Draw", status_code=status_code)

    def _told(self, drawing: Drawing) -> dict[str, object]:
        """What a drawing is told with."""
        found, wish = self.drawers(), drawing.wish
        try:
            drawer = models.of_wish(found, wish)
        except ConfigError:
            drawer = None
        return {
            "drawing": drawing,
            "wish": wish,
            "standing": self.desk.standing(drawing.id),
            "drawer": drawer,
            "unknown": self._unknown(drawer, wish.prompt) if drawer and not wish.is_enlarging else [],
            "withdrawn": self.desk.starts.withdrawn(wish.start),
            "may_enlarge": not wish.is_enlarging and any(one.is_enlarging and not one.problem for one in found),
        }

    def _unknown(self, drawer: Drawer, prompt: str) -> list[Unknown]:
        if not drawer.takes_prompts or not prompt.strip():
            return []
        known = vocabulary(self.home, drawer.dataset_version)
        return unknown_words(known, prompt) if known else []

    def _resemblance(self, drawing: Drawing, number: int) -> dict[str, object]:
        """The nearest pictures, or why they cannot be told."""
        if number >= len(drawing.vectors):
            why = "No CLIP is here that could tell." if drawing.state == DRAWN else ""
            return {"resemblance": None, "why": why}
        try:
            vectors = self.vectors()
            if vectors is None:
                self.maker.begin()
                why = f"The vectors of the pictures could not be made: {self.maker.problem}"
                if not self.maker.problem:
                    why = "The vectors of the pictures that it learnt from are being made; look again in a while."
                return {"resemblance": None, "why": why}
            if (made_by := getattr(vectors, "clip_version", drawing.clip_version)) != drawing.clip_version:
                why = f"It was drawn beside CLIP {drawing.clip_version}; the pictures' vectors are those of {made_by}."
                return {"resemblance": None, "why": f"{why} Draw it again."}
            return {"resemblance": resembling(self.desk.starts.standing, vectors, drawing.vectors[number]), "why": ""}
        except PdError as error:
            return {"resemblance": None, "why": str(error)}

    def _marks(self, drawing: Drawing) -> Sequence[Sequence[str]]:
        """The marks of all files of a drawing, looked for once."""
        with self.one_looks_for_marks:
            now = self.desk.read(drawing.id) or drawing
            if len(now.marks) == len(now.files):
                return now.marks
            folder = self.desk.kept.folder(drawing.id)
            try:
                found = tuple(marked.marks_of([folder / Path(name).name for name in drawing.files]))
            except ChildFailed as error:
                return [(f"could not be looked for ({error})",)] * len(drawing.files)
            self.desk.kept.write(replace(now, marks=found))
            return found


def _require_bounded(request: Request) -> None:
    """HTTPException for a request of no or of too great a length, before it is read."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise HTTPException(411, "This form came without its length; send it from the page.")
    if int(length) > starts.MOST_BYTES + MOST_FIELD_BYTES:
        raise HTTPException(
            413, f"The start picture has about {int(length):,} bytes; expected at most {starts.MOST_BYTES:,}."
        )


def _brushed(brush: str) -> bytes:
    """The picture of a mask as the page sends it."""
    try:
        if not brush.startswith(BRUSH):
            raise ValueError("no PNG")
        return base64.b64decode(brush.removeprefix(BRUSH), validate=True)
    except (ValueError, binascii.Error) as error:
        raise ConfigError(f"the mask is none ({error}); mark the part again") from error


def _as_typed(wish: Wish) -> dict[str, str]:
    """A wish as the form has it."""
    if wish.is_enlarging:
        return {"prompt": wish.prompt}
    is_rectangle = wish.mask.startswith("rect:")
    sides = wish.mask.removeprefix("rect:").split(",") if is_rectangle else [""] * 4
    told = {name: getattr(wish, name) for name in asking.FIELDS if hasattr(wish, name) and name != "model"}
    rectangle = dict(zip(("left", "top", "across", "down"), sides, strict=True))
    typed = {name: "" if value is None else str(value) for name, value in told.items()}
    return {**typed, **rectangle, "mask": "" if is_rectangle else wish.mask, "model": wish.model}
