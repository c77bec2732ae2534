package chromium

import (
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Held is what a page holds.
type Held struct {
	HeapBytes float64 // of its script
	Nodes     float64 // elements of its document
}

// Held collects the garbage of the page's script and says what is left.
func (t Tab) Held() (Held, error) {
	var h Held
	if _, err := chromedp.Call(t.Ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		return h, err
	}
	used, err := chromedp.Call(t.Ctx, runtime.GetHeapUsage, cdp.Empty{})
	if err != nil {
		return h, err
	}
	h.HeapBytes = used.UsedSize + used.BackingStorageSize
	h.Nodes, err = chromedp.Run(t.Ctx, chromedp.Evaluate[float64](`document.querySelectorAll('*').length`))
	return h, err
}
