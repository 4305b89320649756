# Bare `make` prints help. Needs Go 1.26, Node 20 and make; fetches the rest itself.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
ARGS    ?=
# More flags for `go test`, such as TEST_FLAGS='-run TestName -v'.
TEST_FLAGS ?=
TEST_TIMEOUT ?= 5m

# The binary is static; only the race detector needs cgo.
export CGO_ENABLED = 0

CLI     := github.com/picket-api/picket/cli
LDFLAGS := -s -w -X $(CLI).version=$(VERSION) -X $(CLI).commit=$(COMMIT)
BUILD   := $(GO) build -buildvcs=false -trimpath -ldflags '$(LDFLAGS)'

GOLANGCI_VERSION := v2.15.0
BRUNO := .tools/bruno-4.1.0
GOLANGCI := .tools/golangci-lint-$(GOLANGCI_VERSION)

# Not -gcflags=modernc.org/...=-race=false: code without the detector hides the order of things from it, and it sees races that are none.
RACE := -race

# The packages whose tests have an -update flag.
GOLDEN = $(sort $(dir $(shell grep -rlF 'flag.Bool("update"' --include='*_test.go' --exclude-dir=node_modules .)))

# Stamps: what was last done with these inputs.
SETUP  := node_modules/.picket-setup
BUNDLE := node_modules/.picket-bundle
BUNDLE_SOURCES := scripts/bundle.mjs $(shell find postman/script -name '*.js' -not -path '*/bundle/*' -not -path '*/testdata/*' 2>/dev/null)
ifeq ($(and $(wildcard postman/script/bundle/*.js),$(wildcard postman/script/bytecode/*.bin)),)
$(BUNDLE): always
endif

.PHONY: help
help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-10s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(SETUP) ## fetch npm packages (script libraries; newman for tests)

$(SETUP): package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

.PHONY: bundle
bundle: $(BUNDLE) ## bundle the script libraries into postman/script/bundle

$(BUNDLE): $(SETUP) $(BUNDLE_SOURCES) go.mod
	node scripts/bundle.mjs
	$(GO) run -buildvcs=false ./scripts/compile postman/script/bytecode
	@touch $@

.PHONY: build
build: bundle ## build bin/picket
	$(BUILD) -o bin/picket ./cmd/picket

.PHONY: demo
demo: build ## control plane, internal API and runner on this machine; ARGS='--once --json'
	bin/picket demo $(ARGS)

.PHONY: test
test: bundle ## all tests; no root, no services
	$(GO) test -buildvcs=false -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) ./...

.PHONY: test-race
test-race: bundle ## all tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -buildvcs=false $(RACE) -shuffle=on -timeout 10m $(TEST_FLAGS) ./...

.PHONY: e2e
e2e: bundle ## only the tests of the whole product, with real processes
	$(GO) test -buildvcs=false -count=1 -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) ./e2e/...

.PHONY: lint
lint: bundle $(GOLANGCI) ## golangci-lint
	$(GOLANGCI) run ./...

.PHONY: fmt
fmt: $(GOLANGCI) ## gofumpt and import order
	$(GOLANGCI) fmt ./...

$(GOLANGCI):
	@mkdir -p $(@D)
	GOBIN=$(CURDIR)/.tools/new $(GO) install -buildvcs=false github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv .tools/new/golangci-lint $@ && rmdir .tools/new

.PHONY: cover
cover: bundle ## test coverage over all packages; bin/cover.html
	@mkdir -p bin
	$(GO) test -buildvcs=false -timeout $(TEST_TIMEOUT) -coverpkg=./... -coverprofile=bin/cover.out $(TEST_FLAGS) ./...
	$(GO) tool cover -html=bin/cover.out -o bin/cover.html
	@$(GO) tool cover -func=bin/cover.out | tail -1

.PHONY: golden
golden: bundle ## rewrite golden files from what the code does now; review the diff
	$(GO) test -buildvcs=false -count=1 -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) $(GOLDEN) -update

.PHONY: bench
bench: bundle ## Go benchmarks
	$(GO) test -buildvcs=false -run '^$$' -bench . -benchmem -timeout 20m $(TEST_FLAGS) ./...

# The engine itself is not instrumented: it would run a hundred times slower.
FUZZ_TIME ?= 5m
.PHONY: fuzz
fuzz: bundle ## run each fuzz target for FUZZ_TIME (5m; 1000x is so many inputs)
	@grep -roE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9]*' . | sed 's/:func / /' | while read -r file name; do \
	  echo "$$name in $$(dirname $$file)"; \
	  $(GO) test -buildvcs=false -gcflags='modernc.org/...=-d=libfuzzer=0' -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZ_TIME) -fuzzminimizetime 10x ./$$(dirname $$file) </dev/null || exit 1; \
	done

# Not among the packages of `make setup`: it is large, and only a peer to measure.
$(BRUNO):
	npm install --no-audit --no-fund --no-save --prefix $@.new @usebruno/cli@$(subst .tools/bruno-,,$@)
	mv $@.new $@

.PHONY: bench-engine
bench-engine: build $(BRUNO) ## newman, Bruno and Picket side by side: the table of docs/performance.md
	$(GO) build -buildvcs=false -o bin/bench-engine ./bench/engine
	bin/bench-engine -bruno "$(CURDIR)/$(BRUNO)/node_modules/@usebruno/cli/bin/bru.js" $(ARGS)

.PHONY: clean
clean: ## remove what was built; keeps node_modules and .tools
	rm -rf bin $(BUNDLE)
	rm -f postman/script/bundle/*.js postman/script/bytecode/*.bin

.PHONY: always
always:
