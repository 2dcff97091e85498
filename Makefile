# The commands of this project; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check soak bench agent lock clean

BIN := .venv/bin
yes = $(filter 1 true yes,$(1))

# Where this is set a test that is left out is a failure (tests/conftest.py).
ifneq ($(call yes,$(CI)),)
export IDP_TEST_NOTHING_LEFT_OUT := 1
endif
export PYTHON

help: ## List these commands
	@sed -nE 's/^([a-z]+):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name what; do \
		printf '  make %-8s %s\n' "$$name" "$$what"; done
	@echo
	@echo '  make demo FRESH=1      begins with new data'
	@echo '  make demo PORT=5200    takes other ports: 5200 to 5203, 5225, 5226, 5271, 5272'
	@echo '  make demo CARD=piv     has the card agent use a reader instead of software cards (or CARD=pkcs11)'
	@echo '  make bench SCALE=1     measures the group console and the register with a million accounts'
	@echo '  make test TESTS=...    runs these tests only, such as TESTS="tests/oidc -k replay"'
	@echo '  make test DATABASES=both   runs each test on SQLite and on PostgreSQL'

demo: ## Run provider, mail worker, three applications, mailbox, card agent on this machine; Ctrl-C stops them
	@.ci/environment demo
	@exec $(BIN)/idp demo $(if $(call yes,$(FRESH)),--fresh) $(if $(PORT),--port $(PORT)) $(if $(CARD),--card $(CARD))

# Databases of tests in memory: a disk's syncs would be most of the time. What tests say of syncs they count.
test soak: export TMPDIR := $(shell test -w /dev/shm && echo /dev/shm || echo $${TMPDIR:-/tmp})

test: ## Lint, types, import contracts and all tests
	@.ci/environment dev
	@tests/system/needs
	@$(MAKE) --no-print-directory checks
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -n auto --dist worksteal -m 'not soak' $(if $(DATABASES),--databases $(DATABASES)) $(TESTS)

check: ## Lint, types and import contracts alone
	@.ci/environment dev
	@$(MAKE) --no-print-directory checks

.PHONY: checks
checks:
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

soak: ## The long rounds: races, storms, random sequences, the other database (an hour)
	@.ci/environment dev
	@tests/system/needs
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -m soak --databases both $(TESTS)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -n auto --dist worksteal -m 'not soak' --databases other $(TESTS)

bench: ## Measure what an operation costs the server, on SQLite and PostgreSQL
	@.ci/environment dev
	@exec $(BIN)/python -m tests.bench $(if $(SCALE),--scale $(SCALE)) $(BENCH)

agent: ## Build the card agent as one file, dist/card-agent.pyz
	@$(or $(PYTHON),python3) .ci/build-agent dist/card-agent.pyz

PIN := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --no-strip-extras

lock: ## Write the lock files anew from pyproject.toml (needs uv)
	@$(PIN) --extra demo --extra build pyproject.toml -o requirements.lock
	@$(PIN) --extra demo --extra build --extra dev pyproject.toml -o requirements-dev.lock
	@$(PIN) --group card -o requirements-card.lock

clean: ## Delete what these commands have made: environment, demo data, caches
	@rm -rf .venv var dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@find idp/translations -name '*.mo' -delete
