package main

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"copyscope/internal/chromium"
)

// tab is one page of the browser, without motion, so that pictures are alike.
type tab struct{ chromium.Tab }

func newTab(browser context.Context) (*tab, func(), error) {
	t, done, err := chromium.NewTab(browser)
	if err != nil {
		return nil, nil, err
	}
	if err := t.Still(); err != nil {
		done()
		return nil, nil, err
	}
	return &tab{t}, done, nil
}

// forget makes a site's reader one who has read nothing: a lesson goes on where its
// reader left it.
func (t *tab) forget(site string) error {
	_, err := chromedp.Call(t.Ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: site, StorageTypes: "all"})
	return err
}

// whole makes the window as high as the page, so that nothing lies under a bar that
// stays at the window's edge.
func (t *tab) whole(width int) error {
	height, err := chromedp.Run(t.Ctx, chromedp.Evaluate[int]("document.documentElement.scrollHeight"))
	if err != nil {
		return err
	}
	return t.Size(width, min(height, 16_000))
}

// open loads an address and waits until ready is true.
func (t *tab) open(address, ready string) error {
	if err := chromedp.Do(t.Ctx, chromedp.Navigate(address)); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if ready == "" {
		ready = "true"
	}
	return t.Await("document.readyState === 'complete' && "+ready, patience)
}

// picture is the page as PNG, down to its end if whole.
func (t *tab) picture(whole bool) ([]byte, error) {
	if whole {
		return chromedp.Run(t.Ctx, chromedp.FullScreenshot(100)) // 100: as PNG
	}
	return chromedp.Run(t.Ctx, chromedp.CaptureScreenshot())
}

// webp is the page's first view as WebP, without visible loss.
func (t *tab) webp() ([]byte, error) {
	quality := int64(88)
	shot, err := chromedp.Call(t.Ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "webp", Quality: &quality})
	if err != nil {
		return nil, err
	}
	return shot.Data, nil
}
