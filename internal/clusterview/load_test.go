package clusterview_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/broker"
	"copyscope/internal/clusterview"
)

// A load makes a topic of its own, produces, reads, and leaves nothing; so does one that
// is stopped.
func TestLoad(t *testing.T) {
	b := startBroker(t, broker.Config{})
	stored(t, b)
	before, _ := b.view().StoredTopics(t.Context())
	v := connect(t, clusterview.Options{Seeds: []string{b.addr}})
	l := clusterview.NewLoad(v)
	topic, done := "", []string{}
	err := l.Run(t.Context(), 3*time.Second, func(name, doing string) { topic, done = name, append(done, doing) })
	if err != nil {
		t.Fatal(err)
	}
	moved := l.Traffic()
	if !moved.AtClient || moved.Paths["produce"].Bytes == 0 || moved.Paths["fetch"].Bytes == 0 {
		t.Errorf("it moved %+v", moved)
	}
	if moved.CPU >= 0 || moved.NoCPU == "" { // the broker is of the process that looks
		t.Errorf("its processor time is %v, why not %q", moved.CPU, moved.NoCPU)
	}
	if !strings.HasPrefix(topic, "copyscope-load-") || strings.Join(done, " ") != "produce fetch" {
		t.Errorf("on %q it did %v", topic, done)
	}

	why := errors.New("a reader stops it")
	ctx, stop := context.WithCancelCause(t.Context())
	err = l.Run(ctx, time.Minute, func(_, doing string) {
		if doing == "fetch" || doing == "produce" {
			stop(why)
		}
	})
	if !errors.Is(err, why) {
		t.Errorf("a load that is stopped ends with %v", err)
	}
	if after, _ := b.view().StoredTopics(t.Context()); len(after) != len(before) {
		t.Errorf("there were %d topics, now there are %d", len(before), len(after))
	}
}

// A load on a cluster that goes away says so, and which topic may stay.
func TestLoadLosesTheCluster(t *testing.T) {
	b := startBroker(t, broker.Config{})
	v := connect(t, clusterview.Options{Seeds: []string{b.addr}})
	topic := ""
	err := clusterview.NewLoad(v).Run(t.Context(), 30*time.Second, func(name, doing string) {
		if topic = name; doing == "fetch" {
			b.stop()
		}
	})
	if err == nil || !strings.Contains(err.Error(), topic+" stays") {
		t.Errorf("it ends with %v", err)
	}
}

// A page cannot have a load on a topic that it names, nor choose a path.
func TestALoadNamesNoTopic(t *testing.T) {
	b := startBroker(t, broker.Config{})
	stored(t, b)
	at := site(t, connect(t, clusterview.Options{Seeds: []string{b.addr}}))
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(at, "http", "ws", 1)+"/ws", http.Header{"Origin": {at}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := func(kind, body string) (answer string) {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"v":1,"type":"`+kind+`","id":"`+kind+`","body":`+body+`}`)); err != nil {
			t.Fatal(err)
		}
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), `"id":"`+kind+`"`) {
				return string(text)
			}
		}
	}
	if got := ask("live.load.start", `{"topic":"orders","seconds":1}`); !strings.Contains(got, `"error"`) || !strings.Contains(got, "topic of its own") {
		t.Errorf("a load on a topic in use is answered with %s", got)
	}
	if got := ask("live.path", `{"topic":"orders","path":"splice"}`); !strings.Contains(got, `"error"`) {
		t.Errorf("a path is answered with %s", got)
	}
	if got := ask("live.load.start", `{"seconds":1}`); !strings.Contains(got, "live.load.started") {
		t.Errorf("a load is answered with %s", got)
	}
}
