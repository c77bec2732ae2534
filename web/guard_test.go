package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// No page of another site, or of another port, opens any websocket.
func TestNoOtherSiteOpensASocket(t *testing.T) {
	base, s := serveHostile(t)
	tried := 0
	for _, pattern := range append(routes(t), "GET /ws") {
		path := s.path(pattern, -1, "")
		if !strings.HasSuffix(path, "/ws") {
			continue
		}
		tried++
		url := "ws" + strings.TrimPrefix(base, "http") + path
		for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1", "http://localhost:1", strings.Replace(base, "127.0.0.1", "127.0.0.1.evil.example", 1), base + "0", "file://"} {
			conn, r, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {origin}})
			if err == nil {
				conn.Close()
			}
			if err == nil || r == nil || r.StatusCode != http.StatusForbidden {
				t.Errorf("%s from %s: %v, %v; want 403", path, origin, r, err)
			}
		}
		conn, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {base}})
		if err != nil {
			t.Errorf("%s from its own page: %v", path, err)
			continue
		}
		conn.Close()
	}
	if tried != 2 {
		t.Errorf("%d websockets were found, want that of the pages and that of a talk", tried)
	}
}

// Cookies hold what a reader chose and a number that says nothing of who it is;
// nothing is allowed because of one, and none goes along with another site's request.
func TestCookiesGiveNothingAway(t *testing.T) {
	_, s := serveHostile(t)
	var seen []string
	for _, path := range append(s.pagesOf(), "/live?lang=zh&theme=dark") {
		for _, c := range s.ask("GET", path, "").Cookies() {
			seen = append(seen, c.Name)
			switch c.Name {
			case "lang", "theme":
				if c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
					t.Errorf("%s: %s", path, c.Raw)
				}
			case "voter":
				if c.SameSite != http.SameSiteStrictMode || !c.HttpOnly || c.Path != "/t/" || c.Domain != "" || len(c.Value) != 26 {
					t.Errorf("%s: %s", path, c.Raw)
				}
			default:
				t.Errorf("%s sets %s", path, c.Raw)
			}
		}
	}
	if all := strings.Join(seen, " "); !strings.Contains(all, "lang") || !strings.Contains(all, "theme") || !strings.Contains(all, "voter") {
		t.Errorf("only %q were seen", seen)
	}
}
