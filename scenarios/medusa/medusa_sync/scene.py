"""What a chapter of the demonstration plays with: an empty shop, an empty lake, and the people who use them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any, Final

from bidir.demos.narrator import Narrator
from bidir.demos.registry import DemoOptions
from bidir.demos.stage import Stage
from bidir.errors import BidirError
from lakesim.clock import Clock
from medusa_sync.addons import Addons
from medusa_sync.commerce import Commerce
from medusa_sync.database import Database
from medusa_sync.deletions import DeletionPolicy
from medusa_sync.editor import Editor
from medusa_sync.embedded_lake import EmbeddedLake
from medusa_sync.errors import BadInputError, SyncError
from medusa_sync.http_lake import HttpLake
from medusa_sync.lake import ContentLake
from medusa_sync.models import Event, Variant
from medusa_sync.service import Outcome, SyncService
from medusa_sync.timeline import Moment, render
from medusa_sync.transform import DOCUMENT_TYPE
from medusa_sync.workflow import Step

__all__ = ["SHIRT", "SHIRT_TITLE", "Scene", "open_scene", "prepare"]

SEED: Final = 0
SHIRT: Final = "prod_01ABC123"
SHIRT_TITLE: Final = "Premium Cotton T-Shirt"
_ALL: Final = "*[_type == $type]"
_COUNT: Final = "count(*[_type == $type])"


class Scene:
    """A shop and a lake, both empty at first; everything done here is told to the narrator."""

    def __init__(self, database: Database, lake: ContentLake, stage: Stage, narrator: Narrator) -> None:
        """Set it up."""
        self.commerce = Commerce(database, clock=Clock(SEED))
        self.lake, self.stage, self.narrator = lake, stage, narrator
        self.service = self.serve()
        self.editor = Editor(lake)

    def serve(self, *, deletes: DeletionPolicy = "keep", then: Sequence[Step] = ()) -> SyncService:
        """Return a service of this scene with other choices."""
        return SyncService(self.commerce, self.lake, deletes=deletes, then=then)

    def addons(self) -> Addons:
        """Return the recommendations of this lake."""
        return Addons(self.lake)

    # -- what people do

    def create_shirt(self) -> Event:
        """Let an admin save the product that the data flow is about."""
        sizes = [Variant(f"variant_{one.lower()}", one, 2_999, "usd", 45) for one in ("Small", "Medium", "Large")]
        return self.commerce.create_product(SHIRT, SHIRT_TITLE, description="A comfortable t-shirt", variants=sizes)

    def synced_shirt(self) -> None:
        """Have the product in both systems, without telling it at length."""
        self.service.handle(self.create_shirt())

    def synced(self, product_id: str, title: str, price: int = 1_999) -> None:
        """Have another product in both systems."""
        variants = [Variant(f"{product_id}_only", "One size", price)]
        self.service.handle(self.commerce.create_product(product_id, title, variants=variants))

    def handle(self, event: Event, *, service: SyncService | None = None) -> Outcome:
        """Let the sync handle an event, and show the timeline."""
        outcome = (service or self.service).handle(event)
        self.timeline(outcome.timeline)
        return outcome

    # -- what is shown

    def timeline(self, moments: Sequence[Moment]) -> None:
        """Show a timeline."""
        self.narrator.lines("timeline", render(moments))

    def products(self) -> dict[str, Any]:
        """Return the shop's products by id."""
        ids = self.commerce.ids_after("", 10_000)
        return {one: _json(asdict(found)) for one in ids if (found := self.commerce.product(one)) is not None}

    def documents(self) -> dict[str, Any]:
        """Return the lake's product documents by stored id."""
        return {one["_id"]: one for one in self.lake.query(_ALL, {"type": DOCUMENT_TYPE})}

    def document(self, document_id: str) -> Any:
        """Return one stored document, None if there is none."""
        return self.documents().get(document_id)

    @contextmanager
    def both_sides(self) -> Iterator[None]:
        """Show the documents of both sides before and after what is done inside."""
        shop, lake = self.products(), self.documents()
        yield
        self.narrator.side("shop", shop, self.products())
        self.narrator.side("lake", lake, self.documents())

    @contextmanager
    def outage(self, **rule: Any) -> Iterator[None]:
        """Let the lake be away while the block runs; `rule` may say for which kind of request and how often."""
        self.stage.add_fault({"effect": {"status": 503, "retryAfter": 1}, **rule})
        try:
            yield
        finally:
            self.stage.clear_faults()


@contextmanager
def open_lake(stage: Stage, options: DemoOptions) -> Iterator[ContentLake | None]:
    """Open the connection to a served lake, which all chapters share; None where each has a lake of its own."""
    if stage.url is None:
        yield None
        return
    with HttpLake(stage.url, project=options.project, dataset=options.dataset, token=options.token) as lake:
        yield lake


def prepare(lake: ContentLake, options: DemoOptions) -> None:
    """Make sure that a served dataset holds no products.

    Raises: BadInputError if it does, unless the options allow to delete them; SyncError where it cannot be reached.
    """
    count = lake.query(_COUNT, {"type": DOCUMENT_TYPE})
    if count and not options.clear:
        raise BadInputError(
            f'the dataset "{options.dataset}" holds {count} product documents, and the demonstration needs it empty of'
            " them: name another with --dataset, or let them be deleted with --clear"
        )
    clear(lake)


def clear(lake: ContentLake) -> None:
    """Delete all product documents."""
    lake.mutate([{"delete": {"query": _ALL, "params": {"type": DOCUMENT_TYPE}}}])


@contextmanager
def open_scene(stage: Stage, shared: ContentLake | None, narrator: Narrator) -> Iterator[Scene]:
    """Give a chapter an empty shop and an empty lake, and leave nothing behind."""
    stage.reset()
    lake = shared
    if lake is None:
        assert stage.dataset is not None, "a stage has either an address or a dataset"
        lake = EmbeddedLake(stage.dataset)
    with Database() as database:
        try:
            yield Scene(database, lake, stage, narrator)
        finally:
            # Where the lake has gone away for good, that is what should be told, not that tidying up failed, too.
            with suppress(SyncError, BidirError):
                stage.clear_faults()
                clear(lake)


def _json(value: dict[str, Any]) -> dict[str, Any]:
    return {key: [*one] if isinstance(one, tuple) else one for key, one in value.items()}
