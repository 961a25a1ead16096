"""Everything that can go wrong with the test wiki.

WikiError
├── WikiNotInstalled   Debian's packages are not on this machine
├── WikiCommandFailed  a maintenance script or the server failed
├── WikiApiError       the Action API refused a change
└── FillFailed         the wiki does not hold what was to be put into it
"""


class WikiError(RuntimeError):
    """Base of this package's errors."""


class WikiNotInstalled(WikiError):
    """MediaWiki or something that it needs is missing on this machine."""


class WikiCommandFailed(WikiError):
    """A maintenance script or the web server ended with an error."""


class WikiApiError(WikiError):
    """The Action API answered with an error."""

    def __init__(self, action: str, code: str, info: str) -> None:
        super().__init__(f"MediaWiki refused action={action}: {code}: {info}")
        self.code = code


class FillFailed(WikiError):
    """Files are missing in the wiki after an import, or too few pictures fit the kinds asked for."""
