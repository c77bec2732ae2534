package web_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"copyscope/internal/talk"
	"copyscope/web"
)

// A link to a loopback address leads everybody else to their own computer: no page
// offers it to a room, and each says what does.
func TestTalkThatOnlyThisComputerCanOpen(t *testing.T) {
	deck, err := talk.Load("zero-copy")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, addr, host string
		alone            bool
	}{
		{"loopback", "127.0.0.1:0", "127.0.0.1", true},
		{"loopback by name", "127.0.0.1:0", "localhost", true},
		{"every address, from the room", "0.0.0.0:0", "192.0.2.7", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, pages, _ := serveAt(t, c.addr)
			room, err := pages.OpenTalk(t.Context(), "zero-copy.yaml", deck, web.TalkOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, port, err := net.SplitHostPort(strings.TrimPrefix(base, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			page := func(path string, head ...string) string {
				t.Helper()
				r, err := http.NewRequest("GET", "http://127.0.0.1:"+port+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = net.JoinHostPort(c.host, port)
				for i := 0; i < len(head); i += 2 {
					r.Header.Set(head[i], head[i+1])
				}
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				text, err := io.ReadAll(answer.Body)
				if err != nil || answer.StatusCode != http.StatusOK {
					t.Fatalf("%s: %s, %v", path, answer.Status, err)
				}
				return string(text)
			}
			for _, lang := range []struct{ name, says string }{{"en", "Only this computer can open"}, {"zh", "只有这台电脑能打开"}} {
				for _, path := range []string{"/t/" + room.Code, "/t/" + room.Code + "/present", "/talk"} {
					text := page(path + "?lang=" + lang.name)
					if says := strings.Contains(text, ">"+lang.says); says != c.alone {
						t.Errorf("%s in %s: says that only this computer can open it: %v, want %v", path, lang.name, says, c.alone)
					}
					if path != "/talk" && strings.Contains(text, "/qr.svg") == c.alone {
						t.Errorf("%s in %s: has a QR code: %v, want %v", path, lang.name, c.alone, !c.alone)
					}
				}
			}
			notes := page("/t/"+room.Code+"/notes", "Authorization", "Bearer "+room.Present, "Talk-Desk", "a")
			if strings.Contains(notes, `"qr":`) == c.alone {
				t.Errorf("the clicker's link has a QR code: %v, want %v", c.alone, !c.alone)
			}
		})
	}
}
