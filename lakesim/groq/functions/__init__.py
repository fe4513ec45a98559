"""The functions of the language: `registry` says which exist, the other modules what they do."""

__all__: list[str] = []
