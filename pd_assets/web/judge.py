"""Curators' queue: pictures that wait, the blind audit, labelling, and what contradicts itself in a category.

What two people agree on is part of the evidence from the next decision on (lib/rights/judgements.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import at_work
from pd_assets.lib.release.asked_standing import stands
from pd_assets.lib.rights import waiting
from pd_assets.lib.rights.audit import sample_names
from pd_assets.lib.rights.audit_page import claims, safe_address, stored_picture
from pd_assets.lib.rights.case import PROFILES
from pd_assets.lib.rights.judgements import (
    JUDGES,
    LABELS,
    LONGEST_REASON,
    LONGEST_ROLE,
    SHORTEST_REASON,
    Judged,
    Standing,
    as_person,
    judge,
    judged_in_words,
    read_judgements,
    valid_role,
)
from pd_assets.lib.rights.rules import FOR_OTHERS, OF_AGE
from pd_assets.lib.rights.settled_by import SETTLED_BY
from pd_assets.lib.rights.waiting import InLine, Waiting
from pd_assets.web.forms import form_of
from pd_assets.web.judge_audit import audit_routes
from pd_assets.web.judge_category import category_routes
from pd_assets.web.judge_label import label_routes
from pd_assets.web.served import Served

JUDGE, QUEUE = "/judge", "/judge/waiting"
AT_ONCE = 50
# So many are looked at for one that people can settle.
TRIED = 10
FURTHEST = 10_000_000


def routes(served: Served) -> Sequence[BaseRoute]:
    """The paths of this page."""
    pages = _Pages(served)
    return [
        Route(JUDGE, pages.start),
        Route(QUEUE, pages.queue),
        Route(f"{QUEUE}/{{item_id:path}}", pages.show),
        Route(f"{QUEUE}/{{item_id:path}}", pages.take, methods=["POST"]),
        *audit_routes(served),
        *label_routes(served),
        *category_routes(served),
    ]


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """A picture that somebody has judged."""

    line: InLine
    standing: Standing


class _Pages:
    def __init__(self, served: Served) -> None:
        self.served, self.home = served, served.home
        self.profile = served.settings.rights_profile

    def start(self, request: Request) -> Response:
        """The ways in, how people agree, and what two of them differ about."""
        said, role, problem = request.query_params.get("role", "")[: 2 * LONGEST_ROLE], None, ""
        try:
            role = _role(request.query_params)
        except ConfigError as error:
            problem = str(error)
        judged = read_judgements(self.home)
        rules = waiting.waiting_rules(self.home, self.profile)
        differing = self._current(self._now(judged), lambda standing: standing.is_open)
        told = {
            "role": role,
            "said": role or said,
            "problem": problem,
            "query": _query(role),
            "profile": self.profile,
            "waits": sum(rule.items for rule in rules),
            "alone": sum(rule.alone for rule in rules),
            "rules": rules,
            "judged": len(judged.of_profile(self.profile)),
            "agreed": judged.agreement(self.profile),
            "differing": differing,
            "labels": LABELS,
            "audits": len(sample_names(self.home)),
            "damaged": judged.damaged,
        }
        return self.served.page(request, "judge.html", told, title="Judge", status_code=400 if problem else 200)

    def queue(self, request: Request) -> Response:
        """The pictures that wait: first those that wait for a second person, or for one who settles."""
        asked = request.query_params
        role, rule, past = _role(asked), self._rule(asked), _number(asked.get("past", "0"))
        now = self._now(read_judgements(self.home))
        second = self._current(now, lambda one: _is_for(one, role)) if not past else []
        lines = waiting.in_line(self.home, self.profile, rule=rule, but=now, most=AT_ONCE + 1, past=past)
        told = {
            "role": role,
            "query": _query(role, rule),
            "rule": rule,
            "rules": waiting.waiting_rules(self.home, self.profile),
            "profile": self.profile,
            "second": second if rule is None else [],
            "lines": lines[:AT_ONCE],
            "later": f"{QUEUE}{_query(role, rule, past=past + AT_ONCE)}" if len(lines) > AT_ONCE else "",
            "says": waiting.SAYS,
            "kept": "kept" in asked,
        }
        return self.served.page(request, "judge_waiting.html", told, title="Pictures that wait")

    def show(self, request: Request) -> Response:
        """One picture: what its page says, why it waits, and the form."""
        asked = request.query_params
        return self._picture(request, self._waiting(request), _role(asked), self._rule(asked), kept="kept" in asked)

    async def take(self, request: Request) -> Response:
        """Keep a judgement, and go on to the next picture."""
        return await run_in_threadpool(self._take, request, await form_of(request))

    def _take(self, request: Request, form: Mapping[str, str]) -> Response:
        one, rule = self._waiting(request), form.get("rule") or None
        try:
            if not form.get("answer"):
                raise ConfigError("found no answer, expected one: free, not free, or cannot tell")
            with at_work(self.home):
                made = judge(
                    self.home,
                    one,
                    answer=form["answer"],
                    reason=form.get("reason", ""),
                    role=form.get("role", ""),
                    today=datetime.now(UTC).date(),
                    seen_digest=form.get("seen", ""),
                )
        except ConfigError as error:
            return self._picture(request, one, None, rule, said=form, problem=str(error))
        return RedirectResponse(self._next(made.role, rule), status_code=303)

    def _next(self, role: str, rule: str | None) -> str:
        """Where whoever has just judged goes on."""
        now = self._now(read_judgements(self.home))
        begun = [] if rule else self._current(now, lambda one: _is_for(one, role))
        if begun:
            return f"{place_of(begun[0].line.item_id)}{_query(role, kept=1)}"
        for line in waiting.in_line(self.home, self.profile, rule=rule, but=now, most=TRIED):
            one = waiting.waiting_item(
                self.home, self.profile, line.item_id, fresh_days=self.served.settings.fresh_days
            )
            if one is not None and not one.is_for_others:
                return f"{place_of(line.item_id)}{_query(role, rule, kept=1)}"
        return f"{QUEUE}{_query(role, kept=1)}"

    def _picture(
        self,
        request: Request,
        one: Waiting,
        role: str | None,
        rule: str | None,
        *,
        said: Mapping[str, str] | None = None,
        problem: str = "",
        kept: bool = False,
    ) -> Response:
        judged = read_judgements(self.home)
        standing = judged.standing(one.item_id, self.profile, one.looked_at)
        is_gone = not stands(self.home, one.item_id).is_free_to_stay
        if one.path and not is_gone:
            self.home.fetched(self.home.root / one.path)
        said = said or {}
        told = {
            "one": one,
            "place": place_of(one.item_id),
            "life": PROFILES[self.profile].life,
            "profile": self.profile,
            "page_url": safe_address(one.page_url),
            "picture": None if is_gone else stored_picture(self.home, one.path),
            "is_gone": is_gone,
            "why": waiting.why(
                self.home, one, datetime.now(UTC).date(), fresh_days=self.served.settings.fresh_days
            ) if one.is_readable else None,
            "evidence": list(claims(one.evidence)),
            "standing": standing,
            # Nobody sees an answer before two have judged without seeing one another.
            "answers": judged_in_words([standing], one.looked_at) if len(standing.answers) >= JUDGES else [],
            "has_judged": role is not None and as_person(role) in standing.roles,
            "may_judge": self.home.may_write and one.is_readable and not one.is_for_others and _is_for(standing, role),
            "for_others": [SETTLED_BY[reason] for reason in one.reasons if reason in FOR_OTHERS | OF_AGE],
            "is_read_only": not self.home.may_write,
            "labels": LABELS,
            "role": said.get("role", role or "")[:200],
            "reason": said.get("reason", "")[: LONGEST_REASON * 2],
            "answer": said.get("answer", ""),
            "rule": rule or "",
            "query": _query(role, rule),
            "shortest": SHORTEST_REASON,
            "longest": LONGEST_REASON,
            "problem": problem,
            "kept": kept,
        }  # fmt: skip
        status_code = 400 if problem else 200
        return self.served.page(request, "judge_picture.html", told, title=one.title, status_code=status_code)

    def _waiting(self, request: Request) -> Waiting:
        item_id = str(request.path_params["item_id"])
        fresh_days = self.served.settings.fresh_days
        if (one := waiting.waiting_item(self.home, self.profile, item_id, fresh_days=fresh_days)) is None:
            raise HTTPException(
                404,
                f"{item_id[:100]} does not wait under {self.profile}: it was decided, is taken out, or is not known. "
                "Its own page says more.",
            )
        return one

    def _rule(self, asked: Mapping[str, str]) -> str | None:
        return asked.get("rule", "")[:60] or None

    def _now(self, judged: Judged) -> dict[str, Standing]:
        """The items that wait and that somebody has judged as they are now."""
        items = {item_id for item_id, profile, _ in judged.by_evidence if profile == self.profile}
        now = waiting.looked_at_now(self.home, self.profile, items)
        found = {item_id: judged.standing(item_id, self.profile, digest) for item_id, digest in now.items()}
        return {item_id: standing for item_id, standing in found.items() if standing.answers}

    def _current(self, now: Mapping[str, Standing], wanted: Callable[[Standing], bool]) -> list[_Begun]:
        """Of these pictures those of such a standing."""
        found = [item_id for item_id, standing in now.items() if wanted(standing)]
        lines = waiting.in_line(self.home, self.profile, only=found, most=AT_ONCE) if found else []
        return [_Begun(line=line, standing=now[line.item_id]) for line in lines]


def place_of(item_id: str) -> str:
    """The page on which a picture is judged."""
    return f"{QUEUE}/{quote(item_id, safe=':')}"


def _is_for(standing: Standing, role: str | None) -> bool:
    """Whether somebody of this role may still say something."""
    return not standing.is_done and (role is None or as_person(role) not in standing.roles)


def _role(asked: Mapping[str, str]) -> str | None:
    said = asked.get("role", "").strip()
    return valid_role(said) if said else None


def _number(said: str) -> int:
    return min(int(said), FURTHEST) if said.isascii() and said.isdecimal() and len(said) < 12 else 0


def _query(role: str | None, rule: str | None = None, **more: int) -> str:
    told = {name: value for name, value in (("role", role), ("rule", rule), *more.items()) if value}
    return f"?{urlencode(told)}" if told else ""
