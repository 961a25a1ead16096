"""Reports: licences, drift, audits, rights gaps, evaluations, datasets. Each tells what there is, or how to make it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.catalog import standing
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, ITEMS, LICENSED, TEMPLATES
from pd_assets.lib.catalog.while_unchanged import WhileUnchanged
from pd_assets.lib.markdown_blocks import blocks, pieces
from pd_assets.lib.release.concerns import concerns
from pd_assets.lib.release.gates import dataset_folder
from pd_assets.lib.release.judged_numbers import REPORT, numbers, read_numbers
from pd_assets.lib.release.pedigree import ARCHIVES, read_known
from pd_assets.lib.rights import drift
from pd_assets.lib.rights.audit import RESULT, SAMPLE
from pd_assets.lib.rights.breakdown import tags_of
from pd_assets.lib.rights.gaps import Gap, rights_gaps
from pd_assets.lib.rights.grounds_counted import by_archive
from pd_assets.lib.rights.plain_words import KINDS
from pd_assets.lib.rights.rules import PROFILES
from pd_assets.web.models import model_url
from pd_assets.web.served import HEADERS, Served

TAGS_SHOWN, GAPS_SHOWN = 60, 100
DRIFT_MONTHS = 24
CONTACT_SHEET, CARD, CROISSANT = "contact_sheet.jpg", "README.md", "croissant.json"
MOST_BYTES = 8_000_000
RATES = {
    "false_accepts": "accepted pictures that are not free",
    "false_rejects": "refused pictures that are free",
    "errors": "pictures decided wrongly",
}
GROUPS = {
    "accepted_by_rule": "Accepted, by rule",
    "accepted_by_tag": "Accepted, by tag",
    "refused_by_rule": "Refused or waiting, by rule",
    "refused_by_tag": "Refused or waiting, by tag",
}


def routes(served: Served) -> Sequence[BaseRoute]:
    """The paths of these pages."""
    pages = _Reports(served)
    served.templates.globals.update(blocks=blocks, pieces=pieces)
    return [
        Route("/reports", pages.all),
        Route("/reports/licences", pages.licences),
        Route("/reports/drift", pages.drift),
        Route("/reports/gaps", pages.gaps),
        Route("/reports/audits", pages.audits),
        Route("/reports/audits/{name}", pages.audit),
        Route("/reports/evaluations", pages.evaluations),
        Route("/reports/evaluations/{version}", pages.evaluation),
        Route("/reports/datasets", pages.datasets),
        Route("/reports/datasets/{version}", pages.dataset),
        Route(f"/reports/datasets/{{version}}/{CONTACT_SHEET}", pages.contact_sheet),
        Route(f"/reports/datasets/{{version}}/{CROISSANT}", pages.croissant),
    ]


class _Reports:
    def __init__(self, served: Served) -> None:
        self.served, self.home = served, served.home
        self.kept = WhileUnchanged(served.home)

    def all(self, request: Request) -> Response:
        """What there is, and how much of it."""
        told = {
            "audits": len(self._audits()),
            "evaluations": len(self._evaluations()),
            "datasets": len(self._datasets()),
            "is_decided": self._decided(),
        }
        return self.served.page(request, "reports.html", told, title="Reports")

    def licences(self, request: Request) -> Response:
        """By rule, by tag, by archive and profile."""
        profile = self._profile(request)
        stand = self.kept.answer(
            f"standing {profile}", (ITEMS, DECISIONS, LICENSED), lambda: standing.standing(self.home, profile=profile)
        )
        told = {
            "profile": profile,
            "profiles": list(PROFILES),
            "stand": stand,
            "highest": max((items for *_, items in stand.rules), default=1),
            "tags": self.kept.answer(f"tags {profile}", (DECISIONS,), lambda: tags_of(self.home, profile=profile)),
            "shown": TAGS_SHOWN,
            "kinds": {kind.value: words for kind, words in KINDS.items()},
            "archives": self.kept.answer("archives", (DECISIONS,), lambda: by_archive(self.home)),
            "called": ARCHIVES,
        }
        return self.served.page(request, "report_licences.html", told, title="Licences")

    def drift(self, request: Request) -> Response:
        """How many accepted pictures lost their ground, by month and tag."""
        profile, today = self._profile(request), datetime.now(UTC).date()
        losses = self.kept.answer(
            f"drift {profile} {today}",
            (DECISIONS, CHANGES),
            lambda: drift.ground_losses(self.home, profile=profile, today=today, months=DRIFT_MONTHS),
        )
        whole = [one for one in losses if one.ground == drift.ALL][::-1]
        told = {
            "profile": profile,
            "profiles": list(PROFILES),
            "headings": drift.HEADINGS,
            "rows": [drift.as_cells(one) for one in drift.with_losses(losses)],
            "months": [(one.month, one.lost) for one in whole],
            "highest": max((one.lost for one in whole), default=0),
            "lost": sum(one.lost for one in whole),
            "is_decided": self._decided(),
        }
        return self.served.page(request, "report_drift.html", told, title="Drift of the grounds")

    def gaps(self, request: Request) -> Response:
        """The templates that hold back pages that are otherwise free."""
        profile = self._profile(request)
        found: list[Gap] = self.kept.answer(
            f"gaps {profile}", (DECISIONS, ITEMS, TEMPLATES), lambda: rights_gaps(self.home, profile=profile)
        )
        told = {
            "profile": profile,
            "profiles": list(PROFILES),
            "gaps": [(gap, _web_address(gap.page_url)) for gap in found[:GAPS_SHOWN]],
            "count": len(found),
            "is_decided": self._decided(),
        }
        return self.served.page(request, "report_gaps.html", told, title="Rights gaps")

    def audits(self, request: Request) -> Response:
        """Every sample that was drawn, with the error rates where it was judged."""
        found = [(name, _json(self._audit_folder(name) / RESULT)) for name in self._audits()]
        told = {"audits": found, "rates": RATES}
        return self.served.page(request, "report_audits.html", told, title="Rights audits")

    def audit(self, request: Request) -> Response:
        """The result of one."""
        name = request.path_params["name"]
        if name not in self._audits():
            raise HTTPException(404, f"There is no audit {name} here.")
        result = _json(self._audit_folder(name) / RESULT)
        told = {"name": name, "result": result, "rates": RATES, "groups": GROUPS}
        return self.served.page(request, "report_audit.html", told, title=f"Rights audit {name}")

    def evaluations(self, request: Request) -> Response:
        """Every report on a model."""
        found = [(version, self._told_by(version)) for version in self._evaluations()]
        told = {"evaluations": found, "model_url": model_url}
        return self.served.page(request, "report_evaluations.html", told, title="Evaluations")

    def evaluation(self, request: Request) -> Response:
        """One of them, whole."""
        version = request.path_params["version"]
        if version not in self._evaluations():
            raise HTTPException(404, f"There is no evaluation {version} here.")
        report = self._told_by(version)
        told = {
            "version": version,
            "report": report,
            "numbers": numbers(report),
            "whole": json.dumps(report, indent=1, sort_keys=True),
            "model_url": model_url,
        }
        return self.served.page(request, "report_evaluation.html", told, title=f"Evaluation {version}")

    def datasets(self, request: Request) -> Response:
        """Every dataset version."""
        found = [(name, version, read_known(folder), latest) for name, version, folder, latest in self._datasets()]
        return self.served.page(request, "report_datasets.html", {"datasets": found}, title="Datasets")

    def dataset(self, request: Request) -> Response:
        """The card of one, its contact sheet, and the models that learnt from it."""
        version = request.path_params["version"]
        folder = self._dataset_folder(version)
        manifest = read_known(folder)
        worries = concerns(self.kept, profile=self.served.settings.rights_profile)
        of_it = [one for one in worries.withdrawn if version in one.versions]
        may_show = worries.may_show_pictures_of(version) and (folder / CONTACT_SHEET).is_file()
        told = {
            "version": version,
            "manifest": manifest,
            "card": _text(folder / CARD),
            "sheet": f"/reports/datasets/{quote(version)}/{CONTACT_SHEET}" if may_show else None,
            "croissant": f"/reports/datasets/{quote(version)}/{CROISSANT}" if (folder / CROISSANT).is_file() else None,
            "withdrawn": of_it,
            "models": [
                (one.model.stage, one.model.version, one.model.standing)
                for one in worries.exposed
                if version in one.model.datasets
            ],
            "model_url": model_url,
        }
        return self.served.page(request, "report_dataset.html", told, title=f"Dataset {version}")

    def contact_sheet(self, request: Request) -> Response:
        """Some pictures of a version; none where one of its pictures was withdrawn."""
        version = request.path_params["version"]
        path = self._dataset_folder(version) / CONTACT_SHEET
        worries = concerns(self.kept, profile=self.served.settings.rights_profile)
        if not path.is_file() or not worries.may_show_pictures_of(version):
            raise HTTPException(404, "There is no contact sheet, or a picture that may be on it was withdrawn.")
        return FileResponse(path, media_type="image/jpeg", headers=dict(HEADERS))

    def croissant(self, request: Request) -> Response:
        """What the files and columns of a version are, for programs."""
        path = self._dataset_folder(request.path_params["version"]) / CROISSANT
        if not path.is_file():
            raise HTTPException(404, "There is no croissant.json of this version.")
        return FileResponse(path, media_type="application/ld+json", headers=dict(HEADERS))

    def _profile(self, request: Request) -> str:
        """The one that is asked for; of one that is none, which there are."""
        profile = request.query_params.get("profile") or self.served.settings.rights_profile
        if profile not in PROFILES:
            raise HTTPException(400, f"found profile {profile[:40]!r}, expected one of {', '.join(PROFILES)}")
        return profile

    def _decided(self) -> bool:
        return any(self.home.table(DECISIONS.key).glob("*.parquet"))

    def _audit_folder(self, name: str) -> Path:
        return self.home.root / "audit" / name

    def _audits(self) -> list[str]:
        """The names of the samples, the one that was drawn last first."""
        there = (self.home.root / "audit").glob(f"[!.]*/{SAMPLE}")
        return [path.parent.name for path in sorted(there, key=_time_of, reverse=True)]

    def _evaluations(self) -> list[str]:
        """The versions of the reports, the last one first."""
        there = (self.home.root / "evaluation" / "report").glob(f"[!.]*/{REPORT}")
        finished = (path for path in there if not path.parent.name.endswith(".partial"))
        return [path.parent.name for path in sorted(finished, key=_time_of, reverse=True)]

    def _told_by(self, version: str) -> Mapping[str, object]:
        return read_numbers(self.home.root / "evaluation" / "report" / version)

    def _datasets(self) -> list[tuple[str, str, Path, bool]]:
        """Name, version, folder and whether it is the latest, the one that was finished last first."""
        there = sorted((self.home.root / "dataset").glob("[!.]*/[!.]*/manifest.json"), key=_time_of, reverse=True)
        folders = [path.parent for path in there]
        return [
            (one.parent.name, one.name, one, one.name == self.home.pointed("dataset", one.parent.name, "latest"))
            for one in folders
        ]

    def _dataset_folder(self, version: str) -> Path:
        """By the list of those that there are: no path of anybody's making is opened."""
        if version not in {found for _, found, *_ in self._datasets()}:
            raise HTTPException(404, f"There is no dataset version {version} here; it may have been removed since.")
        folder = dataset_folder(self.home, version)
        assert folder is not None
        return folder


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _text(path: Path) -> str:
    """A text file, its first bytes where it is very long; nothing where it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MOST_BYTES)
    except OSError:
        return ""


def _json(path: Path) -> Mapping[str, object]:
    """An object in a file; empty where there is none."""
    try:
        found = json.loads(_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _web_address(url: str) -> str | None:
    """What may be a link: data could bring `javascript:` as well."""
    return url if url.startswith(("https://", "http://")) else None
