"""Who hands models out, and what only they can say: a name, a contact, a key for signatures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.release.checking import MAKE_ONE, private_key
from pd_assets.lib.settings import Settings

TOLD = 3


class NotReleasable(PdError):
    """Something speaks against a release; `reasons` are all of it, the message tells the first."""

    def __init__(self, name: str, reasons: Sequence[str]) -> None:
        more = f"; and {len(reasons) - TOLD} more" if len(reasons) > TOLD else ""
        super().__init__(
            f"{name} may not be released: {'; '.join(reasons[:TOLD])}{more}; pdd publish --explain lists all"
        )
        self.reasons = tuple(reasons)


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Who releases, and what only they can say. `key`: a private EC key as PEM, for the signature over the bundle."""

    provider: str
    contact: str
    key: Path
    representative: str = ""
    follows_code: bool = False
    free_licence: str = "OpenMDW-1.1"
    download_url: str = ""


def missing_of(settings: Settings) -> list[str]:
    """What the operator has not said yet and a release needs."""
    problems = []
    if not settings.provider:
        problems.append("operator: PD_PROVIDER is not set; it names who hands the model out")
    if not settings.contact:
        problems.append("operator: PD_CONTACT is not set; who receives the model has to reach you")
    if settings.signing_key is None:
        problems.append(
            f"operator: PD_SIGNING_KEY is not set; expected a private EC key that signs bundles: make one and keep it "
            f"({MAKE_ONE})"
        )
    else:
        try:
            private_key(settings.signing_key)
        except ConfigError as error:
            problems.append(f"operator: {error}")
    return problems


def operator_of(settings: Settings) -> Operator:
    """The operator of these settings; NotReleasable where something is missing."""
    if problems := missing_of(settings):
        raise NotReleasable("the model", problems)
    assert settings.provider and settings.contact and settings.signing_key
    return Operator(
        provider=settings.provider,
        contact=settings.contact,
        key=settings.signing_key,
        representative=settings.eu_representative or "",
        follows_code=settings.code_of_practice,
        free_licence=settings.weights_licence,
        download_url=settings.download_url or "",
    )
