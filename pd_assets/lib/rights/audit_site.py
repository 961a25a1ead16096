"""The page on which one role judges an audit: a small web application for one person on this machine.

It holds no verdict and, but for who settles, nobody else's answer. Plain forms and redirects: it works without scripts,
and each answer is on the disk before the next picture is shown. The guard (lib/guard.py) stands before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pd_assets.lib.guard import guard
from pd_assets.lib.home import Home
from pd_assets.lib.rights.audit import Sample, Sampled, folder_of
from pd_assets.lib.rights.audit_answers import ANSWERS, FIRST, SECOND, SETTLE, answers_of, differing, note_answer
from pd_assets.lib.rights.audit_page import claims, picture_of, safe_page
from pd_assets.lib.rights.report import render_page, style_sources

HEADERS = {"Cache-Control": "no-store"}
LABELS = {"free": "Free", "not_free": "Not free", "cannot_tell": "Cannot tell"}
CHOICES = (("free", LABELS["free"], "f"), ("not_free", LABELS["not_free"], "n"), ("cannot_tell", "Cannot tell", "c"))


@dataclass(frozen=True, kw_only=True)
class Judging:
    """One role's way through a sample: what it is to judge, and what it has judged."""

    home: Home
    sample: Sample
    role: str

    @property
    def folder(self) -> Path:
        return folder_of(self.home, self.sample.name)

    @property
    def items(self) -> tuple[Sampled, ...]:
        """The whole sample; for who settles, what the two differ about."""
        if self.role != SETTLE:
            return self.sample.items
        differ = set(differing(answers_of(self.folder, FIRST), answers_of(self.folder, SECOND)))
        return tuple(one for one in self.sample.items if one.item_id in differ)

    @property
    def answers(self) -> dict[str, str]:
        return answers_of(self.folder, self.role)

    @property
    def is_finished(self) -> bool:
        given = self.answers
        return all(one.item_id in given for one in self.items)

    def judge(self, item_id: str, answer: str) -> None:
        note_answer(self.folder, self.role, item_id, answer)


def audit_site(judging: Judging, *, also_called: Sequence[str] = ()) -> Starlette:
    """The application. `also_called` as for the guard."""
    site = _Site(judging)
    policy = (
        f"default-src 'none'; img-src data: https: http:; style-src {style_sources()}; base-uri 'none'; "
        "form-action 'self'"
    )
    return Starlette(
        routes=[
            Route("/", site.go_on),
            Route("/item/{at:int}", site.show),
            Route("/answer/{at:int}/{answer}", site.take, methods=["POST"]),
        ],
        middleware=guard(policy=policy, also_called=also_called),
    )


class _Site:
    def __init__(self, judging: Judging) -> None:
        self.judging = judging

    def go_on(self, request: Request) -> Response:
        """The first picture without an answer, or the end."""
        judging, given = self.judging, self.judging.answers
        open_ones = [at for at, one in enumerate(judging.items) if one.item_id not in given]
        if open_ones:
            return RedirectResponse(f"/item/{open_ones[0]}", status_code=303)
        return self._page(None)

    def show(self, request: Request) -> Response:
        """One picture with what its page says."""
        at = int(request.path_params["at"])
        return self._page(at) if at < len(self.judging.items) else _missing()

    def take(self, request: Request) -> Response:
        """Keep an answer, and go on to the next picture without one."""
        at, answer = int(request.path_params["at"]), str(request.path_params["answer"])
        items = self.judging.items
        if at >= len(items) or answer not in ANSWERS:
            return _missing()
        self.judging.judge(items[at].item_id, answer)
        given = self.judging.answers
        later = [place for place in range(at + 1, len(items)) if items[place].item_id not in given]
        return RedirectResponse(f"/item/{later[0]}" if later else "/", status_code=303)

    def _page(self, at: int | None) -> Response:
        judging, items, given = self.judging, self.judging.items, self.judging.answers
        one = None if at is None else items[at]
        told = {
            "role": judging.role,
            "profile": judging.sample.profile,
            "done": sum(item.item_id in given for item in items),
            "total": len(items),
            "at": at or 0,
            "item": None if one is None else self._item(one),
            "answer": None if one is None else given.get(one.item_id),
            "differ": "" if one is None else self._differ(one),
            "end": self._end(),
            "choices": CHOICES,
        }
        return HTMLResponse(render_page("audit_person.html", told), headers=HEADERS)

    def _item(self, one: Sampled) -> dict[str, object]:
        picture = picture_of(self.judging.home, one)
        return {"title": one.title, "page": safe_page(one), "picture": picture, "evidence": list(claims(one.seen))}

    def _differ(self, one: Sampled) -> str:
        """Both answers, without who gave which; nothing for who is to judge blind."""
        if self.judging.role != SETTLE:
            return ""
        said = {answers_of(self.judging.folder, role).get(one.item_id, "") for role in (FIRST, SECOND)}
        return " and ".join(LABELS[answer].lower() for answer in ANSWERS if answer in said)

    def _end(self) -> str:
        if self.judging.role == SETTLE and not self.judging.items:
            return "There is nothing to settle: the two do not differ about any picture that both have judged."
        return "All is judged."


def _missing() -> Response:
    return PlainTextResponse("there is no such picture or answer", status_code=404)
