# One place for every command. `make help` lists them.

PYTHON ?= python3
STORY ?= A paper boat sails down a river of stars
VENV := .venv
BIN := $(VENV)/bin
# Written once everything that is locked is installed, with the path it was installed for; older than the lock, or
# of a checkout that was moved, means: install again.
STAMP := $(VENV)/.installed
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(shell pwd))
$(shell rm -f $(STAMP))
endif

.DEFAULT_GOAL := help
.PHONY: help demo test sweep fuzz chaos check lint types imports format docs hostile-media pictures lock audit wheels licences bench install clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18

install: $(STAMP) ## install everything that is locked into .venv

demo: $(STAMP) ## make a video: make demo STORY="A whale swims through the stars"
	@$(BIN)/python -m cli.main make -- "$$STORY"
demo: export STORY := $(value STORY)

# Two workers for each core, and one more (tests/conftest.py), take whole files, for what a file's tests share; beyond eight,
# all wait for the longest. In their order: the longest files have few tests, and would come last.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
test: $(STAMP) ## run the tests, or some: make test PYTEST_ARGS="tests/cli -x"
	$(PYTEST) -m "not sweep" $(PYTEST_ARGS)

sweep: $(STAMP) ## run the dear rest of them (tests/conftest.py lists it)
	$(PYTEST) -m sweep $(PYTEST_ARGS)

fuzz: CASES ?= 10000
fuzz: $(STAMP) ## CASES of whatever strangers may send, of each kind (half an hour)
	FUZZ_CASES=$(CASES) $(BIN)/python -m pytest -n auto --timeout 3000 --hypothesis-profile=fuzz tests/fuzz tests/functions/test_openapi.py

# Folder and seed make a run; killed, it goes on where it was when it is started again.
chaos: STORIES ?= 2000
chaos: SEED ?= 1
chaos: FOLDER ?= .storyreel/chaos-$(STORIES)-$(SEED)
chaos: $(STAMP) ## N stories while everything goes wrong: make chaos STORIES=500 SEED=2
	$(BIN)/python -m tests.chaos --stories $(STORIES) --seed $(SEED) --folder $(FOLDER)

check: lint types imports ## lint, types and the import contract

lint: $(STAMP)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(STAMP)
	$(BIN)/python -m mypy

imports: $(STAMP)
	$(BIN)/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-cache

format: $(STAMP) ## format the code
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

docs: $(STAMP) ## draw docs/lifecycle.md anew from the tables in pipeline/lifecycle.py
	$(BIN)/python -m docs.draw_lifecycle > docs/lifecycle.md

hostile-media: $(STAMP) ## write docs/hostile-media.md anew: what came of each hostile file (minutes)
	$(BIN)/python -m docs.draw_hostile_media > $@.new && mv $@.new docs/hostile-media.md

pictures: $(STAMP) ## draw the pictures in docs/ anew with the renderer
	$(BIN)/python -m docs.draw_pictures

bench: $(STAMP) ## measure (minutes; no pass or fail)
	$(BIN)/python -m benchmarks.bench_imports
	$(BIN)/python -m benchmarks.bench_transcode
	$(BIN)/python -m benchmarks.bench_path
	$(BIN)/python -m benchmarks.bench_waiting
	$(BIN)/python -m benchmarks.bench_insert
	$(BIN)/python -m benchmarks.bench_bulk
	$(BIN)/python -m benchmarks.bench_waking
	$(BIN)/python -m benchmarks.bench_emulator
	$(BIN)/python -m benchmarks.bench_renderer

# The second is the part of the first that the application needs to run: the same versions, with the same hashes.
LOCK := uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml
lock: ## resolve both locks anew (needs uv); then make install licences
	$(LOCK) --group dev -o requirements.lock
	$(LOCK) --constraints requirements.lock --no-annotate -o requirements.runtime.lock

# Exit codes of its own stand in supply/audit.py: 1 something is known, 3 the service could not be asked.
audit: $(STAMP) ## ask what is known against the locked versions (needs the network)
	$(BIN)/python -m supply.audit requirements.lock $(AUDIT_ARGS)

wheels: $(STAMP) ## ask whether all that runs has wheels for amd64 and arm64 (needs the network, 800 MB)
	$(BIN)/python -m supply.wheels requirements.runtime.lock

licences: $(STAMP) ## write docs/licences.md anew from what is installed
	$(BIN)/python -m supply.licences docs/licences.md

clean: ## remove what was built and all local state
	-@test ! -d .storyreel || $(BIN)/python -c \
	  'from pathlib import Path; from local.postgres import EmbeddedPostgres as P; P(Path(".storyreel/postgres")).discard()'
	rm -rf $(VENV) .storyreel

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Storyreel needs Python 3.11 or newer; name one: make PYTHON=python3.12 …" >&2; exit 1; }
	@set -e; if command -v uv >/dev/null; then \
	  test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV); \
	  uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock; \
	  uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python -e .; \
	else \
	  $(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
	@pwd > $@
