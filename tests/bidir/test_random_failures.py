"""An editor at a lake that refuses, loses and forbids at random: no answered edit is lost, nothing waits unlisted.

At rest every view is in step but for what is pending.
"""

import os
import random

import pytest

from bidir.backends import LakeBackend
from bidir.errors import (
    BackendError,
    PermissionRefused,
    RateLimited,
    RevisionConflict,
    Unavailable,
    UnknownOutcome,
)

STEPS = 25
LAYERS = ("drafts", "published", "r1")


class Stormy(LakeBackend):
    """Fails now and then while `storm` is a source of chance; documents of `a1` may not be written now and then."""

    storm = None

    def query(self, groq, params, *, perspective="raw"):
        if self.storm is not None:
            self._weather(self.storm.random(), lambda: None)
        return super().query(groq, params, perspective=perspective)

    def commit(self, mutations, *, transaction_id):
        def send():
            return super(Stormy, self).commit(mutations, transaction_id=transaction_id)

        if self.storm is not None:
            dice = self.storm.random()
            self._weather(dice, send)
            names = [str(body.get("id") or body.get("_id")) for one in mutations for body in one.values()]
            denied = [name for name in names if name.endswith("a1")]
            if denied and dice < 0.20:
                raise PermissionRefused("no", type="insufficientPermissionsError", document_id=denied[0])
            if dice < 0.26:
                raise RevisionConflict("faster", type="documentRevisionIDDoesNotMatchError")
        return send()

    def _weather(self, dice, send):
        if dice < 0.06:
            raise RateLimited("busy")
        if dice < 0.10:
            raise Unavailable("away")
        if dice < 0.14:
            if self.storm.random() < 0.5:
                send()
            raise UnknownOutcome("no answer")


def shown(dataset, book, layer):
    prefix = {"drafts": "drafts.", "published": ""}.get(layer, f"versions.{layer}.")
    document = dataset.get(prefix + book) or {}
    author = document.get("author")
    return document.get("text"), (author[0] if isinstance(author, list) else author or {}).get("_ref")


def live(world, seed):
    chance = random.Random(seed)
    kind = chance.choice(["1:1", "n:1", "n:m"])
    dataset, engine = world(kind, backend=Stormy, live=("author",) if chance.random() < 0.2 else ())
    engine.create_release("r1")
    for step in range(STEPS):
        layer, book, author = chance.choice(LAYERS), f"b{chance.randint(1, 3)}", f"a{chance.randint(1, 3)}"
        reference = {"_type": "reference", "_ref": author}
        value = [{**reference, "_key": f"k{step}"}] if kind == "n:m" else reference
        act = chance.choices(["edit", "publish", "discard", "unpublish", "delete"], [12, 2, 2, 1, 1])[0]
        engine.backend.storm = chance
        try:
            if act != "edit":
                getattr(engine, act)(book)
            else:
                engine.submit([{"patch": {"id": book, "set": {"author": value, "text": step}}}], perspective=layer)
                assert shown(dataset, book, layer) == (step, author)
        except BackendError:
            # Told to the editor, who may try again.
            continue
        finally:
            engine.backend.storm = None
            if not any(dataset.get(prefix + book) for prefix in ("", "drafts.", "versions.r1.")):
                engine.submit([{"create": {"_id": book, "_type": "book"}}], perspective="published")
    engine.heal()
    assert list(engine.audit()) == []


@pytest.mark.parametrize("seed", [3, 7, 70, 98])
def test_no_answered_edit_is_lost_and_nothing_waits_unlisted(world, seed):
    live(world, seed)


@pytest.mark.deep
@pytest.mark.skipif(os.environ.get("LAKESIM_PROFILE") != "deep", reason="many lives: LAKESIM_PROFILE=deep")
def test_the_same_for_many_lives(world):
    for seed in range(1_000, 1_060):
        live(world, seed)
