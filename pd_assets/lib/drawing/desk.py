"""The queue before the one process that draws: orders are taken one at a time, in order, and say where they stand.

One desk a home (`desk_of`), with a thread of its own while there is something to do. Vectors of texts and pictures are
asked for here too, and come before what waits to be drawn. Errors: DeskFull, Cancelled, and those of the server.
"""

import atexit
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pd_assets.lib.drawing.claims import Claim, is_claimed
from pd_assets.lib.drawing.endings import Vectors, as_drawn, as_ended, as_untold, as_vectors
from pd_assets.lib.drawing.kept import CANCELLED, DRAWING, DRAWN, FAILED, Drawing, Kept
from pd_assets.lib.drawing.server import DrawingFailed, Event, Server, serving
from pd_assets.lib.drawing.starts import Starts
from pd_assets.lib.drawing.wish import Wish
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.settings import STALE_DAYS

MOST_WAITING = 20
IDLE_S = 600.0
# A search waits for the models to be loaded, but not long for what is drawn; and few do, since each holds a thread of
# the site.
EMBED_PATIENCE_S, BUSY_PATIENCE_S = 60.0, 5.0
MOST_EMBEDDINGS, BUSY_MOST_EMBEDDINGS = 8, 2
MOST_UNKEPT = 50


class DeskFull(PdError):
    """As many wait as may."""


class Cancelled(PdError):
    """Whoever asked for it does not want it any more."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an order stands: how many are before it, or how far it is."""

    before: int = 0
    is_drawing: bool = False
    is_starting: bool = False
    step: int = 0
    steps: int = 0
    picture: int = 0


@dataclass(eq=False)
class _Order:
    drawing: Drawing
    claim: Claim
    is_cancelled: bool = False
    progress: Mapping[str, object] = field(default_factory=dict)


@dataclass(eq=False)
class _Embedding:
    request: Mapping[str, object]
    done: threading.Event = field(default_factory=threading.Event)
    answer: Event | None = None
    error: PdError | None = None


class Desk:
    """Takes orders; `close` ends what draws. Thread-safe."""

    def __init__(
        self,
        home: Home,
        *,
        profile: str = "strict",
        stale_days: int = STALE_DAYS,
        command: Callable[[], Sequence[str]] = serving,
        most_waiting: int = MOST_WAITING,
        idle_s: float = IDLE_S,
        kept: Kept | None = None,
    ) -> None:
        self.home, self.kept = home, kept or Kept.of(home)
        self.starts = Starts(home, self.kept, profile, stale_days)
        self.most_waiting, self.idle_s = most_waiting, idle_s
        self._server = Server(command)
        self._waiting: deque[_Order] = deque()
        self._embeddings: deque[_Embedding] = deque()
        self._current: _Order | None = None
        # What ended and could not be written, as on a full disk.
        self._unkept: dict[str, Drawing] = {}
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._warm: Path | None = None
        self._wants_warmth: Path | None = None
        self._number = 0
        self._changed = threading.Condition()

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def order(self, wish: Wish) -> Drawing:
        """A drawing that waits for its turn; DeskFull where too many do."""
        with self._changed:
            if len(self._waiting) >= self.most_waiting:
                raise DeskFull(
                    f"{len(self._waiting)} drawings wait already, which is as many as may; draw this when some are done"
                )
            drawing = self.kept.new(replace(wish, root=self.starts.root_of(wish.start)))
            self._waiting.append(_Order(drawing, Claim(self.kept.folder(drawing.id))))
            self._awake()
        self.kept.prune(is_at_work=lambda name: self.is_at_work(name) or self.is_elsewhere(name))
        return drawing

    def warm(self, model: Path) -> None:
        """Have a model loaded, since somebody is about to ask for a picture of it."""
        with self._changed:
            if self._warm != model or not self._server.is_running:
                self._warm = self._wants_warmth = model
                self._awake()

    def read(self, name: str) -> Drawing | None:
        """A drawing as it is."""
        with self._changed:
            order = self._order(name)
            if order is not None:
                return order.drawing
            if name in self._unkept:
                return self._unkept[name]
        return self.kept.read(name, is_at_work=self.is_elsewhere)

    def standing(self, name: str) -> Standing | None:
        """Where an order stands; None of one that waits for nothing."""
        with self._changed:
            order = self._order(name)
            if order is None:
                return None
            if order is self._current:
                told = {key: int(str(order.progress.get(key, 0))) for key in ("step", "steps", "picture")}
                return Standing(is_drawing=True, is_starting=not order.progress, **told)
            return Standing(before=self._waiting.index(order) + (self._current is not None))

    def waiting(self) -> int:
        """How many orders are not done."""
        with self._changed:
            return len(self._waiting) + (self._current is not None)

    def cancel(self, name: str) -> bool:
        """Whether there was something to cancel. What is being drawn ends with the process that draws it."""
        with self._changed:
            order = self._order(name)
            if order is None:
                return False
            order.is_cancelled = True
            if order is not self._current:
                self._waiting.remove(order)
                self._keep(order, as_ended(order.drawing, CANCELLED))
            else:
                # With the lock: nothing else is asked of that process meanwhile.
                self._server.stop()
        return True

    def is_at_work(self, name: str) -> bool:
        """Whether a drawing waits here or is being drawn."""
        with self._changed:
            return self._order(name) is not None

    def is_elsewhere(self, name: str) -> bool:
        """Whether another process on this home is at a drawing."""
        return not self.is_at_work(name) and is_claimed(self.kept.folder(name))

    def embed(
        self, clip: Path, *, texts: Sequence[str] = (), images: Sequence[Path] = (), patience_s: float | None = None
    ) -> tuple[Vectors, Vectors]:
        """The vectors of texts and of pictures in the space of a CLIP, of unit length; before all that waits."""
        self.home.fetched(clip)
        request = {"do": "embed", "clip": str(clip), "texts": list(texts), "images": [str(one) for one in images]}
        embedding = _Embedding(request)
        with self._changed:
            is_drawing = self._current is not None
            most, own_s = (BUSY_MOST_EMBEDDINGS, BUSY_PATIENCE_S) if is_drawing else (MOST_EMBEDDINGS, EMBED_PATIENCE_S)
            busy = "somebody draws just now" if is_drawing else "many search just now, or the models are being loaded"
            if len(self._embeddings) >= most:
                raise DrawingFailed(f"{busy}; try again in a moment")
            self._embeddings.append(embedding)
            self._awake()
        if not embedding.done.wait(own_s if patience_s is None else patience_s):
            with self._changed, suppress(ValueError):
                self._embeddings.remove(embedding)
            raise DrawingFailed(f"{busy}; try again in a moment")
        if embedding.error is not None:
            raise embedding.error
        assert embedding.answer is not None
        return as_vectors(embedding.answer.get("texts")), as_vectors(embedding.answer.get("images"))

    def embed_texts(self, clip: Path, texts: Sequence[str]) -> Vectors:
        """The vectors of texts."""
        return self.embed(clip, texts=texts)[0]

    def embed_images(self, clip: Path, images: Sequence[Path]) -> Vectors:
        """The vectors of picture files."""
        return self.embed(clip, images=images)[1]

    def close(self) -> None:
        """End what draws; what waits is told to be interrupted by whoever reads it."""
        with self._changed:
            self._is_closed = True
            for order in self._waiting:
                order.claim.release()
            self._waiting.clear()
            thread = self._thread
            self._changed.notify_all()
        self._server.stop()
        if thread is not None:
            thread.join(10)

    def _order(self, name: str) -> _Order | None:
        if self._current is not None and self._current.drawing.id == name:
            return self._current
        return next((one for one in self._waiting if one.drawing.id == name), None)

    def _awake(self) -> None:
        """Have a thread that takes orders; called with the lock."""
        if self._is_closed:
            raise DrawingFailed("the site is about to end; start it again")
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="drawing", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                busy = self._changed.wait_for(self._has_work, self.idle_s)
                if self._is_closed or not busy:
                    # Whoever asks from here on starts another thread, and with it another process.
                    self._thread = None
                    self._server.stop()
                    return
                cold: Path | None = self._wants_warmth
                self._wants_warmth = None
                embedding = self._embeddings.popleft() if self._embeddings else None
                if embedding is None and self._waiting:
                    self._current = self._waiting.popleft()
                order = self._current
            if embedding is not None:
                self._embed(embedding)
            elif order is not None:
                self._draw(order)
            elif cold is not None:
                self._load(cold)

    def _has_work(self) -> bool:
        return bool(self._is_closed or self._embeddings or self._waiting or self._wants_warmth)

    def _load(self, model: Path) -> None:
        # What is wrong with it is told to whoever has it draw.
        with suppress(PdError):
            self.home.fetched(model)
            self._asked({"do": "load", "model": str(model)}, lambda event: None)

    def _embed(self, embedding: _Embedding) -> None:
        try:
            embedding.answer = self._asked(embedding.request, lambda event: None)
        except PdError as error:
            embedding.error = error
        finally:
            embedding.done.set()

    def _draw(self, order: _Order) -> None:
        started = time.monotonic()
        order.drawing = replace(order.drawing, state=DRAWING)
        try:
            self.kept.write(order.drawing)
            # Beside the results: what a killed site leaves goes with them.
            folder = self.kept.folder(order.drawing.id)
            with tempfile.TemporaryDirectory(prefix=".scratch-", dir=folder, ignore_cleanup_errors=True) as scratch:
                clip = self.home.latest("models", "clip")
                request = self._request(order.drawing, Path(scratch), clip)
                if order.is_cancelled:
                    raise Cancelled("not wanted any more")
                answer = self._picture(order, request)
                if order.drawing.wish.is_enlarging and clip is not None:
                    answer = self._compared(answer, clip)
            if why := self.starts.withdrawn(order.drawing.wish):
                # Taken down while it was drawn, perhaps purged.
                for path in folder.glob("*.png"):
                    path.unlink()
                raise DrawingFailed(why)
            took_s = time.monotonic() - started
            ended = as_drawn(order.drawing, answer, took_s, clip_version=clip.name if clip else "")
        except (PdError, OSError) as error:
            ended = as_ended(order.drawing, FAILED, str(error))
        except Exception as error:
            # The thread serves others too.
            ended = as_ended(order.drawing, FAILED, f"the model could not draw this ({type(error).__name__}: {error})")
        with self._changed:
            self._current = None
            if order.is_cancelled:
                ended = as_ended(order.drawing, CANCELLED)
            if self._is_closed and ended.state != DRAWN:
                order.claim.release()
                return
            self._keep(order, ended)

    def _keep(self, order: _Order, ended: Drawing) -> None:
        """Note how an order ended; where that cannot be written it is told as long as this process lives."""
        try:
            self.kept.write(ended)
        except (PdError, OSError) as error:
            if ended.state == DRAWN:
                ended = as_ended(order.drawing, FAILED, f"it was drawn, but cannot be written: {error}")
            self._unkept[ended.id] = ended
            for name in list(self._unkept)[:-MOST_UNKEPT]:
                del self._unkept[name]
        order.claim.release()

    def _picture(self, order: _Order, request: dict[str, object]) -> Event:
        """The answer to a request for pictures; a CLIP that is none of this version costs what they resemble alone."""
        try:
            return self._asked(request, lambda event: self._progress(order, event))
        except DrawingFailed as error:
            clip = request.get("clip")
            if not clip or str(clip) not in str(error):
                raise
            answer = self._asked({**request, "clip": None}, lambda event: self._progress(order, event))
            return as_untold(answer, error)

    def _compared(self, answer: Event, clip: Path) -> Event:
        """The answer to an enlargement, with the vector of its picture."""
        try:
            asked = {"do": "embed", "clip": str(clip), "texts": [], "images": [answer["file"]]}
            return {**answer, "vectors": self._asked(asked, lambda event: None).get("images")}
        except PdError as error:
            return as_untold(answer, error)

    def _progress(self, order: _Order, event: Event) -> None:
        with self._changed:
            order.progress = dict(event)

    def _asked(self, request: Mapping[str, object], on_event: Callable[[Event], None]) -> Event:
        self._number += 1
        return self._server.ask({**request, "id": str(self._number)}, on_event)

    def _request(self, drawing: Drawing, scratch: Path, clip: Path | None) -> dict[str, object]:
        """What the process that draws is asked for; the pictures of it have just the size of the result."""
        wish, out = drawing.wish, self.kept.folder(drawing.id)
        model = self.home.model(wish.stage, wish.version)
        if not model.is_dir():
            raise DrawingFailed(f"{wish.stage} {wish.version} is not here any more; choose another model")
        self.home.fetched(model)
        if wish.is_enlarging:
            return {
                "do": "upscale",
                "image": str(self.starts.path_of(wish.start)),
                "model": str(model),
                "seed": wish.seed,
                "steps": wish.steps,
                "out": str(out / "0000.png"),
            }
        image = mask = given = None
        if wish.start:
            # Under a name that a person is told; the file itself, since its marks tell what the result was made of.
            image = scratch / "the start picture"
            start = self.starts.path_of(wish.start)
            image.symlink_to(start)
            if original := self.kept.original(start):
                given = scratch / "the start picture as it was given"
                given.symlink_to(original)
            if wish.mask:
                mask = scratch / "the mask"
                self.starts.write_mask(wish.mask, image, (wish.width, wish.height), mask)
        return {
            "do": "draw",
            "model": str(model),
            "prompt": wish.prompt,
            "negative_prompt": wish.negative_prompt,
            "seed": wish.seed,
            "steps": wish.steps,
            "guidance": wish.guidance,
            "n": wish.n,
            "width": wish.width or None,
            "height": wish.height or None,
            "image": image and str(image),
            "given": given and str(given),
            "strength": wish.strength if image else None,
            "mask": mask and str(mask),
            "upscaler": None,
            "clip": clip and str(clip),
            "out": str(out),
        }


def text_embedder(home: Home, profile: str, stale_days: int) -> Callable[[Sequence[str]], Vectors]:
    """For a search by words: the vectors of texts in the space of the CLIP in use."""

    def embedded(texts: Sequence[str]) -> Vectors:
        clip = home.latest("models", "clip")
        if clip is None:
            raise DrawingFailed("no CLIP is in use here: `pdd run train_models` makes one")
        return desk_of(home, profile, stale_days).embed_texts(clip, texts)

    return embedded


_lock = threading.Lock()
_desks: dict[tuple[Path, str], Desk] = {}


def desk_of(home: Home, profile: str, stale_days: int) -> Desk:
    """The desk of a home in this process, which ends with it."""
    with _lock:
        key = (home.root, profile)
        if key not in _desks:
            if not _desks:
                atexit.register(close_desks)
            _desks[key] = Desk(home, profile=profile, stale_days=stale_days)
        return _desks[key]


def close_desks() -> None:
    """End all that draws; `desk_of` begins anew."""
    with _lock:
        closing = list(_desks.values())
        _desks.clear()
    for desk in closing:
        desk.close()
