# Every target runs from a clean clone with Go, git, make, a C compiler (for -race) and Chromium (for bench-smoke).
# The tools are pinned in tools/go.mod and built by the go command.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.NOTPARALLEL:

FUZZTIME ?= 5s
STEPS ?= 10000000
LIVES ?= 4000
SCRIPT_STEPS ?= 1000000
COUNT ?= 10
CPU ?= 1,2
BENCH ?= .

TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
EACH := ./scripts/each-module.sh

.PHONY: help
help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  FUZZTIME=$(FUZZTIME) for each fuzz target, STEPS=$(STEPS), LIVES=$(LIVES) and SCRIPT_STEPS=$(SCRIPT_STEPS) of the model,"
	@echo "  COUNT=$(COUNT) CPU=$(CPU) BENCH=$(BENCH) for benchmarks"

.PHONY: test
test: STEPS = 1000000
test: LIVES = 300
test: SCRIPT_STEPS = 100000
test: needs fmt-check tidy-check vet lint race test-32bit model fuzz examples tune-smoke five-steps tune-install bench-smoke ## all that must pass before a change lands (with a shorter model)
	@echo "make test: all passed"

.PHONY: needs
needs: ## what the tests start: installed where apt-get and root are at hand, else named
	@./scripts/need.sh redis-server redis-server
	@./scripts/need.sh chromium chromium # looks at the pages that the benchmarks make

.PHONY: fmt
fmt: ## format the tree
	$(TOOL) golangci-lint fmt
	$(TOOL) gofumpt -w .

.PHONY: fmt-check
fmt-check: ## fail if a file is not formatted
	@./scripts/fmt-check.sh

.PHONY: tidy-check
tidy-check: ## fail if a go.mod or go.sum is not tidy
	$(EACH) go mod tidy -diff
	cd tools && go mod tidy -diff

.PHONY: vet
vet: ## go vet
	$(EACH) go vet ./...

.PHONY: lint
lint: ## golangci-lint: faults, doc comments, and who may import whom
	$(TOOL) golangci-lint config verify
	@# by its path, since -modfile and a workspace exclude each other
	$(EACH) "$$($(TOOL) -n golangci-lint)" run ./...

.PHONY: race
race: ## all tests with the race detector, in random order
	$(EACH) go test -race -shuffle=on ./...

MEMORY := . ./sync ./async ./store ./store/storetest ./internal/actor ./internal/algorithm ./internal/hashslot ./internal/interrupt ./internal/model ./internal/table

.PHONY: test-32bit
test-32bit: ## the tests of what does not need Redis, where an int has 32 bits
	CGO_ENABLED=0 GOARCH=386 go test $(MEMORY)

.PHONY: model
model: ## compare with exact arithmetic: STEPS of the algorithms, LIVES of a waiting line, SCRIPT_STEPS in a Redis
	@for test in "Model ./internal/algorithm -steps $(STEPS)" "Model ./internal/table -lives $(LIVES)" \
		"Scripts$$ ./store/redis/internal/script -steps $(SCRIPT_STEPS)"; do \
		go test -count=1 -timeout 15m -run $$test | \
			awk '{ print } /no tests to run/ { bad = 1 } END { exit bad }'; \
	done

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME
	@FUZZTIME=$(FUZZTIME) ./scripts/fuzz.sh .
	@FUZZTIME=$(FUZZTIME) ./scripts/in-module.sh tune $(CURDIR)/scripts/fuzz.sh tune
	@FUZZTIME=$(FUZZTIME) ./scripts/fuzz.sh contrib/httplimit

.PHONY: examples
examples: ## run every program under examples/
	@./scripts/examples.sh

.PHONY: throttled-bench
throttled-bench: ## build the tuning tool into out/
	@mkdir -p out
	./scripts/in-module.sh tune go build -o $(CURDIR)/out/ ./cmd/throttled-bench

.PHONY: tune-install
tune-install: ## install the tuning tool as "go install …@latest" does, from a proxy made of this clone
	@./scripts/tune-install.sh

.PHONY: five-steps
five-steps: ## run the commands of docs/tuning.md, from a log to settings, on a Redis started for them
	@./scripts/five-steps.sh

.PHONY: tune-smoke
tune-smoke: throttled-bench ## advice for the log that is shipped, and the page in out/tune.html
	out/throttled-bench tune -log tune/internal/tune/testdata/shop.log -html out/tune.html
	@./scripts/look-at-page.sh out/tune.html 5

.PHONY: cover
cover: ## coverage of all packages by all tests, as out/cover.html
	mkdir -p out
	go test -coverpkg=./... -coverprofile=out/cover.out ./...
	go tool cover -html=out/cover.out -o out/cover.html
	go tool cover -func=out/cover.out | tail -n 1

.PHONY: bench-core
bench-core: ## benchmarks of a decision; medians by benchstat
	@COUNT=$(COUNT) CPU=$(CPU) BENCH='$(BENCH)' ./scripts/bench.sh bench ./core out/bench-core.txt

.PHONY: bench-async
bench-async: ## benchmarks of calls in flight and of waits; medians by benchstat
	@COUNT=$(COUNT) CPU=2 BENCH='$(BENCH)' ./scripts/bench.sh . ./async out/bench-async.txt
	@COUNT=$(COUNT) CPU=2 BENCH='$(BENCH)' ./scripts/bench.sh bench ./async out/bench-wakeup.txt

.PHONY: bench-redis
bench-redis: bench-peers-redis ## the same as bench-peers-redis, and what each script takes inside Redis
	@COUNT=$(COUNT) CPU=2 BENCH='$(BENCH)' ./scripts/bench.sh . ./store/redis/internal/script out/bench-redis-scripts.txt

.PHONY: bench-peers-redis
bench-peers-redis: ## decisions in a Redis started for them, beside INCRBY and other limiters; medians by benchstat
	@COUNT=$(COUNT) CPU=2 BENCH='$(BENCH)' ./scripts/bench.sh bench ./redis out/bench-redis.txt

.PHONY: bench-peers
bench-peers: CPU = 1,$(shell getconf _NPROCESSORS_ONLN)
bench-peers: ## other limiters and this one at the same work; medians by benchstat
	@COUNT=$(COUNT) CPU=$(CPU) BENCH='$(BENCH)' ./scripts/bench.sh bench ./peers out/bench-peers.txt

.PHONY: bench-waits
bench-waits: CPU = $(shell getconf _NPROCESSORS_ONLN)
bench-waits: ## 10,000 who wait at other limiters and at this one; medians by benchstat
	@COUNT=$(COUNT) CPU=$(CPU) BENCH='$(BENCH)' ./scripts/bench.sh bench ./waits out/bench-waits.txt

.PHONY: bench-http
bench-http: CPU = 1,$(shell getconf _NPROCESSORS_ONLN)
bench-http: ## HTTP middlewares of other limiters and of this one, on a request let through; medians by benchstat
	@COUNT=$(COUNT) CPU=$(CPU) BENCH='$(BENCH)' ./scripts/bench.sh bench ./http out/bench-http.txt

.PHONY: bench-smoke
bench-smoke: ## run every benchmark once, and look at a small report in a browser
	@./scripts/bench-smoke.sh

.PHONY: bench
bench: ## all benchmarks of the module bench; medians by benchstat
	@COUNT=$(COUNT) CPU=$(CPU) BENCH='$(BENCH)' ./scripts/bench.sh bench ./... out/bench.txt
