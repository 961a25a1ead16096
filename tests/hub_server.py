"""A stand-in of a Hugging Face style hub on loopback: the part of its HTTP API that a push uses, and faults on demand.

Its repositories are kept as commits, each a whole tree of bytes, so that a test sees exactly what was received. Whether
a file goes by LFS or in the commit itself the server decides, as the real one does.
"""

import base64
import hashlib
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.loopback import LoopbackServer
from tests.patience import PATIENCE_S

TOKEN = "a-token-of-the-test"
REGULAR_BYTES = 4096
BINARY = (".safetensors", ".parquet", ".png", ".jpg", ".arrow")
ATTRIBUTES = {".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How a request goes wrong: a status, or a connection that ends; `after` what was asked is done all the same.
    `silent`: nothing is answered until the server ends. `late`: a commit is made only after so many others were
    refused (409), as the repository is being changed.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    silent: bool = False
    late: int = 0


@dataclass
class Repository:
    """Its commits, oldest first: name and tree. `lfs` are the paths that went by LFS."""

    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    visibility: str = ""

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1][1]

    def commit(self, tree: dict[str, bytes]) -> str:
        told = json.dumps([len(self.commits), sorted((path, _sha256(body)) for path, body in tree.items())])
        name = hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()
        self.commits.append((name, tree))
        return name


class HubServer(LoopbackServer):
    """The hub; use it as a context manager. `faults` are taken in turn by the requests whose `METHOD path` match."""

    def __init__(self) -> None:
        super().__init__(_handler(self))
        self.repositories: dict[str, Repository] = {}
        self.blobs: dict[str, bytes] = {}
        self.uploads: list[str] = []
        self.asked: list[str] = []
        self.faults: list[tuple[str, Fault]] = []
        self.ignored: set[str] = set()
        self.before_commit: Callable[[Repository], None] = lambda repository: None
        self.late = 0
        self.land: Callable[[], object] = lambda: None
        self.lock = threading.Lock()

    def add(self, name: str, files: Mapping[str, bytes] | None = None, kind: str = "models") -> Repository:
        """A repository with a first commit, as the hub makes it."""
        made = Repository()
        made.commit({**ATTRIBUTES, **(files or {})})
        self.repositories[f"{kind}/{name}"] = made
        return made

    def fail(self, request: str, *faults: Fault) -> None:
        """The next requests of this kind (a pattern of `METHOD path`) go wrong, one after the other."""
        self.faults += [(request, fault) for fault in faults]

    def fault(self, request: str) -> Fault | None:
        with self.lock:
            self.asked.append(request)
            for one in self.faults:
                if re.search(one[0], request):
                    self.faults.remove(one)
                    return one[1]
        return None


Answer = tuple[int, object, Mapping[str, str]]


def _ok(body: object) -> Answer:
    return 200, body, {}


def _no(status: int, message: str, **headers: str) -> Answer:
    return status, {"error": message}, {"X-Error-Message": message, **headers}


def _handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def do_PUT(self) -> None:
            self._answer("PUT")

        def _answer(self, method: str) -> None:
            body = self._body()
            fault = hub.fault(f"{method} {self.path}")
            if fault is not None and not fault.after:
                if fault.late:
                    told = (hub, method, self.path, body, self.headers.get("Authorization"))
                    hub.late, hub.land = fault.late, lambda: _respond(*told)
                self._fail(fault)
                return
            with hub.lock:
                status, answer, headers = _respond(hub, method, self.path, body, self.headers.get("Authorization"))
            if fault is not None:
                self._fail(fault)
                return
            self._send(status, json.dumps(answer).encode(), headers)

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def _fail(self, fault: Fault) -> None:
            if fault.silent:
                hub.closing.wait(PATIENCE_S)
            if fault.status:
                self._send(fault.status, json.dumps({"error": "as the test wants it"}).encode(), fault.headers)
                return
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _respond(hub: HubServer, method: str, target: str, body: bytes, authorization: str | None) -> Answer:
    path = unquote(urlsplit(target).path)
    if path.startswith("/store/"):
        return _store(hub, path, body, authorization)
    if path == "/api/agent-harnesses":
        return _no(404, "not here")
    if authorization != f"Bearer {TOKEN}":
        return _no(401, "Invalid credentials in Authorization header")
    if path == "/api/repos/create":
        return _create(hub, json.loads(body))
    if path == "/api/validate-yaml":
        return _ok({"errors": [], "warnings": []})
    if found := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
        return _batch(hub, json.loads(body))
    found = re.fullmatch(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/(preupload|commit|tree)/(.+))?", path)
    if found is None:
        return _no(404, f"no such address: {path}")
    kind, name, verb, revision = found.groups()
    repository = hub.repositories.get(f"{kind}/{name}")
    if repository is None:
        return _no(404, "Repository not found", **{"X-Error-Code": "RepoNotFound"})
    if verb is None:
        return _ok({"id": name, "sha": repository.head, "siblings": [], "tags": [], "private": True})
    if verb == "tree":
        return _tree(hub, repository, revision, parse_qs(urlsplit(target).query))
    if verb == "preupload":
        return _ok({"files": [_mode(hub, repository, one) for one in json.loads(body)["files"]]})
    if hub.late:
        hub.late -= 1
        if not hub.late:
            hub.land()
        return _no(409, "The repository is being changed")
    return _commit(hub, repository, [json.loads(line) for line in body.splitlines()])


def _store(hub: HubServer, path: str, body: bytes, authorization: str | None) -> Answer:
    """Where blobs lie: no token may reach it."""
    if authorization is not None and "verify" not in path:
        return _no(400, "a token was sent to the store")
    oid = path.rpartition("/")[2]
    if "verify" in path:
        told = json.loads(body)
        return _ok({}) if len(hub.blobs.get(told["oid"], b"")) == told["size"] else _no(404, "no such object")
    if _sha256(body) != oid:
        return _no(400, "not the object that it is called")
    hub.blobs[oid] = body
    hub.uploads.append(oid)
    return _ok({})


def _create(hub: HubServer, asked: Mapping[str, Any]) -> Answer:
    name, kind = f"{asked['organization']}/{asked['name']}", f"{asked['type']}s"
    if f"{kind}/{name}" in hub.repositories:
        return 409, {"error": "You already created this repository", "url": f"{hub.url}/{name}"}, {}
    hub.add(name, kind=kind).visibility = str(asked.get("visibility", "public"))
    return _ok({"url": f"{hub.url}/{'datasets/' if kind == 'datasets' else ''}{name}"})


def _batch(hub: HubServer, asked: Mapping[str, Any]) -> Answer:
    def one(told: Mapping[str, Any]) -> Mapping[str, object]:
        if told["oid"] in hub.blobs:
            return dict(told)
        store = f"{hub.url}/store"
        actions = {"upload": {"href": f"{store}/{told['oid']}"}, "verify": {"href": f"{store}/verify/{told['oid']}"}}
        return {**told, "actions": actions}

    return _ok({"transfer": "basic", "objects": [one(told) for told in asked["objects"]]})


def _is_lfs(path: str, size: int) -> bool:
    return size > 0 and (path.endswith(BINARY) or size > REGULAR_BYTES)


def _mode(hub: HubServer, repository: Repository, told: Mapping[str, Any]) -> Mapping[str, object]:
    path, there = told["path"], repository.files.get(told["path"])
    oid = None if there is None else _sha256(there) if _is_lfs(path, len(there)) else _git(there)
    mode = "lfs" if _is_lfs(path, told["size"]) else "regular"
    return {"path": path, "uploadMode": mode, "shouldIgnore": path in hub.ignored, "oid": oid}


def _tree(hub: HubServer, repository: Repository, revision: str, query: Mapping[str, list[str]]) -> Answer:
    """Ten files a page, the next one by a link, as the hub pages a thousand."""
    tree = dict(repository.commits).get(revision) if revision != "main" else repository.files
    if tree is None:
        return _no(404, "Invalid rev id", **{"X-Error-Code": "RevisionNotFound"})
    paths, first = sorted(tree), int(query.get("cursor", ["0"])[0])
    listed = [_entry(path, tree[path]) for path in paths[first : first + 10]]
    kind, name = next(key.split("/", 1) for key, one in hub.repositories.items() if one is repository)
    following = f"{hub.url}/api/{kind}/{name}/tree/{revision}?recursive=true&cursor={first + 10}"
    return 200, listed, {"Link": f'<{following}>; rel="next"'} if first + 10 < len(paths) else {}


def _entry(path: str, body: bytes) -> Mapping[str, object]:
    lfs = {"lfs": {"oid": _sha256(body), "size": len(body), "pointerSize": 130}} if _is_lfs(path, len(body)) else {}
    return {"type": "file", "path": path, "size": len(body), "oid": _git(body), **lfs}


def _commit(hub: HubServer, repository: Repository, lines: list[Mapping[str, Any]]) -> Answer:
    hub.before_commit(repository)
    header, *changes = lines
    if header["value"].get("parentCommit", repository.head) != repository.head:
        return _no(412, "A commit has happened since. Please refresh and try again.")
    tree = dict(repository.files)
    for change in changes:
        value = change["value"]
        if change["key"] == "file":
            tree[value["path"]] = base64.b64decode(value["content"])
        elif change["key"] == "lfsFile":
            if value["oid"] not in hub.blobs:
                return _no(400, f"no object {value['oid']}")
            tree[value["path"]] = hub.blobs[value["oid"]]
        else:
            del tree[value["path"]]
    name = repository.commit(tree)
    place = next(key for key, one in hub.repositories.items() if one is repository).removeprefix("models/")
    return _ok({"commitUrl": f"{hub.url}/{place}/commit/{name}", "commitOid": name})


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _git(body: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
