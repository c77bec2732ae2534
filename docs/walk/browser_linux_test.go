package walk

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"copyscope/internal/chromium"
)

// patience is how long a page may take to show what it is asked for.
const patience = time.Minute

// steps are those of a scope address of the tutorial, with words that the page then
// has beside the drawing and within it, of the lane that the tutorial speaks of.
var steps = [][]struct {
	step       int
	lane       string
	say, drawn string
}{
	{
		{6, "a", "DMA engine moves 64 KiB from the disk into the page cache", "CPU free"},
		{8, "a", "copies 64 KiB from the page cache to the user buffer", "CPU busy"},
		{12, "a", "copies 64 KiB from the user buffer to the socket buffer", "CPU busy"},
		{14, "a", "DMA engine takes 64 KiB out of the socket buffer", "DMA 64 KiB"},
		{16, "a", "", "mode switches 4 / 4"},
	},
	{
		{1, "b", "sendfile", "≠ A from step 1"},
		{8, "b", "No byte is copied", "refs 64 KiB"},
		{10, "b", "takes 64 KiB straight out of the page cache", "SG-DMA gathers 64 KiB"},
	},
}

// Whoever opens the tutorial's addresses and presses its keys sees what it says.
func TestTutorialInABrowser(t *testing.T) {
	page{ports: []string{"8080"}}.possible(t)
	if testing.Short() {
		t.Skip("it builds the command and starts a browser")
	}
	source, err := os.ReadFile(filepath.Join(root, "docs/tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	addresses := regexp.MustCompile(`\((http://127\.0\.0\.1:8080/scope[^)]*)\)`).FindAllStringSubmatch(string(source), -1)
	if len(addresses) != len(steps) {
		t.Fatalf("the tutorial has %d addresses of the scope, want %d", len(addresses), len(steps))
	}
	browser, stop, err := chromium.Start()
	if err != nil {
		chromium.Absent(t, err.Error())
	}
	defer stop()
	server := open(t, emptyFolder(t), newHome(t), false)
	if err := server.enter("copyscope serve --no-broker\n"); err != nil {
		t.Fatal(err)
	}
	if out, err := server.await("web http://127.0.0.1:8080\n"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, address := range addresses {
		tab, done, err := chromium.NewTab(browser)
		if err != nil {
			t.Fatal(err)
		}
		see(t, tab, address[1], i)
		done()
	}
}

// see goes through the steps of an address by the key that the tutorial names.
func see(t *testing.T, tab chromium.Tab, address string, which int) {
	t.Helper()
	if err := chromedp.Do(tab.Ctx, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	await := func(condition string, args ...any) {
		t.Helper()
		if err := tab.Await(fmt.Sprintf(condition, args...), patience); err != nil {
			text, _ := chromedp.Run(tab.Ctx, chromedp.Evaluate[string](`document.querySelector('.scope').innerText`))
			t.Fatalf("%s: %v\nthe page has:\n%s", address, err, text)
		}
	}
	await(`document.querySelector('.scope')?.dataset.ready === 'true'`)
	at := 0
	for _, s := range steps[which] {
		for ; at < s.step; at++ {
			await(`document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true })) || true`)
			await(`Number(document.querySelector('.scope').dataset.step) === %d`, at+1)
		}
		await(`document.querySelector('[data-part="narration"]').textContent.includes(%q)`, s.say)
		await(`document.querySelector('#lane-%s').textContent.replace(/\s+/g, ' ').includes(%q)`, s.lane, s.drawn)
	}
}
