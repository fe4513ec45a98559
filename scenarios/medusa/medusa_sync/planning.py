"""What has to be written so that the documents of some products carry the shop's titles; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from medusa_sync.errors import BadInputError
from medusa_sync.lake import Document
from medusa_sync.transform import DOCUMENT_TYPE, document_for, draft_of, group_of, title_patch

__all__ = ["DOCUMENTS_QUERY", "Found", "Plan", "parse_found", "plan_upserts"]

DOCUMENTS_QUERY: Final = """{
  "documents": *[_id in $ids],
  "versions": *[_type == $type && _id in path("versions.**")],
  "locked": *[_type == "system.release" && state in ["scheduling", "scheduled", "publishing"]].name
}"""
"""Published documents and drafts by id, release versions of products, and the releases that take no writes."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the lake holds of some products: `documents` by stored id, and `locked` release names."""

    documents: Mapping[str, Document]
    locked: frozenset[str]

    def versions_of(self, product_id: str) -> list[Document]:
        """Return the release versions of a product that can be written."""
        return [
            document
            for document_id, document in self.documents.items()
            if document_id.startswith("versions.")
            and group_of(document_id) == product_id
            and document_id.split(".")[1] not in self.locked
        ]


@dataclass(slots=True)
class Plan:
    """Mutations for one transaction; `created` and `updated` are product ids, `refused` says why by product id."""

    mutations: list[Mapping[str, Any]] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def parse_found(answer: Mapping[str, Any], product_ids: Collection[str]) -> Found:
    """Take the answer to `DOCUMENTS_QUERY` apart; versions of other products are left out."""
    wanted = frozenset(product_ids)
    versions = [one for one in answer["versions"] if group_of(one["_id"]) in wanted]
    return Found({one["_id"]: one for one in [*answer["documents"], *versions]}, frozenset(answer["locked"]))


def plan_upserts(titles: Mapping[str, str], found: Found) -> Plan:
    """Return what is missing: documents that do not exist, and titles that differ in any version that can be written.

    Drafts are patched too, or publishing one that was begun before a change of title would take the change back. They
    are chosen by a query inside the transaction: a draft may be made between this reading and the writing.
    """
    plan = Plan()
    for product_id, title in titles.items():
        published = found.documents.get(product_id)
        if published is not None and published["_type"] != DOCUMENT_TYPE:
            plan.refused[product_id] = f'the id belongs to a document of type "{published["_type"]}"'
            continue
        try:
            document = document_for(product_id, title)
        except BadInputError as error:
            plan.refused[product_id] = str(error)
            continue
        draft = found.documents.get(draft_of(product_id))
        patches = _patches(product_id, title, published, draft, found)
        if published is None:
            plan.created.append(product_id)
            plan.mutations += [{"createIfNotExists": document}, *patches]
        elif patches:
            plan.updated.append(product_id)
            plan.mutations += patches
    return plan


def _patches(
    product_id: str, title: str, published: Document | None, draft: Document | None, found: Found
) -> list[Mapping[str, Any]]:
    patches: list[Mapping[str, Any]] = []
    retitled = published is not None and published.get("title") != title
    if retitled:
        patches.append(title_patch(product_id, title))
    if retitled or (draft is not None and draft.get("title") != title):
        selection = {
            "query": "*[_id == $draft && title != $title]",
            "params": {"draft": draft_of(product_id), "title": title},
        }
        patches.append({"patch": {**selection, "set": {"title": title}}})
    patches += [
        title_patch(version["_id"], title) for version in found.versions_of(product_id) if version.get("title") != title
    ]
    return patches
