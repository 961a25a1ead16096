"""The table of the mutation check is whole: its pieces are in their places, its tests are there, as small as said."""

import ast
from collections import Counter

from tests.conftest import ROOT
from tests.planted_faults import FAULTS, problems

AT_LEAST = {"rights": 5, "sync": 3, "export": 3, "loop": 3, "checkpoint": 2, "takedown": 3}


def test_every_fault_can_be_planted_in_one_place_and_names_tests_of_its_size() -> None:
    assert problems(ROOT) == []


def test_there_are_twenty_faults_over_all_areas_and_quick_tests_find_at_least_twelve() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) == 20
    areas = Counter(fault.area for fault in FAULTS)
    assert areas.keys() == AT_LEAST.keys()
    assert all(areas[area] >= least for area, least in AT_LEAST.items())
    assert sum(fault.size == "quick" for fault in FAULTS) >= 12


def test_a_fault_leaves_the_source_one_that_python_can_read() -> None:
    """What cannot be parsed is found by everything: that would say nothing of the tests."""
    for fault in FAULTS:
        sound = (ROOT / fault.file).read_text()
        faulty = sound.replace(fault.old, fault.new)
        assert faulty != sound
        if fault.file.endswith(".py"):
            ast.parse(faulty)
