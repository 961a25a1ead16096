"""Models: what there is of each stage, and a page for each version with all that it was made of and came to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pd_assets.lib.catalog.while_unchanged import Place, WhileUnchanged
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release import curves, shelf
from pd_assets.lib.release.concerns import TABLES, Concerns, concerns
from pd_assets.lib.release.lineage import CANDIDATE, LATEST, Model
from pd_assets.lib.release.model_pictures import KINDS
from pd_assets.lib.release.pedigree import STAGES, line_of
from pd_assets.lib.release.shelf import Bundle, Version
from pd_assets.lib.release.shown import counts_of
from pd_assets.web.served import HEADERS, Served
from pd_assets.web.tar_stream import size_of, stream

POINTERS = (LATEST, CANDIDATE)


class Gate(Protocol):
    """What speaks against handing a bundle out today."""

    def __call__(self, home: Home, model: Model, bundle: Bundle, *, profile: str) -> Sequence[str]: ...


WITHDRAWN_SHOWN = 20


def routes(served: Served, *, gate: Gate = shelf.refused) -> Sequence[BaseRoute]:
    """The paths of these pages; `gate` tells what keeps a bundle from being handed out."""
    pages = _Pages(served, gate)
    one = "/models/{stage}/{version}"
    return [
        Route("/models", pages.all),
        Route("/models/{stage}", pages.stage),
        Route(one, pages.one),
        Route(f"{one}/sheets/{{key}}", pages.sheet),
        Route(f"{one}/bundles/{{bundle}}", pages.bundle),
        Route(f"{one}/bundles/{{bundle}}/whole.tar", pages.tar),
        Route(f"{one}/bundles/{{bundle}}/files/{{path:path}}", pages.file),
    ]


def model_url(stage: str, version: str) -> str:
    """The page of a version."""
    return f"/models/{quote(stage, safe='')}/{quote(version, safe='')}"


class _Pages:
    def __init__(self, served: Served, gate: Gate) -> None:
        self.served, self.home, self.gate = served, served.home, gate
        self.profile = served.settings.rights_profile
        self.kept = WhileUnchanged(served.home)

    def all(self, request: Request) -> Response:
        """Every stage in the order of the line, with its versions."""
        found = shelf.versions(self.home)
        worries = concerns(self.kept, profile=self.profile) if found else Concerns()
        stages = [
            {
                "name": stage,
                "says": STAGES.get(stage, ""),
                "versions": [self._card(one, worries) for one in found if one.stage == stage],
            }
            for stage in dict.fromkeys(one.stage for one in found)
        ]
        return self.served.page(request, "models.html", {"stages": stages}, title="Models")

    def stage(self, request: Request) -> Response:
        """The version in use of a stage."""
        return self._pointed(request.path_params["stage"], (LATEST, CANDIDATE))

    def one(self, request: Request) -> Response:
        """A version; `latest` and `candidate` lead to theirs."""
        stage, version = request.path_params["stage"], request.path_params["version"]
        if version in POINTERS:
            return self._pointed(stage, (version,))
        found = self._find(request)
        worries = concerns(self.kept, profile=self.profile)
        told = {**self._told(found, worries), **(self._of_record(found, worries) if found.is_readable else {})}
        return self.served.page(request, "model.html", told, title=f"{stage} {version}")

    def sheet(self, request: Request) -> Response:
        """A drawn sheet as it lies there, with its marks."""
        found, key = self._find(request), request.path_params["key"]
        worries = concerns(self.kept, profile=self.profile)
        path = next((one.path for one in self._sheets(found, worries) if one.key == key), None)
        if path is None or not path.is_file():
            raise HTTPException(404, "There is no such sheet, or a picture that it may show was withdrawn.")
        return FileResponse(path, media_type="image/png", headers=dict(HEADERS))

    def bundle(self, request: Request) -> Response:
        """The files of a bundle, how to check it, and what speaks against handing it out today."""
        found, bundle = self._bundle(request)
        told = {
            "one": found,
            "url": model_url(found.stage, found.version),
            "bundle": bundle,
            "files": bundle.parcel.files,
            "size": size_of(bundle.version, bundle.parcel.files),
            "refused": self._refused(found, bundle),
        }
        return self.served.page(request, "bundle.html", told, title=f"Bundle {bundle.version} of {found.stage}")

    def tar(self, request: Request) -> Response:
        """All of a bundle in one stream; 409 where something speaks against it today."""
        found, bundle = self._bundle(request)
        self._require_released(found, bundle)
        files = bundle.parcel.files
        name = f"{found.stage}-{bundle.version}.tar"
        headers = {
            "Content-Length": str(size_of(bundle.version, files)),
            "Content-Disposition": f'attachment; filename="{name}"',
            **HEADERS,
        }
        body = stream(bundle.parcel.folder, bundle.version, files)
        return StreamingResponse(body, media_type="application/x-tar", headers=headers)

    def file(self, request: Request) -> Response:
        """One file of a bundle, or a range of it."""
        found, bundle = self._bundle(request)
        path = request.path_params["path"]
        # By the list of the bundle: nothing else can be asked for, whatever the path says.
        if path not in {name for name, _ in bundle.parcel.files}:
            raise HTTPException(404, "The bundle has no such file.")
        self._require_released(found, bundle)
        name = path.rpartition("/")[2]
        return FileResponse(bundle.parcel.folder / path, filename=name, headers=dict(HEADERS))

    def _pointed(self, stage: str, pointers: Sequence[str]) -> Response:
        known = {one.version for one in shelf.versions(self.home) if one.stage == stage}
        for pointer in pointers:
            # Only names that lie there: a pointer file is read for a stage that is one.
            version = self.home.pointed("models", stage, pointer) if known else None
            if version in known:
                return RedirectResponse(model_url(stage, str(version)), status_code=307, headers=dict(HEADERS))
        what = f"no {' nor '.join(pointers)} of {stage}" if known else f"no model that is called {stage}"
        there = ", ".join(sorted({one.stage for one in shelf.versions(self.home)})) or "none yet"
        raise HTTPException(404, f"There is {what} here. Models that there are: {there}.")

    def _find(self, request: Request) -> Version:
        try:
            return shelf.find(self.home, request.path_params["stage"], request.path_params["version"])
        except ConfigError as error:
            raise HTTPException(404, str(error)) from error

    def _bundle(self, request: Request) -> tuple[Version, Bundle]:
        found, wanted = self._find(request), request.path_params["bundle"]
        for one in shelf.bundles_of(self.home, found.model) if found.model is not None else ():
            if one.version == wanted:
                return found, one
        raise HTTPException(404, f"There is no bundle {wanted} of {found.stage} {found.version} here.")

    def _require_released(self, found: Version, bundle: Bundle) -> None:
        if refused := self._refused(found, bundle):
            raise HTTPException(409, f"This bundle is not handed out today: {'; '.join(refused)}")

    def _refused(self, found: Version, bundle: Bundle) -> list[str]:
        """What the gates say, asked again once a table, a note, an evaluation or a file of the model is another."""
        model, root = found.model, self.home.root
        assert model is not None
        places: list[Place] = [*TABLES, root / "rights" / "takedowns" / "noted", root / "evaluation" / "report"]
        places += [bundle.parcel.folder, *(root / "models" / one.stage / one.version for one in model.sources)]
        return self.kept.answer(
            f"gates {bundle.version}",
            places,
            lambda: list(self.gate(self.home, model, bundle, profile=self.profile)),
        )

    def _sheets(self, found: Version, worries: Concerns) -> list[shelf.Sheet]:
        dataset = found.model.run.dataset_version if found.model is not None else ""
        return shelf.sheets(self.home, found, with_mixed=bool(dataset) and worries.may_show_pictures_of(dataset))

    def _card(self, one: Version, worries: Concerns) -> Mapping[str, object]:
        """What the page of all models tells of a version."""
        drawn = [sheet for sheet in self._sheets(one, worries) if not sheet.key.startswith(("nearest", "real"))]
        return {
            "one": one,
            "url": model_url(one.stage, one.version),
            "sheet": drawn[-1] if drawn else None,
            "pictures": one.model.run.counts.get("pictures_trained_on") if one.model is not None else None,
            "progress": shelf.progress(one) if one.standing == shelf.UNDER_WAY else None,
        }

    def _told(self, found: Version, worries: Concerns) -> dict[str, object]:
        """What can be told of any folder, also of one without a record."""
        losses = curves.losses(found.folder)
        drawn = self._sheets(found, worries)
        return {
            "one": found,
            "url": model_url(found.stage, found.version),
            "says": STAGES.get(found.stage, ""),
            "progress": shelf.progress(found) if found.standing == shelf.UNDER_WAY else None,
            "losses": losses,
            "drawing": curves.drawing(losses),
            "steps": curves.table(losses),
            "over_time": [one for one in drawn if one.key.startswith("step-") or one.key == "samples"],
            "others": [one for one in drawn if not one.key.startswith("step-") and one.key != "samples"],
            "is_drawing": found.stage not in ("tokenizer", "clip", "latents"),
            "record": None,
        }

    def _of_record(self, found: Version, worries: Concerns) -> dict[str, object]:
        """What its record and those of its parents tell."""
        model = found.model
        assert model is not None
        return {
            "record": _Record.of(model),
            "line": [(link, _place_of(link.kind, link.name, link.version)) for link in line_of(self.home, model)],
            "evaluated": shelf.evaluated(self.home, model) if shelf.is_judged(found.stage) else None,
            "is_judged": shelf.is_judged(found.stage),
            "bundles": shelf.bundles_of(self.home, model),
            "licence": shelf.licence_of(self.home, model, free=self.served.settings.weights_licence),
            "shown": self._shown(model),
            "kinds": KINDS,
            "exposure": worries.of(model),
            "worry": worries.unknown,
            "most": WITHDRAWN_SHOWN,
        }

    def _shown(self, model: Model) -> Mapping[str, list[tuple[str, int, int]]]:
        """What it was shown, by kind; nothing where its ledger does not tell."""
        ledger = model.sources[0].ledger
        if ledger is None:
            return {}
        found: dict[str, list[tuple[str, int, int]]] = {}
        for one in self.kept.answer(
            f"shown {model.stage} {model.version}", [ledger], lambda: counts_of(self.home, ledger)
        ):
            found.setdefault(one.kind, []).append((one.name, one.pictures, one.times_shown))
        return found


@dataclass(frozen=True, kw_only=True)
class _Record:
    """What `run.json` says, for people."""

    counts: Mapping[str, int]
    metrics: Mapping[str, float]
    environment: Mapping[str, str]
    level: str
    digest: str
    config: str
    proven: bool

    @staticmethod
    def of(model: Model) -> "_Record":
        run = model.run
        return _Record(
            counts=run.counts,
            metrics=run.metrics,
            environment=run.environment,
            level=run.level,
            digest=run.digest,
            config=json.dumps(run.config, indent=1, sort_keys=True),
            proven=run.proven,
        )


def _place_of(kind: str, name: str, version: str) -> str | None:
    """Where a station of the line has a page."""
    if kind == "model":
        return model_url(name, version) if version else None
    if kind == "dataset":
        return f"/reports/datasets/{quote(version, safe='')}" if version else None
    return f"/pictures?archive={quote(version, safe='')}"
