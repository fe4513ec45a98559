"""Whatever shop, editors, outages and retries did: in the end every product has its document, and no words are lost."""

import os
from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from medusa_sync import Commerce, Database, Editor, EmbeddedLake, RetryPolicy, Step, SyncService, reconcile
from medusa_sync.errors import LakeUnavailableError, StepFailedError

from bidir.demos.stage import EmbeddedStage
from lakesim.clock import Clock

IDS = ("prod_a", "prod_b", "prod_c")
LANGUAGES = ("en", "es")
ids, languages = st.sampled_from(IDS), st.sampled_from(LANGUAGES)
kinds = st.sampled_from(["query", "mutate"])
DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"


class Shopkeeping(RuleBasedStateMachine):
    """`words` is the model: what editors wrote last, by product and language."""

    def __init__(self):
        super().__init__()
        self.stage = EmbeddedStage()
        self.database = Database()
        self.shop = Commerce(self.database, clock=Clock(0))
        self.lake = EmbeddedLake(self.stage.dataset)
        self.editor = Editor(EmbeddedLake(self.stage.dataset))
        self.words = {}
        self.events = []
        self.count = 0

    def service(self, *steps):
        return SyncService(self.shop, self.lake, policy=RetryPolicy(attempts=2), then=steps, batch_size=2, lanes=1)

    def fresh(self):
        self.count += 1
        return f"Text {self.count}"

    # -- the shop

    @rule(product_id=ids, at_once=st.booleans())
    def save(self, product_id, at_once):
        if self.shop.product(product_id) is None:
            event = self.shop.create_product(product_id, self.fresh(), handle=product_id)
        else:
            event = self.shop.update_product(product_id, title=self.fresh())
        self.events.append(event)
        if at_once:
            self.service().handle(event)

    @precondition(lambda self: self.shop.count())
    @rule(data=st.data())
    def delete(self, data):
        product_id = data.draw(st.sampled_from(self.shop.ids_after("", 9)))
        self.events.append(self.shop.delete_product(product_id))

    # -- events and syncs, in any order

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def deliver(self, data):
        self.service().handle(data.draw(st.sampled_from(self.events)))

    @rule()
    def drain(self):
        self.service().drain()

    @rule(kind=st.sampled_from(["bulk", "taken back", "weekly"]), product_id=ids)
    def look_at_everything(self, kind, product_id):
        def write_and_refuse(run):
            if self.readable() and product_id in self.products():
                self.enrich(product_id, "en", publish=True)
            raise StepFailedError("the storefront is closed")

        with suppress(LakeUnavailableError):
            if kind == "weekly":
                reconcile(self.service())
            else:
                self.service(*([Step("revalidate", write_and_refuse)] if kind == "taken back" else [])).sync()

    # -- editors, who wait until the lake is there

    def documents(self):
        return {one["_id"]: one for one in self.stage.dataset.documents() if one["_type"] == "product"}

    def readable(self):
        return not self.stage._lake.faults.armed

    def enrich(self, product_id, language, publish):
        text = self.fresh()
        self.editor.write_spec(product_id, language, content=text)
        self.words[product_id, language] = text
        if publish:
            self.editor.publish(product_id)

    def products(self):
        return sorted({key.removeprefix("drafts.") for key in self.documents()})

    @precondition(lambda self: self.readable() and self.documents())
    @rule(data=st.data(), language=languages, publish=st.booleans())
    def write(self, data, language, publish):
        self.enrich(data.draw(st.sampled_from(self.products())), language, publish)

    @rule(product_id=ids, language=languages, publish=st.booleans())
    def write_in_between(self, product_id, language, publish):
        """Write right before the next transaction of a sync or a compensation, after that has read."""
        mutate = EmbeddedLake.mutate

        def first(mutations, **options):
            del self.lake.mutate
            if self.readable():
                if product_id not in self.products():
                    document = {"_id": product_id, "_type": "product", "title": "By an editor", "specs": []}
                    self.stage.dataset.mutate([{"create": document}])
                self.enrich(product_id, language, publish)
            return mutate(self.lake, mutations, **options)

        self.lake.mutate = first

    @precondition(lambda self: self.readable() and any(key.startswith("drafts.") for key in self.documents()))
    @rule(data=st.data())
    def publish(self, data):
        drafts = sorted(key for key in self.documents() if key.startswith("drafts."))
        self.editor.publish(data.draw(st.sampled_from(drafts)).removeprefix("drafts."))

    # -- outages

    @rule(kind=kinds, count=st.integers(1, 6), effect=st.sampled_from(["before", "after", 503, 429]))
    def fault(self, kind, count, effect):
        what = {"drop": effect} if isinstance(effect, str) else {"status": effect}
        self.stage.add_fault({"match": {"kind": kind}, "effect": what, "count": count})

    @rule()
    def recover(self):
        self.stage.clear_faults()

    # -- what holds always, and in the end

    @invariant()
    def no_words_are_lost(self):
        documents = self.documents()
        for (product_id, language), text in self.words.items():
            shown = documents.get(f"drafts.{product_id}") or documents.get(product_id)
            assert shown is not None, f"the document of {product_id} is gone"
            assert {spec["lang"]: spec["content"] for spec in shown["specs"]}[language] == text

    def teardown(self):
        self.stage.clear_faults()
        # The outbox alone must do: the weekly look would hide an event that was lost.
        service = self.service()
        service.drain()
        assert self.shop.pending_events(9) == []
        assert service.executions.open() == []
        documents = self.documents()
        for product_id in self.shop.ids_after("", 9):
            title = self.shop.product(product_id).title
            assert documents[product_id]["title"] == title
            assert documents.get(f"drafts.{product_id}", {"title": title})["title"] == title
        self.no_words_are_lost()
        self.database.close()


TestShopkeeping = Shopkeeping.TestCase
TestShopkeeping.settings = settings(
    max_examples=400 if DEEP else 50,
    stateful_step_count=40 if DEEP else 25,
    deadline=None,
    derandomize=not DEEP,
    suppress_health_check=list(HealthCheck),
)
