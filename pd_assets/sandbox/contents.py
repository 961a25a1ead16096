"""The bytes of the archive's files: made when asked for, kept within bounds, with the facts that their uploads note."""

from collections import OrderedDict

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox.painting import Painting
from pd_assets.sandbox.records import Content, FileFacts, facts_of

KEPT_BYTES = 192 * 1024 * 1024


class Contents:
    """Paintings are drawn once and remembered, the last KEPT_BYTES of them; facts are remembered for good.

    Not safe for several threads by itself: the archive's lock guards it.
    """

    def __init__(self) -> None:
        self._facts: dict[Content, FileFacts] = {}
        self._kept: OrderedDict[Content, bytes] = OrderedDict()
        self._kept_bytes = 0

    def facts(self, content: Content) -> FileFacts:
        """Size, digest and type; draws the picture if nobody has looked yet."""
        known = self._facts.get(content)
        if known is None:
            known = self._facts[content] = facts_of(self.read(content))
        return known

    def read(self, content: Content) -> bytes:
        """The bytes. Errors: SandboxError, when a picture on disk has gone."""
        data = self._kept.get(content)
        if data is not None:
            self._kept.move_to_end(content)
            return data
        try:
            data = content.read()
        except OSError as error:
            raise SandboxError(f"A picture of the folder cannot be read any more: {error}") from error
        if isinstance(content, Painting):
            self._keep(content, data)
        return data

    def _keep(self, content: Content, data: bytes) -> None:
        self._kept[content] = data
        self._kept_bytes += len(data)
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)
