package main

import (
	"testing"

	"github.com/chromedp/chromedp"

	"copyscope/internal/chromium"
)

// eachView opens every page in a browser of the test's own.
func eachView(t *testing.T, visit func(t *testing.T, s *site, page *tab, v view)) {
	t.Helper()
	browser, quit, err := chromium.Start()
	if err != nil {
		chromium.Absent(t, err.Error())
	}
	defer quit()
	s, err := serveSite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	page, done, err := newTab(browser)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for _, v := range views {
		t.Run(v.Name, func(t *testing.T) { visit(t, s, page, v) })
	}
}

// tooWide names what reaches beyond the page's right edge, unless a region of its
// own scrolls it.
const tooWide = `(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return '';
  const scrolls = (e) => e && (e.matches('dialog, .visually-hidden') || ['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > width + 1 && !scrolls(e));
  return document.documentElement.scrollWidth + ' px wide: ' + wide.slice(0, 4).map((e) => e.tagName.toLowerCase() + (e.className.baseVal ?? '.' + e.className)).join(', ');
})()`

// unfolded opens all that a reader may open.
const unfolded = `(() => {
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  return true;
})()`

// settle makes window.settled true once what follows the window's size is drawn.
const settle = `(window.settled = false, requestAnimationFrame(() => requestAnimationFrame(() => { window.settled = true; })), true)`

// resized gives a page that is open another width.
func resized(t *testing.T, page *tab, width int) {
	t.Helper()
	if err := page.Size(width, 900); err != nil {
		t.Fatal(err)
	}
	if err := evaluate(page.Ctx, settle); err != nil {
		t.Fatal(err)
	}
	if err := page.Await("window.settled", patience); err != nil {
		t.Fatal(err)
	}
}

// No page is wider than its window, also with all of it unfolded: on a phone, at 200 % zoom of a laptop's screen
// (which is a window of half its width), on a large one. It is opened on the phone,
// and its window grows. A table that a phone scrolls shows that there is more of it.
func TestPagesFitTheirWindow(t *testing.T) {
	eachView(t, func(t *testing.T, s *site, page *tab, v view) {
		for _, lang := range languages {
			if err := page.Size(360, 900); err != nil {
				t.Fatal(err)
			}
			if err := page.open(s.host(v)+v.address(lang, "light"), v.Ready); err != nil {
				t.Fatal(err)
			}
			for _, how := range []string{"as it opens", "unfolded"} {
				if how == "unfolded" {
					if err := evaluate(page.Ctx, unfolded); err != nil {
						t.Fatal(err)
					}
				}
				for _, width := range []int{360, 640, 1920, 3840} {
					resized(t, page, width)
					wide, err := chromedp.Run(page.Ctx, chromedp.Evaluate[string](tooWide))
					if err != nil {
						t.Fatal(err)
					}
					if wide != "" {
						t.Errorf("%s, %d px, %s: %s", lang, width, how, wide)
					}
					over, err := chromedp.Run(page.Ctx, chromedp.Evaluate[string](chromium.RunOver))
					if err != nil {
						t.Fatal(err)
					}
					if over != "" {
						t.Errorf("%s, %d px, %s: words run out of their cells: %s", lang, width, how, over)
					}
					if width > 640 {
						continue
					}
					cut, err := chromedp.Run(page.Ctx, chromedp.Evaluate[string](chromium.CutCells))
					if err != nil {
						t.Fatal(err)
					}
					if cut != "" {
						t.Errorf("%s, %d px, %s: cut at the edge, and nothing shows that there is more: %s", lang, width, how, cut)
					}
				}
			}
		}
	})
}

// longer makes every text of the page half as long again, as a translation may be.
const longer = `(() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walk.nextNode()) texts.push(walk.currentNode);
  for (const text of texts) {
    const words = text.data.trim();
    if (words.length > 3 && !text.parentElement.closest('svg, pre, code, script, style, select')) text.data += ' ' + words.slice(0, Math.ceil(words.length / 2));
  }
  return true;
})()`

// cutOff names buttons and headings whose words no longer fit into them, but for those
// that only screen readers read.
const cutOff = `[...document.querySelectorAll('button, h1, h2, h3, th, .chip, .prov')].filter((e) => e.offsetWidth > 0 && getComputedStyle(e).clipPath === 'none' && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible').slice(0, 4).map((e) => e.textContent.trim().slice(0, 60)).join(' | ')`

func TestLongerWordsFit(t *testing.T) {
	eachView(t, func(t *testing.T, s *site, page *tab, v view) {
		for _, width := range []int{360, 1280} {
			if err := page.Size(width, 900); err != nil {
				t.Fatal(err)
			}
			if err := page.open(s.host(v)+v.address("en", "light"), v.Ready); err != nil {
				t.Fatal(err)
			}
			if err := evaluate(page.Ctx, longer); err != nil {
				t.Fatal(err)
			}
			for what, expression := range map[string]string{"too wide": tooWide, "cut off": cutOff} {
				found, err := chromedp.Run(page.Ctx, chromedp.Evaluate[string](expression))
				if err != nil {
					t.Fatal(err)
				}
				if found != "" {
					t.Errorf("%d px, %s: %s", width, what, found)
				}
			}
		}
	})
}
