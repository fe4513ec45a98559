"""A content manager at work in the Studio: drafts are begun from what is published, edited, and published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from medusa_sync.errors import BadInputError
from medusa_sync.lake import ContentLake
from medusa_sync.transform import draft_of

__all__ = ["Editor"]

_STORED: Final = "*[_id in [$id, $draft]]"


class Editor:
    """Writes content the way the Studio does; knows nothing of the shop."""

    def __init__(self, lake: ContentLake) -> None:
        """Work on a lake."""
        self._lake = lake

    def write_spec(self, product_id: str, language: str, *, content: str, title: str | None = None) -> None:
        """Fill in the spec of a language in the draft, adding it if there is none; other specs are not touched.

        Raises: BadInputError for a product without a document; LakeUnavailableError, LakeRefusedError.
        """
        specs = self.draft(product_id).get("specs") or []
        existing = next((one for one in specs if one.get("lang") == language), None)
        changes: dict[str, Any] = {"content": content} if title is None else {"content": content, "title": title}
        if existing is not None:
            path = f'specs[_key=="{existing["_key"]}"]'
            self.patch(product_id, {"set": {f"{path}.{name}": value for name, value in changes.items()}})
            return
        spec = {"_key": f"{language}_{len(specs) + 1:03d}", "_type": "spec", "lang": language, **changes}
        self.patch(product_id, {"setIfMissing": {"specs": []}, "insert": {"after": "specs[-1]", "items": [spec]}})

    def draft(self, product_id: str) -> Mapping[str, Any]:
        """Return what the form shows: the draft, or what is published if there is none.

        Raises: BadInputError for a product without a document.
        """
        found: Sequence[Mapping[str, Any]] = self._lake.query(
            _STORED, {"id": product_id, "draft": draft_of(product_id)}
        )
        by_id = {one["_id"]: one for one in found}
        shown = by_id.get(draft_of(product_id)) or by_id.get(product_id)
        if shown is None:
            raise BadInputError(f"{product_id}: no such product document; sync the product first")
        return shown

    def patch(self, product_id: str, patch: Mapping[str, Any]) -> None:
        """Begin a draft if there is none, and patch it, in one transaction."""
        shown = self.draft(product_id)
        body = {name: value for name, value in shown.items() if name not in ("_rev", "_updatedAt")}
        draft_id = draft_of(product_id)
        self._lake.mutate([{"createIfNotExists": {**body, "_id": draft_id}}, {"patch": {"id": draft_id, **patch}}])

    def publish(self, product_id: str) -> None:
        """Publish the draft."""
        self._lake.act(
            [
                {
                    "actionType": "sanity.action.document.publish",
                    "draftId": draft_of(product_id),
                    "publishedId": product_id,
                }
            ]
        )
