"""Evaluate models with `python -m pd_ml evaluate`, and judge those that were trained last by those in use.

Errors: ConfigError, ProvenanceError, and what the child says.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pd_assets.lib.child import run_pd_ml
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import Model, model_in, models, newest, trained_last
from pd_assets.lib.release.promotion import JUDGED, Comparison, Judgement, earlier_judgement, judge, made_of
from pd_ml.config import EvaluateConfig
from pd_ml.data.shards import sha256_of
from pd_ml.provenance import UNFINISHED, folder_digest, read_run, version_of


@dataclass(frozen=True, kw_only=True)
class Evaluator:
    """Evaluates models of a home on a dataset folder; what is there is only read.

    `config` is that of the recipe with its `changes`, each as field=value.
    """

    home: Home
    dataset: Path
    recipe_name: str
    config: EvaluateConfig
    changes: Sequence[str] = ()

    def finished(self) -> frozenset[str]:
        """The versions of the reports that there are."""
        there = (self.home.root / "evaluation" / "report").glob("[!.]*/report.json")
        return frozenset(path.parent.name for path in there if not path.parent.name.endswith(UNFINISHED))

    @property
    def candidates(self) -> list[Model]:
        """The models that were trained last, of each stage that is judged; ConfigError where there is none."""
        folders = [newest(self.home, stage) for stage in JUDGED]
        found = [model_in(self.home, folder) for folder in folders if folder is not None]
        if not found:
            stages = ", ".join(f"models/{stage}" for stage in JUDGED)
            raise ConfigError(f"nothing to evaluate in {self.home.root}; materialise one of {stages} first")
        return found

    def clip_of(self, model: Model) -> Path:
        """The CLIP that a model was made of; the one trained last where there is none, or it is gone."""
        own = [one.folder for one in made_of(model, models(self.home)) if one.stage == "clip"]
        return own[0] if own else trained_last(self.home, "clip")

    def judged(self, candidate: Model, out: Path, *, promote_anyway: bool = False) -> Judgement:
        """The candidate, with its report `out`, against the model in use, both measured by the CLIP of the latter."""
        used = next((one for one in models(self.home) if one.stage == candidate.stage and one.is_latest), None)
        compared = None
        if used is not None and used.version != candidate.version:
            clip = self.clip_of(used)
            reports = [read_report(self.report(model, clip)) for model in (candidate, used)]
            compared = Comparison(replaced=used.version, candidate=reports[0], used=reports[1])
        judgement = judge(
            candidate=candidate.version,
            dataset_version=read_run(out).dataset_version,
            report=read_report(out),
            compared=compared,
            promote_anyway=promote_anyway,
        )
        if candidate.unknown:
            why = f"not known which pictures it saw, so it is not put in use: {'; '.join(sorted(candidate.unknown))}"
            judgement = replace(judgement, promoted=False, weak=(*judgement.weak, why))
        before = earlier_judgement(self.home, candidate.version)
        if compared is not None or before is None:
            return judgement
        # It is in use already: what it was compared with then is still what it replaced.
        return replace(judgement, replaced=before.replaced, behind=before.behind)

    def report(self, model: Model, clip: Path) -> Path:
        """The folder of the report on a model, measured by a CLIP."""
        inputs = {"dataset": folder_digest(self.dataset), model.stage: model.run.digest, "clip": folder_digest(clip)}
        arguments = ["evaluate", "--recipe", self.recipe_name, "--dataset", str(self.dataset)]
        arguments += ["--model", str(model.folder), "--clip", str(clip)]
        for change in self.changes:
            arguments += ["--set", change]
        attributes = self.home.root / "sandbox" / "attributes.json"
        if attributes.is_file():
            inputs["attributes"] = sha256_of(attributes)
            arguments += ["--attributes", str(attributes)]
        out = self.home.root / "evaluation" / "report" / version_of("evaluate", self.config, inputs)
        if not out.is_dir():
            self.home.fetched(self.dataset, model.folder, clip)
            run_pd_ml([*arguments, "--out", str(out)], lambda event: None)
        return out


def read_report(out: Path) -> Mapping[str, object]:
    """The numbers of a finished report."""
    found = json.loads((out / "report.json").read_text())
    assert isinstance(found, dict)
    return found
