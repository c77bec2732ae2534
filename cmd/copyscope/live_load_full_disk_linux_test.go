package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"copyscope/web"
)

// loadEnd is what the feed tells of a load.
type loadEnd struct {
	Phase string `json:"phase"`
	Error struct {
		English string `json:"en"`
		Chinese string `json:"zh"`
	} `json:"error"`
}

// The topic of the live load does not fit on the broker's disk: the load fails with
// one sentence that says so, nothing is written, and the broker's other topics go on.
func TestLiveLoadOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=100m"); err != nil {
		t.Skipf("a small disk cannot be mounted: %v; run the test as root", err)
	}
	t.Cleanup(func() { unix.Unmount(disk, unix.MNT_DETACH) })
	ctx := t.Context()
	kafka, l := loaded(t, disk)
	produce := func(size int64) {
		t.Helper()
		if err := l.Fill(ctx, "before", size); err != nil {
			t.Fatalf("topic before, to %d bytes: %v", size, err)
		}
	}
	produce(1 << 20)

	server := httptest.NewUnstartedServer(nil)
	pages, err := web.New(web.Config{Addr: server.Listener.Addr().String(), Version: "test", Broker: shownBroker{kafka}, Traffic: func() web.Traffic { return traffic(kafka) }, Load: l, SampleEvery: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer pages.Close()
	server.Config.Handler = pages.Handler()
	server.Start()
	defer server.Close()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	say := func(text string) {
		t.Helper()
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	say(`{"v":1,"type":"hello","id":"h","body":{"resume":{"live":0}}}`)
	// ended is how a load that is started now ends.
	ended := func() (state loadEnd) {
		t.Helper()
		say(`{"v":1,"type":"live.load.start","id":"r","body":{"seconds":1}}`)
		for began := false; ; {
			conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			var m web.Message
			if err := conn.ReadJSON(&m); err != nil {
				t.Fatal(err)
			}
			switch m.Type {
			case "error":
				t.Fatalf("%s", m.Body)
			case "live.load":
				if err := m.Decode(&state); err != nil {
					t.Fatal(err)
				}
				began = began || state.Phase == "filling"
				if began && (state.Phase == "failed" || state.Phase == "done") {
					return state
				}
			}
		}
	}

	free := kafka.UsableBytes()
	failed := ended()
	if failed.Phase != "failed" || !strings.Contains(failed.Error.English, "64 MiB of the broker's disk") || !strings.Contains(failed.Error.Chinese, "腾出空间") {
		t.Errorf("it is %s and says %+v", failed.Phase, failed.Error)
	}
	if len(kafka.Topics()) != 1 || kafka.UsableBytes() != free {
		t.Errorf("%d topics, %d bytes free of %d: the load left something", len(kafka.Topics()), kafka.UsableBytes(), free)
	}
	produce(2 << 20)
	if _, err := l.Fetch(ctx, "before", 2<<20, time.Second); err != nil {
		t.Error(err)
	}

	// With room it is filled. A disk that is full by then cannot take the setting of
	// the fetch path, and the load says that; the topics are still read.
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT, "size=200m"); err != nil {
		t.Fatal(err)
	}
	if done := ended(); done.Phase != "done" {
		t.Fatalf("with room it is %s and says %+v", done.Phase, done.Error)
	}
	f, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil { // until the last byte
		_, err = f.Write(make([]byte, 1<<20))
	}
	if failed := ended(); failed.Phase != "failed" || !strings.HasSuffix(failed.Error.English, "no space left on device") || !strings.HasPrefix(failed.Error.Chinese, "存储出错：") {
		t.Errorf("on a disk that is full since it was filled it is %s and says %+v", failed.Phase, failed.Error)
	}
	for _, topic := range []string{"before", "copyscope-lab"} {
		if _, err := l.Fetch(ctx, topic, 2<<20, time.Second); err != nil {
			t.Error(err)
		}
	}
}
