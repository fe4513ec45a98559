"""Where a demonstration plays: an embedded lake of its own, or a dataset behind an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol

import httpx2

from bidir.errors import BidirError, NotSupportedError
from lakesim.jsonvalue import dump_bytes
from lakesim.lake import Dataset, Lake

__all__ = ["EmbeddedStage", "ServedStage", "Stage", "open_stage"]

DATASET: Final = "production"
PROJECT: Final = "lakesim"
SEED: Final = 0
TIMEOUT_SECONDS: Final = 30.0


class Stage(Protocol):
    """A place with faults on request; the two kinds differ in how their documents are reached, `dataset` or `url`."""

    @property
    def url(self) -> str | None:
        """The address of a served lake, None for an embedded one."""
        ...

    @property
    def dataset(self) -> Dataset | None:
        """The dataset of an embedded lake, None for a served one."""
        ...

    def reset(self) -> None:
        """Begin anew on an embedded lake; a served one belongs to others, whoever plays there cleans up."""
        ...

    def add_fault(self, rule: Mapping[str, Any]) -> None:
        """Place a fault rule, in the form that `/_lake/faults` takes.

        Raises: NotSupportedError for a lake that is no emulator.
        """
        ...

    def clear_faults(self) -> None:
        """Take the fault rules away that were placed here."""
        ...


class EmbeddedStage:
    """A seeded lake in this process; everything is the same in every run."""

    url = None

    def __init__(self) -> None:
        """Make the lake."""
        self._lake = Lake(seed=SEED)

    @property
    def dataset(self) -> Dataset:
        """The dataset of the present lake."""
        return self._lake.dataset(DATASET)

    def reset(self) -> None:
        """Begin anew with an empty lake."""
        self._lake.close()
        self._lake = Lake(seed=SEED)

    def add_fault(self, rule: Mapping[str, Any]) -> None:
        """Place a fault rule."""
        self._lake.faults.add(rule)

    def clear_faults(self) -> None:
        """Take all fault rules away."""
        self._lake.faults.clear()


class ServedStage:
    """A dataset behind an address; faults are placed over HTTP, which only the emulator offers."""

    dataset = None

    def __init__(self, url: str, *, project: str = PROJECT, token: str | None = None) -> None:
        """Prepare a connection."""
        self.url = url.rstrip("/")
        headers = {"X-Sanity-Project-ID": project, "Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        # Certificates, whose loading takes long, are for https alone.
        self._client = httpx2.Client(headers=headers, timeout=TIMEOUT_SECONDS, verify=self.url.startswith("https"))
        self._placed: list[str] = []

    def reset(self) -> None:
        """Do nothing: the dataset may hold what is not ours."""

    def add_fault(self, rule: Mapping[str, Any]) -> None:
        """Place a fault rule by `POST /_lake/faults`.

        Raises: NotSupportedError if the lake has no such control, BidirError if it cannot be reached or refuses.
        """
        answer = self._ask("POST", "/_lake/faults", dump_bytes(rule))
        if answer.status_code == httpx2.codes.NOT_FOUND:
            raise NotSupportedError(f"{self.url} takes no fault rules: only `lakesim serve` does")
        if not answer.is_success:
            raise BidirError(f"{self.url}/_lake/faults: {answer.status_code}: {answer.text}")
        self._placed.append(str(answer.json()["id"]))

    def clear_faults(self) -> None:
        """Take the fault rules away that were placed here; those of others stay."""
        while self._placed:
            self._ask("DELETE", f"/_lake/faults/{self._placed[-1]}", None)
            self._placed.pop()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _ask(self, method: str, path: str, body: bytes | None) -> httpx2.Response:
        try:
            return self._client.request(method, self.url + path, content=body)
        except httpx2.TransportError as error:
            raise BidirError(f"{self.url}: {error or type(error).__name__}") from error


@contextmanager
def open_stage(url: str | None, *, project: str = PROJECT, token: str | None = None) -> Iterator[Stage]:
    """Open the lake at an address, or an embedded one without."""
    if url is None:
        yield EmbeddedStage()
        return
    stage = ServedStage(url, project=project, token=token)
    try:
        yield stage
        stage.clear_faults()
    finally:
        stage.close()
