package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"copyscope/internal/chromium"
)

// axeVersion is that of axe-core, the accessibility rules that browsers' own tools
// use. It is taken from the npm registry, for tests alone.
const axeVersion = "4.14.1"

// axeScript is axe-core's text, fetched once for this user.
func axeScript(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		chromium.Absent(t, "no directory to keep axe-core in: "+err.Error())
	}
	dir := filepath.Join(cache, "copyscope-axe-"+axeVersion)
	file := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		install := exec.Command("npm", "install", "--prefix", dir, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "axe-core@"+axeVersion)
		if out, err := install.CombinedOutput(); err != nil {
			chromium.Absent(t, fmt.Sprintf("npm cannot install axe-core: %v\n%s", err, out))
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rules are WCAG 2.2 at level AA and what lies below it, and axe's best practices
// of headings and landmarks.
const rules = `{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}`

// violation is one of axe's.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		Target  []any  `json:"target"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// TestPagesAreAccessible runs axe-core on every page in every theme; languages and
// widths take turns.
func TestPagesAreAccessible(t *testing.T) {
	script := axeScript(t)
	eachView(t, func(t *testing.T, s *site, page *tab, v view) {
		for i, theme := range themes {
			lang, size := languages[i%len(languages)], widths[i/2%len(widths)]
			if err := page.Size(size[0], size[1]); err != nil {
				t.Fatal(err)
			}
			if err := page.open(s.host(v)+v.address(lang, theme), v.Ready); err != nil {
				t.Fatal(err)
			}
			if err := page.whole(size[0]); err != nil {
				t.Fatal(err)
			}
			for _, found := range inspect(t, page, script) {
				for _, n := range found.Nodes {
					t.Errorf("%s, %s, %d px: %s (%s): %v: %s", theme, lang, size[0], found.ID, found.Help, n.Target, strings.ReplaceAll(n.Summary, "\n", " "))
				}
			}
		}
	})
}

// inspect runs axe on the page as it stands.
func inspect(t *testing.T, page *tab, script string) []violation {
	t.Helper()
	run := script + `;axe.run(document, ` + rules + `).then((r) => { window.axeFound = JSON.stringify(r.violations); }, (e) => { window.axeFound = 'failed: ' + e; }); true`
	if err := evaluate(page.Ctx, run); err != nil {
		t.Fatal(err)
	}
	if err := page.Await("window.axeFound", patience); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(page.Ctx, chromedp.Evaluate[string]("window.axeFound"))
	if err != nil {
		t.Fatal(err)
	}
	var found []violation
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatalf("%v: %.400s", err, text)
	}
	return found
}

func evaluate(ctx context.Context, expression string) error {
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
	return err
}
