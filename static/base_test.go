package static_test

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"copyscope/static"
)

// palette is a column of base.css: the colour of each role.
type palette map[string]string

var (
	row  = regexp.MustCompile(`(?m)^\s*(--[\w-]+):\s*((?:var\(--[\w-]+, #[0-9a-f]{6}\)\s*)+);$`)
	cell = regexp.MustCompile(`var\(--([\w-]+), (#[0-9a-f]{6})\)`)
)

// palettes reads them from the style sheet. Which one is shown when,
// TestThemeFollowsReaderAndSystem tells.
func palettes(t *testing.T) map[string]palette {
	t.Helper()
	css, err := fs.ReadFile(static.Files(), "base.css")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]palette{"light": {}, "dark": {}, "light-more": {}, "dark-more": {}, "projector": {}}
	rows := row.FindAllStringSubmatch(string(css), -1)
	if len(rows) < 15 {
		t.Fatalf("base.css has only %d rows of colours: the test no longer finds them", len(rows))
	}
	for _, r := range rows {
		for _, c := range cell.FindAllStringSubmatch(r[2], -1) {
			if out[c[1]] == nil {
				t.Fatalf("%s: there is no palette %q", r[1], c[1])
			}
			out[c[1]][r[1]] = c[2]
		}
	}
	for name, colours := range out {
		if len(colours) != len(rows) {
			t.Fatalf("the palette %q has %d of %d colours", name, len(colours), len(rows))
		}
	}
	return out
}

// luminance is WCAG 2's relative luminance of #rrggbb.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// Every role that text or lines of meaning use keeps its contrast on every
// ground that it is shown on.
func TestContrast(t *testing.T) {
	grounds := []string{"--bg", "--card", "--user", "--kernel", "--hardware"}
	inks := []string{"--ink", "--dim", "--copy", "--dma", "--descriptor", "--interrupt", "--hit", "--ok", "--warn", "--bad", "--focus"}
	fills := []string{"--ok", "--dma", "--focus"} // carry --on-fill
	for name, colours := range palettes(t) {
		least := 4.5
		if strings.HasSuffix(name, "-more") || name == "projector" {
			least = 7
		}
		check := func(ink, ground string, least float64) {
			if c := contrast(t, colours[ink], colours[ground]); c < least {
				t.Errorf("%s: %s %s on %s %s has %.2f : 1, less than %.1f : 1", name, ink, colours[ink], ground, colours[ground], c, least)
			}
		}
		for _, ground := range grounds {
			for _, ink := range inks {
				check(ink, ground, least)
			}
			check("--edge", ground, 3) // control borders
		}
		for _, fill := range fills {
			check("--on-fill", fill, least)
		}
	}
}

// comments are those of a script; in one that others wrote they name where an
// idea came from.
var comments = regexp.MustCompile(`(?s:/\*.*?\*/)|(?m:(^|\s)//.*$)`)

// Scripts show; they have no counting or cost rule and ask no other host.
func TestScriptsAskNoOtherHost(t *testing.T) {
	n := 0
	err := fs.WalkDir(static.Files(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".json") {
			return err
		}
		n++
		b, err := fs.ReadFile(static.Files(), path)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(b), "http://www.w3.org/", "")
		if strings.HasPrefix(path, "vendor/") {
			text = comments.ReplaceAllString(text, "")
		}
		for _, other := range []string{"http://", "https://", "eval(", "new Function", "innerHTML"} {
			if strings.Contains(text, other) {
				t.Errorf("%s contains %s", path, other)
			}
		}
		return nil
	})
	if err != nil || n < 5 {
		t.Errorf("%d files, %v", n, err)
	}
}
