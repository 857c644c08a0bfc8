# Makefile: short names for what Meson and ./check do.
PREFIX ?= /usr/local

.PHONY: all build test asan tsan fuzz format lint bench check install clean

all: build

build: build/build.ninja
	ninja -C build

build/build.ninja:
	meson setup build --prefix=$(PREFIX)

test: build
	meson test -C build

asan:
	./check asan

tsan:
	./check tsan

fuzz:
	test -f build-fuzz/build.ninja || CC=clang CXX=clang++ meson setup build-fuzz -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
	ninja -C build-fuzz
	@echo "Now run one, as in: build-fuzz/fuzz/fuzz_NAME -max_total_time=300 fuzz/corpus/NAME"

format:
	git ls-files '*.c' '*.cc' | xargs clang-format -i

lint:
	./check tidy cppcheck format shell layers

bench: build
	ninja -C build bench/recording_bench bench/collect_bench
	bench/long
	build/bench/collect_bench
	bench/recorders

check:
	./check

install: build
	meson install -C build

clean:
	rm -rf build build-asan build-tsan build-fuzz
