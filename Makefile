# Two commands do everything on a machine with Python >= 3.11: `make conformance` and `make test`.
# They build their environment themselves: with uv where it is installed, else with venv and pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: test conformance lint types contracts benchmark benchmark-peers benchmark-server coverage-page check lock clean

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 -q

conformance: $(STAMP)
	@$(BIN)/bidir conformance $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

benchmark: $(STAMP)
	$(BIN)/python -m pytest benchmarks -q -n 0 --benchmark-enable --benchmark-only --benchmark-json reports/benchmark.json

# Against the reference implementations of the language and of a store in memory; needs Node.js, takes minutes.
benchmark-peers: $(STAMP)
	bash benchmarks/groq/setup.sh
	bash benchmarks/store/peer/setup.sh
	$(BIN)/python benchmarks/store/compare_stores.py
	$(BIN)/python benchmarks/groq/bench_groq.py

# Requests per second, listeners and memory of a served lake; best on an idle machine.
benchmark-server: $(STAMP)
	$(BIN)/python benchmarks/server/report.py

# Writes docs/coverage.md anew from the registries.
coverage-page: $(STAMP)
	$(BIN)/python -m lakesim.testing.coverage_page

check: test lint types contracts conformance

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"lakesim needs Python 3.11 or newer, {sys.executable} is {v.major}.{v.minor}; name another with: make PYTHON=/path/to/python3 ...")'
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python "$(PYTHON)" $(VENV) && \
	  uv pip install --quiet --python $(BIN)/python -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@mkdir -p reports && touch $(STAMP)

# Writes the lock file anew from pyproject.toml (needs uv).
lock:
	uv pip compile pyproject.toml --extra dev --extra server --universal --python-version 3.11 --no-header --no-annotate --quiet -o requirements.lock

clean:
	rm -rf $(VENV) reports .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
