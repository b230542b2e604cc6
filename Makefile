# A fresh machine needs Python 3.11, make and, for real lines in namespaces, root. `make help` lists what there is.

VENV := .venv
BIN := $(VENV)/bin
# The first of these that is at least 3.11; name another with `make PYTHON=/path/to/python`.
PYTHON ?= python3.11 python3 python3.12 python3.13
# tool:Debian package, installed when root and apt-get are there and the tool (a command or a file) is not.
DEMO_TOOLS := ip:iproute2 nft:nftables
PDF_TOOLS := pango-view:pango1.0-tools fc-list:fontconfig /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk
# The far ends that tests start themselves, on loopback or in a namespace; no service of theirs is ever enabled.
PEER_TOOLS := snmpd:snmpd snmptrap:snmp influxd:influxdb nginx:nginx-light victoria-metrics:victoria-metrics
# A machine with a real systemd is made of Debian's packages and booted (tests/lab/machine.py).
MACHINE_TOOLS := systemd-nspawn:systemd-container debootstrap:debootstrap systemd-analyze:systemd
TEST_TOOLS := $(DEMO_TOOLS) $(MACHINE_TOOLS) $(PDF_TOOLS) $(PEER_TOOLS) ping:iputils-ping fping:fping pdftoppm:poppler-utils
# The rivals of the rows with packets, and what their far end is made with.
BENCH_TOOLS := $(TEST_TOOLS) prometheus-blackbox-exporter:prometheus-blackbox-exporter cc:gcc taskset:util-linux

DEMO_ARGS ?=
# Three workers on two cores, each a file at a time; those that wait for real packets come first (tests/conftest.py).
PYTEST_ARGS ?= -n 3 --dist loadfile --no-loadscope-reorder
CAMPAIGN_ARGS ?=
LOCK_ARGS ?=

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
APT := apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20

# ip and nft stand where only some logins look.
export PATH := $(PATH):/usr/sbin:/sbin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench campaign campaign-kills campaign-outbox soak docs lock clean distclean test-tools

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime  ## install what slamon needs into .venv and show the main job (DEMO_ARGS="--seconds 30")
	$(call install-tools,$(DEMO_TOOLS))
	@$(BIN)/slamon demo $(DEMO_ARGS)

test: $(VENV)/.dev test-tools  ## run all tests (PYTEST_ARGS="-m 'not lab'" for a quick round)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev  ## lint, format, types, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev  ## let ruff repair and format what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.dev test-tools  ## measure against the goals (rows with packets as root, in namespaces)
	$(call install-tools,$(BENCH_TOOLS))
	@$(BIN)/python -m tests.bench $(BENCH_ARGS)

campaign-kills: $(VENV)/.dev  ## a thousand times kill -9 with incidents open: nothing acknowledged lost, nothing doubled
	@$(BIN)/python -m tests.campaign.kills $(CAMPAIGN_ARGS)

campaign-outbox: $(VENV)/.dev  ## a thousand times kill -9 with messages on their way: none lost, none overtaken
	@$(BIN)/python -m tests.campaign.outbox $(CAMPAIGN_ARGS)

soak: $(VENV)/.dev test-tools  ## an hour of lines that fail and come back: memory and descriptors stay flat (as root)
	@$(BIN)/python -m tests.campaign.soak $(CAMPAIGN_ARGS)

campaign: $(VENV)/.dev test-tools  ## truth against report: ten thousand lines, half of them lost at once (as root)
	@$(BIN)/python -m tests.campaign $(CAMPAIGN_ARGS)

docs: $(VENV)/.dev  ## draw the pages of docs/ that come from the code
	@$(BIN)/python -m tests.docs

# Pins what is pinned already and resolves only what changed; LOCK_ARGS=--upgrade takes the newest of everything.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options $(LOCK_ARGS)

lock: $(VENV)/.made  ## write requirements/*.lock anew (LOCK_ARGS=--upgrade, or "--upgrade-package click")
	@test -x $(BIN)/pip-compile || $(PIP) install 'pip-tools>=7.5'
	$(COMPILE) --build-deps-for editable --output-file requirements/runtime.lock pyproject.toml
	$(COMPILE) --build-deps-for editable --extra dev --constraint requirements/runtime.lock \
		--output-file requirements/dev.lock pyproject.toml
	$(COMPILE) --build-deps-for editable --extra pdf \
		--constraint requirements/runtime.lock --output-file requirements/extras.lock pyproject.toml

clean:  ## remove caches and builds
	rm -rf build dist .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find slamon tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## remove .venv too
	rm -rf $(VENV)

test-tools: $(VENV)/.made
	$(call install-tools,$(TEST_TOOLS))

# --- .venv: a stamp for each lock that is installed, so that a second run is quick ---

$(VENV)/.made:
	@python=; for candidate in $(PYTHON); do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "slamon needs Python 3.11 or newer, and none of '$(PYTHON)' is. Try: make PYTHON=/path/to/python3.11" >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    package=$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	    if [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then \
	        echo "Installing the Debian package $$package"; \
	        $(APT) -qq update && DEBIAN_FRONTEND=noninteractive $(APT) -qq install -y --no-install-recommends $$package >/dev/null; \
	    fi; \
	    if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	        echo "$$python cannot make virtual environments. As root: apt-get install $$package" >&2; exit 1; \
	    fi; \
	fi; \
	"$$python" -m venv $(VENV) && touch $@

$(VENV)/.runtime: $(VENV)/.made requirements/runtime.lock pyproject.toml
	@echo "Installing what slamon needs into $(VENV) ..."
	@$(PIP) install --require-hashes --no-deps -r requirements/runtime.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements/dev.lock pyproject.toml
	@echo "Installing what slamon and its tests need into $(VENV) ..."
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# A package's own service is not started: a policy of ours stands in the way while apt works, where there is none.
# Never fails: the demo shows a recorded month where it must, and in CI the tests themselves insist on their tools.
define install-tools
@missing=; \
for pair in $(1); do \
    command -v $${pair%%:*} >/dev/null 2>&1 || test -e $${pair%%:*} || missing="$$missing $${pair##*:}"; \
done; \
if [ -z "$$missing" ]; then :; \
elif [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then \
    echo "Installing the Debian packages$$missing ..."; \
    policy=; \
    if [ ! -e /usr/sbin/policy-rc.d ]; then \
        policy=/usr/sbin/policy-rc.d; printf '#!/bin/sh\nexit 101\n' >$$policy; chmod +x $$policy; \
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT; \
    fi; \
    { $(APT) update && DEBIAN_FRONTEND=noninteractive $(APT) install -y --no-install-recommends $$missing; } \
        >$(VENV)/apt.log 2>&1 || echo "That failed ($(VENV)/apt.log says why); going on without." >&2; \
else \
    echo "Not installed:$$missing. What needs them is left out (as root on Debian: apt-get install$$missing)." >&2; \
fi
endef
