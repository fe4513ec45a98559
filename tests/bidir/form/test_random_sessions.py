"""Three open forms over the same documents, and a colleague who edits, publishes, discards and schedules under them.

Whatever happens, every form shows what is stored, and at rest nothing is out of step.
"""

import os
import random

import pytest

from bidir import Engine
from bidir.backends import LakeBackend
from bidir.errors import DocumentMissing, IntentError, LockedReleaseError, Refused
from bidir.form import EditSession

VIEWS = ("drafts", "published", "r1")
OPEN = ("b1", "b2", "a1")
STEPS = 30


def ref(target, **more):
    return {"_type": "reference", "_ref": target, **more}


def stored(dataset, document_id, view):
    own = {"drafts": f"drafts.{document_id}", "published": document_id}.get(view, f"versions.{view}.{document_id}")
    return dataset.get(own) or dataset.get(document_id)


class Desk:
    """The forms, the colleague, and a source of chance."""

    def __init__(self, world, seed):
        self.chance = random.Random(seed)
        self.kind = self.chance.choice(["1:1", "n:1", "n:m"])
        self.dataset, self.engine = world(self.kind)
        self.engine.create_release("r1")
        self.colleague = Engine(self.engine.schema, LakeBackend(self.dataset))
        self.forms = [EditSession(self.engine, OPEN, perspective=view) for view in VIEWS]
        self.is_locked = False
        self.keys = 0

    def edit(self):
        form, document_id = self.chance.choice(self.forms), self.chance.choice(OPEN)
        is_book = document_id.startswith("b")
        field, other = ("author", "a") if is_book else ("books", "b")
        is_list = self.kind == "n:m" or (self.kind == "n:1" and not is_book)
        target = f"{other}{self.chance.randint(1, 3)}"
        if form.document(document_id) is None:
            return
        self.keys += 1
        if is_list and self.chance.random() < 0.5:
            item = ref(target, _key=f"k{self.keys}")
            form.patch(document_id, setIfMissing={field: []})
            form.patch(document_id, insert={"after": f"{field}[-1]", "items": [item]})
        elif is_list or self.chance.random() < 0.3:
            form.patch(document_id, unset=[f"{field}[0]" if is_list else field])
        else:
            form.patch(document_id, set={field: ref(target)})
        form.commit()

    def type_text(self):
        edit = {"patch": {"id": self.chance.choice(("b1", "b2", "b3")), "set": {"text": str(self.keys)}}}
        self.colleague.submit([edit], perspective=self.chance.choice(VIEWS))

    def link(self):
        book, author = f"b{self.chance.randint(1, 3)}", f"a{self.chance.randint(1, 3)}"
        self.colleague.add(book, "author", author, perspective=self.chance.choice(VIEWS))

    def publish(self):
        self.colleague.publish(self.chance.choice(OPEN))

    def discard(self):
        self.colleague.discard(self.chance.choice(OPEN), perspective=self.chance.choice(("drafts", "r1")))

    def unpublish(self):
        self.colleague.unpublish(self.chance.choice(OPEN))

    def turn_the_lock(self):
        if self.is_locked:
            self.colleague.unschedule_release("r1")
        else:
            self.colleague.schedule_release("r1", "2099-01-01T00:00:00Z")
        self.is_locked = not self.is_locked

    def live(self):
        moves = {self.edit: 10, self.type_text: 4, self.link: 2, self.publish: 1, self.discard: 1, self.unpublish: 1}
        moves[self.turn_the_lock] = 1
        for move in self.chance.choices(list(moves), list(moves.values()), k=STEPS):
            try:
                move()
            except (DocumentMissing, IntentError, LockedReleaseError, Refused):
                # Nothing to publish, or a release that takes no writes: the form keeps its patches, here they go.
                for form in self.forms:
                    while form.open_patches:
                        form.undo()


def lived(world, seed):
    desk = Desk(world, seed)
    desk.live()
    for form in desk.forms:
        for document_id in OPEN:
            there = stored(desk.dataset, document_id, form.perspective)
            assert form.document(document_id) == (None if there is None else {**there, "_id": document_id})
    if desk.is_locked:
        desk.turn_the_lock()
    for engine in (desk.engine, desk.colleague):
        engine.heal()
    assert list(desk.engine.audit()) == []


@pytest.mark.parametrize("seed", [1, 2, 5, 14])
def test_every_form_shows_what_is_stored_and_nothing_is_out_of_step(world, seed):
    lived(world, seed)


@pytest.mark.deep
@pytest.mark.skipif(os.environ.get("LAKESIM_PROFILE") != "deep", reason="many lives: LAKESIM_PROFILE=deep")
def test_the_same_for_many_lives(world):
    for seed in range(100, 250):
        lived(world, seed)
