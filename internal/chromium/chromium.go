// Package chromium starts the browser that the pages are tested and pictured in.
package chromium

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// names are those that distributions give the browser.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

// Start starts a headless browser with a fresh profile. Tabs are contexts made
// from browser by chromedp.NewContext; stop ends it and removes the profile. The
// error says what is missing.
func Start() (browser context.Context, stop func(), err error) {
	path := ""
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, nil, fmt.Errorf("no %s, %s or %s in PATH: install Chromium to see the pages", names[0], names[1], names[2])
	}
	profile, err := os.MkdirTemp("", "copyscope-browser-")
	if err != nil {
		return nil, nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	stop = func() {
		closeBrowser()
		stopAllocator()
		os.RemoveAll(profile)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		stop()
		return nil, nil, fmt.Errorf("the browser %s does not start: %w", path, err)
	}
	return ctx, stop, nil
}
