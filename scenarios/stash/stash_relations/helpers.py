"""The typed module made at run time, for a schema that is known only then."""

from __future__ import annotations

import sys
from types import ModuleType

from stash_relations.library import Library
from stash_relations.module_text import module_text

__all__ = ["load_helpers"]


def load_helpers(library: Library) -> ModuleType:
    """Return the module that `module_text` describes: classes with helpers that have signatures and docstrings.

    The same schema gives the same module. Its client is made with the library: `module.Stash(backend, library)`.
    """
    name = f"{__package__}.made_{library.schema.digest}"
    text = module_text(library)
    known = sys.modules.get(name)
    if known is not None and known.__dict__.get("__text__") == text:
        return known
    module = ModuleType(name)
    module.__dict__["__text__"] = text
    # Data classes look their annotations up in their module by its name.
    sys.modules[name] = module
    exec(compile(text, f"<{name}>", "exec"), module.__dict__)
    return module
