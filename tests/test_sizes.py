"""The sizes of the suite are what tests/sizes.py says."""

import subprocess
import sys

from tests.sizes import NOT_QUICK, QUICK, ROOT, files, is_quick, marks, size_of

HEAVY = ("torch", "dagster", "diffusers", "transformers")


def test_what_the_list_of_quick_files_names_is_there() -> None:
    assert [name for name in (*QUICK, *NOT_QUICK) if not (ROOT / name).exists()] == []


def test_a_file_of_quick_tests_imports_neither_torch_nor_dagster() -> None:
    modules = [path.removesuffix(".py").replace("/", ".") for path in files() if is_quick(path)]
    asks = f"import sys, {', '.join(modules)}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_a_file_is_of_the_size_of_its_smallest_test() -> None:
    assert size_of("tests/pd_assets/lib/rights/test_cases.py") == "quick"
    assert size_of("tests/pd_ml/test_learning.py") == "test" and "extended" in marks("tests/pd_ml/test_learning.py")
    assert size_of("tests/integration/test_month.py") == "all"
