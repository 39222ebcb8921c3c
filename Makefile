# Everything here needs Python 3.11 or newer, make and package registries, and nothing else.
# `make PYTHON=/path/to/python3 …` chooses the interpreter of a new environment.

.DEFAULT_GOAL := help
SHELL := /bin/sh

BIN := .venv/bin
READY := .venv/.installed
EXPLORER := .npm/explorer.tried
PYTHONS := $(or $(PYTHON),python3.11 python3 python3.12 python3.13 python3.14 python)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# The stamp holds the path the environment was made at: it does not survive being copied elsewhere.
ifneq ($(shell test -x $(BIN)/python && cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' Makefile

.PHONY: serve
serve: $(READY) $(EXPLORER) ## set everything up and run the service with its demo accounts
	@exec env BATON_DEMO="$${BATON_DEMO:-true}" $(BIN)/baton serve

.PHONY: explorer
explorer: $(READY) ## bundle the page for browsers at /graphql, if anything in it has changed
	@$(BIN)/python -m building.explorer

.PHONY: demo
demo: $(READY) ## tell the story against the running service: escalate, live arrival, race, claim
	@exec $(BIN)/baton demo

.PHONY: test
test: check ## everything that is checked: `check`, then every test
	$(BIN)/pytest -n 2 --dist loadfile

.PHONY: check
check: $(READY) ## style, types, import directions, schema.graphql against code and last release
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/baton schema --check schema.graphql
	$(BIN)/baton schema --against docs/releases

.PHONY: format
format: $(READY) ## put the code into its style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: schema
schema: $(READY) ## print the schema into schema.graphql
	$(BIN)/baton schema --output schema.graphql

.PHONY: schema-release
schema-release: $(READY) ## keep the schema as what this version promises: `make check` holds on to it
	$(BIN)/baton schema --release docs/releases

.PHONY: bench
bench: $(READY) ## measure requests and live streams beside their floors, and print one table
	$(BIN)/python -m benchmarks

.PHONY: bench-deliveries
bench-deliveries: $(READY) ## how long a call waits until it is first told of, also beside others' trouble
	$(BIN)/python -m benchmarks.deliveries

.PHONY: bench-assessment
bench-assessment: $(READY) ## score the answers that were recorded for twenty sessions; ARGS=--live asks the model
	$(BIN)/python -m benchmarks.assessment $(ARGS)

.PHONY: bench-escalate
bench-escalate: $(READY) ## how long escalate takes while the language model is in trouble, beside a service without
	$(BIN)/python -m benchmarks.assessment.latency

.PHONY: model
model: $(READY) ## the whole life against a model of it, 100,000 random requests; SEED=… brings one back
	$(BIN)/python -m tests.model life $(if $(SEED),--seed $(SEED))

.PHONY: claims
claims: $(READY) ## three minutes of clients who claim at once and lose replies, judged; SEED=… as well
	$(BIN)/python -m tests.model claims $(if $(SEED),--seed $(SEED))

.PHONY: fuzz
fuzz: $(READY) ## three minutes of random documents from schema.graphql, by people of every role; SEED=… as well
	$(BIN)/python -m tests.fuzz $(if $(SEED),--seed $(SEED))

.PHONY: chaos-streams
chaos-streams: $(READY) ## five minutes of live streams while everything they stand on is killed; SEED=… as well
	$(BIN)/python -m tests.chaos streams $(if $(SEED),--seed $(SEED))

.PHONY: chaos-deliveries
chaos-deliveries: $(READY) ## promises outside while workers and PostgreSQL are killed; SEED=… as well
	$(BIN)/python -m tests.chaos deliveries $(if $(SEED),--seed $(SEED))

.PHONY: golden-documents
golden-documents: $(READY) ## write the accounts of ten demo sessions anew: read what changed in them
	REWRITE_GOLDEN_DOCUMENTS=1 $(BIN)/pytest -n 0 tests/app/demo/test_demo_documentation.py

.PHONY: clean
clean: ## remove the environment and every cache; the service's data stays
	rm -rf .venv .npm .pip build app/explorer/built *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# once, whatever comes of it: where npm's registry is out of reach, that takes its time
$(EXPLORER): $(wildcard README.md explorer/*) | $(READY)
	@$(BIN)/python -m building.explorer
	@mkdir -p $(@D) && touch $@

$(READY): pyproject.toml constraints.txt
	@for python in $(PYTHONS); do \
		if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then exec "$$python" .ci/environment.py; fi; \
	done; \
	echo "Baton needs Python 3.11 or newer with its venv module (Debian, Ubuntu: package python3-venv)." >&2; \
	echo "Not found as: $(PYTHONS). Name yours: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; \
	exit 1
