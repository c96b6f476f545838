# zonepush: see README.md for what it is, CONTRIBUTING.md for how it is laid out.
#
#   make          build zonepush and zonepush-agent
#   make demo     the whole path on loopback, with real BIND (BREAK=1: with a dead slave, must fail)
#   make check    all tests            make check-unit, make check-e2e [TEST=name]
#   make asan     all tests under ASan and UBSan
#   make lint     the rules that a script can check
#   make fuzz     each fuzz target for SECONDS (default 20)
#   make faults   kill -9 at every system call that matters [POINTS=n of each operation]
#   make bench    figures, not tests
#   make deps     installs what is missing (Debian); the targets above do it by themselves
#   make fresh    make demo and make check on a fresh Debian of their own (root, debootstrap; slow)
#   make install-master, make install-slave, make install (both)
#                 DESTDIR, PREFIX, SYSCONFDIR, UNITDIR

VERSION := 0.1.0

BUILD ?= build
PREFIX ?= /usr
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
SBINDIR = $(PREFIX)/sbin
MANDIR = $(PREFIX)/share/man/man8
SECONDS ?= 20
TEST ?=
# Files of end-to-end tests that run at once: they mostly wait.
JOBS ?= 4
BREAK ?=
POINTS ?= 0

CFLAGS ?= -O2 -g
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
WARN = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
       -Wvla -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DZP_VERSION='"$(VERSION)"' -iquote . \
             $(WARN) $(HARDEN) -pthread -MMD -MP $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -pthread $(LDFLAGS) $(SANITIZE)

HOOK_LIBS = -lcurl
AGENT_LIBS = -lmicrohttpd -lcurl
PROTO_LIBS = -ljansson -lsodium -lldns -lsqlite3 -linih

PYTHON = /usr/bin/python3
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

proto_objects := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard proto/*.c)))
hook_objects := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard master-hook/*.c)))
agent_objects := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard slave-agent/*.c)))
unit_tests := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/test_*.c)))
unit_helpers := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
fuzz_targets := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: all check check-unit check-e2e demo lint asan fuzz faults bench fresh deps clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/zonepush $(BUILD)/zonepush-agent

$(BUILD)/zonepush: $(hook_objects) $(BUILD)/libproto.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(HOOK_LIBS) $(PROTO_LIBS)

$(BUILD)/zonepush-agent: $(agent_objects) $(BUILD)/libproto.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(AGENT_LIBS) $(PROTO_LIBS)

# What unit tests and fuzz targets link: everything but the two main functions.
$(BUILD)/libproto.a: $(proto_objects)
$(BUILD)/libhook.a: $(filter-out %/main.o,$(hook_objects))
$(BUILD)/libagent.a: $(filter-out %/main.o,$(agent_objects))
$(BUILD)/lib%.a:
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(unit_helpers) $(BUILD)/libhook.a $(BUILD)/libagent.a $(BUILD)/libproto.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(AGENT_LIBS) $(PROTO_LIBS)

deps:
	@packaging/install-deps

check: deps
	$(MAKE) check-unit
	$(MAKE) check-e2e

check-unit: $(unit_tests)
	@set -e; for test in $(filter %$(TEST),$(unit_tests)); do echo "$$test"; $$test; done

check-e2e: all
	BUILD=$(abspath $(BUILD)) $(PYTHON) -m pytest -q -p no:cacheprovider \
		-n $(JOBS) --dist loadfile $(if $(TEST),-k $(TEST)) tests/e2e

demo: deps
	$(MAKE) all
	BUILD=$(abspath $(BUILD)) BREAK=$(BREAK) tests/lab/demo

asan: deps
	$(MAKE) check BUILD=build-asan CFLAGS="-O1 -g" HARDEN=-fPIE SANITIZE="$(SANITIZERS)"

lint: deps
	tests/lint

# First that the harness finds agents that are broken on purpose.
faults: deps
	$(MAKE) all
	BUILD=$(abspath $(BUILD)) tests/faults/faults --self-test
	BUILD=$(abspath $(BUILD)) tests/faults/faults --points $(POINTS)

bench: deps
	$(MAKE) all
	BUILD=$(abspath $(BUILD)) tests/bench/bench

fuzz: deps
	$(MAKE) BUILD=build-fuzz CC=clang CFLAGS="-O1 -g" HARDEN=-fPIE \
		SANITIZE="$(SANITIZERS) -fsanitize=fuzzer-no-link" run-fuzz SECONDS=$(SECONDS)

.PHONY: run-fuzz
run-fuzz: $(addprefix $(BUILD)/fuzz/,$(fuzz_targets))
	@set -e; for target in $(fuzz_targets); do \
		echo "$$target: $(SECONDS) s"; \
		mkdir -p $(BUILD)/corpus/$$target; \
		$(BUILD)/fuzz/$$target -max_total_time=$(SECONDS) -timeout=10 -print_final_stats=1 \
			-artifact_prefix=$(BUILD)/ $(BUILD)/corpus/$$target tests/fuzz/seeds/$$target \
			>$(BUILD)/$$target.log 2>&1 || { tail -n 40 $(BUILD)/$$target.log; exit 1; }; \
		tail -n 6 $(BUILD)/$$target.log; \
	done

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libhook.a $(BUILD)/libagent.a $(BUILD)/libproto.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(AGENT_LIBS) $(PROTO_LIBS)

fresh:
	tests/fresh
	tests/fresh --user

# Files only: users, directories and services are made by what the README's first ten minutes say.
.PHONY: install install-master install-slave
install: install-master install-slave

install_file = install -D -m 644 $(1) $(DESTDIR)$(2)
# The administrator's configuration stays as it is.
install_conf = test -e $(DESTDIR)$(SYSCONFDIR)/$(basename $(1))/$(1) || \
	       $(call install_file,conf/$(1),$(SYSCONFDIR)/$(basename $(1))/$(1))
# $(2): its name there, where that is another.
install_unit = sed 's|/usr/sbin/|$(SBINDIR)/|' packaging/systemd/$(1) | \
	       $(call install_file,/dev/stdin,$(UNITDIR)/$(or $(2),$(1)))

install-master: $(BUILD)/zonepush
	install -D $< $(DESTDIR)$(SBINDIR)/zonepush
	$(call install_file,master-hook/zonepush.8,$(MANDIR)/zonepush.8)
	$(call install_conf,zonepush.conf)
	$(call install_unit,zonepush-deliver.service)
	$(call install_unit,zonepush-deliver.timer)
	$(call install_unit,zonepush-deliver.path)
	$(call install_unit,zonepush-sync.service)
	$(call install_unit,zonepush-sync.timer)

agent_conf = zonepush-agent.conf

install-slave: $(BUILD)/zonepush-agent
	install -D $< $(DESTDIR)$(SBINDIR)/zonepush-agent
	$(call install_file,slave-agent/zonepush-agent.8,$(MANDIR)/zonepush-agent.8)
	$(call install_conf,$(agent_conf))
	$(call install_unit,zonepush-agent.service)
	$(call install_unit,zonepush-agent.socket)
	$(call install_unit,named-zonepush.conf,named.service.d/zonepush.conf)
	$(call install_file,packaging/sysusers/$(agent_conf),$(PREFIX)/lib/sysusers.d/$(agent_conf))
	$(call install_file,packaging/tmpfiles/$(agent_conf),$(PREFIX)/lib/tmpfiles.d/$(agent_conf))

clean:
	rm -rf build build-asan build-fuzz

-include $(shell [ -d $(BUILD) ] && find $(BUILD) -name '*.d')
