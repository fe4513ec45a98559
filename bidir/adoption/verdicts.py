"""Which pairs stand and which fall when an export is repaired: the owner side wins, agreed pairs before claims.

The rule is that of `bidir.planning.mend.mend_all`: pairs on which both sides agree are accepted first, then what the
owner side says, in order of group ids, as long as both places have room; every other half goes. Only what is in doubt
passes through Python, row by row; how full a place is stands in an array of machine integers.

Source: bidirectional semantics, E6 (which half wins) and F8.
"""

from __future__ import annotations

from array import array
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
CREATE TABLE locked (view INTEGER);
-- Halves to take out, halves to write (in the order `turn`), and claims that did not get their place.
CREATE TABLE removed (view INTEGER, id BIGINT, field INTEGER, target BIGINT, relation INTEGER);
CREATE TABLE gained (view INTEGER, turn BIGINT, id BIGINT, field INTEGER, target BIGINT, relation INTEGER);
CREATE TABLE lost (view INTEGER, id BIGINT, field INTEGER, target BIGINT, relation INTEGER, mirror INTEGER,
    rival BIGINT);
-- The verdicts of one round, before they are spelled out.
CREATE TABLE refused (view INTEGER, id BIGINT, field INTEGER, target BIGINT);
CREATE TABLE accepted (turn BIGINT, view INTEGER, id BIGINT, field INTEGER, target BIGINT);
"""

_FACTS: Final = """
DROP TABLE IF EXISTS fact; DROP TABLE IF EXISTS place; DROP TABLE IF EXISTS agreed;
-- Halves whose target the view shows, without what waits for a publish, and without locked releases.
CREATE TABLE fact AS
    SELECT l.view, l.id, l.field, l.target, l.position, l.relation, l.mirror, l.back,
        o.field IS NOT NULL AS owned
    FROM link l
    JOIN typed s ON s.id = l.id JOIN kind_of_type sk ON sk.type = s.type
    JOIN kind_of_type tk ON tk.type = l.target_type
    LEFT JOIN owner_of o ON o.field = l.field AND o.relation = l.relation
    WHERE l.visible AND NOT (l.view = 1 AND sk.live <> tk.live) AND l.view NOT IN (SELECT view FROM locked);
-- Agreed pairs, told from the end that comes first; `alike` marks a field that points at its own document.
CREATE TABLE agreed AS
    SELECT *, id = target AND field = mirror AS alike FROM fact
    WHERE back AND (id < target OR (id = target AND field <= mirror));
-- Places with a bound that are in doubt: more agreed pairs than they take, or claimed by the owner side alone.
CREATE TABLE place AS
    WITH ends AS (
        SELECT view, id, field FROM agreed
        UNION ALL SELECT view, target, mirror FROM agreed WHERE NOT alike
    ), full_ AS (
        SELECT e.view, e.id, e.field, count(*) > any_value(r.most) AS contested
        FROM ends e JOIN room r ON r.field = e.field GROUP BY e.view, e.id, e.field
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
    SELECT f.view, f.id, f.field, f.target, f.relation, f.mirror, d.rival
    FROM fact f JOIN refused r USING (view, id, field, target) LEFT JOIN disagreed d USING (view, id, field, target);
INSERT INTO lost
    SELECT f.view, f.target, f.mirror, f.id, f.relation, f.field, NULL
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

_CARRIED_OVER: Final = """
-- Views above published see what is written there.
DELETE FROM edge e WHERE e.layer = 0 AND EXISTS (SELECT 1 FROM removed r
    WHERE r.view = 0 AND r.id = e.id AND r.field = e.field AND r.target = e.target);
DELETE FROM edge e WHERE e.layer = 0 AND EXISTS (SELECT 1 FROM gained g JOIN room r ON r.field = g.field
    WHERE r.single AND g.view = 0 AND g.id = e.id AND g.field = e.field);
INSERT INTO edge SELECT g.id, 0, g.field, g.target, 1000000000 + g.turn, 0 FROM gained g WHERE g.view = 0;
"""


def decide(tables: Tables, catalogue: Catalogue, locked: list[int]) -> None:
    """Fill `removed`, `gained` and `lost` for all views but the `locked` ones (by rank); `edge` becomes as repaired."""
    tables.run(_MADE)
    order = {name: turn for turn, name in enumerate(sorted({field.name for field in catalogue.fields}))}
    for number, field in enumerate(catalogue.fields):
        tables.add("name_turn", (number, order[field.name]))
        most = field.max if field.many else 1
        if most is not None:
            tables.add("room", (number, most, not field.many))
        for place, relation in enumerate(catalogue.schema.relations):
            if field in (relation.left, relation.right) and (relation.symmetric or field == relation.owner_field):
                tables.add("owner_of", (number, place))
    for view in locked:
        tables.add("locked", (view,))
    tables.flush()
    for views in (PUBLISHED_ALONE, ABOVE):
        look(tables, views)
        tables.run(_FACTS)
        _seat(tables)
        tables.run(_WRITTEN)
        if views == PUBLISHED_ALONE:
            tables.run(_CARRIED_OVER)


def _seat(tables: Tables) -> None:
    """Give the places in doubt to pairs, first come first served; fill `refused` and `accepted`."""
    count = (tables.one("SELECT count(*) FROM place") or (0,))[0]
    taken = array("q", bytes(8 * count))
    for number, pairs in tables.rows(_TAKEN):
        taken[number] = pairs
    turn = 0
    for sql in (_CONTESTED, _CLAIMS):
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
