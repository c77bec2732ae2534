# Each target says after ## what it is for; `make help` prints that.
# Nothing here does what plain go commands cannot: `go run ./cmd/copyscope` and
# `go test ./...` work without make.

GO       ?= go
BIN      ?= bin/copyscope
PREFIX   ?= /usr/local
# For who builds without a clone: in one, Go tells the binary its tag and commit.
VERSION  ?=
LDFLAGS  ?= -s -w -X main.version=$(VERSION)
# A module of its own has what makes releases, so that the product requires none of it.
GORELEASER ?= $(GO) tool -modfile=packaging/release/go.mod goreleaser
# GOOS/GOARCH pairs that must build; Linux on amd64 is where it is developed.
PLATFORMS ?= linux/arm64 darwin/arm64 windows/amd64
# Packages whose tests hold golden files, and what writes them anew.
GOLDEN   ?= $(shell grep -rlE --include='*_test.go' 'flag.Bool."update"|importertest.Golden' . | xargs -n1 dirname | sort -u)
# Packages in which goroutines meet. Not internal/lab: the race detector's
# shadow memory takes page faults that no prediction knows of.
RACY     ?= ./broker/... ./web/... ./internal/host/... ./internal/clusterview/...
# Tests that are left out under the race detector: they take long, most of it in the
# browser, with one goroutine or waiting for the disk, and meet the same goroutines as
# the others. What one reader does with the scope in a browser is such a test
# (TestScope…): the server's part of it are the runs and windows that
# scope_run_test.go, window_socket_test.go and flood_test.go ask for, many at a time.
UNRACED  ?= TestBrowserEveryLesson|TestBrowserLesson(Names|Shows)|TestHostileAddresses|TestManyPartitions|TestPagesWithoutStorage|TestScope|TestTalkSpeakerSleepsHalfAMinute|TestWindowsOfTenMillionEvents|TestAWindowTellsWhatTheWhole|TestLargestRunsOfAPage
# Flags of make peers, such as -runs 3.
PEERS    ?=
# How long each fuzz target runs.
FUZZTIME ?= 10m
# How long the broker is tortured.
TORTURE  ?= 30m
# How long the soak lasts; below 10 minutes it cannot say whether something grows.
SOAK     ?= 2h

.DEFAULT_GOAL := help
.PHONY: help build run docs generate test race vulncheck clients migration monitoring servers screenshots weight peers scale torture defences soak fuzz lint fmt cross notices golden tidy ci install snapshot release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/copyscope for this machine, the same to the byte as whoever builds this commit
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/copyscope

run: ## serve the pages and the broker on loopback
	$(GO) run ./cmd/copyscope

docs: ## write the documentation as files into bin/docs, which open without a server
	$(GO) run ./cmd/copyscope docs --write bin/docs

generate: ## write anew what is written by programs: the Go of every templ page, docs/models.md, the table in docs/profiles.md, docs/coverage.md
	$(GO) tool templ generate
	$(GO) run ./docs/models -o docs/models.md
	$(GO) run ./docs/profiles -w docs/profiles.md
	$(GO) run ./docs/coverage -o docs/coverage.md

test: ## run every test; what this machine cannot run is skipped with its reason
	$(GO) test ./...

race: ## run the tests of concurrent packages under the race detector
	$(GO) test -race -timeout 20m -skip '$(UNRACED)' $(RACY)

vulncheck: ## hold what is called of modules and of Go's library against the Go vulnerability database
	bash .ci/vulncheck.sh

fuzz: ## run every fuzz target for FUZZTIME (default 10m)
	docs/bench/fuzz.sh $(FUZZTIME)

torture: ## kill, cut off and starve a broker under load for TORTURE (default 30m), and judge what its clients saw (docs/torture.md)
	$(GO) run ./docs/bench/torture -for $(TORTURE)

defences: ## take each defence of SECURITY.md away in a copy, and see that its test is red without it
	CI=true docs/bench/defences.sh

clients: ## run real clients against the broker and write docs/clients.md
	$(GO) run ./clients/matrix

migration: ## take the steps of docs/migration.md with a real Apache Kafka, in both directions
	$(GO) run ./docs/migration

monitoring: ## hold Prometheus' rules and Grafana's dashboard to Prometheus' parser and engine; fetches its modules
	cd packaging/monitoring/check && $(GO) vet ./... && $(GO) test -count=1 ./...

servers: ## hold copyscope attach to real servers, as root, and write docs/servers.md
	$(GO) run ./servers

peers: ## hold the broker against Kafka, NATS, kfake, nginx and bare loops, as root, and write docs/bench/peers.md
	$(GO) run ./docs/bench/peers $(PEERS)

screenshots: ## picture every page in both languages, three themes and two widths, into bin/screenshots, and the six of the documentation into docs/pictures
	$(GO) run ./pages -shots bin/screenshots -best docs/pictures

weight: ## write what the pages weigh to docs/bench/pages.md
	$(GO) run ./pages -weigh docs/bench/pages.md

scale: ## measure what the product costs by size, on a quiet machine in a quarter of an hour, and write docs/bench/scale.md
	$(GO) run ./docs/bench/scale

soak: ## put a mixed load on a server with its pages open for SOAK (default 2h), hold that nothing grows, and write docs/bench/soak.md
	$(GO) run ./docs/bench/soak -for $(SOAK) -o docs/bench/soak.md

lint: ## gofmt, go vet and staticcheck; changes nothing
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run make fmt'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

fmt: ## format Go and templ files
	gofmt -w .
	$(GO) tool templ fmt .

cross: ## build and vet for the other platforms
	@for p in $(PLATFORMS); do \
		echo "$$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) build ./... || exit 1; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; \
	done

notices: ## write THIRD_PARTY_NOTICES.md from what is linked
	$(GO) run ./internal/notices -o THIRD_PARTY_NOTICES.md

golden: ## write the golden files anew; read the difference before you commit it
	@for d in $(GOLDEN); do $(GO) test $$d -update || exit 1; done

tidy: ## bring go.mod in line with the imports, also that of packaging/monitoring/check
	$(GO) mod tidy
	cd packaging/monitoring/check && $(GO) mod tidy

ci: ## everything that must hold before a change is merged
	bash .ci/run

install: build ## install the binary to PREFIX/bin
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/copyscope

snapshot: ## build the archives and packages of this commit, for every platform, into bin/release
	$(GORELEASER) release --snapshot --clean

release: ## the same of the tag that is checked out (docs/install.md)
	$(GORELEASER) release --clean

clean: ## remove what make made
	rm -rf bin
