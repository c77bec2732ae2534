package main

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// tab is one page of the browser, without motion, so that pictures are alike.
type tab struct{ ctx context.Context }

func newTab(browser context.Context) (*tab, func(), error) {
	ctx, done := chromedp.NewContext(browser)
	t := &tab{ctx}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		done()
		return nil, nil, err
	}
	still := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: still}); err != nil {
		done()
		return nil, nil, err
	}
	return t, done, nil
}

// size sets the viewport in CSS pixels.
func (t *tab) size(width, height int) error {
	_, err := chromedp.Call(t.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: int64(height), DeviceScaleFactor: 1})
	return err
}

// whole makes the window as high as the page, so that nothing lies under a bar that
// stays at the window's edge.
func (t *tab) whole(width int) error {
	height, err := chromedp.Run(t.ctx, chromedp.Evaluate[int]("document.documentElement.scrollHeight"))
	if err != nil {
		return err
	}
	return t.size(width, min(height, 16_000))
}

// open loads an address and waits until ready is true.
func (t *tab) open(address, ready string) error {
	if err := chromedp.Do(t.ctx, chromedp.Navigate(address)); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if ready == "" {
		ready = "true"
	}
	return t.await("document.readyState === 'complete' && " + ready)
}

// await waits until an expression is true.
func (t *tab) await(expression string) error {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		is, err := chromedp.Run(t.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err != nil {
			return fmt.Errorf("%s: %w", expression, err)
		}
		if is {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %v still not: %s", patience, expression)
		}
	}
}

// picture is the page as PNG, down to its end if whole.
func (t *tab) picture(whole bool) ([]byte, error) {
	if whole {
		return chromedp.Run(t.ctx, chromedp.FullScreenshot(100)) // 100: as PNG
	}
	return chromedp.Run(t.ctx, chromedp.CaptureScreenshot())
}

// webp is the page's first view as WebP, without visible loss.
func (t *tab) webp() ([]byte, error) {
	quality := int64(88)
	shot, err := chromedp.Call(t.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "webp", Quality: &quality})
	if err != nil {
		return nil, err
	}
	return shot.Data, nil
}
