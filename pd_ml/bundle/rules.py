"""The rules that the machine-readable papers of a bundle keep and outside validators do not know.

Each function takes a paper as parsed JSON and the facts that it is about, and gives a sentence for every rule that does
not hold: the place, what was found, what was expected. A document of another shape gives sentences too, never an error.
"""

from pd_ml.bundle.rules_of_bom import problems_of_bom
from pd_ml.bundle.rules_of_croissant import problems_of_croissant
from pd_ml.bundle.rules_of_spdx import problems_of_spdx

__all__ = ["problems_of_bom", "problems_of_croissant", "problems_of_spdx"]
