package web_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"copyscope/broker"
	"copyscope/docs"
	"copyscope/internal/brokerview"
	"copyscope/internal/claim"
	"copyscope/internal/docsite"
	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/talk"
	"copyscope/internal/trace"
	"copyscope/web"
)

// hostile are values that an attacker, or bad luck, puts where a value is expected.
// Each is followed by a mark, so that it can be found again in an answer.
var hostile = map[string]string{
	"script":     `<script>pwned()</script>`,
	"attribute":  `" onmouseover="pwned()" autofocus onfocus="pwned()" x="`,
	"quote":      `'-pwned()-'`,
	"element":    `</title></textarea></script><img src=//evil.example/x onerror=pwned()>`,
	"address":    `javascript:pwned()`,
	"elsewhere":  `//evil.example/%2f..`,
	"template":   `{{.Name}}${pwned()}{%raw%}`,
	"bidi":       "\u202egpj.exe\u2066\u200b\u2028",
	"control":    "\x00\x1b[31m\r\nSet-Cookie: pwned=1\x07",
	"not-utf8":   "\xff\xfe\xc0\xaf",
	"long":       strings.Repeat("A", 1<<20),
	"long-wide":  strings.Repeat("页", 1<<16),
	"far":        "99999999999999999999999999",
	"negative":   "-9223372036854775809",
	"large":      "9223372036854775807",
	"small":      "-1",
	"not-number": "NaN",
	"fraction":   "1e400",
	"path":       "../../../../etc/passwd",
	"format":     "%s%n%x%d",
	"empty":      "",
	"blank":      " \t ",
	"many-parts": strings.Repeat(",", 5000),
	"trace":      "import=\u202e<script>pwned()<\u2215script>\x07",
	"file":       "scenario=\u202e,group=<b>",
	"settings":   "sendfile" + strings.Repeat(",size=1", 2000),
}

// hostileSite has every page that there is: a broker with a topic, a talk, a
// lecturer's lessons, claims and a process that could be watched.
type hostileSite struct {
	t     *testing.T
	pages *web.Server
	room  web.TalkRoom
	addr  string
}

type idleAttacher struct{}

func (idleAttacher) Able(context.Context) host.Check    { return host.Check{Status: host.Active} }
func (idleAttacher) Listeners() (host.Listening, error) { return host.Listening{}, nil }
func (idleAttacher) OfPort(int) ([]int, error)          { return nil, nil }
func (idleAttacher) Watch(ctx context.Context, _ web.AttachWatch) (*web.Attached, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// hostileConfig is for the address at which the pages are reached.
func hostileConfig(t *testing.T, addr string) web.Config {
	t.Helper()
	b, err := broker.Open(t.Context(), broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	if err := b.CreateTopic(t.Context(), "orders", 1, nil); err != nil {
		t.Fatal(err)
	}
	lessons := t.TempDir()
	if err := os.WriteFile(filepath.Join(lessons, "broken.yaml"), []byte("name: [<script>pwned()</script>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return web.Config{Addr: addr, Version: "test", Lab: lab.New(t.TempDir()), Store: brokerview.Of(b), Attach: idleAttacher{}, Lessons: lessons,
		Metrics: http.NotFoundHandler(),
		Docs:    func() (*docsite.Site, error) { return docsite.New(docs.Files()) },
		Sample: func() (host.Sample, error) {
			v := 1.0
			return host.Sample{At: time.Now(), Figures: []host.Figure{{Name: "cpu_context_switches", Value: &v, Unit: host.PerSecond, Provenance: trace.Measured}}}, nil
		},
		Claims: func(ctx context.Context, _ string, _ claim.Options) (*claim.Report, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
}

func openHostileSite(t *testing.T, config web.Config) *hostileSite {
	t.Helper()
	pages, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pages.Close)
	deck, err := talk.Load("zero-copy")
	if err != nil {
		t.Fatal(err)
	}
	room, err := pages.OpenTalk(t.Context(), "zero-copy.yaml", deck, web.TalkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &hostileSite{t, pages, room, config.Addr}
}

// ask sends a request to the site as it is reached on its host.
func (s *hostileSite) ask(method, target, body string, head ...string) *http.Response {
	s.t.Helper()
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	u, err := url.ParseRequestURI(target)
	if err != nil {
		s.t.Fatalf("%.200q: %v", target, err)
	}
	r.URL, r.RequestURI, r.Host = u, target, s.addr
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	s.pages.Handler().ServeHTTP(w, r)
	return w.Result()
}

// routes are all patterns that the package registers, read from its source: a route
// that is added is held to these tests without anybody's thinking of it.
func routes(t *testing.T) (all []string) {
	t.Helper()
	pattern := regexp.MustCompile(`^[A-Z]+ /`)
	source(t, func(n ast.Node) {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if text, err := strconv.Unquote(l.Value); err == nil && pattern.MatchString(text) && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	})
	slices.Sort(all)
	if len(all) < 30 {
		t.Fatalf("only %d routes were found in the source: %q", len(all), all)
	}
	return all
}

// source visits the source of the package.
func source(t *testing.T, visit func(ast.Node)) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			visit(n)
			return true
		})
	}
}

// known are values of a route's placeholders that lead to something.
func (s *hostileSite) known(pattern, placeholder string) string {
	switch placeholder {
	case "{topic}":
		return "orders"
	case "{partition}":
		return "0"
	case "{part}":
		return "value"
	case "{group}":
		return "readers"
	case "{code}":
		return s.room.Code
	case "{page...}":
		return "websocket.html"
	case "{$}":
		return ""
	case "{name}":
		if strings.Contains(pattern, "/claims/") {
			return "speedup"
		}
		if strings.Contains(pattern, "/lessons/") {
			return "read-write"
		}
		return "none"
	}
	s.t.Fatalf("%s: this test knows no value for %s: name one", pattern, placeholder)
	return ""
}

var placeholder = regexp.MustCompile(`\{[a-z$]+(\.\.\.)?\}`)

// path is a route's path with known values, but for the place whose number is
// given, which has the value.
func (s *hostileSite) path(pattern string, place int, value string) string {
	_, path, _ := strings.Cut(pattern, " ")
	n := -1
	return placeholder.ReplaceAllStringFunc(path, func(name string) string {
		if n++; n == place {
			return url.PathEscape(value)
		}
		return s.known(pattern, name)
	})
}

// parameters are all that pages read from their addresses: those of the scope, and
// those of the others.
func parameters() (scope, others []string) {
	scope = []string{"a", "d", "v", "step", "align", "ref", "lane", "axis", "ghost", "speed", "embed", "show", "run", "format", "name", "claim"}
	for _, field := range []string{"path", "side", "size", "chunk", "cache", "net", "cpus", "whatif", "profile"} {
		scope = append(scope, "a."+field)
	}
	others = []string{"lang", "theme", "id", "q", "deleted", "done", "from", "time", "n", "as", "offset", "i", "seed", "at", "answers", "reply", "predict-1", "exercise-1", "code", "wall", "speaker", "total", "claim", "port", "expect", "after"}
	return scope, others
}

// A parameter that a page reads is one that is tried.
func TestEveryParameterIsTried(t *testing.T) {
	scope, others := parameters()
	all := slices.Concat(scope, others, []string{"b", "name", "partitions", "quick", "deck", "json"}) // of forms, and of a field's tag
	source(t, func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		l, literal := call.Args[0].(*ast.BasicLit)
		if !ok || !literal || !slices.Contains([]string{"Get", "Has", "PostFormValue", "FormValue"}, f.Sel.Name) {
			return
		}
		if name, err := strconv.Unquote(l.Value); err == nil && name == strings.ToLower(name) && !slices.Contains(all, name) {
			t.Errorf("the package reads the parameter %q, which no test of hostile addresses knows", name)
		}
	})
}

// hurts says what is wrong with an answer, whatever was asked.
func hurts(r *http.Response, text string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if r.StatusCode >= 500 {
		say("status %s", r.Status)
	}
	policy := r.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self';") || !strings.Contains(policy, "style-src 'self';") ||
		!strings.Contains(policy, "frame-ancestors") || strings.Contains(policy, "unsafe") {
		say("policy %q", policy)
	}
	if r.Header.Get("X-Content-Type-Options") != "nosniff" {
		say("the type may be guessed")
	}
	if to := r.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, "/\\")) {
		say("leads to %.100q", to)
	}
	for _, c := range r.Cookies() {
		if !slices.Contains([]string{"lang", "theme", "voter"}, c.Name) {
			say("sets %.100q", c.Raw)
		}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "text/html" && r.Header.Get("Content-Disposition") == "" {
		wrong = append(wrong, hurtful(text)...)
	}
	if kind == "text/html" || kind == "text/plain" || kind == "application/x-ndjson" {
		for i, c := range text {
			if c == unicode.ReplacementChar || unicode.IsControl(c) && c != '\n' && c != '\t' || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u200b' {
				say("the raw character %U in %.120q", c, text[max(0, i-80):])
				break
			}
		}
	}
	return wrong
}

// hurtful says what in a page could run, or ask another host.
func hurtful(page string) (wrong []string) {
	for t := html.NewTokenizer(strings.NewReader(page)); ; {
		switch t.Next() {
		case html.ErrorToken:
			return wrong
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := t.Token()
			attributes := map[string]string{}
			for _, a := range tag.Attr {
				attributes[a.Key] = a.Val
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc", a.Key == "autofocus" && strings.Contains(page, "pwned"):
					wrong = append(wrong, fmt.Sprintf("<%s %s=%.60q>", tag.Data, a.Key, a.Val))
				case slices.Contains([]string{"href", "src", "action", "formaction", "data", "xlink:href"}, a.Key) && !harmlessLink(a.Val):
					wrong = append(wrong, fmt.Sprintf("<%s> leads to %.60q", tag.Data, a.Val))
				}
			}
			if tag.Data == "script" && attributes["type"] != "application/json" && !strings.HasPrefix(attributes["src"], "/static/") ||
				slices.Contains([]string{"style", "base", "iframe", "object", "embed"}, tag.Data) {
				wrong = append(wrong, "<"+tag.Data+">")
			}
		}
	}
}

func harmlessLink(to string) bool {
	u, err := url.Parse(to)
	if err != nil || strings.HasPrefix(to, "/\\") {
		return false
	}
	if u.Host != "" { // sources of the kernel, books: links that a person follows
		return u.Scheme == "https" && !strings.Contains(u.Host, "evil") || u.Host == "127.0.0.1:8080"
	}
	return u.Scheme == "" || u.Scheme == "data" && strings.HasPrefix(to, "data:image/")
}

// Every parameter of every page takes every hostile value: nothing runs, nothing
// breaks, and nothing is echoed without bound.
func TestHostileAddresses(t *testing.T) {
	t.Parallel() // while TestTalkSpeakerSleepsHalfAMinute waits
	s := openHostileSite(t, hostileConfig(t, "127.0.0.1:8080"))
	names := slices.Sorted(maps.Keys(hostile))
	try := func(what, target string, usual int) {
		t.Helper()
		r := s.ask("GET", target, "", "Accept", "text/html", "Accept-Language", "en")
		if to := r.Header.Get("Location"); strings.HasPrefix(to, "/scope?") { // a form's address
			r = s.ask("GET", to, "", "Accept", "text/html", "Accept-Language", "en")
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range hurts(r, string(b)) {
			t.Errorf("%s: %s", what, wrong)
		}
		if most := usual + 64<<10; len(b) > most {
			t.Errorf("%s: the answer has %d bytes, %d without it", what, len(b), usual)
		}
	}
	scope, others := parameters()
	for _, pattern := range routes(t) {
		if !strings.HasPrefix(pattern, "GET ") || pattern == "GET /static/" {
			continue
		}
		plain := s.path(pattern, -1, "")
		b, err := io.ReadAll(s.ask("GET", plain, "").Body)
		if err != nil {
			t.Fatal(err)
		}
		for place := range placeholder.FindAllString(pattern, -1) {
			for _, name := range names {
				if at := s.path(pattern, place, hostile[name]); !strings.Contains(at, "//") {
					try(fmt.Sprintf("%s with %s in place %d", pattern, name, place), at, len(b))
				}
			}
		}
		own := others
		if strings.HasPrefix(plain, "/scope") {
			own = scope
		}
		for _, name := range names {
			value := url.QueryEscape(hostile[name])
			if len(value) < 200 {
				all := strings.Join(slices.Concat(scope, others), "="+value+"&") + "=" + value
				try(fmt.Sprintf("%s with %s everywhere", pattern, name), plain+"?"+all, len(b))
			}
			for _, parameter := range own {
				if strings.HasPrefix(plain, "/scope") || strings.Contains(plain, "/lessons/") || strings.Contains(plain, "/broker") || plain == "/talk" {
					try(fmt.Sprintf("%s?%s=(%s)", pattern, parameter, name), plain+"?"+parameter+"="+value, len(b))
				}
			}
		}
	}
}

// What is wrong with an address is said in one message: the thing, the value, the
// remedy, in the reader's language.
func TestBadAddressesAreExplained(t *testing.T) {
	s := openHostileSite(t, hostileConfig(t, "127.0.0.1:8080"))
	for _, c := range []struct {
		target string
		status int
		words  []string // in both languages
	}{
		{"/scope?v=2&a=sendfile", 400, []string{"v = “2”", "1"}},
		{"/scope?v=<script>", 400, []string{"v = “&lt;script&gt;”"}},
		{"/scope?a=teleport", 400, []string{"a.path = “teleport”", "sendfile"}},
		{"/scope?a=sendfile,size=99999999999TiB", 400, []string{"a.size = “99999999999TiB”"}},
		{"/scope?a=sendfile,cache=luke", 400, []string{"a.cache = “luke”", "warm"}},
		{"/scope?a=scenario=none", 400, []string{"a.scenario = “none”"}},
		{"/scope?a=import=%2e%2e%2fx", 400, []string{"a.import = “../x”"}},
		{"/scope?a=sendfile&a=splice", 400, []string{"a = “splice”"}},
		{"/scope?step=1&step=2", 400, []string{"step = “2”"}},
		{"/scope?step=-1", 400, []string{"step = “-1”"}},
		{"/scope?step=99999999999999999999", 400, []string{"step = “99999999999999999999”"}},
		{"/scope?speed=NaN", 400, []string{"speed = “NaN”", "0.01"}},
		{"/scope?speed=1e9", 400, []string{"speed = “1e9”"}},
		{"/scope?align=moon", 400, []string{"align = “moon”", "step, bytes, time"}},
		{"/scope?ghost=z", 400, []string{"ghost = “z”"}},
		{"/scope?a=%zz", 400, []string{"“a=%zz”", "%3B"}},
		{"/scope?embed=1&a=%e4%", 400, []string{"“embed=1&amp;a=%e4%”"}},
		{"/scope?a=x;b=y", 400, []string{"“a=x;b=y”"}},
		{"/scope?embed=1&show=moon", 400, []string{"show = “moon”"}},
		{"/scope?a=" + strings.Repeat("x", 1<<15), 414, []string{"32,777", "16,384"}},
		{"/scope?a=%E2%80%AEx", 400, []string{`a.path = “\u{202E}x”`}},
		{"/live?x=%", 400, []string{"“x=%”"}},
		{"/scope/export?format=exe&run=sendfile", 400, []string{"format", "“exe”", "chrome"}},
		{"/scope/export?format=svg&run=teleport", 400, []string{"run.path", "“teleport”"}},
		{"/lessons/none", 404, []string{"broken.yaml"}},
		{"/lessons/read-write?predict-1=moon", 200, []string{"“moon”"}},
		{"/claims/none", 404, []string{"/claims/none"}},
		{"/broker/topics/none", 404, []string{"none"}},
		{"/broker/topics/orders/7", 404, []string{"orders-7"}},
		{"/broker/topics/orders/0?from=moon", 400, []string{"moon"}},
		{"/broker/groups/none", 404, []string{"none"}},
		{"/t/zzzzzz", 404, []string{"zzzzzz"}},
		{"/t/zzzzzz/notes", 404, []string{"/talk"}},
		{"/t/" + s.room.Code + "/notes", 403, nil},
		{"/t/" + s.room.Code + "/runs/none", 404, nil},
		{"/attach/report.json", 404, []string{"/attach"}},
		{"/claims/speedup/report.json", 404, []string{"/claims/speedup"}},
	} {
		for lang, language := range map[string]*regexp.Regexp{"en": regexp.MustCompile(`[a-z]{3,} [a-z]{2,}`), "zh": regexp.MustCompile(`\p{Han}{4,}`)} {
			r := s.ask("GET", strings.NewReplacer("<", "%3C", ">", "%3E").Replace(c.target), "", "Accept", "text/html", "Accept-Language", lang)
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			text := string(b)
			if r.StatusCode != c.status {
				t.Errorf("%.100s: %s, want %d", c.target, r.Status, c.status)
			}
			_, main, _ := strings.Cut(text, "<main")
			if main == "" {
				main = text
			}
			if !language.MatchString(main) {
				t.Errorf("%.100s does not answer in %s: %.300s", c.target, lang, main)
			}
			for _, w := range c.words {
				if !strings.Contains(text, w) {
					t.Errorf("%.100s in %s lacks %q: %.400s", c.target, lang, w, main)
				}
			}
			if framed := strings.Contains(r.Header.Get("Content-Security-Policy"), "frame-ancestors *"); framed != strings.Contains(c.target, "embed=1") {
				t.Errorf("%.100s may be framed: %v", c.target, framed)
			}
		}
	}
}

// A form of another site changes nothing, whatever it is sent to; and what takes forms
// does nothing for a GET, which every link and <img> sends.
func TestNoOtherSitePosts(t *testing.T) {
	s := openHostileSite(t, hostileConfig(t, "127.0.0.1:8080"))
	tried := 0
	for _, pattern := range routes(t) {
		method, _, _ := strings.Cut(pattern, " ")
		if method == "GET" {
			continue
		}
		tried++
		path := s.path(pattern, -1, "")
		if r := s.ask("GET", path+"?deck=zero-copy&name=orders&quick=1", ""); r.StatusCode != http.StatusNotFound && path != "/scope/export" { // that one reads for a GET
			t.Errorf("%s answers a GET with %s", pattern, r.Status)
		}
		for name, head := range map[string][]string{
			"another site":        {"Origin", "https://evil.example"},
			"a page without name": {"Origin", "null"},
			"another port":        {"Origin", "http://127.0.0.1:9999"},
			"another site's img":  {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"},
			"another site's form": {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"},
		} {
			r := s.ask(method, path, "deck=zero-copy&name=evil&partitions=1", append(head, "Content-Type", "application/x-www-form-urlencoded")...)
			if r.StatusCode != http.StatusForbidden { // what is let pass may wait for what was let pass before
				t.Fatalf("%s from %s: %s", pattern, name, r.Status)
			}
		}
	}
	if tried < 10 {
		t.Errorf("only %d routes take more than GET", tried)
	}
}
