"""Where a lake is: its address, the project and dataset meant, the API version; all checked before any request.

Source: content-lake reference, sections 0.1 (hosts), 0.2 (versions), 6.6 (names of datasets).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from bidir.errors import BidirError

__all__ = ["API_VERSION", "DATASET", "Address", "AddressError", "address_of"]

API_VERSION: Final = "2025-02-19"
"""The version whose behaviour is spoken: the first that knows releases and shows every version."""
DATASET: Final = "production"
SERVICE: Final = "sanity.io"
LOCAL_PORT: Final = 3333

_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}|X", re.ASCII)
_DATASET: Final = re.compile(r"~?[a-z0-9][-\w]{0,63}", re.ASCII)
_PROJECT: Final = re.compile(r"[a-z0-9][-a-z0-9]{0,62}", re.ASCII)


class AddressError(BidirError):
    """An address, project, dataset, token or API version that cannot be right; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Address:
    """A dataset's place. `base` is scheme, host and port; `project` goes into a header where the host does not say it.

    `is_service` tells the hosted service from a lake of one's own, `is_local` a lake on this machine.
    """

    base: str
    project: str | None
    dataset: str
    version: str
    is_service: bool
    is_local: bool

    def path(self, endpoint: str, rest: str = "") -> str:
        """Return the URL of an endpoint of the dataset; `rest` is what follows the dataset's name, slash included."""
        return f"{self.base}/v{self.version}/data/{endpoint}/{quote(self.dataset)}{rest}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that name the project, none where the host does."""
        return {} if self.project is None or self.is_service else {"X-Sanity-Project-ID": self.project}

    def __str__(self) -> str:
        """Name dataset and place, for messages."""
        where = f" of project {self.project}" if self.project else ""
        return f'dataset "{self.dataset}"{where} at {self.base}'


def address_of(url: str, *, project: str | None, dataset: str, api_version: str) -> Address:
    """Return the address that a URL means: `http://127.0.0.1:3333`, `http://PROJECT.localhost:3333`,
    `https://PROJECT.api.sanity.io` or `https://api.sanity.io` with a project.

    Raises: AddressError naming what is wrong and what would be right.
    """
    if not isinstance(url, str) or "://" not in url:
        raise AddressError(f"the address {url!r} lacks its scheme: http://{url}, or https://PROJECT.api.sanity.io")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise AddressError(f"the address {url} is malformed: {error}") from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError(f"the address {url} is no web address: http://127.0.0.1:{LOCAL_PORT}, for example")
    if parts.username or parts.password:
        raise AddressError("the address holds a password; give a token (token=…, --token) instead")
    if parts.path.strip("/") or parts.query or parts.fragment:
        right = f"{parts.scheme}://{parts.netloc}"
        raise AddressError(f"the address {url} has more than a host; the API version goes apart: {right}")
    is_service = host == SERVICE or host.endswith(f".{SERVICE}")
    host, project = _service_host(host, project) if is_service else _own_host(host, project)
    if is_service and parts.scheme != "https":
        raise AddressError(f"the service is spoken to over TLS only: https://{host}")
    bracketed = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme}://{bracketed}" + (f":{port}" if port is not None else "")
    return Address(base, project, _dataset(dataset), _version(api_version), is_service, _is_local(host))


def _service_host(host: str, project: str | None) -> tuple[str, str]:
    """Return the host of a project on the service, and the project."""
    labels = host.split(".")
    if "apicdn" in labels:
        raise AddressError(f"{host} is the cache, which only answers queries; use {host.replace('apicdn', 'api')}")
    if host == f"api.{SERVICE}":
        if project is None:
            raise AddressError(f"{host} serves every project; name one: project=…, or https://PROJECT.api.{SERVICE}")
        return f"{_project(project)}.{host}", project
    if len(labels) != 4 or labels[1] != "api":
        raise AddressError(f"{host} is no host of a project's API; right would be https://PROJECT.api.{SERVICE}")
    if project not in (None, labels[0]):
        raise AddressError(f'the address names the project "{labels[0]}" and project="{project}" another; give one')
    return host, labels[0]


def _own_host(host: str, project: str | None) -> tuple[str, str | None]:
    """Return the host to connect to, and the project; `PROJECT.localhost` is not known to every resolver."""
    if not host.endswith(".localhost"):
        return host, None if project is None else _project(project)
    named = host.removesuffix(".localhost")
    if project not in (None, named):
        raise AddressError(f'the address names the project "{named}" and project="{project}" another; give one')
    return "localhost", _project(named)


def _project(project: str) -> str:
    if not isinstance(project, str) or not _PROJECT.fullmatch(project):
        raise AddressError(f'"{project}" is no project id: up to 63 of a to z, 0 to 9 and -')
    return project


def _dataset(dataset: str) -> str:
    if not isinstance(dataset, str) or not _DATASET.fullmatch(dataset):
        raise AddressError(f'"{dataset}" is no name of a dataset: up to 64 of a to z, 0 to 9, _ and -')
    return dataset


def _version(api_version: str) -> str:
    version = str(api_version).removeprefix("v")
    if not _VERSION.fullmatch(version):
        raise AddressError(f'"{api_version}" is no API version: a date such as {API_VERSION}')
    if version < API_VERSION:
        raise AddressError(
            f"the API version {version} does not show versions in releases; take {API_VERSION} or a later date"
        )
    return version


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
