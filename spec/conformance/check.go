// What github.com/google/pprof itself says of a profile that cprof wrote.
// Checks that it is valid and keeps cprof's own promises (ids 1..N, UTF-8,
// the mapping [lua], units of numeric labels), then prints the sums that
// spec/pprof_conformance_spec.lua compares with cprof's, of the default type:
//
//	total VALUE
//	row FLAT CUM NAME       sorted bytewise
//	stack ROOT;…;LEAF VALUE sorted bytewise
//
// Run: go run . FILE
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/google/pprof/profile"
)

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func read(path string) *profile.Profile {
	file, err := os.Open(path)
	if err != nil {
		fail("%v", err)
	}
	defer file.Close()
	p, err := profile.Parse(file)
	if err != nil {
		fail("Parse: %v", err)
	}
	return p
}

func checkText(what string, texts ...string) {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			fail("%s is not UTF-8: %q", what, text)
		}
	}
}

func checkID(what string, id uint64, index int) {
	if id != uint64(index)+1 {
		fail("%s %d has id %d", what, index+1, id)
	}
}

func checkTables(p *profile.Profile) {
	for i, m := range p.Mapping {
		checkID("mapping", m.ID, i)
		checkText("mapping", m.File, m.BuildID)
	}
	for i, f := range p.Function {
		checkID("function", f.ID, i)
		checkText("function", f.Name, f.Filename)
		if f.Name == "" || f.SystemName != "" {
			fail("function %d: name %q, system name %q", f.ID, f.Name, f.SystemName)
		}
	}
	for i, l := range p.Location {
		checkID("location", l.ID, i)
		if l.Mapping == nil || len(l.Line) == 0 {
			fail("location %d has no mapping or no line", l.ID)
		}
	}
}

func checkLabels(p *profile.Profile) {
	for _, s := range p.Sample {
		for key, values := range s.Label {
			checkText("label", append(values, key)...)
		}
		for key, values := range s.NumLabel {
			for i := range values {
				if len(s.NumUnit[key]) <= i || s.NumUnit[key][i] == "" {
					fail("label %q has no unit", key)
				}
			}
		}
	}
}

func checkHead(p *profile.Profile) {
	if p.DefaultSampleType != "cpu" || p.PeriodType.Type != "cpu" ||
		p.PeriodType.Unit != "nanoseconds" || p.Period <= 0 {
		fail("default %q, period %d %v", p.DefaultSampleType, p.Period, p.PeriodType)
	}
	if len(p.Comments) == 0 || p.TimeNanos == 0 {
		fail("no comments or no time")
	}
	checkText("comment", p.Comments...)
	m := p.Mapping[0]
	if m.File != "[lua]" || !m.HasFunctions || !m.HasFilenames ||
		!m.HasLineNumbers || !m.HasInlineFrames {
		fail("mapping 1 is %+v", m)
	}
}

// checkMerge: merged with itself every value is twice as large.
func checkMerge(p *profile.Profile, index int) {
	twice, err := profile.Merge([]*profile.Profile{p, p})
	if err != nil {
		fail("Merge: %v", err)
	}
	if total(twice, index) != 2*total(p, index) {
		fail("merged with itself: %d of %d", total(twice, index), total(p, index))
	}
}

func total(p *profile.Profile, index int) (sum int64) {
	for _, s := range p.Sample {
		sum += s.Value[index]
	}
	return sum
}

// names of a sample's frames, leaf first.
func names(s *profile.Sample) (list []string) {
	for _, location := range s.Location {
		for _, line := range location.Line {
			list = append(list, line.Function.Name)
		}
	}
	return list
}

func folded(list []string) string {
	clean := strings.NewReplacer(";", ":", "\n", " ")
	parts := make([]string, len(list))
	for i, name := range list {
		parts[len(list)-1-i] = clean.Replace(name)
	}
	return strings.Join(parts, ";")
}

func printSums(p *profile.Profile, index int) {
	flat, cum, stacks := map[string]int64{}, map[string]int64{}, map[string]int64{}
	for _, s := range p.Sample {
		list, seen := names(s), map[string]bool{}
		for i, name := range list {
			if i == 0 {
				flat[name] += s.Value[index]
			}
			if !seen[name] {
				cum[name] += s.Value[index]
			}
			seen[name] = true
		}
		stacks[folded(list)] += s.Value[index]
	}
	var lines []string
	for name, value := range cum {
		lines = append(lines, fmt.Sprintf("row %d %d %s", flat[name], value, name))
	}
	for stack, value := range stacks {
		lines = append(lines, fmt.Sprintf("stack %s %d", stack, value))
	}
	sort.Strings(lines)
	fmt.Printf("total %d\n", total(p, index))
	for _, line := range lines {
		fmt.Println(line)
	}
}

func main() {
	p := read(os.Args[1])
	if err := p.CheckValid(); err != nil {
		fail("CheckValid: %v", err)
	}
	checkHead(p)
	checkTables(p)
	checkLabels(p)
	index, err := p.SampleIndexByName("")
	if err != nil {
		fail("%v", err)
	}
	checkMerge(p, index)
	printSums(p, index)
}
