"""What keeps a picture out of catalog/licensed_images whatever was decided about it, takedowns aside, in words: the
conditions of licensed_images.sql. gallery_rows.sql says the same words of many items.
"""

from collections.abc import Mapping

STALE = "what its archive says of it could not be read anew for too long"


def left_out(
    item: Mapping[str, object] | None, file: Mapping[str, object] | None, conflict: object, *, is_stale: bool
) -> str:
    """Why, of its rows in catalog/items and images/files and what its cluster says against it; "" where it is not."""
    if item is None:
        return "it is not in the catalogue any more"
    if item["status"] != "live":
        return f"its archive has it no more: {item['status']}"
    if item["problem"] is not None:
        return f"its page cannot be used as it is: {item['problem']}"
    if file is not None and file["status"] == "ok" and item["sha1"] is not None and file["sha1"] != item["sha1"]:
        return "its archive has a newer file of it, which is not here yet"
    if conflict is not None:
        return f"a copy of it is refused: {conflict}"
    return STALE if is_stale else ""
