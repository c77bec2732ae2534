package web_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// What the speaker draws over the wide drawing is on a phone, whose drawing is
// arranged otherwise, where it belongs: a ring around a place is around it, an arrow
// leads from place to place.
func TestTalkPenOnAPhone(t *testing.T) {
	base, room, _ := talkServer(t, "", "")
	speaker, audience := browse(t), browse(t)
	speaker.size(1440, 900)
	audience.size(360, 740)
	audience.do(chromedp.Navigate(base + room.AudiencePath()))
	audience.talkAt(0, 0)
	speaker.do(chromedp.Navigate(base + room.PresentPath()))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	for range 4 {
		speaker.key("PageDown")
	}
	speaker.talkAt(2, 1)
	audience.talkAt(2, 1)
	speaker.key("d")
	// box is where a place of lane A is: left, top, right, bottom.
	box := func(b *tab, name string) []float64 {
		return eval[[]float64](b, fmt.Sprintf(`(({left, top, right, bottom}) => [left, top, right, bottom])(document.querySelector('[data-lane="a"] [data-place="%s"] .box').getBoundingClientRect())`, name))
	}
	draw := func(points ...[2]float64) {
		t.Helper()
		for i, p := range append(points, points[len(points)-1]) {
			kind := input.DispatchMouseEventTypeMouseMoved
			switch i {
			case 0:
				kind = input.DispatchMouseEventTypeMousePressed
			case len(points):
				kind = input.DispatchMouseEventTypeMouseReleased
			}
			if _, err := chromedp.Call(speaker.Ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: p[0], Y: p[1], Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	// ink is where strokes are, in the order in which they were drawn.
	const ink = `[...document.querySelectorAll('.strokes path')].flatMap((path) => { const box = document.querySelector('.ink').getBoundingClientRect(); return path.getAttribute('d').slice(1).replace(/h.1/, '').split('L').map((point) => { const [x, y] = point.split(' ').map(Number); return [x + box.left, y + box.top]; }); })`

	cache := box(speaker, "page-cache")
	middle, wide, high := [2]float64{(cache[0] + cache[2]) / 2, (cache[1] + cache[3]) / 2}, (cache[2]-cache[0])/2+5, (cache[3]-cache[1])/2+5
	var ring [][2]float64
	for i := range 25 {
		at := float64(i) / 24 * 2 * math.Pi
		ring = append(ring, [2]float64{middle[0] + wide*1.2*math.Cos(at), middle[1] + high*1.2*math.Sin(at)})
	}
	draw(ring...)
	audience.await(`document.querySelectorAll('.strokes path').length > 0 && (` + ink + `).length >= 25`)
	cache = box(audience, "page-cache")
	low, most := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, p := range eval[[][2]float64](audience, ink) {
		for i := range p {
			low[i], most[i] = min(low[i], p[i]), max(most[i], p[i])
		}
	}
	for i := range 2 {
		size := cache[2+i] - cache[i]
		if low[i] > cache[i]+2 || low[i] < cache[i]-size/2 || most[i] < cache[2+i]-2 || most[i] > cache[2+i]+size/2 {
			t.Errorf("the ring is from %.0f to %.0f, the page cache on the phone %.0f", low, most, cache)
			break
		}
	}
	speaker.key("x")
	audience.await(`document.querySelectorAll('.strokes path').length === 0`)

	from, to := box(speaker, "disk"), box(speaker, "socket-buffer")
	draw([2]float64{from[0] + 10, from[1] + 10}, [2]float64{(from[0] + to[0]) / 2, (from[1] + to[1]) / 2}, [2]float64{to[0] + 10, to[1] + 10})
	audience.await(`(` + ink + `).length >= 3`)
	points := eval[[][2]float64](audience, ink)
	for name, p := range map[string][2]float64{"disk": points[0], "socket-buffer": points[len(points)-1]} {
		if at := box(audience, name); p[0] < at[0] || p[0] > at[2] || p[1] < at[1] || p[1] > at[3] {
			t.Errorf("the arrow's end on the %s is at %.0f on the phone, where that is %.0f", name, p, at)
		}
	}
	quiet(t, audience)
}
