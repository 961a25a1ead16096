"""The papers that machines read, with the rules on each."""

import json
from typing import Any

from pd_ml.bundle import layout
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.papers import bom, croissant, spdx
from pd_ml.bundle.rules import problems_of_bom, problems_of_croissant, problems_of_spdx

PAPERS = {layout.BOM: bom, layout.SPDX: spdx, layout.CROISSANT: croissant}
RULES = {layout.BOM: problems_of_bom, layout.SPDX: problems_of_spdx, layout.CROISSANT: problems_of_croissant}


def documents(facts: Facts) -> dict[str, Any]:
    return {name: json.loads(paper.write(facts)) for name, paper in PAPERS.items()}


def problems_of(facts: Facts) -> list[str]:
    return [problem for name, document in documents(facts).items() for problem in RULES[name](document, facts)]
