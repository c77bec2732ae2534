package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/broker"
	"copyscope/internal/brokerview"
	"copyscope/web"
)

func (s *brokerSite) config(topic, name string) string {
	for _, t := range s.broker.Topics() {
		if t.Name == topic {
			return t.Configs[name]
		}
	}
	return ""
}

func (s *brokerSite) has(topic string) bool { return s.config(topic, "retention.ms") != "" }

// A topic's life by forms alone, as without JavaScript.
func TestTopicsByForms(t *testing.T) {
	s := serveBroker(t, "")
	resp, _ := s.post("/broker/topics", url.Values{"name": {"orders"}, "partitions": {"3"}, "config.retention.ms": {"1000000"}, "was.retention.ms": {"604800000"},
		"config.segment.bytes": {"1073741824"}, "was.segment.bytes": {"1073741824"}}, nil)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/broker/topics/orders?done=created" {
		t.Fatalf("create: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	page := s.page("/broker/topics/orders?done=created")
	mustHave(t, page, "Topic orders was created.", "Partition 2", `name="reset" value="retention.ms"`)
	if strings.Contains(page, `name="reset" value="segment.bytes"`) {
		t.Error("a config that nobody changed is set")
	}

	// What another changed meanwhile stays: its field says what it said before.
	value := "65536"
	if err := s.broker.AlterTopic("orders", map[string]*string{"segment.bytes": &value}); err != nil {
		t.Fatal(err)
	}
	resp, _ = s.post("/broker/topics/orders/configs", url.Values{"config.copyscope.fetch.path": {"splice"}, "was.copyscope.fetch.path": {"sendfile"},
		"config.segment.bytes": {"1073741824"}, "was.segment.bytes": {"1073741824"}, "reset": {"retention.ms"}}, nil)
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("alter: %d", resp.StatusCode)
	}
	for name, want := range map[string]string{"copyscope.fetch.path": "splice", "retention.ms": "604800000", "segment.bytes": "65536"} {
		if got := s.config("orders", name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}

	if resp, _ = s.post("/broker/topics/orders/partitions", url.Values{"partitions": {"5"}}, nil); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("grow: %d", resp.StatusCode)
	}
	mustHave(t, s.page("/broker/topics/orders?done=grown"), "Partition 4", "has more partitions")

	s.produce(s.client(), "orders", &kgo.Record{Value: []byte("x")})
	resp, text := s.post("/broker/topics/orders/delete", url.Values{"name": {"order"}}, nil)
	if resp.StatusCode != http.StatusUnprocessableEntity || !s.has("orders") {
		t.Errorf("a wrong confirmation: %d, the topic is there: %v", resp.StatusCode, s.has("orders"))
	}
	mustHave(t, text, "nothing was deleted", `value="order"`, `aria-invalid="true"`)
	resp, _ = s.post("/broker/topics/orders/delete", url.Values{"name": {"orders"}}, nil)
	if resp.StatusCode != http.StatusSeeOther || s.has("orders") {
		t.Errorf("delete: %d, the topic is there: %v", resp.StatusCode, s.has("orders"))
	}
	mustHave(t, s.page(resp.Header.Get("Location")), "Topic orders was deleted")
}

// What is wrong is said once, in the reader's language, beside what was typed.
func TestFormsSayWhatIsWrong(t *testing.T) {
	s := serveBroker(t, "")
	s.create("orders", 2, nil)
	chinese := func(r *http.Request) { r.Header.Set("Accept-Language", "zh") }
	for _, c := range []struct {
		name, path string
		form       url.Values
		en, zh     string
	}{
		{"no name", "/broker/topics", url.Values{"name": {" "}}, "the topic name is empty", "主题名称为空"},
		{"a path", "/broker/topics", url.Values{"name": {"../../etc"}}, `topic name &#34;../../etc&#34;: only letters`, "只允许字母"},
		{"two dots", "/broker/topics", url.Values{"name": {".."}}, "it cannot be", "不能是"},
		{"markup", "/broker/topics", url.Values{"name": {"<script>x y"}}, "only letters", "只允许字母"},
		{"too long", "/broker/topics", url.Values{"name": {strings.Repeat("x", 300)}}, "at most 249", "249"},
		{"taken", "/broker/topics", url.Values{"name": {"orders"}}, "the topic exists", "主题已存在"},
		{"internal", "/broker/topics", url.Values{"name": {"__consumer_offsets"}}, "broker&#39;s own", "代理自用"},
		{"partitions", "/broker/topics", url.Values{"name": {"a"}, "partitions": {"many"}}, "is no number of partitions", "不是有效的分区数"},
		{"too many", "/broker/topics", url.Values{"name": {"a"}, "partitions": {"99999999"}}, "too many partitions", "分区过多"},
		{"config", "/broker/topics", url.Values{"name": {"a"}, "config.retention.ms": {"soon <b>"}}, "is not a number from -1", "不是 -1 到"},
		{"unknown config", "/broker/topics", url.Values{"name": {"a"}, "config.retentions.ms": {"1"}}, "nearest is &#34;retention.ms&#34;", "最接近的是"},
		{"path", "/broker/topics/orders/configs", url.Values{"config.copyscope.fetch.path": {"teleport"}}, "is not possible here", "这里不能用"},
		{"policy", "/broker/topics/orders/configs", url.Values{"config.cleanup.policy": {"compress"}}, "there is no policy", "没有"},
		{"fewer", "/broker/topics/orders/partitions", url.Values{"partitions": {"1"}}, "never gets fewer", "只增不减"},
	} {
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			change := chinese
			if lang == "en" {
				change = nil
			}
			resp, text := s.post(c.path, c.form, change)
			if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, want) || strings.Count(text, `role="alert"`) != 1 {
				at := strings.Index(text, `role="alert"`)
				t.Errorf("%s in %s: %d, want %q: %.300s", c.name, lang, resp.StatusCode, want, text[max(0, at):])
			}
			if strings.Contains(text, "<script>x") || strings.Contains(text, "soon <b>") {
				t.Errorf("%s in %s: what was typed is in the page as markup", c.name, lang)
			}
			if typed := c.form.Get("config.retention.ms"); typed != "" && !strings.Contains(text, "soon &lt;b&gt;") {
				t.Errorf("%s in %s: what was typed is lost", c.name, lang)
			}
		}
	}
	if got := len(s.broker.Topics()); got != 1 {
		t.Errorf("%d topics", got)
	}
	for _, path := range []string{"/broker/topics/none/configs", "/broker/topics/none/partitions", "/broker/topics/none/delete"} {
		if resp, _ := s.post(path, url.Values{"name": {"none"}, "partitions": {"3"}}, nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, resp.StatusCode)
		}
	}
	if resp, _ := s.post("/broker/topics", url.Values{"name": {strings.Repeat("x", 1<<20)}}, nil); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a form of 1 MiB: %d, want 400", resp.StatusCode)
	}
}

// Another site's form changes nothing, however the browser names it.
func TestForeignFormsAreRefused(t *testing.T) {
	s := serveBroker(t, "")
	s.create("orders", 1, nil)
	for _, c := range []struct {
		name    string
		headers map[string]string
		want    int
	}{
		{"another site", map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{"another port", map[string]string{"Origin": "http://127.0.0.1:1"}, http.StatusForbidden},
		{"hidden", map[string]string{"Origin": "null"}, http.StatusForbidden},
		{"a navigation without an origin", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, http.StatusForbidden},
		{"a neighbour", map[string]string{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, http.StatusForbidden},
		{"a rebound name", map[string]string{"Host": "evil.example"}, http.StatusMisdirectedRequest},
		{"this site", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": s.url}, http.StatusSeeOther},
	} {
		resp, _ := s.post("/broker/topics/orders/delete", url.Values{"name": {"orders"}}, func(r *http.Request) {
			for name, value := range c.headers {
				r.Header.Set(name, value)
			}
			if host := c.headers["Host"]; host != "" {
				r.Host = host
			}
		})
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, resp.StatusCode, c.want)
		}
		if c.want != http.StatusSeeOther && !s.has("orders") {
			t.Fatalf("%s deleted the topic", c.name)
		}
	}
	if s.has("orders") {
		t.Error("this site's form did not delete the topic")
	}
}

// Pages that other machines reach change nothing, and show no records that the
// broker itself does not give to those machines.
func TestPagesThatOthersReachChangeNothing(t *testing.T) {
	s := serveBroker(t, "0.0.0.0:80")
	s.create("orders", 1, nil)
	s.produce(s.client(), "orders", &kgo.Record{Value: []byte("secret order")})
	for path, form := range map[string]url.Values{
		"/broker/topics": {"name": {"new"}}, "/broker/topics/orders/configs": {"config.retention.ms": {"1"}},
		"/broker/topics/orders/partitions": {"partitions": {"2"}}, "/broker/topics/orders/delete": {"name": {"orders"}},
	} {
		if resp, text := s.post(path, form, nil); resp.StatusCode != http.StatusForbidden || !strings.Contains(text, "127.0.0.1") {
			t.Errorf("%s: %d, %.100q", path, resp.StatusCode, text)
		}
	}
	if !s.has("orders") || s.has("new") || s.config("orders", "retention.ms") == "1" {
		t.Error("something was changed")
	}
	for _, path := range []string{"/broker", "/broker/topics/orders"} {
		if page := s.page(path); strings.Contains(page, `method="post"`) || !strings.Contains(page, "Serve the pages on 127.0.0.1") {
			t.Errorf("%s offers a form, or does not say why it does not", path)
		}
	}
	for _, path := range []string{"/broker/topics/orders/0", "/broker/topics/orders/0/value?offset=0"} {
		if text, status := s.get(path); status != http.StatusForbidden || strings.Contains(text, "secret order") {
			t.Errorf("%s: %d, it shows records", path, status)
		}
	}
}

// elsewhere is a broker as if its listeners could be reached from other machines.
type elsewhere struct{ brokerview.View }

func (e elsewhere) Listeners() []web.BrokerListener {
	all := e.View.Listeners()
	for i := range all {
		all[i].Addr = "0.0.0.0:9092"
	}
	return all
}

// Pages that other machines reach show records if the broker gives them to anybody
// there, and not if it asks who is there.
func TestPagesGiveNoRecordsThatABrokerGuards(t *testing.T) {
	for _, c := range []struct {
		security broker.Security
		want     int
	}{{broker.Security{}, http.StatusOK}, {broker.Security{SASL: []string{"SCRAM-SHA-512"}}, http.StatusForbidden}} {
		b, err := broker.Open(t.Context(), broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir(), Security: c.security})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		if err := b.CreateTopic(t.Context(), "orders", 1, nil); err != nil {
			t.Fatal(err)
		}
		s, err := web.New(web.Config{Addr: "0.0.0.0:80", Version: "test", Store: elsewhere{brokerview.Of(b)}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		for _, path := range []string{"/broker/topics/orders/0", "/broker/topics/orders/0?from=0&n=1"} {
			r, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
			r.Host = "10.0.0.1"
			s.Handler().ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("%s of a broker with SASL %q: %d, want %d", path, c.security.SASL, w.Code, c.want)
			}
		}
	}
}
