"""What imports what in this project, read from its source, and which test files a change can reach.

    python -m tests.reach [REVISION]

prints the test files that can see the difference between the working tree and REVISION (HEAD). Imports within functions
count, and so do the names of modules in strings: that is how a test starts `python -m pd_ml`. Of a file that is no
module, whoever names it or its folder is taken to read it.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("pd_assets", "pd_ml", "benchmarks", "tests")
# They decide what is installed and how every test runs.
EVERYTHING = ("pyproject.toml", "constraints.txt", "Makefile", "tests/conftest.py", ".ci/run")


@cache
def sources() -> dict[str, Path]:
    """Every module of the project, by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(sources()[module].read_text())


@cache
def imports(module: str) -> frozenset[str]:
    """What a module imports anywhere in its text, as dotted names of modules, its own packages included."""
    return frozenset(packages_above(module)) | imported(ast.walk(tree(module)), module)


def imported(nodes: Iterable[ast.AST], module: str) -> frozenset[str]:
    """What those nodes of a module import, `module` for the message of one that does it relatively."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively, which ruff forbids"
            origin = str(node.module)
            found.update(nearest_module(f"{origin}.{alias.name}", origin) for alias in node.names)
    return frozenset(found)


@cache
def uses(module: str) -> frozenset[str]:
    """What a module imports, what it names in a string to start it, and what the fixtures that it asks for import."""
    if module.endswith("conftest"):
        return frozenset(packages_above(module)) | imported(tree(module).body, module)
    named = {node.value for node in ast.walk(tree(module)) if isinstance(node, ast.Constant) and node.value in PROGRAMS}
    above = [f"{package}.conftest" for package in packages_above(module) if f"{package}.conftest" in sources()]
    return (
        imports(module) | {PROGRAMS[str(name)] for name in named} | (given(module, above) if is_test(module) else set())
    )


def given(module: str, conftests: list[str]) -> set[str]:
    """The conftest modules above a test, and what those of their fixtures import that its functions ask for."""
    fixtures = {node.name: node for name in conftests for node in tree(name).body if isinstance(node, ast.FunctionDef)}
    found, waiting = set(conftests), arguments(tree(module))
    while waiting:
        fixture = fixtures.pop(waiting.pop(), None)
        if fixture is not None:
            found |= imported(ast.walk(fixture), module)
            waiting |= arguments(fixture)
    return found


def arguments(node: ast.AST) -> set[str]:
    return {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}


def nearest_module(name: str, origin: str) -> str:
    """`from a import b` imports the module a.b where there is one, else the module a."""
    return name if name in sources() else origin


def packages_above(module: str) -> Iterable[str]:
    """Importing a.b.c runs a and a.b too."""
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts)))


def is_test(module: str) -> bool:
    return module.startswith("tests.") and module.rpartition(".")[2].startswith("test_")


@cache
def reached(module: str, *, programs: bool = False) -> frozenset[str]:
    """Everything that a module imports, directly or through our own modules; with `programs`, that it `uses`."""
    follow = uses if programs else imports
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for name in follow(waiting.pop()) - seen:
            seen.add(name)
            if name in sources():
                waiting.append(name)
    return frozenset(seen)


def files_reached(changed: Iterable[str]) -> list[str]:
    """The test files, as paths from the root, that a change of these files (paths from the root) can reach."""
    tests = [module for module in sources() if is_test(module)]
    changed = list(changed)
    if any(name in EVERYTHING for name in changed):
        return [path_of(module) for module in tests]
    modules = {module for name in changed for module in (named_by(name) if is_data(name) else {module_of(name)})}
    return [
        path_of(module)
        for module in tests
        if module in modules or not modules.isdisjoint(reached(module, programs=True))
    ]


def is_data(name: str) -> bool:
    return module_of(name) not in sources()


def module_of(name: str) -> str:
    return ".".join(Path(name).with_suffix("").parts).removesuffix(".__init__")


def named_by(name: str) -> set[str]:
    """The modules that may read a file which is no module: beside it in a package, or with its name in their text."""
    path = Path(name)
    beside = {module for module, source in sources().items() if source.parent == ROOT / path.parent}
    words = {path.name, path.parent.name} - {"", "docs", "tests", *PACKAGES}
    naming = {module for module, source in sources().items() if any(word in source.read_text() for word in words)}
    return naming | (beside if path.parts[0] in PACKAGES else set())


def changed_files(revision: str = "HEAD") -> list[str]:
    """The files that differ from a revision, those that git does not know yet included."""
    listings = (["diff", "--name-only", revision], ["ls-files", "--others", "--exclude-standard"])
    said = [subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True) for words in listings]
    return sorted({line for one in said for line in one.stdout.splitlines()})


def path_of(module: str) -> str:
    return sources()[module].relative_to(ROOT).as_posix()


# What `python -m` may be given, and the module that then runs.
PROGRAMS = {module.removesuffix(".__main__"): module for module in sources() if module.count(".") or module == "pd_ml"}
PROGRAMS.update({"pd_ml": "pd_ml.__main__", "pdd": "pd_assets.cli"})

if __name__ == "__main__":
    sys.stdout.writelines(f"{name}\n" for name in files_reached(changed_files(*sys.argv[1:2])))
