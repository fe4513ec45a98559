"""Help for tests: a naive model of the lake, strategies, conformance."""
