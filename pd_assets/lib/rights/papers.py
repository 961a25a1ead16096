"""What the papers of a dataset tell of how sure its decisions are: the last audit, and the drift of the grounds."""

from collections.abc import Mapping
from datetime import date

from pd_assets.lib.home import Home
from pd_assets.lib.rights.audit import latest_result
from pd_assets.lib.rights.drift import as_facts, ground_losses, with_losses

MONTHS = 12
_RATES = ("false_accepts", "false_rejects", "errors")
_TOLD = ("share", "low", "high", "wrong", "judged", "cannot_tell")
_AGREED = ("pairs", "same", "raw", "kappa", "low", "high")


def papers(home: Home, *, profile: str, today: date) -> dict[str, object]:
    """`audit`, where there was one, and `drift`: plain values for manifest, card and metadata."""
    losses = with_losses(ground_losses(home, profile=profile, today=today, months=MONTHS))
    audited = audit_in_short(latest_result(home))
    return {**({} if audited is None else {"audit": audited}), "drift": as_facts(losses)}


def audit_in_short(result: Mapping[str, object] | None) -> dict[str, object] | None:
    """Rates, agreement and the number of people, of a result of whatever age."""
    if result is None:
        return None
    agreed = result.get("agreement")
    return {
        "sample": result.get("sample"),
        "profile": result.get("profile"),
        "people": result.get("people", 1),
        **{name: _chosen(result.get(name), _TOLD) for name in _RATES},
        "agreement": _chosen(agreed, _AGREED) if isinstance(agreed, Mapping) else None,
        "open": result.get("open", 0),
        "notes": result.get("notes", []),
    }


def _chosen(told: object, names: tuple[str, ...]) -> dict[str, object]:
    return {name: told.get(name) for name in names} if isinstance(told, Mapping) else {}
