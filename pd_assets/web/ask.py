"""Is my picture in it? A file or a name, what is known of it, and requests for a takedown with their answers.

A dropped file is read as a stream within bounds and is gone with the answer. What may be known: lib/release/asked*.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.release import asked_requests
from pd_assets.lib.release.asked import MOST_BYTES, Answer, Turns, by_file, by_name
from pd_assets.lib.release.receipts import receipt
from pd_assets.lib.release.takedowns import GROUNDS
from pd_assets.web.served import Served

# Around the file there is little more than its name.
MOST_BESIDE_BYTES = 100_000
# Of what is too large so much is read and thrown away, so that the browser hears why and not of a broken connection.
MOST_THROWN_AWAY_BYTES = 500_000_000
MOST_FORM_BYTES = 60_000
MOST_FIELDS = 20
TOO_LARGE = (
    f"found a file that is larger than {MOST_BYTES // 1_000_000} MB; expected a smaller one: a copy of 1,000 pixels is "
    "found as well as one of 10,000"
)


def routes(served: Served) -> Sequence[BaseRoute]:
    """The paths of this page."""
    page = _Page(served)
    return [
        Route("/ask", page.ask, methods=["GET"]),
        Route("/ask", page.ask_file, methods=["POST"]),
        Route("/ask/requests", page.requests, methods=["GET"]),
        Route("/ask/requests", page.request_takedown, methods=["POST"]),
        Route("/ask/requests/{number}", page.request, methods=["GET"]),
        Route("/ask/requests/{number}/confirm", page.confirm, methods=["POST"]),
        Route("/ask/requests/{number}/decline", page.decline, methods=["POST"]),
        Route("/ask/receipts/{number}", page.receipt, methods=["GET"]),
    ]


class _TooLarge(MultiPartException):
    """More came than may."""


class _Page:
    def __init__(self, served: Served) -> None:
        self.served = served
        self.turns = Turns()

    # What is known of a picture.

    def ask(self, request: Request) -> Response:
        """The question, and the answer to a name in the address."""
        if not (called := request.query_params.get("called", "").strip()):
            return self._ask(request)
        settings = self.served.settings
        try:
            answer = by_name(
                self.served.home,
                called,
                profile=settings.rights_profile,
                fresh_days=settings.fresh_days,
                stale_days=settings.stale_days,
            )
        except PdError as error:
            return self._ask(request, problem=str(error), called=called[:200], status_code=400)
        which = answer.matches[0].item_id if answer.matches else called
        return self._ask(request, answer=answer, called=called, which=which)

    async def ask_file(self, request: Request) -> Response:
        """The answer to a file."""
        try:
            form = await MultiPartParser(
                request.headers, _bounded(request), max_files=1, max_fields=MOST_FIELDS
            ).parse()
        except _TooLarge:
            return self._ask(request, problem=TOO_LARGE, status_code=413)
        except (MultiPartException, KeyError) as error:
            told = getattr(error, "message", "") or "no form"
            return self._ask(request, problem=f"expected one file as a form sends it, found {told}", status_code=400)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            file = form.get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                return self._ask(request, problem="found no file; choose one first", status_code=400)
            body, name = await file.read(), file.filename[-200:]
        finally:
            await form.close()
        return await run_in_threadpool(self._answer_file, request, body, name)

    def _answer_file(self, request: Request, body: bytes, name: str) -> Response:
        settings = self.served.settings
        if len(body) > MOST_BYTES:
            return self._ask(request, problem=TOO_LARGE, status_code=413)
        if not body:
            return self._ask(request, problem=f"{name}: found an empty file; expected a picture", status_code=400)
        try:
            with self.turns.taken():
                answer = by_file(
                    self.served.home,
                    body,
                    name,
                    max_side=settings.max_side,
                    profile=settings.rights_profile,
                    fresh_days=settings.fresh_days,
                    stale_days=settings.stale_days,
                )
        except PdError as error:
            return self._ask(request, problem=str(error), status_code=400)
        return self._ask(request, answer=answer, which=answer.matches[0].item_id if answer.matches else "")

    def _ask(
        self,
        request: Request,
        *,
        answer: Answer | None = None,
        problem: str = "",
        called: str = "",
        which: str = "",
        status_code: int = 200,
        form: Mapping[str, str] | None = None,
    ) -> Response:
        told: dict[str, object] = {
            "answer": answer,
            "problem": problem,
            "called": called,
            "form": {"which": which, "reason": "", "contact": "", **(form or {})},
            "why_not": self._why_not(),
            "longest": asked_requests.LONGEST,
            "most_bytes": MOST_BYTES,
        }
        return self.served.page(request, "ask.html", told, title="Is my picture in it?", status_code=status_code)

    # Asking for a takedown, and answering that.

    async def request_takedown(self, request: Request) -> Response:
        """Keep a request, and show its number."""
        fields = await _fields(request)
        return await run_in_threadpool(self._request_takedown, request, fields)

    def _request_takedown(self, request: Request, fields: Mapping[str, str]) -> Response:
        given = {name: fields.get(name, "") for name in ("which", "reason", "contact")}
        try:
            kept = asked_requests.ask(self.served.home, **given)
        except PdError as error:
            short = {name: value[: asked_requests.LONGEST[name]] for name, value in given.items()}
            return self._ask(request, problem=str(error), form=short, status_code=400)
        return RedirectResponse(f"/ask/requests/{kept.number}", status_code=303)

    def request(self, request: Request) -> Response:
        """How one request stands, for whoever has its number."""
        number = str(request.path_params["number"])
        try:
            asking = asked_requests.find(self.served.home, number)
        except ConfigError as error:
            told: dict[str, object] = {"said": str(error)}
            return self.served.page(request, "error.html", told, title="No such request", status_code=404)
        return self.served.page(
            request, "ask_request.html", {"asking": asking}, title=f"Request {asking.request.number}"
        )

    def requests(self, request: Request) -> Response:
        """All requests, for the operator."""
        return self._requests(request)

    def _requests(self, request: Request, *, problem: str = "", status_code: int = 200) -> Response:
        # Whoever asked may have left an address: it is the operator's to read, and of nobody to whom a home is shown.
        why_not = self._why_not()
        found, damaged = ([], []) if why_not else asked_requests.all_of_them(self.served.home)
        told = {
            "waiting": [one for one in found if one.answered is None],
            "answered": [one for one in found if one.answered is not None],
            "damaged": damaged,
            "problem": problem,
            "grounds": GROUNDS,
            "why_not": why_not,
        }
        return self.served.page(request, "ask_requests.html", told, title="Requests", status_code=status_code)

    def _why_not(self) -> str:
        """Why no requests are taken nor answered here; nothing where they are."""
        if self.served.may_start and not self.served.may_change:
            return asked_requests.why_not(self.served.home) or "this home cannot be written"
        if not self.served.may_change:
            return "this home is only shown here, read-only, and cannot take requests"
        return asked_requests.why_not(self.served.home)

    async def confirm(self, request: Request) -> Response:
        """Carry a request out."""
        fields = await _fields(request)
        return await run_in_threadpool(self._confirm, request, fields)

    def _confirm(self, request: Request, fields: Mapping[str, str]) -> Response:
        number = str(request.path_params["number"])
        try:
            asked_requests.confirm(
                self.served.home,
                number,
                reason=fields.get("reason", ""),
                purge=fields.get("purge") == "yes",
                ground=fields.get("ground", ""),
            )
        except PdError as error:
            return self._requests(request, problem=f"{number[:40]}: {error}", status_code=400)
        return RedirectResponse(f"/ask/requests/{number}", status_code=303)

    async def decline(self, request: Request) -> Response:
        """Say no to a request."""
        fields = await _fields(request)
        return await run_in_threadpool(self._decline, request, fields)

    def _decline(self, request: Request, fields: Mapping[str, str]) -> Response:
        number = str(request.path_params["number"])
        try:
            asked_requests.decline(self.served.home, number, reason=fields.get("reason", ""))
        except PdError as error:
            return self._requests(request, problem=f"{number[:40]}: {error}", status_code=400)
        return RedirectResponse(f"/ask/requests/{number}", status_code=303)

    def receipt(self, request: Request) -> Response:
        """How a takedown stands, without the operator's own words."""
        try:
            told = receipt(self.served.home, str(request.path_params["number"])[:100])
        except ConfigError:
            said = "No takedown has that number; expected one like T-20261201-7Q4ZK2MX."
            return self.served.page(request, "error.html", {"said": said}, title="No such receipt", status_code=404)
        return self.served.page(request, "receipt.html", {"receipt": told}, title=f"Receipt {told.number}")


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    """What is sent, as it comes; _TooLarge beyond what may come, once the rest is thrown away."""
    came = 0
    async for chunk in request.stream():
        came += len(chunk)
        if came <= MOST_BYTES + MOST_BESIDE_BYTES:
            yield chunk
        elif came > MOST_THROWN_AWAY_BYTES:
            break
    if came > MOST_BYTES + MOST_BESIDE_BYTES:
        raise _TooLarge("too large")


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a small form; ConfigError for one that is large or none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            raise ConfigError(f"found a form of more than {MOST_FORM_BYTES:,} bytes; expected a shorter text")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise ConfigError(f"found no form that can be read ({error}); expected one as the page sends it") from error
