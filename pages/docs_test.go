package main

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"

	"copyscope/internal/chromium"
	"copyscope/internal/served"
)

// The documentation that is written opens from a file's address: with its style, its
// theme, which is kept from page to page, and links to its other language.
func TestDocsOpenFromFiles(t *testing.T) {
	browser, quit, err := chromium.Start()
	if err != nil {
		chromium.Absent(t, err.Error())
	}
	defer quit()
	binary, err := served.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Remove()
	dir := filepath.Join(t.TempDir(), "a site")
	if out, err := exec.CommandContext(t.Context(), binary.Path, "docs", "--write", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	page, done, err := newTab(browser)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, "reference", "commands.html"))}
	if err := page.open(address.String(), `!document.querySelector('[data-action="theme"]').hidden`); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ does, then string }{
		{`document.querySelector('[data-action="theme"]').click()`, `document.documentElement.dataset.theme === 'light' && getComputedStyle(document.body).display === 'flex'`},
		{`document.querySelector('a[rel="next"]').click()`, `location.pathname.endsWith('/reference/broker-settings.html') && document.documentElement?.dataset.theme === 'light' && document.readyState === 'complete'`},
		{`document.querySelector('a[hreflang="zh-Hans"]').click()`, `location.pathname.endsWith('/zh/reference/broker-settings.html') && document.documentElement?.lang === 'zh-Hans' && document.documentElement.dataset.theme === 'light' && document.readyState === 'complete'`},
		{`document.querySelector('.brand').click()`, `location.pathname.endsWith('/zh/index.html') && !!document.querySelector('.doc-index h1')`},
	} {
		if err := evaluate(page.Ctx, "("+step.does+", true)"); err != nil {
			t.Fatal(err)
		}
		if err := page.Await(step.then, patience); err != nil {
			t.Errorf("after %s: %v", step.does, err)
		}
	}
}
