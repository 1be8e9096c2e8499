# The task runner: every machine has one. CI calls these targets and nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev

# Tests start hundreds of Python processes: each would compile every package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench bench-knowledge bench-people bench-sight eval eval-shop prove chaos tau tau-bench transcript audit lock wheel wheel-try cluster clean help

help:            ## what can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: $(RUN_STAMP) ## start the example shop and Frontdesk: no key, no Docker, no Node
	@exec $(BIN)/frontdesk demo

test: check      ## everything CI runs: check, then the tests
	@$(BIN)/python -m pytest

check: $(DEV_STAMP) ## format, lint, types, architecture
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports --no-logo > $(VENV)/.imports 2>&1 || (cat $(VENV)/.imports; exit 1)

bench: $(DEV_STAMP) ## Frontdesk beside its peers, same model stub, one run
	@$(BIN)/python -m benchmarks.run

bench-knowledge: $(DEV_STAMP) ## how well the knowledge base finds, and how fast; DATA_DIR names public sets
	@$(BIN)/python -m benchmarks.knowledge

bench-people: $(DEV_STAMP) ## the inbox and a customer's list with 50,000 conversations
	@$(BIN)/python -m benchmarks.people

bench-sight: $(DEV_STAMP) ## what traces and metrics cost a turn; ROUNDS=100
	@$(BIN)/python -m benchmarks.sight $(ROUNDS)

tau: $(DEV_STAMP)   ## a shop nobody here made up: allowed calls pass, forbidden ones do not; DATA_DIR names the data
	@$(BIN)/python -m evals.tau_retail

chaos: $(DEV_STAMP) ## kills, races, hang-ups, faults, a hostile model, in full; ONLY="R1 S2" COUNT=… FRESH=1, resumable
	@$(BIN)/python -m chaos $(ONLY) $(if $(COUNT),--count $(COUNT)) $(if $(FRESH),--fresh)

cluster: $(DEV_STAMP) ## three processes behind HAProxy: one killed, the others restarted, PostgreSQL crashed, 200 conversations
	@$(BIN)/python -m chaos cluster --fresh

tau-bench: $(DEV_STAMP) ## tau-bench's retail tasks as conversations; AGENT=gold|local|openai:…, CUSTOMER=scripted|openai:…, DATA_DIR
	@$(BIN)/python -m evals.tau_bench --agent $(or $(AGENT),local) --user $(or $(CUSTOMER),scripted) --trials $(or $(TRIALS),1) --jobs $(or $(JOBS),2) --resume

eval-shop: $(DEV_STAMP) ## the example shop's scenarios with the local model; ONLY='refund/*' RUNS=4
	@$(BIN)/frontdesk eval examples/ourshop/scenarios --model local $(if $(ONLY),--only '$(ONLY)') $(if $(RUNS),--runs $(RUNS))

eval: $(DEV_STAMP)  ## the paraphrases against the example shop with the local model
	@$(BIN)/python -m evals.run

# uv installs the locked wheels in seconds; where it cannot be had or cannot reach an index, pip does the same.
define install
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing $(1) (pinned with hashes) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock 2> $(VENV)/uv.log && \
	 $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/$(1).lock 2>> $(VENV)/uv.log || \
	 $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).lock
	@echo "$(CURDIR)/src" > $$($(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/frontdesk-src.pth
	@printf '#!/bin/sh\nexec "%s/$(BIN)/python" -m frontdesk "$$@"\n' "$(CURDIR)" > $(BIN)/frontdesk && chmod +x $(BIN)/frontdesk
endef

$(RUN_STAMP): requirements/run.lock requirements/uv.lock
	$(call install,run)
	@touch $@

$(DEV_STAMP): requirements/dev.lock requirements/uv.lock
	$(call install,dev)
	@touch $(RUN_STAMP) $@

prove: $(DEV_STAMP) ## switch each protection off in a copy: the tests must notice
	@$(BIN)/python -m tests.switched_off

transcript: $(DEV_STAMP) ## ask the demo, and write its answers into the README
	@$(BIN)/python -m docs.transcript

lock: $(DEV_STAMP) ## resolve the dependencies again
	@$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml -o requirements/run.lock
	@$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml --group dev -c requirements/run.lock -o requirements/dev.lock

audit: $(DEV_STAMP) ## known vulnerabilities of what is installed, and its licences (docs/licences.md); asks PyPI
	@$(BIN)/python -m docs.licences
	@$(BIN)/python -m uv tool run pip-audit==2.10.1 --strict --disable-pip --require-hashes -r requirements/run.lock

wheel: $(DEV_STAMP) ## the package, in dist/: widget, console, embedding model, migrations, scaffold
	@$(BIN)/python -m hatchling build -t wheel

wheel-try: $(DEV_STAMP) ## install the wheel into an empty environment and ask it
	@$(BIN)/python -m tests.installed

clean:           ## forget the environment and the demo's data
	@rm -rf $(VENV) .frontdesk
