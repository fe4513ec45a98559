"""Projects and their datasets: one lake per project id, made when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from lakesim.clock import format_millis
from lakesim.errors import BadRequestError, DatasetNotFoundError
from lakesim.jsonvalue import Json
from lakesim.lake import Dataset, Lake
from lakesim.listen.events import Event
from lakesim.server.access import Caller, Role
from lakesim.server.gateway import ConflictError, ForbiddenError
from lakesim.server.request_log import RequestLog
from lakesim.server.streams import EventStream
from lakesim.store.names import check_dataset_name
from lakesim.suggest import among

__all__ = ["ACL_MODES", "FIRST_DATASET", "DatasetRecord", "Project", "Projects", "parse_datasets"]

ACL_MODES: Final = ("public", "private", "custom")
"""What a dataset's `aclMode` may be."""
FIRST_DATASET: Final = "production"
"""The dataset that every project has from the start."""
PROJECTS_MAX: Final = 1_000
"""Projects that one server holds: every host name a client makes up becomes one."""

_PROJECT_ID: Final = re.compile(r"[a-z0-9][-a-z0-9]{0,62}")


@dataclass(slots=True)
class DatasetRecord:
    """A dataset, what the project keeps about it, and the event streams open on it."""

    dataset: Dataset
    acl_mode: str
    created_at: str
    streams: set[EventStream] = field(default_factory=set)
    views: dict[tuple[str | None, Role, str], Dataset] = field(default_factory=dict)
    """The dataset as each caller may use it, by user id, role and `aclMode`."""

    def as_used_by(self, caller: Caller) -> Dataset:
        """Return the dataset as a caller may use it: read and written within the grants of its role."""
        key = (caller.user_id, caller.role, self.acl_mode)
        view = self.views.get(key)
        if view is None:
            grants = caller.role.grants_on(self.acl_mode)
            view = self.views[key] = self.dataset.as_caller(grants, identity=caller.user_id)
        return view

    def end_streams(self, last: Event | None = None) -> None:
        """End every event stream, with a last event if one is given; without, clients will connect anew."""
        for stream in list(self.streams):
            stream.finish(last)


class Project:
    """One project: its lake, and its datasets as the management endpoints see them."""

    def __init__(self, project_id: str, lake: Lake, datasets: Mapping[str, str]) -> None:
        """Take the lake, and make the datasets, given as `aclMode` by name, that are there from the start in it."""
        self.project_id = project_id
        self.lake = lake
        self.created_at = format_millis(lake.clock.now())
        self.settings: dict[tuple[str, str], Json] = {}
        """What users of the Studio set for themselves, by user id and name."""
        self._records: dict[str, DatasetRecord] = {}
        self._lock = Lock()
        self._first_modes = datasets
        for name in datasets:
            lake.dataset(name)

    def rename(self, project_id: str) -> None:
        """Give the project and its lake another id."""
        self.project_id = project_id
        self.lake.rename(project_id)

    def records(self) -> list[DatasetRecord]:
        """Return the datasets, those made in process too, by name."""
        return [self.record(name) for name in self.lake.datasets()]

    def record(self, name: str) -> DatasetRecord:
        """Return a dataset.

        Raises: DatasetNotFoundError.
        """
        with self._lock:
            return self._record(name)

    def _record(self, name: str) -> DatasetRecord:
        if name not in self.lake.datasets():
            raise DatasetNotFoundError(name, self.project_id)
        if name not in self._records:
            created_at = format_millis(self.lake.clock.now())
            mode = self._first_modes.get(name, ACL_MODES[0])
            self._records[name] = DatasetRecord(self.lake.dataset(name), mode, created_at)
        return self._records[name]

    def size(self, name: str) -> int:
        """Return the number of documents stored in a dataset; 0 where there is none, or nobody has asked for it yet."""
        record = self._records.get(name)
        return 0 if record is None else record.dataset.stored_count

    def is_busy(self, name: str) -> bool:
        """Whether a dataset is being read or written at this moment, so that others have to wait."""
        record = self._records.get(name)
        return record is not None and record.dataset.is_busy

    def create(self, name: str, acl_mode: str) -> DatasetRecord:
        """Make a dataset.

        Raises: BadRequestError for a malformed name or mode, ConflictError where there is one.
        """
        check_dataset_name(name)
        _check_acl_mode(acl_mode)
        with self._lock:
            if name in self.lake.datasets():
                raise ConflictError(f'Dataset "{name}" already exists in project "{self.project_id}"')
            self.lake.dataset(name)
            record = self._record(name)
            record.acl_mode = acl_mode
            return record

    def edit(self, name: str, acl_mode: str) -> DatasetRecord:
        """Change a dataset's mode; its event streams end, to be opened anew.

        Raises: DatasetNotFoundError, BadRequestError.
        """
        _check_acl_mode(acl_mode)
        record = self.record(name)
        if record.acl_mode != acl_mode:
            record.acl_mode = acl_mode
            # Whoever listens comes back with the rights of the new mode.
            record.end_streams()
        return record

    def delete(self, name: str) -> None:
        """Forget a dataset and all it holds; its listeners are told not to come back.

        Raises: DatasetNotFoundError.
        """
        with self._lock:
            record = self._record(name)
            self.lake.delete_dataset(name)
            self._records.pop(name, None)
        record.end_streams({"type": "disconnect", "reason": f'Dataset "{name}" was deleted'})

    def end_streams(self) -> None:
        """End every event stream; clients will connect anew."""
        for record in list(self._records.values()):
            record.end_streams()


class Projects:
    """All projects of a server; any id is a project.

    The first project that a request names is also the one that requests mean which name none: the official client's
    event streams carry no project id where its requests do, and both must meet.
    """

    def __init__(
        self,
        make_lake: Callable[[str], Lake],
        *,
        default_id: str = "lakesim",
        datasets: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Take what makes the lake of a project id, and the id of the project that nobody has named yet.

        `datasets` are names with their `aclMode`, there in every project from the start, as `production` is.
        """
        self.default_id = default_id
        self._datasets: Final = {FIRST_DATASET: ACL_MODES[0], **dict(datasets)}
        self._make_lake = make_lake
        self._projects: dict[str, Project] = {}
        self._first: Project | None = None
        self._is_named = False
        self._lock = Lock()
        self.requests: Final = RequestLog()
        """What was asked lately, of all projects."""

    def project(self, project_id: str | None) -> Project:
        """Return a project, made on the first request; None is the first one.

        Raises: BadRequestError for a malformed id, ForbiddenError for one more than a server holds.
        """
        with self._lock:
            if project_id is None:
                return self._first_project()
            known = self._projects.get(project_id)
            if known is not None:
                return known
            if not _PROJECT_ID.fullmatch(project_id):
                raise BadRequestError(f'Invalid project ID: "{project_id}" (up to 63 of a to z, 0 to 9 and -)')
            if len(self._projects) >= PROJECTS_MAX:
                raise ForbiddenError(f"This server holds {PROJECTS_MAX} projects, which is its limit; reset it first")
            if self._is_named:
                made = Project(project_id, self._make_lake(project_id), self._datasets)
            else:
                made = self._first_project()
                made.rename(project_id)
                self._is_named = True
            self._projects[project_id] = made
            return made

    def _first_project(self) -> Project:
        if self._first is None:
            self._first = Project(self.default_id, self._make_lake(self.default_id), self._datasets)
        return self._first

    def _all(self) -> list[Project]:
        unnamed = [] if self._first is None or self._is_named else [self._first]
        return [*self._projects.values(), *unnamed]

    def reset(self) -> None:
        """Forget every project; each starts anew, as at the server's start, when it is next asked for."""
        with self._lock:
            projects = self._all()
            self._projects.clear()
            self._first, self._is_named = None, False
            self.requests.clear()
            for project in projects:
                project.end_streams()
                project.lake.faults.clear()
                for name in project.lake.datasets():
                    project.lake.delete_dataset(name)

    def end_streams(self) -> None:
        """End every event stream of every project."""
        for project in self._all():
            project.end_streams()


def parse_datasets(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return name and `aclMode` of each `NAME` (public) or `NAME:MODE`.

    Raises: BadRequestError for a malformed name, an unknown mode or a name that is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, colon, mode = text.partition(":")
        check_dataset_name(name)
        if colon:
            _check_acl_mode(mode)
        if name in found:
            raise BadRequestError(f'The dataset "{name}" is given twice')
        found[name] = mode or ACL_MODES[0]
    return list(found.items())


def _check_acl_mode(acl_mode: object) -> None:
    if acl_mode not in ACL_MODES:
        raise BadRequestError(f"Invalid aclMode: {acl_mode!r}" + among(acl_mode, ACL_MODES))
