# The commands a person needs. Everything is installed into .venv from uv.lock.

PYTHON ?= python3
UV := .uv/bin/uv
RUN := .venv/bin

export UV_PYTHON_DOWNLOADS = never
export UV_PROJECT_ENVIRONMENT = .venv

.PHONY: install dev pkcs11 servers demo letters check test test-long soak collections bench forms clean

install: .venv/.installed

dev: .venv/.developing

$(UV):
	@$(PYTHON) -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

# Compiled here, because the account that runs the program may not write here, and would compile
# everything anew at each start.
.venv/.installed: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --quiet --frozen --inexact --no-default-groups --compile-bytecode --python $(PYTHON)
	@$(RUN)/python -m compileall -q config inbox_worker outbound parsers templates
	@touch $@

.venv/.developing: pyproject.toml uv.lock .venv/.installed
	@$(UV) sync --quiet --frozen --inexact --group dev --python $(PYTHON)
	@touch $@

# What signing with a key in hardware needs besides.
pkcs11: install
	@$(UV) sync --quiet --frozen --inexact --no-default-groups --extra pkcs11 --python $(PYTHON)

servers:
	@tests/servers/install.sh

demo: install
	@$(RUN)/python run_worker.py demo --keep demo-output

# The demonstration's letters as pages, and as pictures where Chromium is installed.
letters: dev demo
	@$(RUN)/python -m tools.show_letters demo-output demo-output/pages review understood complete

check: dev
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

test: dev servers check
	$(RUN)/pytest -m "not long" --numprocesses=2 --dist=loadfile --no-loadscope-reorder

test-long: dev
	@tests/servers/install.sh long
	$(RUN)/pytest -m "long and not soak" --timeout=1800

# A hundred thousand mails through one worker, whose memory has to stay flat.
soak: dev servers
	$(RUN)/pytest -m soak --timeout=7200 --capture=no tests/integration/test_soak.py

# Documents that broke other programs, from the source packages of two PDF libraries; never committed.
collections: dev .collections/.fetched
	$(RUN)/pytest -m long tests/integration/test_public_collections.py

.collections/.fetched: | $(UV)
	@mkdir -p .collections
	@.uv/bin/pip download --quiet --disable-pip-version-check --no-binary :all: --no-deps \
		--dest .collections pikepdf pypdf
	@for package in .collections/*.tar.gz; do tar -xzf $$package -C .collections; done
	@touch $@

bench: dev
	$(RUN)/python -m bench.intake
	$(RUN)/python -m bench.arrival
	$(RUN)/python -m bench.letters
	$(RUN)/python -m bench.certification
	$(RUN)/python -m bench.forms

forms: dev
	@$(UV) sync --quiet --frozen --inexact --group dev --group forms --python $(PYTHON)
	$(RUN)/python -m tools.build_blank_form

clean:
	rm -rf .venv .uv .collections build *.egg-info demo-output
