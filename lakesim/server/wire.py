"""Requests and answers as bytes: parameters of the query string, JSON bodies, JSON and NDJSON answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from starlette.datastructures import QueryParams
from starlette.responses import Response, StreamingResponse

from lakesim.errors import BadRequestError, InvalidRequestBodyError, LakeError, NotSupportedError
from lakesim.jsonvalue import Json, JsonDecodeError, dump_bytes, loads, type_name
from lakesim.server.statuses import status_of
from lakesim.suggest import did_you_mean

__all__ = [
    "boolean",
    "check_tag",
    "error_answer",
    "groq_params",
    "json_answer",
    "json_body",
    "json_object",
    "ndjson_answer",
    "number",
    "refuse_options",
    "wants_effects",
]

JSON_TYPE: Final = "application/json; charset=utf-8"
NDJSON_TYPE: Final = "application/x-ndjson"
NDJSON_PART_BYTES: Final = 64 * 1024
"""How many bytes of lines are sent at once."""

_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_TAG: Final = re.compile(r"[a-z0-9._-]{1,75}", re.ASCII | re.IGNORECASE)


def boolean(params: QueryParams, name: str, default: bool) -> bool:
    """Return an option that is true or false.

    Raises: BadRequestError for another text.
    """
    text = params.get(name)
    if text is None:
        return default
    if text not in _BOOLEANS:
        raise BadRequestError(f'Invalid value for {name}: "{text}" (right would be "true" or "false")')
    return _BOOLEANS[text]


def number(params: QueryParams, name: str) -> int | None:
    """Return an option that is a whole number from 0, None where it is not given.

    Raises: BadRequestError for another text.
    """
    text = params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRequestError(f'Invalid value for {name}: "{text}" (right would be a whole number such as 50)')
    return int(text)


def check_tag(params: QueryParams) -> None:
    """Check the request tag, which every endpoint takes and only logs use (content-lake reference, section 0.3).

    Raises: BadRequestError.
    """
    tag = params.get("tag")
    if tag is not None and not _TAG.fullmatch(tag):
        raise BadRequestError(f'Invalid request tag: "{tag}" (1 to 75 letters, digits, ".", "_" or "-")')


def refuse_options(params: QueryParams, names: Mapping[str, str]) -> None:
    """Refuse options that the service has and this server does not; `names` says what to do instead.

    Raises: NotSupportedError for one that is given and not switched off.
    """
    for name, instead in names.items():
        if params.get(name, "false") not in ("", "false"):
            raise NotSupportedError(f"The option {name} is not supported yet; {instead}")


def wants_effects(params: QueryParams) -> bool:
    """Return whether effects are asked for: `effectFormat=mendoza`.

    Raises: NotSupportedError for another format.
    """
    given = params.get("effectFormat", "")
    if given not in ("", "mendoza"):
        raise NotSupportedError(f'The effectFormat "{given}" is not supported; right would be "mendoza"')
    return given == "mendoza"


def groq_params(params: QueryParams) -> dict[str, Json]:
    """Return the query's own parameters, sent as `$name` with a JSON value (content-lake reference, section 4.1).

    Raises: BadRequestError for a value that is no JSON, which is nearly always a text without quotes.
    """
    found = {}
    for name, text in params.multi_items():
        if not name.startswith("$"):
            continue
        try:
            found[name[1:]] = loads(text)
        except JsonDecodeError:
            raise BadRequestError(f'Unable to parse value of "{name}={text}". Please quote string values.') from None
    return found


def json_body(body: bytes) -> Json:
    """Return a request's body as JSON.

    Raises: InvalidRequestBodyError.
    """
    try:
        return loads(body)
    except JsonDecodeError as error:
        raise InvalidRequestBodyError(
            f"invalid JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from None


def json_object(body: bytes, *, fields: Iterable[str], required: Iterable[str] = ()) -> dict[str, Any]:
    """Return a request's body, an object that holds no other than the named fields.

    Raises: InvalidRequestBodyError for broken JSON, another kind of value, an unknown or a missing field.
    """
    value = json_body(body)
    if not isinstance(value, dict):
        raise InvalidRequestBodyError(f"the body must be an object, not {type_name(value)}")
    known = tuple(fields)
    for name in value:
        if name not in known:
            raise InvalidRequestBodyError(f'json: unknown field "{name}"' + did_you_mean(name, known))
    for name in required:
        if name not in value:
            raise InvalidRequestBodyError(f'the body lacks the field "{name}"')
    return value


def json_answer(value: Json, *, status: int = 200) -> Response:
    """Return an answer with a JSON body."""
    return Response(dump_bytes(value), status_code=status, headers={"content-type": JSON_TYPE})


def error_answer(error: LakeError) -> Response:
    """Return the answer to a request that was refused."""
    return json_answer(error.body(), status=status_of(error))


def ndjson_answer(lines: Iterable[bytes]) -> Response:
    """Return an answer of JSON lines, sent as they come, many at a time; each line brings its line feed."""
    return StreamingResponse(_in_parts(lines), headers={"content-type": NDJSON_TYPE})


def _in_parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines into parts of a size that is worth a trip through the event loop, which a single line is not."""
    part: list[bytes] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(line)
        if size >= NDJSON_PART_BYTES:
            yield b"".join(part)
            part, size = [], 0
    if part:
        yield b"".join(part)
