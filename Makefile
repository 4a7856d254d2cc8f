# Every target builds the environment it needs; `make run` and `make test` are all a newcomer types.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
WEATHER ?= examples/hvac/weather_alameda_2018.csv

.DEFAULT_GOAL := help
.PHONY: help run test coverage check bench fuzz attacks crashes timeouts soak esper-long deps tables docs accept clean environment tools

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: environment ## the HVAC example: a year of heating and cooling on real weather
	@$(BIN)/dana examples/hvac/main.na weather=@$(WEATHER)

test: tools ## all tests; the last line is pytest's summary
	@$(BIN)/python -m pytest -n 2

coverage: tools ## tests of POET and the adaptive core; fails when they reach under 95 % of its lines and branches
	@COVERAGE_FILE=$(or $(COVERAGE_FILE),.coverage) $(BIN)/python -m coverage run --branch --concurrency=greenlet,thread --source=dana/poet,dana/adaptive \
		-m pytest -q -n 0 tests/poet tests/adaptive tests/faults tests/ipv/test_in_poet.py tests/ipv/test_recorded.py \
		tests/cli/test_ledger_commands.py tests/cli/test_plugin_commands.py
	@$(BIN)/python -m coverage report --show-missing --skip-covered --fail-under=95

check: tools ## lint, formatting, types, import contracts, generated files up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m dana.catalogue.pages --check docs/errors
	$(BIN)/python -m dana.poet.domains.pages --check docs/domains.md
	$(BIN)/python -m dana.parser.generate --check
	$(BIN)/python -m dana.highlight.textmate --check editors/vscode/syntaxes/dana.tmLanguage.json

bench: tools ## Dana against the same programs in Python (BENCH="language --quick")
	@$(BIN)/python benchmarks/run $(or $(BENCH),language)

fuzz: tools ## 200 000 mutated texts, 100 000 programs that run, 100 000 damaged answers of models; nothing unforeseen may come out
	@$(BIN)/python -m tests.fuzz.harness $(FUZZ)
	@$(BIN)/python -m tests.fuzz.harness --run --count 100000 $(FUZZ)
	@$(BIN)/python -m tests.ipv.decoding.fuzz

attacks: tools ## programs that try to leave Dana or to outlive their limits, at both levels of isolation
	@$(BIN)/python -m tests.attacks

crashes: tools ## 200 processes killed while they learn and audit, 50 in turns of agents; nothing that was promised is lost
	@$(BIN)/python -m tests.faults.crashes $(CRASHES)

timeouts: tools ## 100 functions that never end, of 33 shapes: how late each stops after its deadline
	@$(BIN)/python -m tests.timeouts $(TIMEOUTS)

soak: tools ## ten minutes of calls while store, plugin and handlers fail (SOAK="--minutes 1")
	@$(BIN)/python -m tests.soak $(SOAK)

esper-long: tools ## growing for a long time: 100 000 hostile artifacts, 20 000 cycles, 1 000 rollbacks, 10 000 faults, killed stores, 300 planted faults
	@$(BIN)/python -m tests.esper.fuzz $(ESPERFUZZ)
	@$(BIN)/python -m tests.esper.long all
	@$(BIN)/python -m tests.esper.planted

deps: ## servers that some tests want: PostgreSQL, from Debian (without it those tests say "not run")
	@.ci/servers

tables: tools ## the parser's tables from grammar/dana.lark
	@$(BIN)/python -m dana.parser.generate

docs: tools ## docs/errors from the catalogue, docs/domains.md from the domains, the editors' grammar from its table
	@$(BIN)/python -m dana.catalogue.pages docs/errors
	@$(BIN)/python -m dana.poet.domains.pages docs/domains.md
	@$(BIN)/python -m dana.highlight.textmate editors/vscode/syntaxes/dana.tmLanguage.json

accept: tools ## everything a release must hold: checks, tests, fuzzing, benchmarks
	@$(MAKE) --no-print-directory check test fuzz attacks crashes timeouts soak esper-long bench run

clean: ## remove the environment, caches and build products
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

environment:
	@$(PYTHON) .ci/environment run

tools:
	@$(PYTHON) .ci/environment test
