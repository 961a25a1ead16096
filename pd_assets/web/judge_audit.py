"""The audit: its samples, and the page on which one role judges one, blind.

That page holds no verdict and, but for who settles, nobody else's answer. Plain forms and redirects: it works without
scripts, and each answer is on the disk before the next picture is shown.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.home import at_work
from pd_assets.lib.release.asked_standing import stands
from pd_assets.lib.rights.audit import Sample, Sampled, draw_sample, folder_of, load_sample, sample_names, save_sample
from pd_assets.lib.rights.audit_answers import ANSWERS, FIRST, ROLES, SECOND, SETTLE
from pd_assets.lib.rights.audit_judging import LABELS, Judging, known_profile
from pd_assets.lib.rights.audit_page import claims, safe_page, stored_picture
from pd_assets.lib.rights.audit_rates import estimate, in_words
from pd_assets.lib.rights.rules import PROFILES
from pd_assets.web.forms import form_of
from pd_assets.web.served import Served

AUDIT = "/judge/audit"
CHOICES = (("free", LABELS["free"], "f"), ("not_free", LABELS["not_free"], "n"), ("cannot_tell", "Cannot tell", "c"))
MOST_ITEMS = 5000
_NAME = re.compile(rf"(?:{'|'.join(PROFILES)})-[0-9a-f]{{12}}")


def audit_routes(served: Served) -> Sequence[BaseRoute]:
    """The paths of the audit."""
    pages = _Pages(served)
    person = f"{AUDIT}/{{sample}}/{{role}}"
    return [
        Route(AUDIT, pages.overview),
        Route(AUDIT, pages.draw, methods=["POST"]),
        Route(f"{person}/", pages.go_on),
        Route(f"{person}/{{at:int}}", pages.show),
        Route(f"{person}/{{at:int}}/{{answer}}", pages.take, methods=["POST"]),
    ]


def place_of(judging: Judging) -> str:
    """The page of one role."""
    return f"{AUDIT}/{judging.sample.name}/{judging.role}/"


class _Pages:
    def __init__(self, served: Served) -> None:
        self.served, self.home = served, served.home

    def overview(self, request: Request) -> Response:
        """The samples with how far each role is; rates only where nothing is left to be judged blind."""
        found, damaged = [], []
        for name in sample_names(self.home):
            try:
                found.append(self._progress(load_sample(self.home, name)))
            except PdError as error:
                damaged.append(str(error))
        told = {
            "samples": found,
            "damaged": damaged,
            "roles": ROLES,
            "profile": self.served.settings.rights_profile,
        }
        return self.served.page(request, "judge_audit.html", told, title="Rights audit")

    async def draw(self, request: Request) -> Response:
        """Draw a sample."""
        return await run_in_threadpool(self._draw, await form_of(request))

    def _draw(self, form: Mapping[str, str]) -> Response:
        profile = known_profile(self.served.settings.rights_profile)
        count, seed = _whole(form, "n", most=MOST_ITEMS), _whole(form, "seed", least=0, most=10**9)
        with at_work(self.home):
            sample = draw_sample(self.home, profile=profile, count=count, seed=seed)
            if not (folder_of(self.home, sample.name) / "sample.json").is_file():
                save_sample(self.home, sample)
        return RedirectResponse(AUDIT, status_code=303)

    def go_on(self, request: Request) -> Response:
        """The first picture without an answer, or the end."""
        judging = self._judging(request)
        given = judging.answers
        open_ones = [at for at, one in enumerate(judging.items) if one.item_id not in given]
        if open_ones:
            return RedirectResponse(f"{place_of(judging)}{open_ones[0]}", status_code=303)
        return self._page(request, judging, None)

    def show(self, request: Request) -> Response:
        """One picture with what its page says."""
        judging, at = self._judging(request), int(request.path_params["at"])
        return self._page(request, judging, at) if at < len(judging.items) else _missing()

    def take(self, request: Request) -> Response:
        """Keep an answer, and go on to the next picture without one."""
        judging = self._judging(request)
        at, answer = int(request.path_params["at"]), str(request.path_params["answer"])
        items = judging.items
        if at >= len(items) or answer not in ANSWERS:
            return _missing()
        judging.judge(items[at].item_id, answer)
        given = judging.answers
        later = [place for place in range(at + 1, len(items)) if items[place].item_id not in given]
        return RedirectResponse(f"{place_of(judging)}{later[0] if later else ''}", status_code=303)

    def _judging(self, request: Request) -> Judging:
        name, role = str(request.path_params["sample"]), str(request.path_params["role"])
        if not _NAME.fullmatch(name) or role not in ROLES:
            _missing()
        try:
            return Judging(home=self.home, sample=load_sample(self.home, name), role=role)
        except PdError as error:
            raise HTTPException(404, str(error)) from error

    def _page(self, request: Request, judging: Judging, at: int | None) -> Response:
        items, given = judging.items, judging.answers
        one = None if at is None else items[at]
        told = {
            "place": place_of(judging),
            "role": judging.role,
            "profile": judging.sample.profile,
            "done": sum(item.item_id in given for item in items),
            "total": len(items),
            "at": at or 0,
            "item": None if one is None else self._item(one),
            "answer": None if one is None else given.get(one.item_id),
            "differ": "" if one is None else judging.differ(one),
            "end": judging.end,
            "choices": CHOICES,
        }
        return self.served.page(request, "judge_audit_item.html", told, title=f"Rights audit, {judging.role}")

    def _item(self, one: Sampled) -> dict[str, object]:
        is_gone = not stands(self.home, one.item_id).is_free_to_stay
        if one.path and not is_gone:
            self.home.fetched(self.home.root / one.path)
        return {
            "title": one.title,
            "page": safe_page(one),
            "picture": None if is_gone else stored_picture(self.home, one.path),
            "evidence": list(claims(one.seen)),
        }

    def _progress(self, sample: Sample) -> dict[str, object]:
        by_role = {role: Judging(home=self.home, sample=sample, role=role) for role in ROLES}
        given = {role: judging.answers for role, judging in by_role.items()}
        done = {
            role: (sum(one.item_id in given[role] for one in judging.items), len(judging.items))
            for role, judging in by_role.items()
        }
        is_judged = all(by_role[role].is_finished for role in (FIRST, SECOND))
        rates = in_words(estimate(sample, given[FIRST], given[SECOND], given[SETTLE])) if is_judged else []
        return {
            "name": sample.name,
            "profile": sample.profile,
            "total": len(sample.items),
            "done": done,
            "rates": rates,
        }


def _whole(form: Mapping[str, str], name: str, *, least: int = 1, most: int) -> int:
    said = form.get(name, "").strip()
    if not (said.isascii() and said.isdecimal() and len(said) < 12 and least <= int(said) <= most):
        raise ConfigError(f"found {name} {said[:20]!r}, expected a whole number from {least} to {most}")
    return int(said)


def _missing() -> NoReturn:
    raise HTTPException(404, "There is no such picture or answer.")
