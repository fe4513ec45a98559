"""Finds the engine to judge: ours, or anybody's by `module:factory`."""

from __future__ import annotations

import importlib
import os
import sys

from bidir.conformance.playing import EngineFactory
from bidir.engine import Engine
from bidir.errors import BidirError, NotSupportedError
from lakesim.suggest import did_you_mean

__all__ = ["OWN_ENGINE", "EngineNotFoundError", "load_engine"]

OWN_ENGINE = "bidir.engine:Engine"
"""What is judged if nothing else is named."""


class EngineNotFoundError(BidirError):
    """A `module:factory` that names nothing callable."""


def load_engine(name: str = OWN_ENGINE) -> EngineFactory:
    """Return the factory that `name` stands for; it is called with (schema, backend).

    The present directory is searched too, so that an engine in a file beside the caller can be named.
    Raises: EngineNotFoundError for a name that leads nowhere, NotSupportedError for `external`.
    """
    if name == OWN_ENGINE:
        return Engine
    if name == "external":
        raise NotSupportedError(
            "an external engine is never called, so it has no factory: judge it with "
            "bidir conformance --engine external --lake URL"
        )
    module_name, colon, attribute = name.partition(":")
    if not colon or not module_name or not attribute:
        raise EngineNotFoundError(f'an engine is named "module:factory", for example {OWN_ENGINE}, not "{name}"')
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise EngineNotFoundError(f'the module of engine "{name}" cannot be imported: {error}') from None
    factory = getattr(module, attribute, None)
    if not callable(factory):
        near = did_you_mean(attribute, [item for item in dir(module) if not item.startswith("_")])
        raise EngineNotFoundError(f'module "{module_name}" has no factory "{attribute}".{near}')
    found: EngineFactory = factory
    return found
