"""Answers of JSON lines are sent in parts worth sending.

Each part is a trip through the event loop and a thread; an export of a hundred documents, one line a part, took forty
milliseconds, most of them spent on the way.
"""

import asyncio

from starlette.responses import StreamingResponse

from lakesim.server.wire import NDJSON_PART_BYTES, ndjson_answer


def parts_of(lines):
    async def collect(answer):
        return [part async for part in answer.body_iterator]

    answer = ndjson_answer(lines)
    assert isinstance(answer, StreamingResponse)
    return asyncio.run(collect(answer))


def test_many_lines_are_few_parts_and_the_same_bytes():
    lines = [b'{"number":%d}\n' % number for number in range(20_000)]
    parts = parts_of(lines)
    assert b"".join(parts) == b"".join(lines)
    assert len(parts) <= sum(map(len, lines)) // NDJSON_PART_BYTES + 1


def test_a_line_longer_than_a_part_goes_whole():
    line = b'"' + b"x" * (3 * NDJSON_PART_BYTES) + b'"\n'
    assert parts_of([line, b"1\n"]) == [line, b"1\n"]


def test_no_lines_are_no_parts():
    assert parts_of([]) == []


def test_lines_are_taken_as_they_are_needed():
    taken = []

    def lines():
        for number in range(10):
            taken.append(number)
            yield b"x" * NDJSON_PART_BYTES

    async def first(answer):
        return await anext(aiter(answer.body_iterator))

    asyncio.run(first(ndjson_answer(lines())))
    assert taken == [0]
