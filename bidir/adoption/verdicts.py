"""Which pairs stand and which fall when an export is repaired: the owner side wins, agreed pairs before claims.

The rule is that of `bidir.planning.mend.mend_all`: pairs on which both sides agree are accepted first, then what the
owner side says, in order of group ids, as long as both places have room; every other half goes. What points at nothing
keeps its place; what a view does not judge keeps it from claims. Only what is in doubt passes through Python, row by
row; how full a place is stands in an array of machine integers.

Source: bidirectional semantics, E6 (which half wins) and F8.
"""

from __future__ import annotations

from array import array
from operator import add
from typing import Final

from bidir.adoption.catalogue import Catalogue
from bidir.adoption.joins import ABOVE, PUBLISHED_ALONE, look
from bidir.adoption.tables import Tables

__all__ = ["decide"]

_MADE: Final = """
-- How many links a field takes (those without a bound are left out), fields in order of their names, owner sides.
CREATE TABLE room (field INTEGER, most BIGINT, single BOOLEAN);
CREATE TABLE name_turn (field INTEGER, turn INTEGER);
CREATE TABLE owner_of (field INTEGER, relation INTEGER);
CREATE TABLE first_relation (field INTEGER, relation INTEGER);
-- Halves to take out, halves to write (in the order `turn`), and claims that did not get their place.
CREATE TABLE removed (view INTEGER, id BIGINT, field INTEGER, target BIGINT, relation INTEGER);
CREATE TABLE gained (view INTEGER, turn BIGINT, id BIGINT, field INTEGER, target BIGINT, relation INTEGER);
CREATE TABLE lost (view INTEGER, id BIGINT, field INTEGER, target BIGINT, relation INTEGER, mirror INTEGER,
    rival BIGINT, crowded BOOLEAN);
-- The verdicts of one round, before they are spelled out.
CREATE TABLE refused (view INTEGER, id BIGINT, field INTEGER, target BIGINT);
CREATE TABLE accepted (turn BIGINT, view INTEGER, id BIGINT, field INTEGER, target BIGINT);
"""

_FACTS: Final = """
DROP TABLE IF EXISTS fact; DROP TABLE IF EXISTS place; DROP TABLE IF EXISTS agreed; DROP TABLE IF EXISTS missing;
-- Halves whose target the view shows, without what waits for a publish, and without locked releases.
CREATE TABLE fact AS
    SELECT l.view, l.id, l.field, l.target, l.position, l.relation, l.mirror, l.back,
        o.field IS NOT NULL AS owned
    FROM link l
    LEFT JOIN owner_of o ON o.field = l.field AND o.relation = l.relation
    WHERE l.visible AND NOT l.waits AND l.view NOT IN (SELECT view FROM locked);
-- Agreed pairs, told from the end that comes first; `alike` marks a field that points at its own document.
CREATE TABLE agreed AS
    SELECT *, id = target AND field = mirror AS alike FROM fact
    WHERE back AND (id < target OR (id = target AND field <= mirror));
-- Pointers at nothing: they keep their places.
CREATE TABLE missing AS
    SELECT e.id, e.layer, e.field, count(*) AS missing FROM edge e JOIN room r ON r.field = e.field
    WHERE NOT EXISTS (SELECT 1 FROM typed t WHERE t.id = e.target) GROUP BY e.id, e.layer, e.field;
-- Places with a bound that are in doubt: more agreed pairs than they take, or claimed by the owner side alone.
CREATE TABLE place AS
    WITH ends AS (
        SELECT view, id, field FROM agreed
        UNION ALL SELECT view, target, mirror FROM agreed WHERE NOT alike
    ), full_ AS (
        SELECT e.view, e.id, e.field, count(*) + coalesce(any_value(m.missing), 0) > any_value(r.most) AS contested
        FROM ends e JOIN room r ON r.field = e.field
        LEFT JOIN upper u ON u.id = e.id AND u.view = e.view
        LEFT JOIN missing m ON m.id = e.id AND m.field = e.field
            AND m.layer = CASE WHEN u.id IS NULL THEN 0 ELSE e.view END
        GROUP BY e.view, e.id, e.field
    ), claimed AS (
        SELECT view, id, field FROM fact WHERE owned AND NOT back
        UNION SELECT view, target, mirror FROM fact WHERE owned AND NOT back
    ), wanted AS (
        SELECT view, id, field FROM full_ WHERE contested
        UNION SELECT c.view, c.id, c.field FROM claimed c JOIN room r ON r.field = c.field
    )
    SELECT row_number() OVER () - 1 AS number, w.*, coalesce(f.contested, false) AS contested
    FROM wanted w LEFT JOIN full_ f USING (view, id, field);
"""

_PLACES: Final = """
LEFT JOIN place p ON p.view = f.view AND p.id = f.id AND p.field = f.field
LEFT JOIN place q ON q.view = f.view AND q.id = f.target AND q.field = f.mirror
"""

_TAKEN: Final = f"""
-- How many agreed pairs a place in doubt holds for certain.
SELECT number, count(*) FROM (
    SELECT unnest([p.number, CASE WHEN f.alike THEN NULL ELSE q.number END]) AS number
    FROM agreed f {_PLACES}
    WHERE NOT coalesce(p.contested, false) AND NOT coalesce(q.contested, false)
) WHERE number IS NOT NULL GROUP BY number
"""

_STANDING: Final = """
-- What else stands in a place in doubt: pointers at nothing, and those at what the view does not judge.
SELECT p.number, count(*) FILTER (t.id IS NULL), count(*) FILTER (t.id IS NOT NULL AND NOT coalesce(
    a.field IS NOT NULL AND (CASE
        WHEN v.id IS NOT NULL THEN NOT v.marked
        WHEN b.id IS NULL THEN false
        ELSE p.view > 0 OR NOT b.marked END)
    AND NOT (p.view = 1 AND (sk.live OR tk.live))
    AND p.id NOT IN (SELECT id FROM varied) AND e.target NOT IN (SELECT id FROM varied), false))
FROM place p
LEFT JOIN upper u ON u.id = p.id AND u.view = p.view
JOIN edge e ON e.id = p.id AND e.field = p.field AND e.layer = CASE WHEN u.id IS NULL THEN 0 ELSE p.view END
LEFT JOIN typed t ON t.id = e.target
LEFT JOIN answer a ON a.field = e.field AND a.type = t.type
LEFT JOIN typed s ON s.id = p.id
LEFT JOIN kind_of_type sk ON sk.type = s.type
LEFT JOIN kind_of_type tk ON tk.type = t.type
LEFT JOIN upper v ON v.id = e.target AND v.view = p.view
LEFT JOIN base b ON b.id = e.target
GROUP BY p.number
"""

_CONTESTED: Final = f"""
SELECT f.view, f.id, f.field, f.target, p.number, CASE WHEN f.alike THEN NULL ELSE q.number END, rp.most, rq.most
FROM agreed f {_PLACES}
LEFT JOIN room rp ON rp.field = f.field LEFT JOIN room rq ON rq.field = f.mirror
WHERE coalesce(p.contested, false) OR coalesce(q.contested, false)
ORDER BY f.view, f.id, f.field, f.position
"""

_CLAIMS: Final = f"""
SELECT f.view, f.id, f.field, f.target, p.number, CASE WHEN f.id = f.target AND f.field = f.mirror THEN NULL
    ELSE q.number END, rp.most, rq.most
FROM fact f {_PLACES}
LEFT JOIN room rp ON rp.field = f.field LEFT JOIN room rq ON rq.field = f.mirror
JOIN name_turn n ON n.field = f.field
WHERE f.owned AND NOT f.back
ORDER BY f.view, f.id, n.turn, f.field, f.position
"""

_WRITTEN: Final = """
INSERT INTO lost
    SELECT f.view, f.id, f.field, f.target, f.relation, f.mirror, d.rival, false
    FROM fact f JOIN refused r USING (view, id, field, target) LEFT JOIN disagreed d USING (view, id, field, target);
INSERT INTO lost
    SELECT f.view, f.target, f.mirror, f.id, f.relation, f.field, NULL, false
    FROM agreed f JOIN refused r USING (view, id, field, target) WHERE NOT f.alike;
INSERT INTO removed
    SELECT f.view, f.id, f.field, f.target, f.relation FROM fact f
    WHERE NOT f.back AND NOT EXISTS (SELECT 1 FROM accepted a
        WHERE a.view = f.view AND a.id = f.id AND a.field = f.field AND a.target = f.target);
INSERT INTO removed
    SELECT f.view, f.id, f.field, f.target, f.relation FROM agreed f JOIN refused r USING (view, id, field, target);
INSERT INTO removed
    SELECT f.view, f.target, f.mirror, f.id, f.relation
    FROM agreed f JOIN refused r USING (view, id, field, target) WHERE NOT f.alike;
INSERT INTO gained
    SELECT f.view, a.turn, f.target, f.mirror, f.id, f.relation
    FROM fact f JOIN accepted a USING (view, id, field, target);
DELETE FROM refused; DELETE FROM accepted;
"""

_TRIMMED: Final = """
DROP TABLE IF EXISTS spare;
-- Lists that are too long still: what no pair stands on goes, from the end. A version that the verdicts make has the
-- lists of the published document.
CREATE TABLE spare AS
    WITH made AS (
        SELECT w.view, w.id FROM (SELECT view, id FROM removed UNION SELECT view, id FROM gained) w
        WHERE w.view > 0 AND NOT EXISTS (SELECT 1 FROM upper u WHERE u.id = w.id AND u.view = w.view)
    ), shown AS (
        SELECT e.layer AS view, e.id, e.field, e.target, e.position FROM edge e
        JOIN doc d ON d.id = e.id AND d.layer = e.layer AND NOT d.marked
        UNION ALL
        SELECT m.view, e.id, e.field, e.target, e.position FROM made m JOIN edge e ON e.id = m.id AND e.layer = 0
    ), own AS (
        SELECT e.view, e.id, e.field, e.target, e.position, r.most, f.id IS NULL AND t.id IS NOT NULL AS spare, t.type
        FROM shown e
        JOIN room r ON r.field = e.field AND NOT r.single
        LEFT JOIN fact f ON f.view = e.view AND f.id = e.id AND f.field = e.field AND f.target = e.target
        LEFT JOIN typed t ON t.id = e.target
        WHERE {views} AND e.view NOT IN (SELECT view FROM locked) AND NOT EXISTS (SELECT 1 FROM removed x
            WHERE x.view = e.view AND x.id = e.id AND x.field = e.field AND x.target = e.target)
        UNION ALL
        SELECT g.view, g.id, g.field, g.target, 2000000000, r.most, false, NULL
        FROM gained g JOIN room r ON r.field = g.field AND NOT r.single
        WHERE {gained_views} AND g.turn > 0
    ), counted AS (
        SELECT *, count(*) OVER (PARTITION BY view, id, field) AS held,
            row_number() OVER (PARTITION BY view, id, field, spare ORDER BY position DESC) AS turn
        FROM own
    )
    SELECT c.view, c.id, c.field, c.target, coalesce(a.relation, x.relation) AS relation
    FROM counted c LEFT JOIN answer a ON a.field = c.field AND a.type = c.type
    JOIN first_relation x ON x.field = c.field
    WHERE c.spare AND c.turn <= c.held - c.most;
INSERT INTO removed SELECT view, id, field, target, relation FROM spare;
INSERT INTO lost SELECT view, id, field, target, relation, -1, NULL, true FROM spare;
"""

_FOLLOWED: Final = """
-- In drafts the pairs with live documents are not settled: a draft that said what published said goes along with it.
CREATE TABLE changed AS
    SELECT c.* FROM (
        SELECT id, field, target, relation, false AS adds, 0 AS turn FROM removed WHERE view = 0
        UNION ALL SELECT id, field, target, relation, true, turn FROM gained WHERE view = 0
    ) c
    JOIN upper u ON u.id = c.id AND u.view = 1
    JOIN typed s ON s.id = c.id JOIN kind_of_type sk ON sk.type = s.type AND NOT sk.live
    JOIN typed t ON t.id = c.target JOIN kind_of_type tk ON tk.type = t.type AND tk.live;
-- A single field goes along only where both said the same.
DELETE FROM changed c USING room r WHERE r.field = c.field AND r.single AND (
    SELECT list_sort(list(target)) FROM edge e WHERE e.id = c.id AND e.field = c.field AND e.layer = 0
) IS DISTINCT FROM (
    SELECT list_sort(list(target)) FROM edge e WHERE e.id = c.id AND e.field = c.field AND e.layer = 1
);
DELETE FROM changed c WHERE c.adds = EXISTS (SELECT 1 FROM edge e
    WHERE e.id = c.id AND e.field = c.field AND e.layer = 1 AND e.target = c.target);
DELETE FROM edge e WHERE e.layer = 1 AND EXISTS (SELECT 1 FROM changed c
    WHERE NOT c.adds AND c.id = e.id AND c.field = e.field AND c.target = e.target);
-- A list that is full cannot take anything over.
DELETE FROM changed c USING (
    SELECT c.id, c.field, c.target, row_number() OVER (PARTITION BY c.id, c.field ORDER BY c.turn) + (
        SELECT count(*) FROM edge e WHERE e.id = c.id AND e.field = c.field AND e.layer = 1) > r.most AS full_
    FROM changed c JOIN room r ON r.field = c.field AND NOT r.single WHERE c.adds
) f WHERE f.full_ AND c.adds AND c.id = f.id AND c.field = f.field AND c.target = f.target;
DELETE FROM edge e WHERE e.layer = 1 AND EXISTS (SELECT 1 FROM changed c JOIN room r ON r.field = c.field AND r.single
    WHERE c.adds AND c.id = e.id AND c.field = e.field);
INSERT INTO removed SELECT 1, id, field, target, relation FROM changed WHERE NOT adds;
INSERT INTO gained SELECT 1, turn - 1000000000, id, field, target, relation FROM changed WHERE adds;
INSERT INTO edge SELECT id, 1, field, target, 1000000000 + turn, 0 FROM changed WHERE adds;
DROP TABLE changed;
"""

_CARRIED_OVER: Final = """
-- Views above published see what is written there.
DELETE FROM edge e WHERE e.layer = 0 AND EXISTS (SELECT 1 FROM removed r
    WHERE r.view = 0 AND r.id = e.id AND r.field = e.field AND r.target = e.target);
DELETE FROM edge e WHERE e.layer = 0 AND EXISTS (SELECT 1 FROM gained g JOIN room r ON r.field = g.field
    WHERE r.single AND g.view = 0 AND g.id = e.id AND g.field = e.field);
INSERT INTO edge SELECT g.id, 0, g.field, g.target, 1000000000 + g.turn, 0 FROM gained g WHERE g.view = 0;
"""


def decide(tables: Tables, catalogue: Catalogue) -> None:
    """Fill `removed`, `gained` and `lost` for all views but locked releases; `edge` becomes as repaired."""
    tables.run(_MADE)
    order = {name: turn for turn, name in enumerate(sorted({field.name for field in catalogue.fields}))}
    for number, field in enumerate(catalogue.fields):
        tables.add("name_turn", (number, order[field.name]))
        first = catalogue.schema.relations.index(catalogue.relation_of(number))
        tables.add("first_relation", (number, first))
        most = field.max if field.many else 1
        if most is not None:
            tables.add("room", (number, most, not field.many))
        for place, relation in enumerate(catalogue.schema.relations):
            if field in (relation.left, relation.right) and (relation.symmetric or field == relation.owner_field):
                tables.add("owner_of", (number, place))
    tables.flush()
    for views in (PUBLISHED_ALONE, ABOVE):
        look(tables, views)
        tables.run(_FACTS)
        _seat(tables)
        tables.run(_WRITTEN)
        one = views == PUBLISHED_ALONE
        tables.run(
            _TRIMMED.format(views=f"e.view {'=' if one else '>'} 0", gained_views=f"g.view {'=' if one else '>'} 0")
        )
        if one:
            tables.run(_FOLLOWED)
            tables.run(_CARRIED_OVER)


def _seat(tables: Tables) -> None:
    """Give the places in doubt to pairs, first come first served; fill `refused` and `accepted`."""
    count = (tables.one("SELECT count(*) FROM place") or (0,))[0]
    taken = array("q", bytes(8 * count))
    for number, pairs in tables.rows(_TAKEN):
        taken[number] = pairs
    unjudged = array("q", bytes(8 * count))
    for number, missing, others in tables.rows(_STANDING):
        taken[number] += missing
        unjudged[number] = others
    turn = 0
    for sql in (_CONTESTED, _CLAIMS):
        if sql is _CLAIMS:
            taken = array("q", map(add, taken, unjudged))
        for view, group, field, target, here, there, most_here, most_there in tables.rows(sql):
            turn += 1
            places = [(place, most) for place, most in ((here, most_here), (there, most_there)) if place is not None]
            if all(taken[place] < most for place, most in places):
                for place, _ in places:
                    taken[place] += 1
                if sql is _CLAIMS:
                    tables.add("accepted", (turn, view, group, field, target))
            else:
                tables.add("refused", (view, group, field, target))
        # What reads next must see it.
        tables.flush()
