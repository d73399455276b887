# Two commands first: make demo, make test. Everything is installed into the checkout (.venv, var).
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
STAMP := .venv/.installed

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

install: $(STAMP) ## Install into .venv

$(STAMP): requirements.lock pyproject.toml tools/install.sh
	@bash tools/install.sh
	@touch $(STAMP)

fonts: ## Chinese fonts for the credit report, where this user may install them
	@bash tools/install-fonts.sh

demo: install fonts ## Make the demonstration city and serve it; CHECK=1 checks the pages and stops
	@$(BIN)/xinyong demo $(if $(CHECK),--check)

hall: install ## The sample approval hall beside a running 'make demo'; http://127.0.0.1:8020/
	@$(BIN)/python examples/approval-hall/setup.py && $(BIN)/python examples/approval-hall/hall.py

browser: ## Chromium and Chinese fonts for the browser tests
	@bash tools/install-browser.sh

WORKERS ?= 2
test: install browser mariadb ## Run every test; WORKERS=0 in one process, ARGS for pytest
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

mariadb: ## A MariaDB server for the tests of pulling from databases
	@bash tools/install-mariadb.sh

lint: install ## Linters, types, contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy

bench: install ## make bench NAME=code_check: one benchmark, one JSON line
	@$(BIN)/python -m benchmarks $(NAME)

lock: install ## Renew requirements.lock
	@$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --group dev pyproject.toml -o requirements.lock

clean: ## Stop the database and remove everything that was installed or stored
	-@$(BIN)/xinyong stop
	@rm -rf .venv var .cache

.PHONY: help install fonts demo hall browser mariadb test lint bench lock clean
