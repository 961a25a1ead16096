"""What other people's programs say of a bundle's machine-readable papers; nothing of this project is imported here.

    python tests/validators.py BUNDLE [--spdx FOLDER]

prints a line for each paper and exits 1 where one is refused. It needs no network: `unshare -rn` may stand before it.
SPDX publishes its JSON-LD context and its shapes on the web; copies of both lie in FOLDER, or their check is left out.
"""

import argparse
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SPDX = Path(__file__).resolve().parents[2] / "shared" / "reference" / "spdx"
CONTEXT, SHAPES = "spdx-context.jsonld", "spdx-model.ttl"
SIGNATURE, PUBLIC_KEY = "signature.json", "signing-key.pem"
# These three warn, wherever they are used, of what they use of one another.
OF_ITSELF = ("rdflib", "mlcroissant", "pandas")


def cyclonedx(bundle: Path) -> list[str]:
    """The schema of CycloneDX 1.6, strictly: no property that it does not know."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str((bundle / "bom.cdx.json").read_text())
    return [] if error is None else [str(error)]


def spdx(bundle: Path) -> list[str]:
    """The loader of the SPDX project's own bindings: no unknown property or word, no element that is missing."""
    from spdx_python_model import v3_0_1

    found = v3_0_1.SHACLObjectSet()
    with (bundle / "spdx.jsonld").open("rb") as file:
        v3_0_1.JSONLDDeserializer().read(file, found)
    return [f"{name} is named and missing" for name in sorted(found.missing_ids)]


def spdx_shapes(bundle: Path, published: Path) -> list[str]:
    """The shapes of SPDX 3.0.1, with the context's content in the place of its address."""
    import pyshacl
    import rdflib

    document = json.loads((bundle / "spdx.jsonld").read_text())
    document["@context"] = json.loads((published / CONTEXT).read_text())["@context"]
    graph = rdflib.Graph().parse(data=json.dumps(document), format="json-ld")
    shapes = rdflib.Graph().parse(published / SHAPES)
    conforms, _, report = pyshacl.validate(graph, shacl_graph=shapes, ont_graph=shapes, inference=None)
    return [] if conforms else [str(report)]


def croissant(bundle: Path) -> list[str]:
    """mlcroissant reads every record, which compares the files' digests, and warns of nothing."""
    with _warned() as told:
        import mlcroissant

        described = mlcroissant.Dataset(jsonld=str(bundle / "croissant.json"))
        for record_set in described.metadata.record_sets:
            for _ in described.records(record_set.uuid):
                pass
    issues = described.metadata.ctx.issues
    return sorted({*issues.errors, *issues.warnings, *told})


@contextmanager
def _warned() -> Iterator[list[str]]:
    """What is warned of meanwhile, by Python's warnings and in the log; not what the three libraries use."""
    told: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield told
    finally:
        logging.getLogger().removeHandler(handler)
    for one in caught:
        is_of_itself = issubclass(one.category, DeprecationWarning) and set(OF_ITSELF) & set(Path(one.filename).parts)
        if not is_of_itself:
            told.append(str(one.message))


def debian(bundle: Path) -> list[str]:
    """python-debian, strictly; of a format that it does not know it only warns."""
    from debian.copyright import Copyright

    with _warned() as told, (bundle / "debian-copyright").open(encoding="utf-8") as file:
        Copyright(file, strict=True)
    return told


def signature(bundle: Path) -> list[str]:
    """The command of model-signing."""
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(bundle)]
    command += ["--signature", str(bundle / SIGNATURE), "--public_key", str(bundle / PUBLIC_KEY)]
    done = subprocess.run(command, capture_output=True, text=True)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def problems(check: Callable[[], list[str]]) -> list[str]:
    """What a check finds, and what it raises: libraries refuse by exceptions of many kinds."""
    try:
        return check()
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def told(bundle: Path, published: Path) -> Iterator[tuple[str, list[str] | None, str]]:
    """Of each paper: its name and who looked, what is wrong or None where nobody looked, and why nobody did."""
    yield "bom.cdx.json (CycloneDX 1.6 strict)", problems(lambda: cyclonedx(bundle)), ""
    yield "spdx.jsonld (spdx-python-model)", problems(lambda: spdx(bundle)), ""
    if (published / CONTEXT).is_file() and (published / SHAPES).is_file():
        yield "spdx.jsonld (SHACL)", problems(lambda: spdx_shapes(bundle, published)), ""
    else:
        yield "spdx.jsonld (SHACL)", None, f"{CONTEXT} and {SHAPES} are not in {published}; give their folder (--spdx)"
    yield "croissant.json (mlcroissant, records read)", problems(lambda: croissant(bundle)), ""
    yield "debian-copyright (python-debian strict)", problems(lambda: debian(bundle)), ""
    if (bundle / SIGNATURE).is_file() or (bundle / PUBLIC_KEY).is_file():
        yield f"{SIGNATURE} (model-signing)", problems(lambda: signature(bundle)), ""
    else:
        yield f"{SIGNATURE} (model-signing)", None, "the bundle is not signed"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--spdx", type=Path, default=SPDX, help=f"folder of {CONTEXT} and {SHAPES}")
    asked = parser.parse_args()
    refused = 0
    for name, wrong, why in told(asked.bundle, asked.spdx):
        verdict = f"not looked at: {why}" if wrong is None else "refused: " + " | ".join(wrong) if wrong else "passes"
        refused += bool(wrong)
        sys.stdout.write(f"{name}: {' '.join(verdict.split())}\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
