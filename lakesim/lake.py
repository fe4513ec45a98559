"""The façade users hold: a lake of datasets under one clock."""

from __future__ import annotations

from os import PathLike
from types import TracebackType

from lakesim.clock import Clock
from lakesim.dataset import Dataset
from lakesim.errors import DatasetNotFoundError, NotSupportedError
from lakesim.faults import Faults
from lakesim.limits import Limits
from lakesim.store.choices import LakeChoices
from lakesim.store.names import check_dataset_name

__all__ = ["Dataset", "Lake"]


class Lake:
    """A content lake in memory: datasets made on request, one clock for all.

    With a `seed`, time and generated ids are reproducible and time stands still between transactions
    (`lake.clock.advance`); without one both are the machine's. A context manager: leaving it closes all listeners.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        data: str | PathLike[str] | None = None,
        limits: Limits | None = None,
        choices: LakeChoices | None = None,
        project_id: str = "lakesim",
    ) -> None:
        """Make an empty lake.

        Raises: NotSupportedError if `data` is given.
        """
        if data is not None:
            raise NotSupportedError(
                f"A durable lake (data={str(data)!r}) is not supported yet; leave data out for a lake in memory, and"
                " use lakesim.interchange to write and read NDJSON files"
            )
        self.clock = Clock(seed)
        self.faults = Faults(self.clock)
        """Faults on purpose: `lake.faults.add(FaultRule(…))`, or `with lake.faults(FaultRule(…)):`."""
        self.limits = limits or Limits()
        self.choices = choices or LakeChoices()
        self.project_id = project_id
        self._datasets: dict[str, Dataset] = {}
        self.clock.watch(self._run_due)

    def __repr__(self) -> str:
        """Show the datasets."""
        return f"<Lake {self.project_id!r}: {', '.join(sorted(self._datasets)) or 'no datasets'}>"

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of this name, made on the first request; the same object every time.

        Raises: BadRequestError for a malformed name.
        """
        known = self._datasets.get(name) if isinstance(name, str) else None
        if known is not None:
            return known
        made = Dataset(
            check_dataset_name(name),
            clock=self.clock,
            limits=self.limits,
            choices=self.choices,
            project_id=self.project_id,
            faults=self.faults,
        )
        # Two threads may ask at once; the first to file it wins.
        return self._datasets.setdefault(name, made)

    def datasets(self) -> list[str]:
        """Return the names of the datasets made so far, sorted."""
        return sorted(self._datasets)

    def rename(self, project_id: str) -> None:
        """Give the lake, and every dataset in it, another project id."""
        self.project_id = project_id
        for dataset in list(self._datasets.values()):
            dataset.project_id = project_id

    def delete_dataset(self, name: str) -> None:
        """Forget a dataset and all it holds; its listeners are closed.

        Raises: DatasetNotFoundError.
        """
        removed = self._datasets.pop(name, None)
        if removed is None:
            raise DatasetNotFoundError(name, self.project_id)
        removed.close()

    def _run_due(self) -> None:
        for dataset in list(self._datasets.values()):
            dataset.run_due()

    def close(self) -> None:
        """Close every listener of every dataset."""
        for dataset in self._datasets.values():
            dataset.close()

    def __enter__(self) -> Lake:
        """Return the lake itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the lake."""
        self.close()
