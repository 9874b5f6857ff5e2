# The commands of the project. `make` alone lists them.

SHELL := /bin/bash
FUZZ_SECONDS ?= 300
root := $(if $(filter 0,$(shell id -u)),,sudo -E)
# Tests of the kernel side need root; only the test programs get it, never cargo.
as_root := $(if $(root),CARGO_TARGET_$(shell uname -m | tr a-z A-Z)_UNKNOWN_LINUX_GNU_RUNNER="sudo -E")

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: build
build: ## build the release binary
	@.ci/packages build
	cargo build --release --locked -p plainsight

.PHONY: run
run: build ## watch this host, live
	$(root) target/release/plainsight watch

.PHONY: demo
demo: build ## a small real workload over TLS, watched
	@.ci/packages test
	$(root) bench/demo target/release/plainsight

.PHONY: test
test: ## every test, those of the kernel side too
	@.ci/packages test
	@.ci/wheels $${CARGO_TARGET_DIR:-target}/wheels || echo "SKIPPED what wants the packages named above" >&2
	$(as_root) cargo test --workspace --locked

.PHONY: corpus
corpus: ## replay captures of others: what agrees with what they expect, the score of each protocol, how each is recognised
	cargo test --locked -p plainsight --test corpus

.PHONY: matrix
matrix: ## watch real traffic on other kernels, each booted under emulation
	@.ci/packages matrix
	@.ci/kernels $${CARGO_TARGET_DIR:-target}/kernels
	cargo build --locked -p capture --examples
	cargo test --locked -p plainsight --test matrix

.PHONY: check
check: ## format, lints, licences and sources of what we depend on
	@.ci/packages build
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@cargo deny --version >/dev/null 2>&1 || { echo "Installing what is missing: cargo-deny"; cargo install --locked --quiet cargo-deny; }
	cargo deny --log-level error check licenses bans sources

.PHONY: advisories
advisories: ## known weaknesses of what we depend on (asks the RustSec database, so it wants the network)
	cargo deny check advisories

.PHONY: record
record: ## record the fixtures again from real servers
	@.ci/packages record
	cargo run --locked -p xtask -- record

.PHONY: fuzz
fuzz: ## throw random and mutated bytes at every parser, FUZZ_SECONDS each
	FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz/run

.PHONY: cost
cost: build ## count the instructions of every protocol, which may not rise
	@.ci/packages cost
	bench/ceilings check

.PHONY: bench
bench: build ## measure, beside the peers, and write bench/RESULTS.md
	@.ci/packages bench
	cargo build --release --locked -p capture --example plan
	$(root) bench/run
