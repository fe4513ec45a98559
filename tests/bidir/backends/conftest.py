"""A lake that says what a test tells it to say, and a clock that only counts."""

import httpx2
import pytest

from bidir.backends import HttpBackend

URL = "http://127.0.0.1:3333"


class CountingClock:
    """Time passes only while somebody sleeps; no jitter."""

    def __init__(self):
        self.slept = []
        self.names = 0

    def monotonic(self):
        return sum(self.slept)

    def sleep(self, seconds):
        self.slept.append(round(seconds, 6))

    def nonce(self):
        self.names += 1
        return f"nonce-{self.names}"

    def jitter(self):
        return 0.0


class Script:
    """Answers requests one after the other: (status, JSON) or (status, JSON, headers), or an error to raise; the last
    answer is given again. Keeps the requests.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        content = {"text": body} if isinstance(body, str) else {"json": body}
        return httpx2.Response(status, **content, headers=headers[0] if headers else None)


@pytest.fixture
def clock():
    return CountingClock()


@pytest.fixture
def scripted(clock):
    """Make a backend whose lake gives these answers; gives the backend and the script."""
    made = []

    def make(*answers, url=URL, **options):
        script = Script(*answers)
        made.append(HttpBackend(url, transport=httpx2.MockTransport(script), clock=clock, **options))
        return made[-1], script

    yield make
    for backend in made:
        backend.close()
