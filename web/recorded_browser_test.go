package web_test

import (
	"testing"

	"copyscope/internal/lab"
)

// TestRecordedLane steps a recorded run beside its simulation: the badge says
// recorded, the machine is named, and no count claims to be measured.
func TestRecordedLane(t *testing.T) {
	b := browse(t)
	url := serve(t, lab.New(t.TempDir()))
	b.open(url + "/scope?v=1&step=12&a=sendfile,side=sim,model=linux,size=4MiB,chunk=64KiB,cache=warm,net=loopback&b=sendfile,side=recorded,size=4MiB,chunk=64KiB,cache=warm,net=loopback")
	b.await(`document.querySelector('#lane-b [data-part="chips"]').textContent.includes('linux 6')`)
	if badge := eval[string](b, `document.querySelector('#lane-b .prov').textContent`); badge != "recorded" {
		t.Errorf("the badge says %q", badge)
	}
	if n := eval[int](b, `document.querySelectorAll('[data-part="scoreboard"] [data-lane="b"][data-provenance="recorded"]').length`); n == 0 {
		t.Error("no count is recorded")
	}
	if n := eval[int](b, `document.querySelectorAll('[data-lane="b"][data-provenance="measured"]').length`); n != 0 {
		t.Errorf("%d counts claim to be measured", n)
	}
	if problems := b.complaints(); len(problems) > 0 {
		t.Errorf("the console says %q", problems)
	}
}
