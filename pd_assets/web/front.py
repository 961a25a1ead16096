"""Where one stands, what is new and what to do next; and /health, for a program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.catalog import standing
from pd_assets.lib.catalog.health import health
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, FILES, ITEMS, LICENSED
from pd_assets.lib.catalog.while_unchanged import WhileUnchanged
from pd_assets.lib.errors import PdError
from pd_assets.lib.release import notes, shelf
from pd_assets.lib.release.concerns import concerns
from pd_assets.lib.release.lineage import CANDIDATE, LATEST
from pd_assets.web.models import model_url
from pd_assets.web.served import HEADERS, Served

Answer = TypeVar("Answer")
# Some more than are shown: of these may be taken down since.
WALL, ASKED = 16, 64
LOSSES = 8


def routes(served: Served) -> Sequence[BaseRoute]:
    """The paths of this page."""
    front = _Front(served)
    return [Route("/", front.show), Route("/health", front.health)]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to do next, and the command or page for it."""

    words: str
    command: str = ""
    place: str = ""


class _Front:
    def __init__(self, served: Served) -> None:
        self.served, self.home = served, served.home
        self.profile = served.settings.rights_profile
        self.kept = WhileUnchanged(served.home)

    def show(self, request: Request) -> Response:
        """The page. A table that cannot be read costs its part of it alone."""
        problems: list[str] = []
        stand = _or_none(problems, self._standing)
        newest = _or_none(problems, self._newest) or []
        lost = _or_none(problems, self._losses) or []
        models = _or_none(problems, self._models) or []
        takedowns = self._takedowns()
        told = {
            "stand": stand,
            "newest": newest,
            "lost": lost,
            "models": models,
            "looked": [(one, _ago(one.at)) for one in _or_none(problems, lambda: standing.looked(self.home)) or []],
            "takedowns": takedowns,
            "steps": self._next(stand, models),
            "problems": problems,
            "is_empty": stand is not None and stand.is_empty and not models,
        }
        return self.served.page(request, "front.html", told, title="Start")

    def health(self, request: Request) -> Response:
        """200 where the home can be read, else 503; no path and no setting is told."""
        found = health(self.home)
        return JSONResponse(found, status_code=200 if found["status"] == "ok" else 503, headers=dict(HEADERS))

    def _standing(self) -> standing.Standing:
        return self.kept.answer(
            "standing",
            (ITEMS, DECISIONS, LICENSED),
            lambda: standing.standing(self.home, profile=self.profile),
        )

    def _newest(self) -> list[standing.Shown]:
        found = self.kept.answer("newest", (LICENSED, FILES), lambda: standing.newest(self.home, most=ASKED))
        down = notes.standing(self.home)
        items = {item for note in down for item in note.items}
        digests = {digest for note in down for digest in note.digests}
        return [one for one in found if one.item_id not in items and one.sha256 not in digests][:WALL]

    def _losses(self) -> list[standing.Loss]:
        return self.kept.answer(
            "losses",
            (CHANGES, ITEMS),
            lambda: standing.latest_losses(self.home, profile=self.profile, most=LOSSES),
        )

    def _models(self) -> list[Mapping[str, object]]:
        """The models in use, or trained last, that draw, each with its newest sheet."""
        found = [one for one in shelf.versions(self.home) if one.standing in (LATEST, CANDIDATE, shelf.UNDER_WAY)]
        drawing = [one for one in found if shelf.is_judged(one.stage)]
        worries = concerns(self.kept, profile=self.profile) if drawing else None
        told: list[Mapping[str, object]] = []
        for one in drawing:
            dataset = one.model.run.dataset_version if one.model is not None else ""
            may_show = bool(dataset) and worries is not None and worries.may_show_pictures_of(dataset)
            sheets = [s for s in shelf.sheets(self.home, one, with_mixed=may_show) if not s.key.startswith("nearest")]
            told.append(
                {
                    "one": one,
                    "url": model_url(one.stage, one.version),
                    "sheet": sheets[-1] if sheets else None,
                    "progress": shelf.progress(one) if one.standing == shelf.UNDER_WAY else None,
                }
            )
        return told

    def _takedowns(self) -> Mapping[str, int]:
        known, damaged = notes.read_all(self.home)
        return {
            "all": len({note.number for note in known if note.undone is None}),
            "open": len({note.number for note in known if note.is_pending}),
            "damaged": len(damaged),
        }

    def _next(self, stand: standing.Standing | None, models: Sequence[Mapping[str, object]]) -> list[Step]:
        if stand is None:
            return [Step(words="See what is wrong with this home, and mend it", command="pdd doctor --repair")]
        if stand.is_empty:
            return [
                Step(words="See the whole line at work on a painted archive, in a few minutes, without a network",
                     command="make demo"),
                Step(words="Make a model of real public-domain pictures", command='pdd try "Category:…" --limit 300'),
            ]  # fmt: skip
        found = []
        if not stand.decided or not stand.usable:
            found.append(Step(words="Decide on what is known, and fetch what is free", command="pdd run nightly"))
        if self.home.latest("dataset", "main") is None:
            found.append(Step(words="Make a dataset of what may be used", command="pdd run build_dataset"))
        elif not models:
            found.append(Step(words="Train a model that draws", command="pdd run train_models"))
        if any(one["sheet"] is not None for one in models):
            found.append(Step(words="Draw a picture", place="/draw"))
        if stand.verdicts["quarantine"]:
            waiting = stand.verdicts["quarantine"]
            found.append(Step(words=f"Judge what waits for a person ({waiting:,})", place="/judge"))
        return found


def _or_none(problems: list[str], ask: Callable[[], Answer]) -> Answer | None:
    """The answer; where there is none, why not is added to the problems."""
    try:
        return ask()
    except (PdError, OSError) as error:
        problems.append(" ".join(str(error).split()))
        return None


def _ago(at: datetime) -> str:
    """How long ago, as people say it."""
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    hours = (datetime.now(UTC) - at).total_seconds() / 3600
    if hours < 1:
        return "within the last hour"
    if hours < 48:
        return f"{hours:.0f} hours ago" if hours >= 1.5 else "an hour ago"
    return f"{hours / 24:.0f} days ago"
