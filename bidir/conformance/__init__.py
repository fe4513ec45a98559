"""The conformance suite: scenarios, properties and figures that accept or refuse any implementation."""

__all__: list[str] = []
