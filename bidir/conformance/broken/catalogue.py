"""What is wrong with each engine broken on purpose, where that is known from, and the smallest case that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from bidir.conformance import broken
from bidir.conformance.playing import EngineFactory

__all__ = ["BROKEN", "BrokenEngine"]


@dataclass(frozen=True, slots=True)
class BrokenEngine:
    """An engine with one fault.

    `wrong` says in one sentence what it does, `seen` where the fault is known from, `breaks` the rule by whose name the
    suite must catch it; `scenario` is the smallest scenario file that fails on it, below the folder of scenarios.
    """

    name: str
    wrong: str
    seen: str
    breaks: str
    scenario: str

    @property
    def factory(self) -> EngineFactory:
        """Makes the engine, called with (schema, backend)."""
        found: EngineFactory = getattr(broken, self.name)
        return found

    @property
    def option(self) -> str:
        """What names it to `--engine`."""
        return f"{broken.__name__}:{self.name}"


BROKEN: tuple[BrokenEngine, ...] = (
    BrokenEngine(
        "no_eviction",
        "A partner that somebody else held is taken, and the one who held it keeps its pointer.",
        "PyEcore and SQLAlchemy (in memory), chain steal (museum 2)",
        "I1 symmetry",
        "museum/002-chain-steal",
    ),
    BrokenEngine(
        "no_clear_of_old_partner",
        "The partner that an edit leaves is not told.",
        "Keystone #2796, Strapi #711 (museum 1)",
        "I1 symmetry",
        "museum/001-replace-free-target",
    ),
    BrokenEngine(
        "eviction_from_one_end",
        "Whoever held the partner is evicted only where the edit comes from the declared side.",
        "ACFE #112 (museum 3)",
        "I1 symmetry",
        "museum/003-chain-steal-from-the-inverse",
    ),
    BrokenEngine(
        "lock_source_only",
        "Only the revision of the user's own document is checked; the partners may have changed since they were read.",
        "two editors take one author: 14 to 31 % of races measured (museum 71)",
        "I1 symmetry",
        "museum/071-two-editors-take-the-same-author",
    ),
    BrokenEngine(
        "whole_array_set",
        "A list is written as a whole from what was read, not item by item.",
        "a community utility for Sanity (museum 20)",
        "I1 symmetry",
        "museum/020-two-editors-add-at-once",
    ),
    BrokenEngine(
        "random_item_key",
        "Items get keys drawn at random, so that the same insertion done twice stands there twice.",
        "Sanity #2541, FoundationDB's commit_unknown_result (museum 22)",
        "R11 item keys",
        "teeth/the-same-link-has-the-same-key",
    ),
    BrokenEngine(
        "shared_loop_flag",
        "One flag against loops for all relations: while one is at work, a change of another counts as its echo.",
        "ACF's process-wide flag, miragejs #14, warp-drive #2742 (museum 14)",
        "I1 symmetry",
        "museum/014-two-relations-between-the-same-types",
    ),
    BrokenEngine(
        "no_co_publish",
        "Publishing writes the document alone; its published partners hear nothing.",
        "Strapi #25361 (museum 30)",
        "I1 symmetry",
        "museum/030-publishing-one-end-publishes-the-field-of-the-other",
    ),
    BrokenEngine(
        "whole_document_co_publish",
        "Publishing publishes the partners' drafts too, unfinished texts included.",
        "publishing connected documents together: 448 bad states in the model (museum 42)",
        "I7 frame",
        "museum/042-publish-leaves-the-partners-text-alone",
    ),
    BrokenEngine(
        "no_resync",
        "Discarding a draft drops it, and what it did to others stays.",
        "Strapi #24280 (museum 35)",
        "I1 symmetry",
        "museum/035-discard-gives-everything-back",
    ),
    BrokenEngine(
        "self_only_erase",
        "Deleting removes the document, and the pointers to it stay.",
        "ACF post2post #36, Pods #1549 (museum 37, 57)",
        "I9 erase",
        "teeth/the-last-version-takes-its-pointers-along",
    ),
    BrokenEngine(
        "no_upward_reconcile",
        "A change of published is not carried to drafts and releases that contradict it.",
        "648 to 1,036 bad states in the model (museum 48)",
        "I1 symmetry",
        "museum/048-published-edit-under-a-release",
    ),
    BrokenEngine(
        "no_follow",
        "A draft that merely inherited the published value keeps the old one when published changes.",
        "the stale draft that steals its author back (museum 44)",
        "I8 intent",
        "museum/044-stale-draft-follows",
    ),
    BrokenEngine(
        "write_through_to_live",
        "A draft's decision is written into a live document at once, for everybody to see.",
        "Craft #33; 55 % of all states asymmetric in the model (museum 84)",
        "I7 frame",
        "museum/084-live-edited-partner-waits",
    ),
    BrokenEngine(
        "create_if_not_exists",
        "A partner's version is made with createIfNotExists: where it has come meanwhile, the link is dropped.",
        "the usual way to make a draft in scripts (F2)",
        "I1 symmetry",
        "teeth/a-draft-made-meanwhile-gets-the-link-too",
    ),
    BrokenEngine(
        "swallows_403_on_the_source",
        "The lake refuses the user's own edit, and the engine answers as if it had been saved.",
        "errors logged only (requirement, graceful degradation; F5)",
        "I8 intent",
        "teeth/a-refused-edit-is-refused-aloud",
    ),
    BrokenEngine(
        "retry_sends_absolute_lists",
        "After a conflict the list is sent again as it was planned at first, over what came meanwhile.",
        "lost updates (Elle), F5",
        "I1 symmetry",
        "teeth/a-retry-keeps-what-came-meanwhile",
    ),
    BrokenEngine(
        "repair_with_union",
        "The repair joins what either side says, so that links removed on one side come back.",
        "Pods #1944, Hube2 #19 (museum 62)",
        "I8 intent",
        "teeth/repair-lets-the-owner-side-decide",
    ),
    BrokenEngine(
        "clears_everything",
        "Every transaction unsets every relation field of every document: always symmetric, never right.",
        "what an engine without I7 and I8 may do (E5)",
        "I7 frame",
        "teeth/an-unrelated-pair-stays",
    ),
    BrokenEngine(
        "does_nothing",
        "Nothing is ever written, and all is reported well.",
        "the least an engine can do",
        "I8 intent",
        "teeth/an-unrelated-pair-stays",
    ),
    BrokenEngine(
        "one_sided",
        "The user's edit is written as it is, the other half never.",
        "a plain reference field",
        "I1 symmetry",
        "teeth/an-unrelated-pair-stays",
    ),
    BrokenEngine(
        "two_requests",
        "The halves are sent one after the other, so that a crash or a rival comes between them.",
        "ACF, Keystone 5 (museum 68)",
        "I10 bounded work",
        "teeth/an-unrelated-pair-stays",
    ),
    BrokenEngine(
        "no_locks",
        "No revision is checked: what was read a moment ago is taken for what is there.",
        "42.9 % of races measured (museum 70)",
        "I1 symmetry",
        "museum/070-two-editors-set-the-same-book",
    ),
    BrokenEngine(
        "create_or_replace",
        "A partner's version is made with createOrReplace: what came meanwhile is overwritten.",
        "delete and recreate, the root of most lost relations in Strapi",
        "I1 symmetry",
        "museum/020-two-editors-add-at-once",
    ),
    BrokenEngine(
        "overwrites_text",
        "A partner is written back as it was read, text and all.",
        "createOrReplace on the target (museum 73)",
        "I7 frame",
        "teeth/an-unrelated-pair-stays",
    ),
    BrokenEngine(
        "strong_inverse",
        "The engine's own pointers are strong, and block publishing, unpublishing and deleting.",
        "Sanity #7513, #7691 (museum 32, 33)",
        "E8.6 strength",
        "teeth/an-unrelated-pair-stays",
    ),
    BrokenEngine(
        "needless_writes",
        "Every transaction is followed by one that changes nothing.",
        "Strapi #1918, Rails #56955 (museum 5)",
        "I10 bounded work",
        "teeth/an-unrelated-pair-stays",
    ),
    BrokenEngine(
        "inverse_items_first",
        "New items of the inverse list go to the front.",
        "Strapi #25764, #26786 (museum 17)",
        "I8 intent",
        "museum/017-new-item-goes-to-the-end",
    ),
    BrokenEngine(
        "trusts_queries",
        "What a query shows is taken for what is there, although the index lags behind.",
        "eventually consistent queries (museum 79)",
        "I1 symmetry",
        "museum/079-queries-lag-behind",
    ),
    BrokenEngine(
        "busy_is_an_error",
        "A busy lake fails the editor's own edit.",
        "rate limits (museum 80)",
        "I8 intent",
        "museum/080-half-a-minute-of-refusals",
    ),
    BrokenEngine(
        "nameless_transactions",
        "Transactions carry no id of the engine's, so that a lost answer cannot be told from a lost request.",
        "museum 69 and 80",
        "I1 symmetry",
        "museum/080-half-a-minute-of-refusals",
    ),
    BrokenEngine(
        "slow",
        "An edit waits a second for its other half.",
        "the requirement's 200 ms (museum 80)",
        "F9 added latency",
        "museum/080-half-a-minute-of-refusals",
    ),
    BrokenEngine(
        "events_as_they_come",
        "A worker takes events in the order they arrive and misses the gaps.",
        "Studio sequentializer (museum 76)",
        "I1 symmetry",
        "teeth/removal-never-heard-of",
    ),
    BrokenEngine(
        "forgets_its_place",
        "A worker that starts again begins with now and never hears of what happened meanwhile.",
        "listeners without a cursor (museum 76)",
        "I1 symmetry",
        "museum/076c-worker-away-while-edits-are-made",
    ),
    BrokenEngine(
        "never_gives_up",
        "A worker repeats the same write for ever against a program that undoes it.",
        "Wikidata edit wars (museum 78)",
        "F6 loops",
        "museum/078b-somebody-undoes-every-write",
    ),
    BrokenEngine(
        "repairs_for_following",
        "A worker looks at what stands there and not at what somebody did, so that removed links come back.",
        "Wikidata practice (museum 82)",
        "I8 intent",
        "museum/082-half-removed-by-hand",
    ),
    BrokenEngine(
        "all_or_nothing",
        "A worker that may not write one document leaves all others undone too.",
        "Grist #1280 (museum 67)",
        "I8 intent",
        "museum/067b-worker-without-permission-on-one-document",
    ),
)
"""Every engine broken on purpose, those of the semantics' own list (F11.7) first."""
