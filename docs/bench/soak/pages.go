//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"copyscope/internal/chromium"
)

// page is a tab of the browser, and what its reader does with it.
type page struct {
	name string
	read func(context.Context, *page) error
	tab  chromium.Tab
	turn sync.Mutex // for the reader, or for who looks what the page holds
}

// do lets the reader do one thing; between two, the page may be looked at.
func (p *page) do(actions ...chromedp.Action[chromedp.Void]) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	return chromedp.Do(p.tab.Ctx, actions...)
}

func (p *page) await(expression string) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.tab.Await(expression, patience)
}

// script runs statements in the page.
func (p *page) script(statements string) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	_, err := chromedp.Run(p.tab.Ctx, chromedp.Evaluate[bool](statements+"; true"))
	return err
}

// is tells whether an expression is true now.
func (p *page) is(expression string) (bool, error) {
	p.turn.Lock()
	defer p.turn.Unlock()
	return chromedp.Run(p.tab.Ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
}

// Names of the pages, as the ledger and the figures have them.
const (
	livePage   = "live page"
	scopePage  = "scope"
	lessonPage = "lesson"
	talkPage   = "talk, the speaker's page"
)

// openPages starts the browser with a tab for each page.
func (s *soak) openPages() (closeAll func(), err error) {
	browser, stop, err := chromium.Start()
	if err != nil {
		return nil, err
	}
	s.pages = []*page{{name: livePage, read: s.readLive}, {name: scopePage, read: s.readScope}, {name: lessonPage, read: s.readLesson}, {name: talkPage, read: s.speak}}
	for _, p := range s.pages {
		if p.tab, _, err = chromium.NewTab(browser); err != nil {
			stop()
			return nil, err
		}
	}
	return stop, nil
}

// watchConsoles counts what the pages' consoles complain about.
func (s *soak) watchConsoles(ctx context.Context) {
	for _, p := range s.pages {
		go func() {
			for m, err := range chromedp.Console(p.tab.Ctx) {
				if err != nil {
					return
				}
				if m.Type == "error" || m.Type == "exception" {
					s.book.note(ctx, p.name+": console", fmt.Errorf("%s", m.Text))
				}
			}
		}()
	}
}

// readers are the loads of the pages: each is read again and again.
func (s *soak) readers() (all []load) {
	for _, p := range s.pages {
		all = append(all, load{p.name, func(ctx context.Context) {
			for ctx.Err() == nil {
				if err := p.read(ctx, p); err != nil {
					s.book.note(ctx, p.name, err)
				}
				rest(ctx, time.Second)
			}
		}})
	}
	return all
}

// readLive looks at the charts, and reloads the page after some minutes.
func (s *soak) readLive(ctx context.Context, p *page) error {
	if err := p.do(chromedp.Navigate(s.server.Web + "/live?lang=en")); err != nil {
		return err
	}
	if err := p.await(`document.querySelector('.live-charts')?.dataset.ready === 'true' && document.getElementById('live-rate')`); err != nil {
		return err
	}
	if err := p.script(`const c = document.getElementById('live-rate'); c.value = '2'; c.dispatchEvent(new Event('change', { bubbles: true }))`); err != nil {
		return err
	}
	s.book.did("loads and reloads of the live page", 1)
	rest(ctx, about(s.liveStay()))
	return nil
}

// liveStay is how long the live page stands before it is reloaded.
func (s *soak) liveStay() time.Duration { return max(min(10*time.Minute, s.lasts/8), 2*time.Second) }

// shown are the runs that the scope shows, two beside each other.
var shown = [][2]string{
	{"read-write,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=cold,net=nic", "sendfile,side=sim,model=textbook,size=64KiB,chunk=64KiB,cache=cold,net=nic"},
	{"sendfile,side=real,size=1MiB,chunk=64KiB,cache=warm", "sendfile,side=sim,model=linux,size=1MiB,chunk=64KiB,cache=warm"},
	{"mmap-write,side=sim,model=linux,size=16MiB,chunk=64KiB,cache=warm", "splice,side=real,size=1MiB,chunk=64KiB,cache=warm"},
}

// readScope opens a pair of runs, steps through some events, back, and reloads.
func (s *soak) readScope(ctx context.Context, p *page) error {
	for n := 0; ctx.Err() == nil; n++ {
		pair := shown[n%len(shown)]
		to := fmt.Sprintf("%s/scope?lang=en&step=0&v=1&a=%s&b=%s", s.server.Web, url.QueryEscape(pair[0]), url.QueryEscape(pair[1]))
		const ready = `document.querySelector('.scope')?.dataset.ready === 'true'`
		if err := p.do(chromedp.Navigate(to)); err != nil {
			return err
		}
		if err := p.await(ready); err != nil {
			return err
		}
		s.book.did("pairs of runs started by the scope, "+[]string{"simulated", "simulated and real", "simulated and real"}[n%len(shown)], 1)
		for i := range 16 {
			key := kb.ArrowRight
			if i%4 == 3 {
				key = kb.ArrowLeft
			}
			if err := p.do(chromedp.KeyEvent(key)); err != nil {
				return err
			}
			s.book.did("steps in the scope", 1)
			if !s.rate.next(ctx, 250*time.Millisecond) {
				return nil
			}
		}
		if n%2 == 0 {
			if err := p.do(chromedp.Reload()); err != nil {
				return err
			}
			if err := p.await(ready); err != nil {
				return err
			}
			s.book.did("reloads of the scope", 1)
		}
		if !s.rate.next(ctx, 5*time.Second) {
			return nil
		}
	}
	return nil
}

// played are the lessons that are played.
var played = []string{"read-write", "sendfile", "splice-tee"}

// readLesson plays a lesson to its exercises: it answers the predictions with the
// first choice, and goes through the walk.
func (s *soak) readLesson(ctx context.Context, p *page) error {
	for n := 0; ctx.Err() == nil; n++ {
		to := s.server.Web + "/lessons/" + played[n%len(played)] + "?lang=" + []string{"en", "zh"}[n%2]
		if err := p.do(chromedp.Navigate(s.server.Web + "/lessons")); err != nil {
			return err
		}
		if err := p.script(`localStorage.clear()`); err != nil { // else it goes on where it was
			return err
		}
		if err := p.do(chromedp.Navigate(to)); err != nil {
			return err
		}
		if err := p.await(`document.querySelector("article.lesson").dataset.ready`); err != nil {
			return err
		}
		if err := p.script(answerAll); err != nil {
			return err
		}
		const at = `document.querySelector("[data-section][data-current]").dataset.section`
		if err := p.await(at + ` === "watch"`); err != nil {
			return err
		}
		for range 100 {
			there, err := p.is(at + ` === "exercises"`)
			if err != nil {
				return err
			}
			if there {
				s.book.did("lessons played to their exercises", 1)
				break
			}
			if err := p.await(at + ` !== "watch" || document.querySelector("[data-stage]").dataset.ready === "true"`); err != nil {
				return err
			}
			if err := p.do(chromedp.KeyEvent("n")); err != nil {
				return err
			}
			s.book.did("steps in lessons", 1)
			if !s.rate.next(ctx, 500*time.Millisecond) {
				return nil
			}
		}
		if !s.rate.next(ctx, 5*time.Second) {
			return nil
		}
	}
	return nil
}

// answerAll answers each prediction, as anybody would who does not know.
const answerAll = `for (const f of document.querySelectorAll('#predict form')) {
	const radio = f.querySelector('input[type="radio"]');
	if (radio) radio.checked = true; else f.querySelector('input').value = '1';
	f.requestSubmit();
}`

// openRoom opens a talk as the button of the page /talk does.
func (s *soak) openRoom(ctx context.Context) error {
	form := strings.NewReader(url.Values{"deck": {"zero-copy"}}.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.server.Web+"/talk/start", form)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.http.Transport.RoundTrip(req) // not where it leads to
	if err != nil {
		return err
	}
	resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		return fmt.Errorf("the talk is not opened: %s: %w", resp.Status, err)
	}
	s.desk = to.String()
	s.room = to.Path[:len(to.Path)-len("/present")]
	return nil
}

// speak goes through the talk from its first slide to its last, again and again;
// the page is loaded anew each time.
func (s *soak) speak(ctx context.Context, p *page) error {
	if err := p.do(chromedp.Navigate("about:blank")); err != nil { // else only the fragment would change
		return err
	}
	if err := p.do(chromedp.Navigate(s.desk)); err != nil {
		return err
	}
	if err := p.await(`document.querySelector('[data-talk]')?.dataset.seat === 'yours'`); err != nil {
		return err
	}
	if err := p.do(chromedp.KeyEvent(kb.Home)); err != nil {
		return err
	}
	s.book.did("loads of the speaker's page", 1)
	for range 60 {
		if !s.rate.next(ctx, 1500*time.Millisecond) {
			return nil
		}
		if err := p.do(chromedp.KeyEvent(kb.ArrowRight)); err != nil {
			return err
		}
		s.book.did("steps of the talk", 1)
	}
	return nil
}
