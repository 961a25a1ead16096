"""Checks on the models: that none in use saw a picture that is no longer free, that their files are whole, that latents
fit what they were made of, and that the new ones are good enough."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import dagster as dg

from pd_assets.assets.dataset import DATASET
from pd_assets.assets.models import STAGES
from pd_assets.lib.release.lineage import trained_last
from pd_assets.lib.release.promotion import latest_judgements
from pd_assets.lib.release.reconstruction import read_reconstruction
from pd_assets.lib.release.withdrawals import Exposure, exposures, find_withdrawn
from pd_assets.resources import Platform
from pd_ml.errors import ProvenanceError
from pd_ml.provenance import folder_digest, read_run, verify_outputs

CHECK_NAME = "saw_no_taken_down_picture"
LISTED = 20


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the models of one stage saw: it fails where one that is in use saw a picture that is no longer free, or
    nobody can tell that it saw none. `measured` pictures that are no longer free did not make it, and judged it.
    """

    STATE: ClassVar[str] = "state"

    stage: str
    exposed: tuple[Exposure, ...]
    unknown: tuple[str, ...]
    measured: int = 0

    @property
    def check(self) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(dg.AssetKey(["models", self.stage]), CHECK_NAME)

    @property
    def passed(self) -> bool:
        return not any(one.model.is_in_use for one in self.exposed)

    @property
    def description(self) -> str:
        if not self.exposed:
            return "no version saw a picture that is no longer free"
        told = [f"{one.model.version} ({one.model.standing}) {_saw(one)}" for one in self.exposed]
        return "pictures that are no longer free: " + ", ".join(told)

    @property
    def state(self) -> str:
        """16 hexadecimal digits that name all that is told."""
        told = [
            [one.model.version, one.model.standing, [str(picture) for picture in one.pictures]] for one in self.exposed
        ]
        return sha256(json.dumps([told, self.unknown, self.measured]).encode()).hexdigest()[:16]

    @property
    def metadata(self) -> dict[str, dg.MetadataValue]:
        versions = {
            one.model.version: {
                "standing": one.model.standing,
                "datasets": sorted(one.model.datasets),
                "pictures": len(one.pictures),
                "first": [str(picture) for picture in one.pictures[:LISTED]],
            }
            for one in self.exposed
        }
        return {
            "flagged_versions": dg.MetadataValue.json(versions),
            "flagged": dg.MetadataValue.int(len(versions)),
            "withdrawn_pictures_seen": dg.MetadataValue.int(
                max((len(one.pictures) for one in self.exposed if one.model.is_in_use), default=0)
            ),
            "measured_with_withdrawn": dg.MetadataValue.int(self.measured),
            "unknown_inputs": dg.MetadataValue.json(list(self.unknown)),
            self.STATE: dg.MetadataValue.text(self.state),
        }

    def result(self) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            passed=self.passed,
            severity=dg.AssetCheckSeverity.ERROR,
            description=self.description,
            metadata=self.metadata,
        )

    def evaluation(self) -> dg.AssetCheckEvaluation:
        """The same, to be reported without a run."""
        return dg.AssetCheckEvaluation(
            asset_key=self.check.asset_key,
            check_name=self.check.name,
            passed=self.passed,
            metadata=self.metadata,
            severity=dg.AssetCheckSeverity.ERROR,
            description=self.description,
        )

    def observation(self) -> dg.AssetObservation:
        """What the asset itself shows of it."""
        return dg.AssetObservation(asset_key=self.check.asset_key, description=self.description, metadata=self.metadata)


def verdicts(exposed: Iterable[Exposure]) -> list[Verdict]:
    """The verdict on every stage that has a model on the disk."""
    by_stage: dict[str, list[Exposure]] = {}
    for one in exposed:
        by_stage.setdefault(one.model.stage, []).append(one)
    return [_verdict(stage, found) for stage, found in sorted(by_stage.items()) if stage in STAGES]


def _verdict(stage: str, exposed: Sequence[Exposure]) -> Verdict:
    unknown = {f"{one.model.version}: {name}" for one in exposed for name in one.model.unknown}
    found = tuple(one for one in exposed if one.may_have_seen)
    measured = {picture.item_id for one in exposed if one.model.is_in_use for picture in one.measured}
    return Verdict(stage=stage, exposed=found, unknown=tuple(sorted(unknown)), measured=len(measured))


def _saw(one: Exposure) -> str:
    if not one.model.unknown:
        return f"saw {len(one.pictures)}"
    why = "; ".join(sorted(one.model.unknown))
    return f"saw {len(one.pictures)} and may have seen more: unknown, treated as seen ({why})"


def _sight_check(stage: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey(["models", stage]),
        name=CHECK_NAME,
        description="Neither the model in use nor one that it was made of saw a picture that has since lost its "
        "licence, vanished or been taken down. Tells every version that did. What cannot be told counts as seen.",
    )
    def saw_no_taken_down_picture(platform: Platform) -> dg.AssetCheckResult:
        home = platform.home()
        exposed = exposures(home, find_withdrawn(home, profile=platform.settings().rights_profile))
        return _verdict(stage, [one for one in exposed if one.model.stage == stage]).result()

    return saw_no_taken_down_picture


@dg.asset_check(
    asset=dg.AssetKey(["evaluation", "report"]),
    name="keeps_its_floors",
    description="What was trained last draws better than chance, nearer to the real pictures than its floor allows, "
    "enlarges better than bicubic, and does not fall behind the model that it would replace.",
)
def keeps_its_floors(platform: Platform) -> dg.AssetCheckResult:
    judgements = latest_judgements(platform.home())
    problems = [f"{stage}: {problem}" for stage, one in judgements.items() for problem in one.problems]
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(problems) or "every floor is kept",
        metadata={
            "candidates": dg.MetadataValue.json({stage: one.candidate for stage, one in judgements.items()}),
            "promoted": dg.MetadataValue.json({stage: one.promoted for stage, one in judgements.items()}),
            "compared_with": dg.MetadataValue.json(
                {stage: one.replaced or "none: the first one" for stage, one in judgements.items()}
            ),
            "problems": dg.MetadataValue.json(problems),
        },
    )


@dg.asset_check(
    asset=dg.AssetKey(["evaluation", "report"]),
    name="measured_with_what_is_free",
    description="No model in use was measured with a picture that is no longer free. A warning: such a picture changed "
    "no weight; the next evaluation, on a dataset without it, measures anew.",
)
def measured_with_what_is_free(platform: Platform) -> dg.AssetCheckResult:
    home = platform.home()
    exposed = exposures(home, find_withdrawn(home, profile=platform.settings().rights_profile))
    found = {
        f"{one.model.stage} {one.model.version}": [str(picture) for picture in one.measured[:LISTED]]
        for one in exposed
        if one.model.is_in_use and one.measured
    }
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{', '.join(found)} measured with what is no longer free" if found else "nothing withdrawn in it",
        metadata={"models": dg.MetadataValue.json(found)},
    )


@dg.asset_check(
    asset=dg.AssetKey(["models", "vae"]),
    name="beats_trivial_storage",
    description="The VAE that was trained last keeps more of held-out pictures than storing them smaller does.",
)
def beats_trivial_storage(platform: Platform) -> dg.AssetCheckResult:
    folder = trained_last(platform.home(), "vae")
    found = read_reconstruction(folder)
    if found is None:
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{folder.name} was not measured: its dataset holds too few pictures out",
        )
    return dg.AssetCheckResult(
        passed=found.gain_db > 0,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{folder.name}: {found.psnr_db:.2f} dB, {found.gain_db:+.2f} over the best trivial way",
        metadata={"psnr_db": found.psnr_db, "gain_db": found.gain_db},
    )


@dg.asset_check(
    asset=dg.AssetKey(["models", "latents"]),
    name="made_of_the_newest",
    description="The latents were made of the latest dataset, and of the VAE and the CLIP that were trained last.",
)
def made_of_the_newest(platform: Platform) -> dg.AssetCheckResult:
    home = platform.home()
    inputs = read_run(trained_last(home, "latents")).inputs
    newest_of = {name: trained_last(home, name) for name in ("vae", "clip")}
    if (dataset := home.latest("dataset", DATASET)) is not None:
        newest_of["dataset"] = dataset
    expected = {name: folder_digest(folder) for name, folder in newest_of.items()}
    problems = [
        f"made of {name} {inputs.get(name, 'none')[:16]}, the newest is {digest[:16]}"
        for name, digest in expected.items()
        if inputs.get(name) != digest
    ]
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(problems) or "made of what is newest",
        metadata={"problems": dg.MetadataValue.json(problems)},
    )


def _integrity_check(stage: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey(["models", stage]),
        name="files_are_whole",
        description="Every file of the model that was trained last, and of the one in use, has the SHA-256 of its run.",
    )
    def files_are_whole(platform: Platform) -> dg.AssetCheckResult:
        home = platform.home()
        folders = {trained_last(home, stage), home.latest("models", stage)} - {None}
        problems = [problem for folder in sorted(filter(None, folders)) for problem in _damage(folder)]
        return dg.AssetCheckResult(
            passed=not problems,
            severity=dg.AssetCheckSeverity.ERROR,
            description="; ".join(problems) or f"{len(folders)} folders are whole",
            metadata={"problems": dg.MetadataValue.json(problems)},
        )

    return files_are_whole


def _damage(folder: Path) -> list[str]:
    try:
        verify_outputs(folder)
    except ProvenanceError as error:
        return [str(error)]
    return []


checks = [
    *(_sight_check(stage) for stage in STAGES),
    *(_integrity_check(stage) for stage in STAGES),
    keeps_its_floors,
    measured_with_what_is_free,
    beats_trivial_storage,
    made_of_the_newest,
]
