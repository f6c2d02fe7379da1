# The book's commands. Each makes .venv by itself; nothing but Python and make needs to be there.
PYTHON ?= python3
TORCH_INDEX ?=
BENCH_THREADS ?= 2
# Some chapters alone: CHAPTER=02, or CHAPTERS=1,3,5
CHAPTERS ?=
CHAPTER ?= $(CHAPTERS)
FOLDER := submissions
LIMIT := 60
export FOLDER
# One thread per process: two test processes share two cores, and one thread repeats bit for bit.
export OMP_NUM_THREADS ?= 1
export JUPYTER_PLATFORM_DIRS := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1

ifeq ($(wildcard mine_lib/__init__.py),)
$(error This folder is not the book's; use: make -C $(dir $(firstword $(MAKEFILE_LIST))) $(MAKECMDGOALS))
endif

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv knows where CPU builds of torch are: TORCH_INDEX=cpu
WITH_UV := $(PIP) -r binder/requirements.txt && $(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend cpu
INSTALL_TORCH = $(if $(filter cpu,$(TORCH_INDEX)),$(WITH_UV),$(PIP) --index-url $(TORCH_INDEX)) -c constraints.txt torch
export ASKED ?= $(MAKECMDGOALS)
# Usage: command $(call or_say,what to do), without a comma: what follows it would be lost
or_say = || { echo "make $(ASKED): $(1)" >&2; exit 1; }
# Of two makes in this folder one at a time installs and builds: $(ALONE) $(MAKE) target
ALONE := sh tools/alone.sh
ALL := $(sort $(wildcard chapters/[0-9]*.ipynb)) $(sort $(wildcard appendix/*.ipynb))
comma := ,
CHOSEN := $(subst $(comma), ,$(CHAPTER))
ifneq ($(CHAPTERS),)
ifneq ($(CHAPTER),$(CHAPTERS))
$(error CHAPTER=$(CHAPTER) and CHAPTERS=$(CHAPTERS) are two names of one thing: give one)
endif
endif
numbered = $(wildcard chapters/$(1)_*.ipynb chapters/0$(1)_*.ipynb)
NOTEBOOKS := $(if $(CHOSEN),$(sort $(foreach each,$(CHOSEN),$(call numbered,$(each)))),$(ALL))
MISSING := $(strip $(foreach each,$(CHOSEN),$(if $(call numbered,$(each)),,$(each))))
ifneq ($(MISSING),)
$(error There is no chapter $(MISSING); say one of CHAPTER=$(foreach each,$(patsubst chapters/%,%,$(filter chapters/%,$(ALL))),$(firstword $(subst _, ,$(each)))))
endif

# For pytest -k: 01_mutual_information or 02_donsker_varadhan
ONLY := $(subst $(empty) $(empty), or ,$(strip $(notdir $(basename $(NOTEBOOKS)))))

.DEFAULT_GOAL := help
.PHONY: help book pages environment test course-test lab run spread portable bench course grade slides pdf costs pins clean
.NOTPARALLEL:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: ## build the pages and say where to open them
	@$(ALONE) $(MAKE) --no-print-directory pages

pages: .venv/book.stamp
	@mkdir -p _build
	@$(BIN)/python -c 'from jupyter_book.cli.main import main; main()' build --all -W -n --keep-going . > _build/log.txt 2>&1 \
		|| { grep -E 'WARNING|ERROR' _build/log.txt || tail -n 30 _build/log.txt; \
		echo "make book: mend what is named above (line 20003 of a notebook is line 3 of its second cell; all is in _build/log.txt)" >&2; exit 1; }
	@$(BIN)/python tools/count_pages.py $(call or_say,the pages built are not those of _toc.yml: see above ('rm -r _build' removes old ones))

environment: ## install what runs and tests the notebooks
	@test -e .venv/full.stamp && $(MAKE) --no-print-directory -q .venv/full.stamp || $(ALONE) $(MAKE) --no-print-directory .venv/full.stamp

test: environment ## re-measure every number, build strictly, test the pages in a browser (one chapter's: CHAPTER=02)
	@$(BIN)/python -m ruff check . $(call or_say,ruff found the faults above; '$(BIN)/ruff check --fix .' mends most)
	@$(BIN)/python -m ruff format --check . $(call or_say,run '$(BIN)/ruff format .')
	@$(MAKE) --no-print-directory book
	@$(BIN)/python -m pytest -m 'not course' -n 2 --dist loadfile $(if $(CHOSEN),$(NOTEBOOKS) tests/test_notebooks.py -k '$(ONLY)') $(PYTEST_ARGS) \
		$(call or_say,tests failed. A cell that raises wants mending; a number that changed on purpose wants 'make run' and if it is held 'make spread' (+ marks what is stored and - what came out))

slides: ## make the slides of the chapters, for a browser (one chapter's: CHAPTER=02)
	@$(MAKE) --no-print-directory book
	@$(BIN)/python tools/slides.py $(NOTEBOOKS) $(call or_say,no slides were made; see above)

pdf: environment ## print the chapters and the book as PDF, in two minutes (one chapter: CHAPTER=02)
	@$(MAKE) --no-print-directory book
	@$(BIN)/python tools/pdf.py $(NOTEBOOKS) $(call or_say,not printed; see above)

lab: environment ## open JupyterLab on the chapters
	@$(BIN)/python -m jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) chapters $(call or_say,JupyterLab stopped; see above)

run: environment ## execute the chapters again and keep their outputs (one alone: CHAPTER=02)
	@$(BIN)/python tools/run_notebooks.py $(NOTEBOOKS) $(call or_say,a chapter failed; mend the cell named above and run again)
	@$(BIN)/python tools/readme_picture.py $(call or_say,a picture of the README is no longer in the chapters)

spread: environment ## measure how far trained numbers move, an hour and more (one alone: CHAPTER=02)
	@$(BIN)/python tools/spread.py $(NOTEBOOKS) $(call or_say,numbers move further than the pages allow; each line above names one)

portable: environment ## test the chapters as older processors and two threads run them (one alone: CHAPTER=02)
	@$(BIN)/python tools/portable.py $(NOTEBOOKS) $(call or_say,outputs differ on other processors; hold the numbers that move: see CONTRIBUTING.md)

course: environment ## make notebooks for students, and full ones, as folders and zips (some chapters: CHAPTERS=1,3,5)
	@$(MAKE) --no-print-directory book
	@$(BIN)/python tools/course.py $(CHOSEN) $(call or_say,no course was made; see above)

grade: environment ## grade notebooks that students handed in: FOLDER=submissions; LIMIT=60 seconds for each exercise
	@$(BIN)/python -m mine_checks.grading "$$FOLDER" --seconds $(LIMIT) $(call or_say,not graded; see above)

course-test: environment ## test the course in a clean environment, grading, and what else is slow: half an hour
	@$(MAKE) --no-print-directory book
	@$(BIN)/python -m pytest tests -m course -n 2 --dist loadfile $(PYTEST_ARGS) $(call or_say,the course does not run as it is handed out; see above)

bench: environment ## measure speed and accuracy, some hours; writes benchmarks/
	@OMP_NUM_THREADS=$(BENCH_THREADS) $(BIN)/python benchmarks/speed.py --threads $(BENCH_THREADS) $(call or_say,the benchmark stopped; see above)
	@$(BIN)/python benchmarks/accuracy.py --workers $(BENCH_THREADS) $(call or_say,the benchmark stopped; see above)
	@for part in rivals independent; do $(BIN)/python benchmarks/accuracy.py --part $$part --workers $(BENCH_THREADS) || exit 1; done \
		$(call or_say,the benchmark stopped; see above)

costs: environment ## measure run time and memory of each chapter, some minutes; writes benchmarks/costs.json
	@OMP_NUM_THREADS=1 $(BIN)/python tools/costs.py $(NOTEBOOKS) $(call or_say,a chapter failed; mend the cell named above)

pins: ## renew requirements*.txt and constraints.txt from pyproject.toml
	@$(ALONE) $(MAKE) --no-print-directory .venv/python.stamp
	@$(PIP) uv $(call or_say,uv could not be installed; check the network)
	@sh tools/pins.sh $(BIN)/uv $(call or_say,no set of versions fits pyproject.toml; see above)

clean: ## remove all that these commands made
	rm -rf .venv _build build .making .making.clear mine_lib.egg-info .pytest_cache
	find . \( -name __pycache__ -o -name .ruff_cache -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

.venv/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
		$(call or_say,'$(PYTHON)' does not run or is not Python 3.10 to 3.13; name another: make PYTHON=/path/to/python book)
	@echo "Making .venv ..."
	@$(PYTHON) -m venv .venv $(call or_say,'$(PYTHON)' cannot make a virtual environment; on Debian or Ubuntu install python3-venv)
	@touch $@

.venv/book.stamp: .venv/python.stamp requirements-book.txt constraints.txt
	@echo "Installing what builds the pages ..."
	@$(PIP) -r requirements-book.txt $(call or_say,pip failed; see above and check the network)
	@touch $@

.venv/full.stamp: .venv/book.stamp requirements.txt pyproject.toml
	@echo "Installing what runs and tests the notebooks ..."
	@$(if $(TORCH_INDEX),$(INSTALL_TORCH) $(call or_say,no torch at TORCH_INDEX=$(TORCH_INDEX)),:)
	@$(PIP) -r requirements.txt $(call or_say,pip failed; see above and check the network)
	@touch $@
