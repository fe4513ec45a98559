"""The JSON schema of scenario files, made from the models that read them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from bidir.conformance.scenario import Scenario

__all__ = ["format_schema_text"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def format_schema_text() -> str:
    """Return the schema as JSON text, the same for the same models, with a line feed at the end."""
    schema = Scenario.model_json_schema(by_alias=True)
    titled: dict[str, Any] = {"$schema": DIALECT, **schema, "title": "Scenario"}
    # Indented, for people who read it beside the description of the format; the codec of stored values writes one line.
    return TypeAdapter(dict[str, Any]).dump_json(titled, indent=2).decode() + "\n"
