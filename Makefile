# pixcheese: what to type. `make` alone lists the targets.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=

# A day at an event has about ten thousand frames; an empty seed is a new one.
FRAMES ?= 10000
SEED ?=

BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/pixcheese
# udev and systemd read these folders under /usr and /usr/local alike; with another PREFIX, name them yourself:
#   make install PREFIX=/opt/pixcheese UDEVDIR=/etc/udev SYSTEMDDIR=/etc/systemd/system SYSUSERSDIR=/etc/sysusers.d
UDEVDIR ?= $(PREFIX)/lib/udev
SYSTEMDDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
SYSCTLDIR ?= $(PREFIX)/lib/sysctl.d
MODULESDIR ?= $(PREFIX)/lib/modules-load.d

# Where `make build` leaves the programs.
RELEASE ?= .build/release
PROGRAMS = pixcheese pixcheese-camsim
MANUALS = $(wildcard man/*.1)
DOCUMENTS = README.md CHANGELOG.md LICENSE $(wildcard docs/*.md)

# How many tests run at once. Without a bound all of them compete for the processor, and what waits for an answer of
# another process waits too long: three for each core keep it busy.
TEST_WIDTH ?= $(shell echo $$((3 * $$(nproc))))
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH = $(TEST_WIDTH)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test torture badnet build packages test-packages bench lint format docs install uninstall clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## all set-up, then all of it on this machine: camera, album, live page
	$(RELEASE)/pixcheese demo

test: test-packages ## all set-up, then all tests
	scripts/test-venv.sh || echo "the tests that need it are skipped" >&2
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

torture: build test-packages ## a simulated day of everything going wrong (FRAMES=10000 SEED=7)
	$(SWIFT) build --build-tests
	PIXCHEESE_TORTURE_FRAMES=$(FRAMES) PIXCHEESE_SEED=$(SEED) PIXCHEESE_PROGRAMS="$(abspath $(RELEASE))" \
	  $(SWIFT) test --skip-build --filter TortureTests

build: packages ## the release programs, at .build/release
	$(SWIFT) build -c release --static-swift-stdlib

packages:
	@scripts/install-packages build

test-packages:
	@scripts/install-packages build test

badnet: test-packages ## the long forms of the tests over bad networks (root)
	$(SWIFT) build --build-tests
	PIXCHEESE_LONG=1 $(SWIFT) test --skip-build --filter BadNetworkTests

bench: build test-packages ## the figures: against gphoto2, shutter to viewable, journal, memory
	scripts/bench

lint: ## the formatter's rules, strictly
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift

format: ## bring the sources into form
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

docs: packages ## the modules' reference as web pages, at docs/html
	SWIFT="$(SWIFT)" scripts/render-docs

install: ## programs, manuals, udev rules, service (PREFIX=/usr/local, DESTDIR=)
	@for program in $(PROGRAMS); do \
	  [ -x "$(RELEASE)/$$program" ] || { echo "$(RELEASE)/$$program is not there: run 'make build' first" >&2; exit 66; }; \
	done
	install -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(MANDIR)/man1" "$(DESTDIR)$(DOCDIR)/examples" \
	  "$(DESTDIR)$(UDEVDIR)/rules.d" "$(DESTDIR)$(SYSTEMDDIR)" "$(DESTDIR)$(SYSUSERSDIR)" "$(DESTDIR)$(SYSCTLDIR)" "$(DESTDIR)$(MODULESDIR)"
	install -m 0755 -s $(PROGRAMS:%="$(RELEASE)/%") "$(DESTDIR)$(BINDIR)"
	install -m 0644 $(MANUALS) "$(DESTDIR)$(MANDIR)/man1"
	install -m 0644 $(DOCUMENTS) "$(DESTDIR)$(DOCDIR)"
	install -m 0644 udev/90-pixcheese-service.rules udev/69-pixcheese-no-desktop.rules "$(DESTDIR)$(DOCDIR)/examples"
	install -m 0644 udev/60-pixcheese.rules "$(DESTDIR)$(UDEVDIR)/rules.d"
	install -m 0644 systemd/pixcheese.sysusers "$(DESTDIR)$(SYSUSERSDIR)/pixcheese.conf"
	install -m 0644 sysctl/60-pixcheese.conf "$(DESTDIR)$(SYSCTLDIR)"
	install -m 0644 sysctl/pixcheese.modules.conf "$(DESTDIR)$(MODULESDIR)/pixcheese.conf"
	sed 's|/usr/local/bin/|$(BINDIR)/|' systemd/pixcheese.service > "$(DESTDIR)$(SYSTEMDDIR)/pixcheese.service"
	chmod 0644 "$(DESTDIR)$(SYSTEMDDIR)/pixcheese.service"
	@[ -n "$(DESTDIR)" ] || printf '%s\n' 'installed; to let udev and systemd know, as root:' \
	  '  systemd-sysusers && systemctl daemon-reload' \
	  '  modprobe tcp_bbr && sysctl --system' \
	  '  udevadm control --reload && udevadm trigger --action=add --subsystem-match=usb'

uninstall: ## remove what install placed; photos, journal and configuration stay
	rm -f $(PROGRAMS:%="$(DESTDIR)$(BINDIR)/%") $(MANUALS:man/%="$(DESTDIR)$(MANDIR)/man1/%")
	rm -f "$(DESTDIR)$(UDEVDIR)/rules.d/60-pixcheese.rules" "$(DESTDIR)$(SYSTEMDDIR)/pixcheese.service" \
	  "$(DESTDIR)$(SYSUSERSDIR)/pixcheese.conf" "$(DESTDIR)$(SYSCTLDIR)/60-pixcheese.conf" \
	  "$(DESTDIR)$(MODULESDIR)/pixcheese.conf"
	rm -rf "$(DESTDIR)$(DOCDIR)"

clean: ## remove what was built
	rm -rf .build docs/html .venv-test
