"""What a stored result was made by: a digest over the sources of its makers, which nobody can forget to raise."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What reads wikitext decides with us what a page says.
PARSER = "mwparserfromhell"


@cache
def code_version(*modules: str, root: Path = ROOT) -> str:
    """BLAKE2b-64 in hex over the sources of these modules and of all of ours that they import, lazily or not.

    `modules` are dotted names below `root`, the folder that holds pd_assets. Errors: FileNotFoundError.
    """
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(_closure(modules, root)):
        digest.update(f"{name}\0".encode() + _file_of(name, root).read_bytes())
    digest.update(version(PARSER).encode())
    return digest.hexdigest()


def _closure(modules: tuple[str, ...], root: Path) -> set[str]:
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _imported(_file_of(name, root), root)
    return seen


def _imported(path: Path, root: Path) -> Iterator[str]:
    """The modules of ours that a file imports anywhere; of a package only what is named."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if _exists(name, root) else node.module for name in below]
        else:
            continue
        yield from (name for name in names if name.startswith("pd_") and _exists(name, root))


def _exists(name: str, root: Path) -> bool:
    return _file_of(name, root).is_file()


def _file_of(name: str, root: Path) -> Path:
    path = root.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
