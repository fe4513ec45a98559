"""Planar geometry over GeoJSON (groq reference, section 15); shapely does the geometry and is loaded when needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from lakesim.groq.values import Exportable, Value
from lakesim.jsonvalue import Json

__all__ = ["EARTH_RADIUS", "Geo", "contains", "distance", "intersects", "lat_lng", "to_geo"]

EARTH_RADIUS = 6_378_137.0
"""Metres; the radius that `geo::distance` uses."""
NESTING_MAX = 32
"""Geometry collections inside one another."""

_RINGS_MIN = 4
_LINE_MIN = 2


@cache
def _shapely() -> Any:
    import shapely

    return shapely


class Geo(Exportable):
    """A geometry: its GeoJSON (`type` and `coordinates`, or `geometries`) and, once asked for, its planar form."""

    __slots__ = ("_shape", "json")

    def __init__(self, json: Json) -> None:
        """Keep GeoJSON that has been checked."""
        self.json = json
        self._shape: Any = None

    @property
    def shape(self) -> Any:
        """The shapely geometry."""
        if self._shape is None:
            self._shape = _shapely().geometry.shape(self.json)
            _shapely().prepare(self._shape)
        return self._shape

    def to_json(self) -> Json:
        """Return the GeoJSON object."""
        return self.json


def _is_number(value: Json) -> bool:
    return (type(value) is int or type(value) is float) and math.isfinite(value)


def _position(value: Json) -> list[float] | None:
    if type(value) is not list or len(value) < 2 or not all(map(_is_number, value)):
        return None
    return value


def _positions(value: Json, least: int) -> bool:
    return type(value) is list and len(value) >= least and all(_position(item) is not None for item in value)


def _is_ring(value: Json) -> bool:
    if not _positions(value, _RINGS_MIN) or value[0] != value[-1]:
        return False
    return all(value[place] != value[place + 1] for place in range(len(value) - 1))


def _is_polygon(value: Json) -> bool:
    if type(value) is not list or not value or not all(map(_is_ring, value)):
        return False
    flat = [[position[:2] for position in ring] for ring in value]
    return bool(_shapely().is_valid(_shapely().Polygon(flat[0], flat[1:])))


def _all(value: Json, check: Callable[[Json], bool]) -> bool:
    return type(value) is list and all(map(check, value))


_CHECKS: dict[str, Callable[[Json], bool]] = {
    "Point": lambda value: _position(value) is not None,
    "MultiPoint": lambda value: _positions(value, 0),
    "LineString": lambda value: _positions(value, _LINE_MIN),
    "MultiLineString": lambda value: _all(value, lambda line: _positions(line, _LINE_MIN)),
    "Polygon": _is_polygon,
    "MultiPolygon": lambda value: _all(value, _is_polygon),
}


def to_geo(value: Value, depth: int = 0) -> Geo | None:
    """Return the geometry of a GeoJSON geometry, a `{lat, lng}` object or a geo value; None for anything else."""
    if type(value) is Geo:
        return value
    if type(value) is not dict:
        return None
    kind = value.get("type")
    check = _CHECKS.get(kind) if type(kind) is str else None
    if check is not None:
        coordinates = value.get("coordinates")
        return Geo({"type": kind, "coordinates": coordinates}) if check(coordinates) else None
    if kind == "GeometryCollection":
        return _collection(value.get("geometries"), depth)
    return _from_lat_lng(value)


def _collection(parts: Json, depth: int) -> Geo | None:
    if type(parts) is not list or depth >= NESTING_MAX:
        return None
    geometries = []
    for part in parts:
        geometry = to_geo(part, depth + 1) if type(part) is dict and "type" in part else None
        if geometry is None:
            return None
        geometries.append(geometry.json)
    return Geo({"type": "GeometryCollection", "geometries": geometries})


def _from_lat_lng(value: dict[str, Json]) -> Geo | None:
    if "lng" in value and "lon" in value:
        return None
    latitude, longitude = value.get("lat"), value.get("lng", value.get("lon"))
    if not (_is_number(latitude) and _is_number(longitude)):
        return None
    return Geo({"type": "Point", "coordinates": [longitude, latitude]})


def lat_lng(latitude: Value, longitude: Value) -> Geo | None:
    """Return a point; None unless both are numbers, within ±90 and ±180."""
    if not (_is_number(latitude) and _is_number(longitude)) or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Geo({"type": "Point", "coordinates": [longitude, latitude]})


def contains(left: Geo | None, right: Geo | None) -> bool | None:
    """Return whether all of `right` lies in `left`; None without two geometries."""
    if left is None or right is None:
        return None
    return bool(_shapely().covers(left.shape, right.shape))


def intersects(left: Geo | None, right: Geo | None) -> bool | None:
    """Return whether two geometries share a point; None without two geometries."""
    if left is None or right is None:
        return None
    return bool(_shapely().intersects(left.shape, right.shape))


def distance(left: Geo | None, right: Geo | None) -> float | None:
    """Return the metres between two points on a sphere (haversine); None unless both are points."""
    if left is None or right is None or left.json["type"] != "Point" or right.json["type"] != "Point":
        return None
    (longitude, latitude, *_), (other_longitude, other_latitude, *_) = (
        left.json["coordinates"],
        right.json["coordinates"],
    )
    north, south = math.radians(latitude), math.radians(other_latitude)
    across = math.radians(other_longitude - longitude)
    chord = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(chord)))
