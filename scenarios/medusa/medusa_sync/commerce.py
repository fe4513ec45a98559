"""The shop: products in SQLite, each change together with its event in one transaction, so that none is ever lost."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from lakesim.clock import Clock, format_millis
from lakesim.suggest import did_you_mean
from medusa_sync.database import Database
from medusa_sync.errors import BadInputError, ProductNotFoundError
from medusa_sync.models import CREATED, DELETED, UPDATED, Event, Product, Variant, check_product_id

__all__ = ["Commerce"]

_CHANGEABLE: Final = ("title", "handle", "description", "status")
_NOT_IN_HANDLES: Final = re.compile(r"[^a-z0-9]+")


class Commerce:
    """The source of truth for products; the sync only ever reads here (beside the outbox and the record of its runs).

    `clock` gives the timestamps; a seeded one makes them reproducible.
    """

    def __init__(self, database: Database, *, clock: Clock | None = None) -> None:
        """Sell what is in `database`."""
        self.database = database
        self.clock = clock or Clock()

    # -- what an admin does

    def create_product(
        self,
        product_id: str,
        title: str,
        *,
        description: str = "",
        handle: str | None = None,
        status: str = "draft",
        variants: Iterable[Variant] = (),
    ) -> Event:
        """Save a new product and return its `product.created` event; the handle is made from the title by default.

        Raises: BadInputError for an id, handle or variant that is malformed or taken, or an empty title.
        """
        check_product_id(product_id)
        now = format_millis(self.clock.now())
        row = (product_id, _checked_title(title), handle or _handle_of(title), description, status, now, now)
        with self.database.transaction() as connection:
            try:
                connection.execute("insert into product values (?, ?, ?, ?, ?, ?, ?)", row)
                connection.executemany(
                    "insert into variant values (?, ?, ?, ?, ?, ?)",
                    [(one.id, product_id, one.title, one.price, one.currency, one.inventory) for one in variants],
                )
            except sqlite3.IntegrityError as error:
                raise BadInputError(f"product {product_id}: {error}; ids and handles are unique") from None
            return _emit(connection, CREATED, product_id, now)

    def update_product(self, product_id: str, **changes: str) -> Event:
        """Change `title`, `handle`, `description` or `status` and return the `product.updated` event.

        Raises: ProductNotFoundError; BadInputError for another field, an empty title or a taken handle.
        """
        unknown = [name for name in changes if name not in _CHANGEABLE]
        if unknown or not changes:
            named = unknown[0] if unknown else "nothing"
            raise BadInputError(
                f"product {product_id}: {named} cannot be changed.{did_you_mean(named, _CHANGEABLE)}"
                f" What can: {', '.join(_CHANGEABLE)}"
            )
        if "title" in changes:
            _checked_title(changes["title"])
        now = format_millis(self.clock.now())
        assignments = ", ".join(f"{name} = ?" for name in changes)
        with self.database.transaction() as connection:
            try:
                done = connection.execute(
                    f"update product set {assignments}, updated_at = ? where id = ?",
                    (*changes.values(), now, product_id),
                )
            except sqlite3.IntegrityError as error:
                raise BadInputError(f"product {product_id}: {error}; handles are unique") from None
            if not done.rowcount:
                raise ProductNotFoundError(f"there is no product {product_id}")
            return _emit(connection, UPDATED, product_id, now)

    def delete_product(self, product_id: str) -> Event:
        """Take a product and its variants out of the shop and return the `product.deleted` event.

        Raises: ProductNotFoundError.
        """
        now = format_millis(self.clock.now())
        with self.database.transaction() as connection:
            if not connection.execute("delete from product where id = ?", (product_id,)).rowcount:
                raise ProductNotFoundError(f"there is no product {product_id}")
            return _emit(connection, DELETED, product_id, now)

    # -- what is there

    def count(self) -> int:
        """Return the number of products."""
        return int(self.database.rows("select count(*) from product")[0][0])

    def ids_after(self, product_id: str, limit: int) -> list[str]:
        """Return the next ids in order; going on from an id no product is met twice or missed while others come."""
        rows = self.database.rows("select id from product where id > ? order by id limit ?", product_id, limit)
        return [row["id"] for row in rows]

    def known(self, product_ids: Iterable[str]) -> set[str]:
        """Return those of the ids that are products."""
        return {product_id for product_id in product_ids if self._row(product_id) is not None}

    def titles(self, product_ids: Iterable[str]) -> dict[str, str]:
        """Return id and present title of the products among the ids."""
        rows = {product_id: self._row(product_id) for product_id in product_ids}
        return {product_id: row["title"] for product_id, row in rows.items() if row is not None}

    def product(self, product_id: str) -> Product | None:
        """Return a product with its variants, None if there is none."""
        row = self._row(product_id)
        return None if row is None else self._product(row)

    def product_by_handle(self, handle: str) -> Product | None:
        """Return the product of a page's address, None if there is none."""
        rows = self.database.rows("select * from product where handle = ?", handle)
        return self._product(rows[0]) if rows else None

    def id_of_handle(self, handle: str) -> str | None:
        """Return the id behind a page's address, None if there is none."""
        rows = self.database.rows("select id from product where handle = ?", handle)
        return str(rows[0]["id"]) if rows else None

    # -- the outbox

    def pending_events(self, limit: int) -> list[Event]:
        """Return events that nobody has handled yet, oldest first."""
        return self._events("pending", limit)

    def failed_events(self, limit: int = 1_000) -> list[Event]:
        """Return events that the lake refused for good, oldest first; the weekly reconcile takes them up again."""
        return self._events("failed", limit)

    def settle_event(self, event: Event) -> None:
        """Note that an event has been handled."""
        self._mark(event.number, "done", event.attempts, None)

    def keep_event(self, event: Event, error: str, *, for_good: bool) -> None:
        """Note that handling failed: the event waits for the next round, or is set aside (`for_good`)."""
        self._mark(event.number, "failed" if for_good else "pending", event.attempts + 1, error)

    def _mark(self, number: int, state: str, attempts: int, error: str | None) -> None:
        with self.database.transaction() as connection:
            connection.execute(
                "update event set state = ?, attempts = ?, error = ? where number = ?", (state, attempts, error, number)
            )

    def _events(self, state: str, limit: int) -> list[Event]:
        rows = self.database.rows("select * from event where state = ? order by number limit ?", state, limit)
        return [
            Event(row["number"], row["name"], row["product_id"], row["at"], row["attempts"], row["error"])
            for row in rows
        ]

    def _row(self, product_id: str) -> sqlite3.Row | None:
        rows = self.database.rows("select * from product where id = ?", product_id)
        return rows[0] if rows else None

    def _product(self, row: sqlite3.Row) -> Product:
        found: Sequence[sqlite3.Row] = self.database.rows(
            "select * from variant where product_id = ? order by rowid", row["id"]
        )
        variants = tuple(
            Variant(one["id"], one["title"], one["price"], one["currency"], one["inventory"]) for one in found
        )
        return Product(
            row["id"],
            row["title"],
            row["handle"],
            row["description"],
            row["status"],
            row["created_at"],
            row["updated_at"],
            variants,
        )


def _emit(connection: sqlite3.Connection, name: str, product_id: str, at: str) -> Event:
    done = connection.execute("insert into event (name, product_id, at) values (?, ?, ?)", (name, product_id, at))
    return Event(done.lastrowid or 0, name, product_id, at)


def _checked_title(title: object) -> str:
    if isinstance(title, str) and title.strip():
        return title
    raise BadInputError(f"a product's title is a text that is not empty, not {title!r}")


def _handle_of(title: str) -> str:
    return _NOT_IN_HANDLES.sub("-", title.lower()).strip("-") or "product"
