# Essaim: `make demo` shows it, `make test` proves it. Both set up all that they need.
# The demonstration owns var/demo and may wipe it.

ESSAIM = ESSAIM_VAR=var/demo .venv/bin/essaim
PYTHON = python3
SECONDS ?= 300

.PHONY: demo demo-check test test-postgresql soak bench clean

demo: .venv/ready packages
	@$(ESSAIM) demo

demo-check: .venv/ready packages
	@$(ESSAIM) demo --check

test: .venv/ready test-packages
	@.venv/bin/python tools/stages.py

# Every test that meets a database, on PostgreSQL; `make test` runs those of the rooms there.
test-postgresql: .venv/ready test-packages
	@.venv/bin/python tools/stages.py all-postgresql

soak: .venv/ready test-packages
	@SECONDS=$(SECONDS) .venv/bin/python tools/stages.py soak

bench: .venv/ready test-packages
	@.venv/bin/python tests/benches/run.py

.venv/ready: uv.lock pyproject.toml tools/bootstrap.py
	@$(PYTHON) tools/bootstrap.py

# What cannot be installed is said in one line; the demonstration and the tests go on without it.
.PHONY: packages test-packages
packages:
	@$(PYTHON) tools/packages.py || true

test-packages:
	@$(PYTHON) tools/packages.py --tests || true

clean:
	rm -rf .venv var/uv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
