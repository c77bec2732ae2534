package chromium

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Tab is one page of the browser. Ctx is what chromedp's actions run in.
type Tab struct{ Ctx context.Context }

// NewTab opens an empty tab; it lives until done is called, or browser ends.
func NewTab(browser context.Context) (t Tab, done func(), err error) {
	ctx, done := chromedp.NewContext(browser)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		done()
		return Tab{}, nil, err
	}
	return Tab{ctx}, done, nil
}

// Still makes the browser tell pages that its user wants no motion.
func (t Tab) Still() error {
	still := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
	_, err := chromedp.Call(t.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: still})
	return err
}

// Size sets the viewport in CSS pixels.
func (t Tab) Size(width, height int) error {
	_, err := chromedp.Call(t.Ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: int64(height), DeviceScaleFactor: 1})
	return err
}

// Await waits until a JavaScript expression is true, for so long at the most. An
// expression that throws is asked again: its page may not have got that far, or be
// leaving.
func (t Tab) Await(expression string, patience time.Duration) error {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		is, err := chromedp.Run(t.Ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if is && err == nil {
			return nil
		}
		if t.Ctx.Err() == nil && time.Now().Before(end) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", expression, err)
		}
		return fmt.Errorf("after %v still not: %s", patience, expression)
	}
}
