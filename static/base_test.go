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

// theme is the custom properties of one theme of base.css.
type theme map[string]string

var (
	declaration = regexp.MustCompile(`(--[\w-]+):\s*(#[0-9a-fA-F]{6})\s*;`)
	rule        = regexp.MustCompile(`(?s)([^{}]*)\{([^{}]*)\}`)
)

// themes reads the themes from the style sheet, each on top of light.
func themes(t *testing.T) map[string]theme {
	t.Helper()
	b, err := fs.ReadFile(static.Files(), "base.css")
	if err != nil {
		t.Fatal(err)
	}
	css := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(b), "")
	sections := map[string]string{"light": css}
	if before, contrast, ok := strings.Cut(css, "@media (prefers-contrast: more)"); ok {
		sections["light"], sections["contrast"] = before, contrast
	}
	out := map[string]theme{}
	for _, section := range []string{"light", "contrast"} {
		for _, r := range rule.FindAllStringSubmatch(sections[section], -1) {
			selector := strings.TrimSpace(r[1])
			name := section
			switch {
			case strings.HasSuffix(selector, `:root[data-theme="dark"]`):
				name += " dark"
			case strings.HasSuffix(selector, `:root[data-theme="projector"]`):
				name = "projector"
			case strings.HasSuffix(selector, `:root[data-theme="contrast"]`):
				name = "contrast chosen"
			case strings.HasSuffix(selector, `:root[data-theme="auto"]`):
				name += " auto"
			case !strings.HasSuffix(selector, ":root"):
				continue
			}
			if out[name] == nil {
				out[name] = theme{}
			}
			for _, d := range declaration.FindAllStringSubmatch(r[2], -1) {
				out[name][d[1]] = d[2]
			}
		}
	}
	for _, name := range []string{"light", "light dark", "light auto", "projector", "contrast", "contrast dark", "contrast auto", "contrast chosen"} {
		if len(out[name]) < 15 {
			t.Fatalf("theme %q has only %d colours: the test no longer finds them", name, len(out[name]))
		}
	}
	// A theme sets what differs from the one below it.
	for role, c := range out["light dark"] {
		for _, above := range []string{"contrast dark", "contrast auto"} {
			if out[above][role] == "" {
				out[above][role] = c
			}
		}
	}
	for role, c := range out["light"] {
		for _, above := range []string{"light dark", "light auto", "contrast"} {
			if out[above][role] == "" {
				out[above][role] = c
			}
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
	for name, colours := range themes(t) {
		least := 4.5
		if strings.HasPrefix(name, "contrast") || name == "projector" {
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

// The theme that follows the system is the dark theme, word for word.
func TestAutoIsDark(t *testing.T) {
	all := themes(t)
	for _, section := range []string{"light", "contrast"} {
		for role, c := range all[section+" dark"] {
			if got := all[section+" auto"][role]; got != c {
				t.Errorf("%s: %s is %s in the dark theme and %s where dark follows the system", section, role, c, got)
			}
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
