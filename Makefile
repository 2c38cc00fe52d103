# One word each. `make demo` and `make test` install what is missing through scripts/setup.

RELEASE = .build/release/lifeboat

.PHONY: build test demo check fmt bench campaign fuzz release docs clean setup

build: setup
	swift build

release: setup
	swift build -c release --static-swift-stdlib --product lifeboat

test:
	@scripts/setup --tests
	swift build --build-tests
	@scripts/test

demo: release
	@scripts/demo $(RELEASE)

# Formatting, architecture and size limits.
check:
	swift format lint --strict --recursive Package.swift Sources Tests
	swift build --build-tests
	swift test --skip-build --disable-xctest --filter ArchitectureTests

fmt:
	swift format --in-place --recursive Package.swift Sources Tests

bench: release
	@Benchmarks/run $(RELEASE)

# Writes the pages that tests keep true, from what they see; look at the difference before you commit it.
docs:
	@scripts/setup --tests
	LIFEBOAT_WRITE_DOCS=1 swift test --disable-xctest --filter CoverageDocumentTests

# The long versions of the seeded tests and campaigns (docs/reliability.md).
campaign:
	@scripts/setup --tests
	LIFEBOAT_CAMPAIGN=1 swift test --disable-xctest --no-parallel

# Every fuzz target under libFuzzer, SECONDS each.
SECONDS ?= 60
fuzz: setup
	@scripts/fuzz $(SECONDS)

clean:
	swift package clean

setup:
	@scripts/setup
