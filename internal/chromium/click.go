package chromium

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// Click clicks the middle of the first element of a CSS selector, once its page is
// loaded, it is enabled and in view, and nothing but its own label covers it. The element is asked for in the page
// itself and not held by a node's id, as chromedp.Click does: an id dies with its
// document, and a link that has just been followed may not have replaced it yet.
func (t Tab) Click(selector string, patience time.Duration) error {
	quoted, err := json.Marshal(selector)
	if err != nil {
		return err
	}
	place := `(() => {
		const target = document.querySelector(` + string(quoted) + `);
		if (!target || document.readyState !== "complete") return [];
		target.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
		const box = target.getClientRects()[0];
		if (!box) return [];
		const at = [box.x + box.width / 2, box.y + box.height / 2];
		const hit = document.elementFromPoint(...at);
		return !target.disabled && (target.contains(hit) || hit?.closest("label")?.control === target) ? at : [];
	})()`
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		at, err := chromedp.Run(t.Ctx, chromedp.Evaluate[[]float64](place))
		if err != nil {
			return fmt.Errorf("%s: %w", selector, err)
		}
		if len(at) == 2 {
			return chromedp.Do(t.Ctx, chromedp.MouseClickXY(at[0], at[1]))
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %v nothing to click at %s", patience, selector)
		}
	}
}
