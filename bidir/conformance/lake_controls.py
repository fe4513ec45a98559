"""The judge's own way to a served lake: datasets made and deleted, its clock, its log of transactions.

Datasets are the service's own API; clock and log are the emulator's (`/_lake`), and a lake without them can still be
judged on, but for what needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx2

from bidir.backends.http.address import Address
from bidir.backends.http.answers import refusal_of, value_of
from bidir.backends.http.connection import CONNECT_SECONDS, READ_SECONDS
from bidir.conformance.skipping import SkipPlay
from bidir.errors import BackendError, Unavailable
from lakesim.clock import SEEDED_START, format_micros, parse_time
from lakesim.jsonvalue import dump_bytes, load_lines

__all__ = ["LakeControls"]

NOT_FOUND: Final = 404


class LakeControls:
    """Requests of a judge; the lake's clock stands still for it where it can be made to."""

    def __init__(self, address: Address, token: str | None) -> None:
        """Connect to the project that `address` names, and stop its clock if it has one that can be stopped.

        Raises: BackendError where no lake answers or the token does not admit this.
        """
        self._address = address
        headers = dict(address.headers)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx2.Client(
            headers=headers,
            timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            verify=address.base.startswith("https"),
            trust_env=not address.is_local,
        )
        try:
            self.stands_still = self.start_over()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def create_dataset(self, name: str) -> None:
        """Make a dataset.

        Raises: BackendError.
        """
        self._asked("PUT", f"/v{self._address.version}/datasets/{name}", {"aclMode": "private"})

    def delete_dataset(self, name: str) -> None:
        """Delete a dataset with all it holds.

        Raises: BackendError.
        """
        self._asked("DELETE", f"/v{self._address.version}/datasets/{name}")

    def seconds(self) -> float:
        """Return the time on the lake's clock.

        Raises: SkipPlay for a lake that does not show it.
        """
        return parse_time(self._controlled("GET", "/_lake/clock", "clock")["now"]).timestamp()

    def advance(self, seconds: float) -> None:
        """Move the lake's clock.

        Raises: SkipPlay for a lake whose clock cannot be moved.
        """
        if not self.stands_still:
            raise SkipPlay("the lake's clock cannot be moved")
        self._controlled("POST", "/_lake/clock", "clock", {"advance": seconds})

    def log(self, dataset: str) -> list[dict[str, Any]]:
        """Return the rows of a dataset's log, oldest first: `id`, `timestamp`, `documentIDs`, `mutations`.

        Raises: SkipPlay for a lake that does not show it.
        """
        response = self._sent("GET", f"/_lake/transactions?dataset={dataset}")
        if response.status_code == NOT_FOUND:
            raise SkipPlay("the lake does not show its log")
        if not response.is_success:
            raise refusal_of(response)
        return load_lines(response.content.decode())

    def start_over(self) -> bool:
        """Set the clock to where the embedded lake's begins; return whether there is one that can be set.

        Scenarios name times, so each must begin at the same one.
        """
        try:
            self._controlled("POST", "/_lake/clock", "clock", {"set": format_micros(SEEDED_START)})
        except SkipPlay:
            return False
        return True

    def _controlled(self, method: str, path: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
        response = self._sent(method, path, body)
        if response.status_code == NOT_FOUND:
            raise SkipPlay(f"the lake does not show its {what}")
        if not response.is_success:
            raise refusal_of(response)
        return value_of(response)

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        response = self._sent(method, path, body)
        if not response.is_success:
            raise refusal_of(response)
        return value_of(response)

    def _sent(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx2.Response:
        content = None if body is None else dump_bytes(body)
        try:
            return self._client.request(method, self._address.base + path, content=content)
        except httpx2.TransportError as error:
            failure: BackendError = Unavailable(f"no lake can be reached at {self._address.base}: {error}")
            raise failure from error
