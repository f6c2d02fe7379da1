# The book's commands. Each makes .venv by itself; nothing but Python and make needs to be there.
PYTHON ?= python3
TORCH_INDEX ?=
# One thread per process: two test processes share two cores, and one thread repeats bit for bit.
export OMP_NUM_THREADS ?= 1
export JUPYTER_PLATFORM_DIRS := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NOTEBOOKS = $(wildcard chapters/*.ipynb)
# Usage: command $(call or_say,what to do)
or_say = || { echo "make $@: $(1)" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help book test lab run pins clean
.DELETE_ON_ERROR:

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1|/' | column -t -s '|'

book: .venv/book.stamp ## build the pages and say where to open them
	@mkdir -p _build
	@$(BIN)/jupyter-book build --all -W -n --keep-going . > _build/log.txt 2>&1 \
		|| { grep -E 'WARNING|ERROR' _build/log.txt || tail -n 30 _build/log.txt; echo "make book: the warnings above stop the build; mend the page they name" >&2; exit 1; }
	@$(BIN)/python tools/count_pages.py $(call or_say,a page of _toc.yml was not built; see the line above)

test: .venv/full.stamp ## re-measure every number, build strictly, test the pages in a browser
	@$(BIN)/ruff check . $(call or_say,ruff found the faults above; '$(BIN)/ruff check --fix .' mends most)
	@$(BIN)/ruff format --check . $(call or_say,run '$(BIN)/ruff format .')
	@$(MAKE) --no-print-directory book
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS) $(call or_say,the tests above failed; a number that changed on purpose wants 'make run')

lab: .venv/full.stamp ## open JupyterLab on the chapters
	@$(BIN)/jupyter lab chapters

run: .venv/full.stamp ## re-execute the chapters and keep their outputs
	@$(BIN)/python tools/run_notebooks.py $(NOTEBOOKS) $(call or_say,the cell above failed; mend it and run again)
	@$(BIN)/python tools/readme_picture.py $(call or_say,a picture of the README is no longer in the chapters)

pins: .venv/book.stamp ## renew requirements*.txt and constraints.txt from pyproject.toml
	@$(PIP) uv $(call or_say,uv could not be installed; check the network)
	@sh tools/pins.sh $(BIN)/uv $(call or_say,no set of versions fits pyproject.toml; see above)

clean: ## remove all that these targets made
	rm -rf .venv _build mine_lib.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
		$(call or_say,Python 3.10 to 3.13 is needed; name one with 'make $(MAKECMDGOALS) PYTHON=python3.12')
	@echo "Making .venv ..."
	@$(PYTHON) -m venv .venv $(call or_say,$(PYTHON) cannot make a virtual environment; on Debian or Ubuntu: apt install python3-venv)
	@touch $@

.venv/book.stamp: .venv/python.stamp requirements-book.txt constraints.txt
	@echo "Installing what builds the pages ..."
	@$(PIP) -r requirements-book.txt $(call or_say,pip failed; see above and check the network)
	@touch $@

.venv/full.stamp: .venv/book.stamp requirements.txt pyproject.toml
	@echo "Installing what runs and tests the notebooks ..."
	@$(if $(TORCH_INDEX),$(PIP) -c constraints.txt --index-url $(TORCH_INDEX) torch $(call or_say,no torch at TORCH_INDEX=$(TORCH_INDEX)),:)
	@$(PIP) -r requirements.txt $(call or_say,pip failed; see above and check the network)
	@touch $@
