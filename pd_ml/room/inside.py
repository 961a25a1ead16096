"""What runs in the room: the training of one stage, whose result it leaves in the run's folder. Nothing is published.

Started as a file by an isolated interpreter: of the folder that the package lies in nothing but the package is there,
so it is loaded by its path.
"""

import importlib.util
import json
import sys
from pathlib import Path


def _load_package() -> None:
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "pd_ml", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["pd_ml"] = package
    spec.loader.exec_module(package)


def _main() -> int:
    told = json.loads(sys.argv[1])
    sys.path += [path for path in told["search_path"] if path not in sys.path]
    _load_package()
    from pd_ml.command_line import told_in_one_line
    from pd_ml.room.work import job_of, work

    job = job_of(told["job"])
    return told_in_one_line(lambda: work(job), job.out)


if __name__ == "__main__":
    sys.exit(_main())
