"""Portable text: `pt()` and `pt::text()` (groq reference, section 15)."""

from __future__ import annotations

from lakesim.groq.values import Value

__all__ = ["portable_text", "text_of"]


def _is_block(value: Value) -> bool:
    return type(value) is dict and type(value.get("_type")) is str and type(value.get("children")) is list


def portable_text(value: Value) -> Value:
    """Return `value` if it is a block or an array of blocks, else None."""
    if _is_block(value):
        return value
    return value if type(value) is list and all(map(_is_block, value)) else None


def text_of(value: Value) -> str | None:
    """Return the text of a block, or of all blocks in an array, nested ones too, with an empty line between.

    None if there is no block at all.
    """
    blocks: list[Value] = []
    stack = [value]
    while stack:
        current = stack.pop()
        if _is_block(current):
            blocks.append(current)
        elif type(current) is list:
            stack.extend(reversed(current))
    return "\n\n".join(map(_block_text, blocks)) if blocks else None


def _block_text(block: Value) -> str:
    return "".join(
        child["text"]
        for child in block["children"]
        if type(child) is dict and child.get("_type") == "span" and type(child.get("text")) is str
    )
