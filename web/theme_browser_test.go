package web_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"copyscope/web"
)

// Which palette of base.css is shown: what the reader chose, else what the system asks
// for; what differs between all of them is the ground of the kernel's memory.
func TestThemeFollowsReaderAndSystem(t *testing.T) {
	grounds := map[string]string{"light": "#f4efe6", "dark": "#2a241b", "light-more": "#ffffff", "dark-more": "#000000", "projector": "#fdf7ec"}
	schemes := map[string]string{"light": "light", "dark": "dark", "light-more": "light", "dark-more": "dark", "projector": "light"}
	systems := [][2]string{{"light", "no-preference"}, {"dark", "no-preference"}, {"light", "more"}, {"dark", "more"}}
	shown := map[string][4]string{
		"auto":      {"light", "dark", "light-more", "dark-more"},
		"light":     {"light", "light", "light-more", "light-more"},
		"dark":      {"dark", "dark", "dark-more", "dark-more"},
		"contrast":  {"dark-more", "dark-more", "dark-more", "dark-more"},
		"projector": {"projector", "projector", "projector", "projector"},
	}
	b := browse(t)
	b.do(chromedp.Navigate(serveWith(t, web.Config{}) + "/models"))
	for theme, palettes := range shown {
		for i, system := range systems {
			asked := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: system[0]}, {Name: "prefers-contrast", Value: system[1]}}
			if _, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: asked}); err != nil {
				t.Fatal(err)
			}
			got := eval[[]string](b, `((root) => {
				root.dataset.theme = `+quote(theme)+`;
				const style = getComputedStyle(root);
				return [style.getPropertyValue('--kernel').trim(), style.colorScheme];
			})(document.documentElement)`)
			if want := palettes[i]; got[0] != grounds[want] || got[1] != schemes[want] {
				t.Errorf("theme %s on a system that asks for %v: %v, not the palette %s", theme, system, got, want)
			}
		}
	}
}
