package web_test

import (
	"strings"
	"testing"
)

// Of runs that the page does not have whole it says no more than what was
// compared: all of them by the server, or the first events.
func TestScopePartingOfLongRuns(t *testing.T) {
	base := serve(t, newKeptLab(t))
	b := browse(t)
	words := func() string {
		return eval[string](b, `document.querySelector('[data-part="parting"]').textContent`)
	}
	says := func(parts ...string) {
		t.Helper()
		for _, part := range parts {
			b.await(`document.querySelector('[data-part="parting"]').textContent.includes(` + quote(part) + `)`)
		}
	}
	b.openLong(base, 0, "", longStory, longStory+",profile=hdd-1g")
	says("No difference but in time", "from begin to end, 65,536 steps")

	// Far from the begin, in lanes that part later on.
	b.openLong(base, 30_000, "", longStory, longStory+",whatif=40000/dma=off")
	says("First difference: step 40,0", "The first 40,0")
	before := words()
	if !strings.Contains(before, "once the page has come there") || strings.Contains(before, "has finished") {
		t.Errorf("before the page comes there it says %s", before)
	}
	eval[bool](b, `(document.querySelector('.lane:not([hidden]) .parts:not([hidden])').click(), true)`)
	b.await(`document.querySelector('#lane-a').dataset.step === document.querySelector('[data-stage]').dataset.step && document.querySelector('#lane-a').dataset.step > 40000`)
	b.await(`!document.querySelector('[data-part="parting"]').textContent.includes('once the page has come there')`)

	// Nobody has the rest of these.
	b.open(address(base, 0, "scenario=connections-1000,group=kernel", "scenario=connections-1000,group=kernel"))
	says("No difference in the first 10,000 steps", "What comes after them was not compared")
}
