"""The unit codes that the Smithsonian's records carry: the museums, archives and divisions, read in 2026."""

from collections.abc import Sequence

from pd_assets.lib.errors import ConfigError

UNITS = (
    *("AAA", "ACAH", "ACM", "CFCHFOLKLIFE", "CHNDM", "EEPA", "FBR", "FSA", "FSG", "HAC", "HMSG", "HSFA", "NAA"),
    *("NASM", "NMAAHC", "NMAH", "NMAI", "NMAfA", "NMNH", "NMNHANTHRO", "NMNHBIRDS", "NMNHBOTANY", "NMNHEDUCATION"),
    *("NMNHENTO", "NMNHFISHES", "NMNHHERPS", "NMNHINV", "NMNHMAMMALS", "NMNHMINSCI", "NMNHPALEO", "NPG", "NPM"),
    *("NZP", "OCIO_DPO3D", "OFEO-SG", "SAAM", "SG", "SIA", "SIL"),
)
_BY_FOLDED_NAME = {unit.casefold(): unit for unit in UNITS}


def known_unit(code: str) -> str | None:
    """The unit code as we write it, however the archive spells it (folders are in lower case); None for an unknown."""
    return _BY_FOLDED_NAME.get(code.casefold())


def chosen_units(named: Sequence[str]) -> list[str]:
    """The units that PD_SMITHSONIAN_UNITS names, `all` for every one; ConfigError names those that nobody knows."""
    if [name.casefold() for name in named] == ["all"]:
        return sorted(UNITS)
    unknown = [name for name in named if known_unit(name) is None]
    if unknown:
        raise ConfigError(
            f"PD_SMITHSONIAN_UNITS names {', '.join(unknown)}, which is no unit code; expected some of "
            f"{', '.join(sorted(UNITS))}, or all"
        )
    return list(dict.fromkeys(unit for name in named if (unit := known_unit(name))))
