"""What a form of ours says: read within bounds."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import Request

from pd_assets.lib.errors import ConfigError

MOST_BYTES = 32_768
MOST_FIELDS = 20


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form that was posted, of each the first value; ConfigError for one that is none of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise ConfigError(
                f"found a form of more than {MOST_BYTES} bytes, expected a shorter one; say it in fewer words"
            )
    try:
        told = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise ConfigError(f"found a form that cannot be read ({error}), expected that of the page") from error
    return {name: values[0] for name, values in told.items()}
