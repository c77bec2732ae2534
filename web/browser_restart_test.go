package web_test

import (
	"strings"
	"testing"
)

// A page whose server is started anew says so, and goes on.
func TestPageSaysThatTheServerStartedAnew(t *testing.T) {
	base, _, shut := serveAt(t, "127.0.0.1:0")
	b := browse(t)
	b.open(base + "/scope?lang=en")
	b.await(`document.getElementById('connection').dataset.state === 'open'`)
	shut()
	b.await(`document.getElementById('connection').dataset.state === 'waiting'`)
	serveAt(t, strings.TrimPrefix(base, "http://"))
	b.await(`document.getElementById('connection').dataset.state === 'restarted' && document.getElementById('connection').textContent.includes('anew')`)
	b.await(`document.getElementById('connection').dataset.state === 'open'`)
	for _, p := range b.complaints() {
		// The browser may ask for the page's icon when the server is gone.
		if !strings.Contains(p, "WebSocket") && !strings.Contains(p, "net::ERR_CONNECTION_") {
			t.Errorf("console: %s", p)
		}
	}
}

// After a sleep a connection may be dead and look alive: a page that wakes up asks,
// and connects anew if nothing answers.
func TestPageThatWakesUpAsksForASignOfLife(t *testing.T) {
	base, _, _ := serveAt(t, "127.0.0.1:0")
	b := browse(t)
	b.open(base + "/scope")
	eval[bool](b, `(() => {
		window.connections = 0;
		window.Real = window.WebSocket;
		window.WebSocket = class extends Real { constructor(...a) { super(...a); window.connections += 1; } };
		Object.assign(window.WebSocket, {});
		window.asked = [];
		const send = Real.prototype.send;
		Real.prototype.send = function (text) {
			window.asked.push(JSON.parse(text).type);
			if (!window.dead) send.call(this, text);
		};
		return true;
	})()`)
	wake := `document.dispatchEvent(new Event('visibilitychange')) || true`
	eval[bool](b, wake)
	b.await(`window.asked.includes('ping')`)
	b.await(`Date.now() - (window.began ??= Date.now()) > 3500`)
	if n := eval[float64](b, `window.connections`); n != 0 {
		t.Fatalf("a living connection was replaced %v times", n)
	}
	eval[bool](b, `(window.dead = true) && `+wake)
	b.await(`window.connections > 0 && ((window.dead = false) || true)`)
}
