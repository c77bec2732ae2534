package lesson_test

import (
	"math"
	"os"
	"strings"
	"testing"

	"copyscope/internal/lesson"
	"copyscope/internal/yamlfile"
)

// Whatever a lecturer's file holds, it is a lesson, cards or terms, or each error
// names the file and a line of it.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("- name: dma\n  term: {en: DMA, zh: 直接内存访问}\n  text: {en: a device moves bytes}\n")
	f.Add("- &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		told := func(kind string, got bool, unfit []*yamlfile.Error) {
			if !got && len(unfit) == 0 {
				t.Errorf("neither %s nor an error", kind)
			}
			for _, e := range unfit {
				if e.File != "own.yaml" || e.Line < 0 || e.Line > 1+strings.Count(text, "\n") || e.Text == "" {
					t.Errorf("%s: %+v", kind, e)
				}
			}
		}
		l, unfit := lesson.Parse("own.yaml", []byte(text), true)
		told("a lesson", l != nil, unfit)
		_, unfit = lesson.ParseCards("own.yaml", []byte(text), true)
		told("cards", true, unfit)
		_, unfit = lesson.ParseTerms("own.yaml", []byte(text), true)
		told("terms", true, unfit)
	})
}

// Whatever a student types is a finite number or an error.
func FuzzReadNumber(f *testing.F) {
	for _, typed := range []string{"3×", "1,5", "64KiB", "2 ms", "50 %", "1e999", "NaN", "0x10", "١٢"} {
		for _, unit := range []string{"bytes", "ns", "percent", ""} {
			f.Add(unit, typed)
		}
	}
	f.Fuzz(func(t *testing.T, unit, typed string) {
		if n, err := lesson.ReadNumber(unit, typed); err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
			t.Errorf("%q in %q is %v", typed, unit, n)
		}
	})
}
