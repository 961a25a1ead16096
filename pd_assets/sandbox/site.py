"""The pages and answers of an archive over HTTP: Action API, files, thumbnails, pages, and the sandbox's own switches.

Handlers are plain functions in a thread pool, so that requests at the same time can be seen and refused at the edge.
"""

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox.archive import Archive
from pd_assets.sandbox.control import perform
from pd_assets.sandbox.faults import Faults
from pd_assets.sandbox.file_page import document, home_html, page_html
from pd_assets.sandbox.image_info import archive_name
from pd_assets.sandbox.query import answer, error_body
from pd_assets.sandbox.records import FileVersion, Page
from pd_assets.sandbox.scenes import attributes
from pd_assets.sandbox.thumbs import STEPS_PX, Scaler, thumbnail_name, width_of
from pd_assets.sandbox.titles import InvalidTitle, db_key, hash_folder, normalised, page_path
from pd_assets.sandbox.tree import ROOT_EXPIRED, ROOT_OLD

MAXLAG_RETRY_S = 5
ZIPPED_FROM_BYTES = 1000


class Site:
    """The handlers of one archive; `base_url` is what its answers put before addresses."""

    def __init__(self, archive: Archive, base_url: str, faults: Faults) -> None:
        self.archive = archive
        self.base_url = base_url
        self.faults = faults
        self.scaler = Scaler()

    def app(self) -> ASGIApp:
        """The site as an ASGI application, without its edge."""
        routes = [
            Route("/w/api.php", self.api, methods=["GET", "POST"]),
            Route("/w/index.php", self.by_id),
            Route("/wikipedia/commons/thumb/{h}/{hh}/{name}/{thumb}", self.thumb),
            Route("/wikipedia/commons/archive/{h}/{hh}/{name}", self.old_file),
            Route("/wikipedia/commons/{h}/{hh}/{name:path}", self.file),
            Route("/wiki/{title:path}", self.page),
            Route("/sandbox/attributes", self.attributes),
            Route("/sandbox/requests", self.requests),
            Route("/sandbox/faults", self.set_faults, methods=["POST"]),
            Route("/sandbox/{verb}", self.control, methods=["POST"]),
            Route("/", self.home),
        ]
        return Starlette(routes=routes)

    async def api(self, request: Request) -> Response:
        params = pairs(request.scope["query_string"].decode("latin-1"))
        if request.method == "POST":
            params |= pairs((await request.body()).decode("utf-8", "replace"))
        request.state.params = params
        zipped = "gzip" in request.headers.get("Accept-Encoding", "")
        return await run_in_threadpool(self._api_answer, params, zipped=zipped)

    def _api_answer(self, params: dict[str, str], *, zipped: bool) -> Response:
        lag = self.faults.lag
        if lag is not None and "maxlag" in params and _number(params["maxlag"]) < lag:
            return self._lagged(lag, params)
        with self.archive.lock:
            body = answer(params, self.archive, self.base_url)
        headers = {"Cache-Control": "private, must-revalidate, max-age=0"}
        code = _error_code(body)
        if code is not None:
            headers["MediaWiki-API-Error"] = code
        return _json(body, headers, zipped=zipped)

    def _lagged(self, lag: float, params: dict[str, str]) -> Response:
        legacy = params.get("errorformat", "bc") == "bc"
        data: dict[str, object] = {"host": "db-sandbox", "lag": lag, "type": "db"}
        info = f"Waiting for db-sandbox: {lag:g} seconds lagged."
        body = error_body("maxlag", info, base_url=self.base_url, legacy=legacy, data=data)
        headers = {
            "Retry-After": str(MAXLAG_RETRY_S),
            "X-Database-Lag": str(int(lag)),
            "MediaWiki-API-Error": "maxlag",
        }
        return _json(body, headers)

    def file(self, request: Request) -> Response:
        page = self._file_page(request)
        if page is None:
            return _not_found()
        return self._bytes(page.versions[-1])

    def old_file(self, request: Request) -> Response:
        name = request.path_params["name"]
        page = self._file_page(request, name=name.partition("!")[2])
        versions = page.versions[:-1] if page else ()
        version = next((version for version in versions if page and archive_name(page, version) == name), None)
        return self._bytes(version) if version else _not_found()

    def thumb(self, request: Request) -> Response:
        page = self._file_page(request)
        if page is None:
            return _not_found()
        width, facts = width_of(request.path_params["thumb"]), self.archive.facts(page.versions[-1])
        if width not in STEPS_PX:
            return edge_page(400, "Use thumbnail steps/sizes listed on https://w.wiki/GHai")
        expected = thumbnail_name(db_key(page.title), facts.mime, width)
        if request.path_params["thumb"] != expected or (facts.mediatype == "BITMAP" and width >= facts.width):
            return _not_found()
        content = page.versions[-1].content
        try:
            data = self.scaler.scaled(content, self.archive.read(page.versions[-1]), facts, width)
        except SandboxError as error:
            return edge_page(500, str(error))
        return Response(data, media_type="image/png" if data.startswith(b"\x89PNG") else "image/jpeg")

    def page(self, request: Request) -> Response:
        try:
            page = self.archive.page(normalised(request.path_params["title"]))
        except InvalidTitle as error:
            return edge_page(400, str(error))
        if page is None:
            return edge_page(404, "There is no page of this name.")
        target = self.archive.redirect_target(page)
        if target is not None:
            return RedirectResponse(f"/wiki/{page_path(target.title)}")
        return HTMLResponse(page_html(self.archive, page))

    def by_id(self, request: Request) -> Response:
        page = self.archive.page_by_id(int(_number(request.query_params.get("curid", "0"))))
        return RedirectResponse(f"/wiki/{page_path(page.title)}") if page else edge_page(404, "There is no such page.")

    def home(self, request: Request) -> Response:
        return HTMLResponse(home_html(self.archive, (ROOT_EXPIRED, ROOT_OLD)))

    def attributes(self, request: Request) -> Response:
        return JSONResponse(attributes())

    def requests(self, request: Request) -> Response:
        return JSONResponse([asdict(line) for line in list(self.faults.log)])

    async def set_faults(self, request: Request) -> Response:
        return await self._told(request, lambda body: self.faults.set(body))

    async def control(self, request: Request) -> Response:
        verb = request.path_params["verb"]

        def carry_out(body: dict[str, object]) -> object:
            pages = perform(self.archive, verb, body)
            return {
                "pages": [
                    {"pageid": page.pageid, "title": page.title, "lastrevid": page.latest.revid} for page in pages
                ]
            }

        return await self._told(request, carry_out)

    async def _told(self, request: Request, act: Callable[[dict[str, object]], object]) -> Response:
        """Runs a switch with the request's JSON object; what it says is the answer, its error status 400."""
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return JSONResponse({"error": "The body is not a JSON object."}, status_code=400)
        try:
            return JSONResponse(await run_in_threadpool(act, body) or {"ok": True})
        except SandboxError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    def _file_page(self, request: Request, name: str | None = None) -> Page | None:
        """The live file page that an address names; None where the name or its hash folders do not fit."""
        asked = request.path_params["name"] if name is None else name
        if hash_folder(asked) != f"{request.path_params['h']}/{request.path_params['hh']}":
            return None
        try:
            page = self.archive.page(normalised(f"File:{asked}"))
        except InvalidTitle:
            return None
        return page if page is not None and page.versions and db_key(page.title) == asked else None

    def _bytes(self, version: FileVersion) -> Response:
        facts = self.archive.facts(version)
        return Response(self.archive.read(version), media_type=facts.mime, headers={"ETag": f'"{facts.sha1}"'})


def edge_page(status: int, text: str, retry_after_s: int | None = None) -> Response:
    """An HTML page such as the edge of Wikimedia sends, whatever was asked for."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return HTMLResponse(document(f"{status}", f"<h1>Error {status}</h1><p>{text}</p>"), status, headers)


def _not_found() -> Response:
    return edge_page(404, "File not found.")


def _json(body: dict[str, object], headers: dict[str, str], *, zipped: bool = False) -> Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    if zipped and len(data) > ZIPPED_FROM_BYTES:
        data, headers = gzip.compress(data, 1), {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(data, headers=headers, media_type="application/json")


def _error_code(body: dict[str, object]) -> str | None:
    found = body.get("error") or next(iter(_listed(body.get("errors"))), None)
    return str(found["code"]) if isinstance(found, dict) else None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def pairs(encoded: str) -> dict[str, str]:
    return dict(parse_qsl(encoded, keep_blank_values=True))


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else 0.0
