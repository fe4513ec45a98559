"""The joins that find what is out of step between two documents, in every view at once.

Source: bidirectional semantics, E5 (views and invariants), E6 (two claims on one place), E8.19.
"""

from __future__ import annotations

from typing import Final

from bidir.adoption.rows import KINDS
from bidir.adoption.tables import Tables
from bidir.planning.violations import Kind

__all__ = ["ABOVE", "EVERY", "PUBLISHED_ALONE", "find_faults", "look"]

EVERY: Final = "true"
"""Which views to look at: all of them,"""
PUBLISHED_ALONE: Final = "view = 0"
"""published alone,"""
ABOVE: Final = "view > 0"
"""or all that lie above it."""

_LAYERS: Final = """
-- What stands above published, by view. A view shows a group's own version there, else the published one.
CREATE TABLE upper AS SELECT id, layer AS view, marked FROM doc WHERE layer > 0;
CREATE TABLE base AS SELECT id, marked FROM doc WHERE layer = 0;
"""

_HALVES: Final = """
-- Every pointer in every view that looks at it: a view above published repeats what lies below only where one of the
-- two ends has a version of its own there.
CREATE TABLE half AS SELECT * FROM (
    SELECT e.layer AS view, e.layer AS seen, e.id, e.field, e.target, e.position, e.strong, true AS own
    FROM edge e WHERE e.layer > 0
    UNION ALL
    SELECT 0, 0, e.id, e.field, e.target, e.position, e.strong, true
    FROM edge e JOIN base b ON b.id = e.id AND NOT b.marked WHERE e.layer = 0
    UNION ALL
    SELECT u.view, 0, e.id, e.field, e.target, e.position, e.strong, false
    FROM edge e JOIN upper u ON u.id = e.target
    WHERE e.layer = 0 AND NOT EXISTS (SELECT 1 FROM upper o WHERE o.id = e.id AND o.view = u.view)
) WHERE {views};
"""

_AIMED: Final = """
-- Pointers at what has a version. `shown` is the layer whose version of the target the view shows, null where it shows
-- none; `gone` whether the view takes the target offline; `waits` whether the pair waits: in drafts for a publish,
-- where an end is edited live, and everywhere where one has variants.
CREATE TABLE aimed AS
    SELECT h.*, t.type AS target_type, CASE
        WHEN u.id IS NOT NULL THEN CASE WHEN u.marked THEN NULL ELSE h.view END
        WHEN b.id IS NULL OR (h.view = 0 AND b.marked) THEN NULL
        ELSE 0 END AS shown,
        CASE WHEN h.view = 0 THEN coalesce(b.marked, false) ELSE coalesce(u.marked, false) END AS gone,
        (h.view = 1 AND (sk.live OR tk.live)) OR h.id IN (SELECT id FROM varied)
            OR h.target IN (SELECT id FROM varied) AS waits
    FROM half h
    JOIN typed t ON t.id = h.target
    JOIN typed s ON s.id = h.id
    JOIN kind_of_type sk ON sk.type = s.type
    JOIN kind_of_type tk ON tk.type = t.type
    LEFT JOIN upper u ON u.id = h.target AND u.view = h.view
    LEFT JOIN base b ON b.id = h.target;
"""

_LINKS: Final = """
-- Pointers that an inverse field answers; `back` whether the target, as the view shows it, points back.
CREATE TABLE link AS
    SELECT h.*, a.relation, a.mirror, a.single, a.weak, h.shown IS NOT NULL AS visible, m.id IS NOT NULL AS back
    FROM aimed h
    JOIN answer a ON a.field = h.field AND a.type = h.target_type
    LEFT JOIN edge m ON m.id = h.target AND m.layer = h.shown AND m.field = a.mirror AND m.target = h.id;
"""

_UNANSWERED: Final = """
-- Pointers in a version of the view's own at what does not exist (target_type null), or has no inverse field.
CREATE TABLE unanswered AS
    SELECT view, id, field, target, position, NULL AS target_type, false AS dangles,
        strong = 0 AND field IN (SELECT field FROM keeps) AS kept
    FROM half h WHERE own AND NOT EXISTS (SELECT 1 FROM typed t WHERE t.id = h.target)
    UNION ALL
    SELECT view, id, field, target, position, target_type, shown IS NULL AND NOT gone AND strong > 0, false
    FROM aimed h WHERE own AND NOT EXISTS (SELECT 1 FROM answer a WHERE a.field = h.field AND a.type = h.target_type);
"""

_ONE_SIDED: Final = """
-- Halves that nothing answers; `rival` is who holds the target's single place, if that one points back at the target.
CREATE TABLE disagreed AS
    WITH alone AS (
        SELECT l.* FROM link l WHERE l.visible AND NOT l.back AND NOT l.waits
    ), held AS (
        SELECT l.view, l.id, l.field, l.target, a.mirror AS back_field, r.target AS rival, CASE
            WHEN u.id IS NOT NULL THEN CASE WHEN u.marked THEN NULL ELSE l.view END
            WHEN b.id IS NULL OR (l.view = 0 AND b.marked) THEN NULL
            ELSE 0 END AS shown
        FROM alone l
        JOIN edge r ON r.id = l.target AND r.layer = l.shown AND r.field = l.mirror
        JOIN typed t ON t.id = r.target
        JOIN answer a ON a.field = l.mirror AND a.type = t.type
        LEFT JOIN upper u ON u.id = r.target AND u.view = l.view
        LEFT JOIN base b ON b.id = r.target
        WHERE l.single
    ), agreed AS (
        SELECT h.view, h.id, h.field, h.target, h.rival FROM held h
        JOIN edge e ON e.id = h.rival AND e.layer = h.shown AND e.field = h.back_field AND e.target = h.target
    )
    SELECT l.view, l.id, l.field, l.target, l.position, l.relation, l.mirror, g.rival
    FROM alone l LEFT JOIN agreed g USING (view, id, field, target);
"""

_OVERLAPS: Final = """
-- What each version says of each field, as a set; of the layers before one, the first that says something else, where
-- both differ from what is published. `place` is every field that any version of the document fills.
CREATE TABLE overlap AS
    WITH place AS (SELECT DISTINCT id, field FROM edge),
    said AS (
        SELECT d.id, d.layer, p.field, coalesce(list(DISTINCT e.target ORDER BY e.target)
            FILTER (WHERE e.target IS NOT NULL), []) AS what
        FROM doc d JOIN place p ON p.id = d.id
        LEFT JOIN edge e ON e.id = d.id AND e.layer = d.layer AND e.field = p.field
        WHERE d.layer = 0 OR NOT d.marked
        GROUP BY d.id, d.layer, p.field
    ), own AS (
        SELECT s.* FROM said s LEFT JOIN said b ON b.id = s.id AND b.field = s.field AND b.layer = 0
        WHERE s.layer > 0 AND s.what <> coalesce(b.what, [])
    )
    SELECT m.layer AS view, m.id, m.field, min(o.layer) AS other
    FROM own m JOIN own o ON o.id = m.id AND o.field = m.field AND o.layer < m.layer AND o.what <> m.what
    GROUP BY m.layer, m.id, m.field;
"""

_FOUND: Final = """
-- All of it in the order it is told: by view; in a view the faults of single fields, those of pairs, the unanswered.
CREATE TABLE found AS SELECT * FROM (
    SELECT layer AS view, 0 AS stage, id, field, turn AS turn, kind, target, number, -1 AS relation,
        -1 AS mirror, NULL::BIGINT AS rival, -1 AS target_type
    FROM fault f WHERE ({notes} OR kind <> {malformed}) AND NOT (kind = {over} AND number = (
        SELECT count(*) FROM edge e WHERE e.id = f.id AND e.layer = f.layer AND e.field = f.field
            AND NOT EXISTS (SELECT 1 FROM typed t WHERE t.id = e.target)))
    UNION ALL
    SELECT view, 1, id, field, position, CASE WHEN rival IS NULL THEN {one_sided} ELSE {double} END, target, 0,
        relation, mirror, rival, -1
    FROM disagreed
    UNION ALL
    SELECT view, 1, id, field, position, CASE WHEN strong > 0 AND NOT gone THEN {dangling} ELSE {tolerated} END,
        target, 0, relation, mirror, NULL, -1
    FROM link WHERE NOT visible AND ((strong > 0 AND NOT gone) OR {notes})
    UNION ALL
    SELECT view, 1, id, field, position, {strong_inverse}, target, 0, relation, mirror, NULL, -1
    FROM link, range(strong) WHERE {notes} AND visible AND back AND weak
    UNION ALL
    SELECT view, 2, id, field, position * 2, CASE WHEN kept THEN {tolerated} ELSE {dangling} END, target, 0,
        -1, -1, NULL, coalesce(target_type, -1)
    FROM unanswered WHERE (target_type IS NULL OR dangles) AND ({notes} OR NOT kept)
    UNION ALL
    SELECT view, 2, id, field, position * 2 + 1, {wrong}, target, 0, -1, -1, NULL, target_type
    FROM unanswered WHERE target_type IS NOT NULL AND {notes}
    UNION ALL
    SELECT view, 3, id, field, 0, {overlap}, (SELECT id FROM node WHERE name = ''), other, -1, -1, NULL, -1
    FROM overlap WHERE {notes}
) WHERE {notes} OR view NOT IN (SELECT view FROM locked);
"""


def _number(kind: Kind) -> int:
    return KINDS.index(kind)


def look(tables: Tables, views: str) -> None:
    """Fill the tables `half`, `link` and `disagreed` from what the pointers say now, for some of the views."""
    tables.run("".join(f"DROP TABLE IF EXISTS {name};" for name in ("half", "aimed", "link", "disagreed")))
    for statement in (_HALVES.format(views=views), _AIMED, _LINKS, _ONE_SIDED):
        tables.run(statement)


def find_faults(tables: Tables, *, notes: bool) -> None:
    """Fill the table `found`; `notes`: also what is remarkable and no violation."""
    found = _FOUND.format(
        notes="true" if notes else "false",
        malformed=_number("malformed-item"),
        over=_number("over-cardinality"),
        one_sided=_number("one-sided"),
        double=_number("double-claim"),
        dangling=_number("dangling"),
        tolerated=_number("tolerated-dangling"),
        strong_inverse=_number("strong-inverse"),
        wrong=_number("wrong-type"),
        overlap=_number("overlap"),
    )
    tables.run(_LAYERS)
    look(tables, EVERY)
    tables.run(_UNANSWERED)
    tables.run(_OVERLAPS)
    tables.run(found)
