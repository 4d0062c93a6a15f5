// Go's side of spec/csrc/encode_bench.c: as many distinct stacks of about 27
// frames, written by runtime/pprof as a custom profile (gzip level 1).
// Run: go run spec/bench/encode.go
package main

import (
	"fmt"
	"runtime"
	"runtime/pprof"
	"time"
)

const (
	frames  = 24 // main, add and the runtime's are the others
	repeats = 5
)

// counter counts what arrives.
type counter int

func (c *counter) Write(bytes []byte) (int, error) {
	*c += counter(len(bytes))
	return len(bytes), nil
}

// left and right call each other by the bits of path: each path is one stack.
//
//go:noinline
func left(profile *pprof.Profile, path uint64, depth int, value *int) int {
	if depth == 0 {
		profile.Add(value, 1)
		return 0
	}
	if path&1 == 0 {
		return left(profile, path>>1, depth-1, value) + 1
	}
	return right(profile, path>>1, depth-1, value) + 2
}

//go:noinline
func right(profile *pprof.Profile, path uint64, depth int, value *int) int {
	if depth == 0 {
		profile.Add(value, 1)
		return 0
	}
	if path&1 == 0 {
		return left(profile, path>>1, depth-1, value) + 3
	}
	return right(profile, path>>1, depth-1, value) + 4
}

func measure(stacks int) {
	profile := pprof.NewProfile(fmt.Sprintf("stacks_%d", stacks))
	for i := 0; i < stacks; i++ {
		path := uint64(i) * 0x9e3779b97f4a7c15 >> 40 // 24 bits, all distinct
		left(profile, path, frames, new(int))
	}
	best := time.Hour
	var size counter
	var before, after runtime.MemStats
	for i := 0; i < repeats; i++ {
		size = 0
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		if err := profile.WriteTo(&size, 0); err != nil {
			panic(err)
		}
		if spent := time.Since(start); spent < best {
			best = spent
		}
		runtime.ReadMemStats(&after)
	}
	fmt.Printf("stacks=%d encode_gzip_ms=%.1f gzip_bytes=%d alloc_bytes=%d\n",
		stacks, float64(best.Microseconds())/1000, size,
		after.TotalAlloc-before.TotalAlloc)
}

func main() {
	measure(10000)
	measure(100000)
}
