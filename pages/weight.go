package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// rounds is how often each page is loaded; the medians are told.
const rounds = 5

// Limits of a page, on loopback and with an empty cache.
const (
	mostBytes  = 250 << 10
	mostUsable = 500 * time.Millisecond
)

// weight is what one load of a page took.
type weight struct {
	bytes    int64 // over the wire, headers and websocket messages included
	requests int
	usable   time.Duration // from the navigation until a reader can begin
	shown    time.Duration // until the view shows what it is for
	hosts    map[string]bool
}

// weighAll loads every page and writes the table.
func weighAll(ctx, browser context.Context, s *site, chosen []view, file string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# What the pages weigh\n\nEach page in Chromium with an empty cache, served on loopback, 1440 × 900, %d loads each: medians. Written by `go run ./pages -weigh` on %d processors (%s/%s). *Usable* is when the frame is drawn from which on a reader can begin: the lanes can be stepped, the first figures are there, the lesson answers its keys; of a page without such a sign, when all of it is there. *Shown* is the same of the view, to which some of a lesson and a talk go on by several keys.\n\n", rounds, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(&b, "| page | bytes over the wire | requests | usable | shown |\n| --- | ---: | ---: | ---: | ---: |\n")
	var over []string
	for _, v := range chosen {
		var all []weight
		for range rounds {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			w, err := weighOne(browser, s, v)
			if err != nil {
				return err
			}
			if len(w.hosts) != 1 {
				return fmt.Errorf("%s asked %v: a page may ask its own host alone", v.Name, slices.Sorted(maps.Keys(w.hosts)))
			}
			all = append(all, w)
		}
		slices.SortFunc(all, func(a, b weight) int { return int(a.bytes - b.bytes) })
		bytes, requests := all[rounds/2].bytes, all[rounds/2].requests
		slices.SortFunc(all, func(a, b weight) int { return int(a.shown - b.shown) })
		shown := all[rounds/2].shown
		slices.SortFunc(all, func(a, b weight) int { return int(a.usable - b.usable) })
		usable := all[rounds/2].usable
		fmt.Fprintf(&b, "| %s | %.1f KiB | %d | %d ms | %d ms |\n", v.Name, float64(bytes)/1024, requests, usable.Milliseconds(), shown.Milliseconds())
		if bytes > mostBytes {
			over = append(over, fmt.Sprintf("%s takes %d bytes, more than %d", v.Name, bytes, mostBytes))
		}
		if usable > mostUsable {
			over = append(over, fmt.Sprintf("%s is usable after %v, more than %v", v.Name, usable.Round(time.Millisecond), mostUsable))
		}
	}
	fmt.Fprintf(&b, "\nNo page asked any other host for anything.\n")
	if file == "-" {
		fmt.Print(b.String())
	} else if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		return err
	}
	if len(over) > 0 {
		return fmt.Errorf("%s", strings.Join(over, "; "))
	}
	return nil
}

// weighOne loads a page once, in a tab whose cache is switched off.
func weighOne(browser context.Context, s *site, v view) (weight, error) {
	t, done, err := newTab(browser)
	if err != nil {
		return weight{}, err
	}
	defer done()
	if err := t.Size(1440, 900); err != nil {
		return weight{}, err
	}
	line, err := newWire(s.host(v))
	if err != nil {
		return weight{}, err
	}
	defer line.cut()
	var mu sync.Mutex
	w := weight{hosts: map[string]bool{}}
	host := func(url string) {
		if _, rest, ok := strings.Cut(url, "://"); ok {
			name, _, _ := strings.Cut(rest, "/")
			w.hosts[name] = true
		}
	}
	err = chromedp.Listen(t.Ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			w.requests++
			host(e.Request.URL)
		case *network.EventWebSocketCreated:
			host(e.URL)
		}
	})
	if err != nil {
		return weight{}, err
	}
	if _, err := chromedp.Call(t.Ctx, network.Enable, network.EnableParams{}); err != nil {
		return weight{}, err
	}
	if _, err := chromedp.Call(t.Ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}); err != nil {
		return weight{}, err
	}
	if _, err := chromedp.Call(t.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: stopwatch(v)}); err != nil {
		return weight{}, err
	}
	if err := t.open(line.web()+v.address("en", "light"), "window.stopwatch?.shown"); err != nil {
		return weight{}, err
	}
	at, err := chromedp.Run(t.Ctx, chromedp.Evaluate[map[string]float64]("window.stopwatch"))
	if err != nil {
		return weight{}, err
	}
	ms := func(name string) time.Duration { return time.Duration(at[name] * float64(time.Millisecond)) }
	mu.Lock()
	defer mu.Unlock()
	return weight{line.bytes.Load(), w.requests, ms("usable"), ms("shown"), w.hosts}, nil
}

// stopwatch is a script that notes, by the page's own clock, when the frame is drawn
// from which on it can be used, and the one that shows what it is for.
func stopwatch(v view) string {
	return fmt.Sprintf(`(() => {
	const at = {};
	const signs = { usable: () => %s, shown: () => %s };
	const wait = ([name, ...others]) => {
		if (!name) window.stopwatch = at;
		else if (document.readyState === 'loading' || !signs[name]()) setTimeout(() => wait([name, ...others]), 4);
		else requestAnimationFrame(() => setTimeout(() => {
			at[name] = performance.now();
			wait(others);
		}));
	};
	wait(['usable', 'shown']);
})()`, v.usable(), cmp.Or(v.Ready, whole))
}
