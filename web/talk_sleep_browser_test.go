package web_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// sleepyLine leads to a server and can be made to sleep as a computer does: nothing
// goes through, and nobody is told.
type sleepyLine struct {
	mu    sync.Mutex
	awake *sync.Cond
	still bool
	mute  bool // what the server says does not arrive, and what it is told does
}

// lineTo gives the address of a line that leads to a server.
func lineTo(t *testing.T, base string) (*sleepyLine, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	l := &sleepyLine{}
	l.awake = sync.NewCond(&l.mu)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
			if err != nil {
				near.Close()
				continue
			}
			go l.pass(near, far, true)
			go l.pass(far, near, false)
		}
	}()
	t.Cleanup(func() { l.sleep(false); l.silence(false) })
	return l, "http://" + listener.Addr().String()
}

func (l *sleepyLine) sleep(is bool) {
	l.mu.Lock()
	l.still = is
	l.mu.Unlock()
	l.awake.Broadcast()
}

// silence stops what the server says alone.
func (l *sleepyLine) silence(is bool) {
	l.mu.Lock()
	l.mute = is
	l.mu.Unlock()
	l.awake.Broadcast()
}

func (l *sleepyLine) pass(to, from net.Conn, said bool) {
	defer to.Close()
	defer from.Close()
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		l.mu.Lock()
		for l.still || said && l.mute {
			l.awake.Wait()
		}
		l.mu.Unlock()
		if n > 0 {
			if _, failed := to.Write(part[:n]); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// The speaker's computer sleeps for 30 s: its page stands still and its connection is
// silent, without an end. The audience is told meanwhile; when the computer wakes up,
// the page has its seat again by itself, and the audience follows.
func TestTalkSpeakerSleepsHalfAMinute(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 40 s")
	}
	t.Parallel() // it waits
	base, room, _ := talkServer(t, "", "")
	line, far := lineTo(t, base)
	speaker, audience := browse(t), browse(t)
	audience.do(chromedp.Navigate(base + room.AudiencePath()))
	speaker.do(chromedp.Navigate(far + room.PresentPath()))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours'`)
	speaker.key("ArrowRight")
	audience.talkAt(1, 0)
	audience.await(`document.querySelector('[data-part="talk-state"]').textContent === ''`)

	// live says whether the page's scripts run.
	live := func(state string) {
		t.Helper()
		if _, err := chromedp.Call(speaker.Ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: page.SetWebLifecycleStateState(state)}); err != nil {
			t.Fatal(err)
		}
	}
	line.sleep(true)
	live("frozen")
	began := time.Now()
	audience.await(`document.querySelector('[data-part="talk-state"]').textContent !== ''`)
	t.Logf("the audience is told after %v", time.Since(began).Round(100*time.Millisecond))
	time.Sleep(30*time.Second - time.Since(began))
	audience.talkAt(1, 0)
	if told := eval[string](audience, `document.querySelector('[data-part="talk-state"]').textContent`); told == "" {
		t.Error("the audience is told that the speaker is back, who is not")
	}

	line.sleep(false)
	live("active")
	woke := time.Now()
	audience.await(`document.querySelector('[data-part="talk-state"]').textContent === ''`)
	t.Logf("the speaker is back %v after it woke up", time.Since(woke).Round(100*time.Millisecond))
	speaker.await(`document.querySelector('[data-talk]').dataset.seat === 'yours' && document.querySelector('[data-talk]').dataset.connection === 'open'`)
	speaker.key("ArrowRight")
	audience.talkAt(1, 1)
	quiet(t, audience)
}
