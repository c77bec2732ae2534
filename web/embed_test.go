package web

import (
	"net/http"
	"strings"
	"testing"

	"copyscope/internal/lab"
)

// Only the embedded scope may be framed; it remembers nothing for this browser.
func TestOnlyTheEmbeddedScopeMayBeFramed(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	for path, framed := range map[string]bool{"/scope?embed=1&lang=zh&theme=dark": true, "/scope?embed=0": false, "/scope": false,
		"/live?embed=1": false, "/attach?embed=1": false, "/claims?embed=1": false, "/?embed=1": false} {
		r := ask(s, "GET", path, nil)
		policy := r.Header.Get("Content-Security-Policy")
		if got := strings.Contains(policy, "frame-ancestors *"); got != framed {
			t.Errorf("%s: policy %q", path, policy)
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if framed && (len(r.Cookies()) > 0 || !strings.Contains(body(t, r), `lang="zh`)) {
			t.Errorf("%s: cookies %v; want the language that the address asks for, and none", path, r.Cookies())
		}
	}
}

func TestEmbedSaysWhatIsWrong(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	for query, want := range map[string]string{"show=score,<script>alert(1)</script>": "&lt;script&gt;", "v=7": "7", "a=teleport": "teleport"} {
		r := ask(s, "GET", "/scope?embed=1&"+query, nil)
		if html := body(t, r); r.StatusCode != http.StatusBadRequest || !strings.Contains(html, want) || strings.Contains(html, "<script>alert") {
			t.Errorf("%s: status %d, no %q", query, r.StatusCode, want)
		}
	}
}

// A page within another site's makes this host do nothing but simulate.
func TestFramedPagesMeasureNothing(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	conn := dial(t, listen(t, s)+"/ws?embed=1")
	for kind, body := range map[string]string{
		"scope.run":    `{"lane":"a","scenario":"sendfile,side=real"}`,
		"attach.start": `{"pids":[1],"seconds":1}`,
		"live.rate":    `{"hz":10}`,
	} {
		say(t, conn, `{"v":1,"type":"`+kind+`","id":"x","body":`+body+`}`)
		if p := hearError(t, conn, "x"); !strings.Contains(p.Message+p.Remedy, "another site") {
			t.Errorf("%s: %+v", kind, p)
		}
	}
}
