"""Documents as NDJSON, in and out: one document per line, the format of the service's export and import tools.

An import is one transaction: either every line is stored or none, and references may point forward in the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Any, Final, Literal, TypeAlias

from lakesim.errors import (
    DocumentAlreadyExistsError,
    DocumentReferenceDoesNotExistError,
    ItemError,
    LakeError,
    MutationError,
    NotSupportedError,
)
from lakesim.ids import is_system_id, release_document_id
from lakesim.jsonvalue import JsonDecodeError, dump_bytes, loads, type_name
from lakesim.lake import Dataset
from lakesim.patch import Mutation, parse_mutations
from lakesim.store.transaction import Transaction
from lakesim.suggest import did_you_mean

__all__ = [
    "ImportFailedError",
    "ImportMode",
    "ImportReport",
    "LineFault",
    "export_file",
    "export_lines",
    "import_file",
    "import_lines",
]

ImportMode: TypeAlias = Literal["create", "missing", "replace"]
"""What to do about ids that are taken: refuse the import, keep what is there, or replace it."""

FAULTS_SHOWN_MAX: Final = 20
"""Faulty lines that an error's text lists; `faults` has them all."""

_KINDS: Final[dict[str, str]] = {"create": "create", "missing": "createIfNotExists", "replace": "createOrReplace"}
_ARCHIVE_ENDINGS: Final = (".tar.gz", ".tgz", ".gz", ".tar")
_RELEASES: Final = release_document_id("")
_ASSET_KEY: Final = "_sanityAsset"


@dataclass(frozen=True, slots=True)
class LineFault:
    """One line that cannot be imported; `line` counts from 1, `reason` says what is wrong and what would be right."""

    line: int
    reason: str

    def __str__(self) -> str:
        """Show line and reason."""
        return f"line {self.line}: {self.reason}"


class ImportFailedError(LakeError):
    """An import that was refused; nothing of it was written. `faults` lists every faulty line found."""

    type = "importError"

    def __init__(self, faults: list[LineFault]) -> None:
        """Take the faults in line order."""
        self.faults = faults
        shown = [str(fault) for fault in faults[:FAULTS_SHOWN_MAX]]
        if len(faults) > len(shown):
            shown.append(f"and {len(faults) - len(shown)} more")
        super().__init__("nothing was imported: " + "; ".join(shown))


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Units: documents. `unchanged` were there already (mode `missing`); `skipped` are system documents other than
    releases, which belong to the service.
    """

    transaction_id: str
    created: int
    replaced: int
    unchanged: int
    skipped: int


def export_lines(dataset: Dataset, *, types: Iterable[str] | None = None) -> Iterator[bytes]:
    """Iterate over the stored documents as NDJSON lines, each with its line feed, by `_id`.

    Drafts, versions and system documents are included, as they were at the call; `types` limits them to some `_type`s.
    """
    wanted = None if types is None else frozenset(types)
    return (
        dump_bytes(document) + b"\n"
        for document in dataset.documents()
        if wanted is None or document["_type"] in wanted
    )


def export_file(dataset: Dataset, path: str | PathLike[str], *, types: Iterable[str] | None = None) -> int:
    """Write the documents to an NDJSON file and return their number; a failure leaves the old file as it was.

    Raises: NotSupportedError for an archive's name, OSError.
    """
    _refuse_archive(path)
    part = f"{os.fspath(path)}.part"
    count = 0
    try:
        with open(part, "wb") as file:
            for line in export_lines(dataset, types=types):
                file.write(line)
                count += 1
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)
    return count


def import_file(
    dataset: Dataset,
    path: str | PathLike[str],
    *,
    mode: ImportMode = "create",
    auto_generate_array_keys: bool = False,
) -> ImportReport:
    """Import an NDJSON file; see `import_lines`.

    Raises: NotSupportedError for an archive, ImportFailedError, OSError.
    """
    _refuse_archive(path)
    with open(path, "rb") as file:
        return import_lines(dataset, file, mode=mode, auto_generate_array_keys=auto_generate_array_keys)


def import_lines(
    dataset: Dataset,
    lines: Iterable[str | bytes],
    *,
    mode: ImportMode = "create",
    auto_generate_array_keys: bool = False,
) -> ImportReport:
    """Import documents from NDJSON lines as one transaction.

    Shape: each line is a document with `_type`; without `_id` it gets one; blank lines are skipped. `_createdAt` and
    `_updatedAt` are kept for documents that are created, `_rev` is the transaction's (section 1.5). Release documents
    are imported, other system documents skipped (section 6.4).
    Raises: ImportFailedError naming every faulty line, NotSupportedError for assets to upload; nothing is written then.
    """
    if mode not in _KINDS:
        raise ValueError(f'import mode is "create", "missing" or "replace", not {mode!r}.' + did_you_mean(mode, _KINDS))
    reader = _Reader(dataset, mode)
    for number, line in enumerate(lines, start=1):
        reader.read(number, line)
    if reader.faults:
        raise ImportFailedError(reader.faults)

    def apply_all(transaction: Transaction) -> None:
        for index, mutation in enumerate(reader.mutations):
            transaction.apply(index, mutation)

    try:
        transaction = dataset.transact(
            apply_all,
            transaction_id=None,
            author=None,
            dry_run=not reader.mutations,
            auto_generate_array_keys=auto_generate_array_keys,
            system=True,
            every_failure=True,
        )
    except MutationError as error:
        faults = [LineFault(reader.numbers[index], _reason(cause)) for index, cause in error.causes]
        raise ImportFailedError(sorted(faults, key=lambda fault: fault.line)) from error
    done = [operation for operation, _ in transaction.results]
    return ImportReport(
        transaction.transaction_id, done.count("create"), done.count("update"), done.count("none"), reader.skipped
    )


class _Reader:
    """Turns lines into mutations, collecting every fault on the way."""

    def __init__(self, dataset: Dataset, mode: ImportMode) -> None:
        self._dataset = dataset
        self._kind = _KINDS[mode]
        self._line_of: dict[str, int] = {}
        self.mutations: list[Mutation] = []
        self.numbers: list[int] = []
        self.faults: list[LineFault] = []
        self.skipped = 0

    def read(self, number: int, line: str | bytes) -> None:
        """Read one line."""
        try:
            text = line if isinstance(line, str) else line.decode()
        except UnicodeDecodeError as error:
            self._fault(number, f"byte {error.start + 1}: not UTF-8 text ({error.reason})")
            return
        if number == 1:
            text = text.removeprefix("\ufeff")
        if not text.strip():
            return
        try:
            document = loads(text)
        except JsonDecodeError as error:
            self._fault(number, f"column {error.colno}: {error.msg} (one whole JSON document per line)")
            return
        reason = self._refusal(document)
        if reason is not None:
            self._fault(number, reason)
            return
        self._take(number, document)

    def _refusal(self, document: Any) -> str | None:
        if not isinstance(document, dict):
            return f"expected a document (a JSON object), got {type_name(document)}"
        if "_type" not in document and isinstance(document.get("error"), dict):
            return (
                f"the export ended here with an error: {document['error'].get('description', 'unknown')}; export anew"
            )
        return None

    def _take(self, number: int, document: dict[str, Any]) -> None:
        document_id = document.get("_id")
        if isinstance(document_id, str):
            earlier = self._line_of.setdefault(document_id, number)
            if earlier != number:
                self._fault(number, f'_id "{document_id}" occurs on line {earlier} already; ids are unique in a file')
                return
            if is_system_id(document_id) and not document_id.startswith(_RELEASES):
                self.skipped += 1
                return
        if _holds_asset(document):
            raise NotSupportedError(
                f"line {number}: an asset to upload ({_ASSET_KEY}) is not supported yet; upload it first and write"
                ' {"_type": "reference", "_ref": …} to its asset document instead'
            )
        # Only `create` makes ids; what has none cannot exist already.
        kind = self._kind if "_id" in document else "create"
        try:
            mutations = parse_mutations([{kind: document}], self._dataset.limits, choices=self._dataset.choices.patch)
        except MutationError as error:
            self._fault(number, *(_reason(cause) for _, cause in error.causes))
        except LakeError as error:
            self._fault(number, error.description)
        else:
            self.mutations.extend(mutations)
            self.numbers.append(number)

    def _fault(self, number: int, *reasons: str) -> None:
        self.faults.extend(LineFault(number, reason) for reason in reasons)


def _holds_asset(value: Any) -> bool:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if _ASSET_KEY in item:
                return True
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False


def _reason(cause: ItemError) -> str:
    text = ", ".join([cause.description, *getattr(cause, "__notes__", ())])
    for kind in _KINDS.values():
        text = text.removeprefix(f"mutations[0].{kind}: ")
    if isinstance(cause, DocumentAlreadyExistsError):
        return f'{text}; import with mode "missing" to keep it or "replace" to replace it'
    if isinstance(cause, DocumentReferenceDoesNotExistError):
        return f"{text}; add that document to the file or mark the reference _weak"
    return text


def _refuse_archive(path: str | PathLike[str]) -> None:
    name = os.fspath(path)
    if name.endswith(_ARCHIVE_ENDINGS):
        raise NotSupportedError(f'Archives are not supported yet ("{name}"); unpack it and use the data.ndjson inside')
