package web

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"

	"copyscope/internal/lab"
)

var toldBlock = regexp.MustCompile(`<script id="told-([a-d])" type="application/json">([^<]*)</script>`)

// toldIn are the runs that a page brings with it, by lane.
func toldIn(t *testing.T, page []byte) map[string][]Message {
	t.Helper()
	all := map[string][]Message{}
	for _, found := range toldBlock.FindAllSubmatch(page, -1) {
		var messages []Message
		if err := json.Unmarshal(found[2], &messages); err != nil {
			t.Fatalf("lane %s: %v", found[1], err)
		}
		all[string(found[1])] = messages
	}
	return all
}

// What a page brings of a short run is, message for message, what the websocket would
// have told of it.
func TestAPageBringsItsShortRuns(t *testing.T) {
	s := newServer(t, Config{Lab: lab.New(t.TempDir())})
	short := []string{"read-write,model=textbook,cache=cold,size=64KiB,chunk=64KiB", "sendfile,model=linux,net=nic,size=256KiB,chunk=64KiB"}
	query := url.Values{"a": {short[0]}, "b": {short[1]}, "c": {"read-write,model=linux,size=16MiB,chunk=16KiB"}, "lang": {"zh"}}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1:8080/scope?"+query.Encode(), nil))
	brought := toldIn(t, w.Body.Bytes())
	if len(brought) != 2 || brought["c"] != nil {
		t.Errorf("the page brings the runs of %d lanes, want those of a and b: c's is long", len(brought))
	}
	conn := dial(t, listen(t, s)+"/ws")
	for i, lane := range []string{"a", "b"} {
		body, _ := json.Marshal(runRequest{Lane: lane, Scenario: short[i], Lang: "zh"})
		say(t, conn, request("scope.run", lane, string(body)))
		for k := 0; ; k++ {
			m := hear(t, conn)
			if m.Type == "scope.progress" {
				k--
				continue
			}
			if k >= len(brought[lane]) {
				t.Fatalf("lane %s: the page ends before %s", lane, m.Type)
			}
			got := brought[lane][k]
			if got.Type != m.Type || !bytes.Equal(compacted(t, got.Body), compacted(t, m.Body)) {
				t.Errorf("lane %s, message %d: the page brings %s\n%.300s\nthe websocket tells %s\n%.300s", lane, k, got.Type, got.Body, m.Type, m.Body)
			}
			if m.Type == "scope.done" {
				break
			}
		}
	}
}

func compacted(t *testing.T, text []byte) []byte {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
