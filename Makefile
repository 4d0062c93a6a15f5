# Builds cprof in place, tests it, installs it. `make help` lists the targets.
# One build folder per VM: `make LUA=lua5.4` and `make LUA=luajit` live side
# by side. Lua files and bin/cprof are used from where they lie.

LUA ?= lua5.4
SANITIZE ?=
# A build whose timer is a wall clock, for the storms only.
STORM ?=
V ?=

PKG_CONFIG ?= pkg-config
PROTOC_C ?= protoc-c
CFLAGS ?= -O2 -g
WERROR ?= -Werror

PREFIX ?= /usr/local
DESTDIR ?=
LUADIR ?= $(PREFIX)/share/lua/$(LUA_ABI)
LIBDIR ?= $(PREFIX)/lib/lua/$(LUA_ABI)
BINDIR ?= $(PREFIX)/bin

# What `make test` runs and how: see spec/tools/test.sh.
SUITES ?= c c-asan lua5.4 luajit
# Only these files, for test-lua and its like; all when empty.
SPECS ?=

# ---------------------------------------------------------------- sources ----

SOURCES := \
  base.c \
  cnames.c \
  cpu.c \
  file.c \
  filter.c \
  folded.c \
  frame.c \
  funcs.c \
  graph.c \
  gzip.c \
  label_sets.c \
  lua_core.c \
  lua_edge.c \
  lua_filter.c \
  lua_labels.c \
  lua_merge.c \
  lua_profile.c \
  lua_reports.c \
  lua_session.c \
  lua_stacks.c \
  merge.c \
  merge_map.c \
  modules.c \
  nodes.c \
  noise.c \
  os_linux.c \
  pprof.c \
  pprof_ids.c \
  pprof_read.c \
  pprof_unpack.c \
  pprof_wire.c \
  profile.c \
  proto/profile.pb-c.c \
  queue.c \
  rows.c \
  safepoint.c \
  session.c \
  session_profile.c \
  stacks.c \
  stream.c \
  table.c \
  tag_frames.c \
  unwind.c \
  utf8.c \
  vm.c \

SOURCES_lua5.4 := \
  coroutines_lua54.c \
  hookcount_lua54.c \
  hooks_lua54.c \
  proto_lua54.c \
  ranges_lua54.c \
  resolve_lua54.c \
  vm_lua54.c \

SOURCES_luajit := \
  dispatch_luajit.c \
  jitprofile_luajit.c \
  vm_luajit.c \

# ---------------------------------------------------------------- derived ----

# LuaRocks gives a path, and `lua` may be any of them: then the VM is asked.
VM := $(filter lua5.4 luajit,$(notdir $(LUA)))
ifeq ($(VM),)
VM := $(shell $(LUA) -e \
  'print(jit and "luajit" or (_VERSION:lower():gsub(" ", "")))')
endif
ifeq ($(filter lua5.4 luajit,$(VM)),)
$(error LUA=$(LUA) is "$(VM)"; cprof knows lua5.4 and luajit)
endif

LUA_ABI := $(if $(filter luajit,$(VM)),5.1,5.4)
BUILD := build/$(VM)$(if $(SANITIZE),-asan)$(if $(STORM),-storm)
CORE := $(BUILD)/cprof/core.so

# A source that is not written yet is left out; spec/project_spec.lua says so.
UNITS := $(wildcard $(addprefix csrc/,$(sort $(SOURCES) $(SOURCES_$(VM)))))
OBJECTS := $(UNITS:csrc/%.c=$(BUILD)/obj/%.o)
TEST_PROGRAMS := \
  $(patsubst spec/csrc/%.c,$(BUILD)/test/%,$(wildcard spec/csrc/*_test.c))

WARNINGS := \
  -Wall \
  -Wextra \
  -Wformat=2 \
  -Wmissing-prototypes \
  -Wold-style-definition \
  -Wpointer-arith \
  -Wshadow \
  -Wstrict-prototypes \
  -Wundef \
  -Wvla \
  -Wwrite-strings \
  $(WERROR)

LUA_INCLUDE := $(if $(LUA_INCDIR),-I$(LUA_INCDIR),\
  $(shell $(PKG_CONFIG) --cflags $(VM) 2>/dev/null))
PACKAGES := libunwind libprotobuf-c zlib
PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
# noise.c: expm1
MATH_LIB := -lm
SANITIZERS := $(if $(SANITIZE),-fsanitize=address -fsanitize=undefined \
  -fno-sanitize-recover=undefined -fno-omit-frame-pointer)

OUR_CPPFLAGS := $(if $(STORM),-DCPROF_TIMER_CLOCK=CLOCK_MONOTONIC) \
  -D_GNU_SOURCE -Icsrc $(LUA_INCLUDE) $(PACKAGE_CFLAGS)
OUR_CFLAGS := -std=c11 -fPIC -fvisibility=hidden $(SANITIZERS)
# nodelete: a late signal must find its handler. now, relro: the handler must
# never enter the lazy linker. No Lua library: the host brings the VM.
OUR_LDFLAGS := -shared -Wl,-z,nodelete -Wl,-z,now -Wl,-z,relro $(SANITIZERS)
COMPILE = $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -MMD -MP

Q := @
SAY = @printf '  %-7s %s\n'
ifneq ($(V),)
Q :=
SAY = @:
else ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
SAY = @:
endif

.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

# ------------------------------------------------------------------ build ----

.PHONY: all
all: $(CORE) ## builds build/LUA/cprof/core.so (LUA=lua5.4|luajit, SANITIZE=1, V=1)
	@:

$(CORE): $(OBJECTS)
	$(SAY) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) $(PACKAGE_LIBS) $(MATH_LIB)

# Generated: its warnings are protoc-c's business.
$(BUILD)/obj/proto/%.o: csrc/proto/%.c Makefile | needed
	$(SAY) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -w -c -o $@ $<

$(BUILD)/obj/%.o: csrc/%.c Makefile | needed
	$(SAY) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(WARNINGS) -c -o $@ $<

# The archive lets a C test (or bench) link just the units that it uses.
$(BUILD)/test/libcprof.a: $(OBJECTS)
	$(SAY) AR $@
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(OBJECTS)

$(BUILD)/test/%: spec/csrc/%.c $(BUILD)/test/libcprof.a
	$(SAY) CC $@
	$(Q)$(COMPILE) $(WARNINGS) -Ispec/csrc -MF $@.d -o $@ $< \
	  $(BUILD)/test/libcprof.a $(PACKAGE_LIBS) $(MATH_LIB) -pthread

# C modules that specs load, found through LUA_CPATH.
SUPPORT := $(patsubst spec/support/%.c,$(BUILD)/spec/%.so,\
  $(filter-out spec/support/host%.c,$(wildcard spec/support/*.c)))
# Programs that host Lua states, with the VM's own library.
HOSTS := $(patsubst spec/support/%.c,$(BUILD)/spec/%,\
  $(wildcard spec/support/host*.c))

$(BUILD)/spec/%.so: spec/support/%.c Makefile | needed
	$(SAY) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(WARNINGS) -shared -Wl,-z,nodelete -MF $@.d -o $@ $< \
	  -pthread

$(HOSTS): $(BUILD)/spec/%: spec/support/%.c Makefile | needed
	$(SAY) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(WARNINGS) -MF $@.d -o $@ $< \
	  $(shell $(PKG_CONFIG) --libs $(VM)) -pthread

.PHONY: support hosts
support: $(SUPPORT)
	@:

hosts: $(HOSTS)
	@:

.PHONY: test-programs
test-programs: $(TEST_PROGRAMS)
	@:

.PHONY: needed
needed:
	@[ -n "$(LUA_INCDIR)" ] || $(PKG_CONFIG) --exists $(VM) 2>/dev/null || \
	  { echo "make: no headers of $(VM); run 'make deps' first" >&2; exit 1; }
	@[ -n "$(PACKAGE_LIBS)" ] || \
	  { echo "make: $(PACKAGES) missing; run 'make deps' first" >&2; exit 1; }

-include $(OBJECTS:.o=.d) $(TEST_PROGRAMS:=.d) $(SUPPORT:=.d) \
  $(HOSTS:=.d)

# -------------------------------------------------------------------- use ----

# Lua 5.4 prefers LUA_PATH_5_4 where it is set: what it says is kept as the
# end of LUA_PATH, then it goes. An empty end means the VM's own default.
ifeq ($(VM),lua5.4)
OLD_PATH := $${LUA_PATH_5_4:-$${LUA_PATH:-;}}
OLD_CPATH := $${LUA_CPATH_5_4:-$${LUA_CPATH:-;}}
UNSET := unset LUA_PATH_5_4 LUA_CPATH_5_4
else
OLD_PATH := $${LUA_PATH:-;}
OLD_CPATH := $${LUA_CPATH:-;}
endif

define ENV_LINES
export LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(OLD_PATH)"
export LUA_CPATH="$(CURDIR)/$(BUILD)/?.so;$(CURDIR)/$(BUILD)/spec/?.so;$(OLD_CPATH)"
export PATH="$(CURDIR)/bin:$$PATH"
export CPROF_LUA="$(LUA)"
$(UNSET)
endef
export ENV_LINES

.PHONY: env
env: ## prints what to eval to use this tree: eval "$(make -s env LUA=luajit)"
	@printf '%s\n' "$$ENV_LINES"

.PHONY: deps
deps: ## installs what building, testing and linting need (Debian packages)
	@spec/tools/deps.sh build test lint

.PHONY: demo
demo: ## installs, builds, profiles Debian's luacheck on both VMs
	+@spec/tools/demo.sh

# ------------------------------------------------------------------ tests ----

.PHONY: test test-all
test test-all: ## runs all tests on both VMs (SUITES="c lua5.4 luajit-asan …")
	@spec/tools/deps.sh build test
	+@spec/tools/test.sh $(SUITES)

.PHONY: test-c
test-c: ## runs the C units' tests
	+@spec/tools/test.sh c

.PHONY: test-lua
test-lua: ## runs the specs on one VM (LUA=…, SPECS="file …")
	+@SPECS="$(SPECS)" spec/tools/test.sh $(VM)

.PHONY: test-sanitize
test-sanitize: ## runs C tests and specs under ASan and UBSan (LUA=…)
	+@SPECS="$(SPECS)" spec/tools/test.sh c-asan $(VM)-asan

.PHONY: test-gc
test-gc: ## runs the specs with the collector at full stress (LUA=…)
	+@SPECS="$(SPECS)" spec/tools/test.sh $(VM)-gc

.PHONY: test-valgrind
test-valgrind: ## runs the C units' tests under valgrind
	+@spec/tools/test.sh c-valgrind

.PHONY: lint
lint: ## checks layout, sizes, warnings of all sources
	@spec/tools/deps.sh build lint
	+@spec/tools/lint.sh

.PHONY: format
format: ## lays out the C sources
	@spec/tools/lint.sh format

.PHONY: bench
bench: ## measures what cprof costs
	+@spec/bench/run.sh

.PHONY: accuracy
accuracy: ## measures how true profiles are
	+@spec/accuracy/run.sh

.PHONY: fuzz
fuzz: ## fuzzes readers and filters for FUZZ_SECONDS (60)
	+@spec/fuzz/run.sh

.PHONY: differential
differential: ## compares with go tool pprof: every option over every file
	@spec/tools/deps.sh build test
	+@spec/differential/run.sh

.PHONY: soak
soak: ## runs for long under load, watches memory and losses
	+@spec/soak/run.sh

.PHONY: proto
proto: ## regenerates csrc/proto from profile.proto
	cd csrc/proto && $(PROTOC_C) --c_out=. profile.proto

# ---------------------------------------------------------------- install ----

# Absolute: they are used from another folder, too.
TO_LIB := $(abspath $(DESTDIR)$(LIBDIR))
TO_LUA := $(abspath $(DESTDIR)$(LUADIR))
TO_BIN := $(abspath $(DESTDIR)$(BINDIR))
# The core of the other VM, which shares the launcher.
OTHER_CORE := $(dir $(TO_LIB))$(if $(filter luajit,$(VM)),5.4,5.1)/cprof/core.so

# make takes a blank for the end of a word, and an empty path is the root.
CHECK_PATHS = $(if $(filter-out 1,$(words $(DESTDIR)$(LIBDIR)) \
  $(words $(DESTDIR)$(LUADIR)) $(words $(DESTDIR)$(BINDIR))),\
  $(error PREFIX, DESTDIR, LUADIR, LIBDIR, BINDIR: a path without blanks))

.PHONY: install
install: all ## installs for one VM (LUA, PREFIX, DESTDIR; LUADIR LIBDIR BINDIR)
	$(CHECK_PATHS)
	$(SAY) INSTALL $(TO_LIB)/cprof/core.so
	$(Q)install -D -m 755 $(CORE) $(TO_LIB)/cprof/core.so
	$(SAY) INSTALL $(TO_LUA)/cprof
	$(Q)cd lua && find . -type f -exec install -D -m 644 {} $(TO_LUA)/{} \;
	$(SAY) INSTALL $(TO_BIN)/cprof
	$(Q)install -D -m 755 bin/cprof $(TO_BIN)/cprof

.PHONY: uninstall
uninstall: ## removes what install has put there, by the same variables
	$(CHECK_PATHS)
	$(SAY) REMOVE $(TO_LIB)/cprof
	$(Q)rm -f $(TO_LIB)/cprof/core.so
	$(SAY) REMOVE $(TO_LUA)/cprof
	$(Q)cd lua && find . -type f -exec rm -f $(TO_LUA)/{} \;
	$(Q)find $(wildcard $(TO_LIB)/cprof $(TO_LUA)/cprof) /dev/null \
	  -depth -type d -empty -delete
	$(SAY) $(if $(wildcard $(OTHER_CORE)),KEEP,REMOVE) $(TO_BIN)/cprof
	$(Q)[ -e $(OTHER_CORE) ] || rm -f $(TO_BIN)/cprof

.PHONY: clean
clean: ## removes build/ and what demo wrote
	$(Q)rm -rf build demo-lua5.4.pb.gz demo-luajit.pb.gz

.PHONY: help
help: ## lists the targets
	@sed -n 's/^\([a-z][a-z -]*\):.* ## \(.*\)/\1:\2/p' Makefile | \
	  awk -F : '{ sub(/ /, ", ", $$1); printf "  %-15s %s\n", $$1, $$2 }'
