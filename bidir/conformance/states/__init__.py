"""Every reachable state of small scopes, driven through the real planner (bidirectional semantics, F11.1)."""

__all__: list[str] = []
