package web_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Whatever is sent to what takes more than GET, it breaks nothing, is answered
// briefly, and changes nothing that it did not name.
func TestHostileBodies(t *testing.T) {
	s := openHostileSite(t, hostileConfig(t, "127.0.0.1:8080"))
	form := "application/x-www-form-urlencoded"
	bodies := map[string][2]string{
		"nothing":      {form, ""},
		"damaged form": {form, "name=%zz&partitions=%"},
		"no form":      {"multipart/form-data; boundary=x", "--y"},
		"no type":      {"", "name=x"},
		"twice":        {form, "name=a&name=b&partitions=1&partitions=2&config.x=1&config.x=2"},
		"long form":    {form, "name=" + strings.Repeat("a", 1<<20)},
		"long name":    {form, "name=" + strings.Repeat("a", 60<<10)}, // as long as a form may be
		"long number":  {form, "name=x&partitions=" + strings.Repeat("9", 60<<10)},
		"long config":  {form, "name=x&config.retention.ms=" + strings.Repeat("9", 60<<10)},
		"many fields":  {form, strings.Repeat("config.a=1&", 20000)},
		"deep JSON":    {"application/json", strings.Repeat("[", 100000)},
		"JSON":         {"application/json", `{"code":{"a":1},"token":[],"deck":null,"schema":1,"events":[{"kind":"<script>pwned()</script>","from":"\u202e"}]}`},
		"far JSON":     {"application/json", `{"schema":1e999,"events":[{"bytes":9223372036854775808}]}`},
		"gzip":         {"application/gzip", "\x1f\x8b\x08\x00garbage"},
		"strace":       {"text/plain", "1 0.000001 sendfile(\x1b[31m<script>, 3, NULL, 99999999999999999999) = -1\n" + strings.Repeat("x", 1<<18)},
		"perf":         {"text/plain", "<script> 1 [000] 99999999999.9: 1 syscalls:sys_enter_sendfile64: \x00\xff\n"},
		"NUL":          {"application/octet-stream", strings.Repeat("\x00", 1<<16)},
		"cut off":      {"application/json", "{"},
		"trace": {"application/json", `{"path":"<script>pwned()</script>","side":"real","bytes":1,"base":"measured","scenario":"<b>","machine":"</script><script>pwned()</script>\u202e","threads":["<i onclick=pwned()>","\u202e"],"notes":["<img src=//evil.example/x onerror=pwned()>"],
			"events":[{"seq":1,"at_ns":0,"dur_ns":0,"endpoint":"sender","phase":"transfer","kind":"syscall","actor":"kernel","syscall":"<script>pwned()</script>","line":"</script>","detail":"<b>","bytes":1,"thread":1,"provenance":"measured"}]}`},
	}
	for _, name := range slices.Sorted(maps.Keys(hostile)) {
		value := url.QueryEscape(hostile[name])
		bodies["a form with "+name] = [2]string{form, "name=" + value + "&partitions=" + value + "&config.retention.ms=" + value + "&reset=" + value + "&deck=" + value + "&quick=" + value}
	}
	for _, pattern := range routes(t) {
		method, _, _ := strings.Cut(pattern, " ")
		if method == "GET" {
			continue
		}
		path := s.path(pattern, -1, "")
		for what, body := range bodies {
			for _, query := range []string{"", "?format=html&name=x&lane=a"} {
				r := s.ask(method, path+query, body[1], "Content-Type", body[0], "Accept", "text/html", "Accept-Language", "en")
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				for _, wrong := range hurts(r, string(b)) {
					t.Errorf("%s%s takes %s: %s", pattern, query, what, wrong)
				}
				if len(b) > 48<<10 && r.Header.Get("Content-Disposition") == "" {
					t.Errorf("%s%s answers %s with %d bytes", pattern, query, what, len(b))
				}
			}
		}
	}
	if r := s.ask("GET", "/broker/topics/orders", ""); r.StatusCode != http.StatusOK {
		t.Errorf("the topic is gone: %s", r.Status)
	}
}

// endless is a body that goes on as it began; read is how much of it was taken. It ends
// at last, so that a test does.
type endless struct {
	head, more string
	read, end  int
}

func (e *endless) Read(p []byte) (n int, err error) {
	if e.read >= e.end {
		return 0, io.EOF
	}
	if e.read == 0 {
		n = copy(p, e.head)
	} else {
		for n < len(p) {
			n += copy(p[n:], e.more)
		}
	}
	e.read += n
	return n, nil
}

// However much is sent, little of it is taken: of a form as much as forms have, of a
// trace as much as a page has.
func TestBodiesAreBounded(t *testing.T) {
	const form, trace, text = 65 << 10, 33 << 20, 257 << 20 // bytes
	s := openHostileSite(t, hostileConfig(t, "127.0.0.1:8080"))
	for _, pattern := range routes(t) {
		method, path, _ := strings.Cut(pattern, " ")
		if method == "GET" {
			continue
		}
		for kind, body := range map[string]*endless{
			"application/x-www-form-urlencoded": {head: "name=", more: "a"},
			"application/json":                  {head: `{"path":"`, more: "a"},
			"text/plain":                        {head: "1 read(", more: "a"},
		} {
			most := form
			switch {
			case path == "/scope/import" && kind == "text/plain":
				most = text // what other programs print is read as it comes
			case strings.HasPrefix(path, "/scope/") && kind == "application/x-www-form-urlencoded":
				continue // to these it is a text like the other
			case strings.HasPrefix(path, "/scope/"):
				most = trace
			}
			body.end = most + most/8
			r := httptest.NewRequest(method, s.path(pattern, -1, "")+"?format=csv&name=x", body)
			r.Host = s.addr
			r.Header.Set("Content-Type", kind)
			w := httptest.NewRecorder()
			s.pages.Handler().ServeHTTP(w, r)
			if body.read > most {
				t.Errorf("%s: %d bytes of an endless %s were taken, more than %d", pattern, body.read, kind, most)
			}
			if w.Code >= 500 {
				t.Errorf("%s answers an endless %s with %d", pattern, kind, w.Code)
			}
		}
	}
}
