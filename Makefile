# Makefile: short names for what Meson and ./check do.
PREFIX ?= /usr/local

.PHONY: all build test asan tsan fuzz format lint screens bench check install clean

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

# Writes the screens that tests/unit/view/test_screen.c wants anew; look at what git says has changed.
screens: build
	ninja -C build tests/unit/view/test_view_screen
	TACHO_WRITE_SCREENS=1 TZ=UTC build/tests/unit/view/test_view_screen tests/golden/screens

bench: build
	ninja -C build bench/recording_bench bench/collect_bench bench/nvml_bench bench/view_bench
	bench/long
	build/bench/collect_bench
	build/bench/nvml_bench build/tests/tools/libnvidia-ml-fake.so
	build/bench/view_bench
	build/bench/view_bench $${DIR:-/tmp/tacho-bench-long}/m.ndjson.zst
	bench/processes
	bench/recorders

check:
	./check

install: build
	meson install -C build

clean:
	rm -rf build build-asan build-tsan build-fuzz
