package broker_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// What cannot be opened is one error that names the thing, the value and what
// to do.
func TestOpenErrors(t *testing.T) {
	b := start(t, t.TempDir())
	used := t.TempDir()
	start(t, used)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "topics.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	escaping := t.TempDir()
	catalogue := `{"schema":1,"topics":{"../out":{"id":"AAAAAAAAAAAAAAAAAAAAAA","partitions":1}}}`
	if err := os.WriteFile(filepath.Join(escaping, "topics.json"), []byte(catalogue), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		name string
		cfg  broker.Config
		want []string
	}{
		{"port in use", broker.Config{Listen: b.addr, Dir: t.TempDir()}, []string{b.addr, "in use", "another port"}},
		{"no port", broker.Config{Listen: "127.0.0.1", Dir: t.TempDir()}, []string{`"127.0.0.1"`, "host:port"}},
		{"not our address", broker.Config{Listen: "192.0.2.1:0", Dir: t.TempDir()}, []string{"192.0.2.1", "127.0.0.1"}},
		{"directory in use", broker.Config{Listen: "127.0.0.1:0", Dir: used}, []string{used, "another broker", "another directory"}},
		{"directory is a file", broker.Config{Listen: "127.0.0.1:0", Dir: file}, []string{file, "may write"}},
		{"no directory", broker.Config{Listen: "127.0.0.1:0"}, []string{"data directory"}},
		{"directory that cannot be made", broker.Config{Listen: "127.0.0.1:0", Dir: filepath.Join(file, "below")}, []string{file, "may write"}},
		{"damaged catalogue", broker.Config{Listen: "127.0.0.1:0", Dir: damaged}, []string{"topics.json", "damaged"}},
		{"catalogue that leads elsewhere", broker.Config{Listen: "127.0.0.1:0", Dir: escaping}, []string{"topics.json", "../out"}},
		{"bad advertised address", broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir(), Advertised: "host"}, []string{`"host"`, "host:port"}},
		{"too few bytes in flight", broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir(), MaxInFlightBytes: 1000}, []string{"queued.max.request.bytes 1000", "104857600"}},
		{"advertised port 0", broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir(), Advertised: "host:0"}, []string{`"host:0"`, "port"}},
		{"another node's directory", broker.Config{Listen: "127.0.0.1:0", Dir: holds(t, "meta.properties", "version=1\nnode.id=7\ncluster.id=x\n")}, []string{"meta.properties", `node "7"`, "docs/migration.md"}},
		{"a newer directory", broker.Config{Listen: "127.0.0.1:0", Dir: holds(t, "meta.properties", "version=9\nnode.id=1\ncluster.id=x\n")}, []string{"meta.properties", `version="9"`}},
		{"a catalogue without a schema", broker.Config{Listen: "127.0.0.1:0", Dir: holds(t, "topics.json", `{"version":99}`)}, []string{"topics.json", "schema 0"}},
	} {
		t.Run(k.name, func(t *testing.T) {
			got, err := broker.Open(context.Background(), k.cfg)
			if err == nil {
				got.Close()
				t.Fatal("it opened")
			}
			for _, w := range k.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error %q does not say %q", err, w)
				}
			}
		})
	}
}

// holds is a directory with a file.
func holds(t *testing.T, name, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A failed Open leaves neither the port nor the directory taken, and Close
// gives both back.
func TestOpenAgain(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "topics.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir}); err == nil {
		t.Fatal("it opened")
	}
	os.Remove(filepath.Join(dir, "topics.json"))
	listen := "127.0.0.1:0"
	for range 3 {
		b, err := broker.Open(context.Background(), broker.Config{Listen: listen, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		listen = b.Addr().String()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Errorf("the second Close: %v", err)
		}
	}
}

// Serve ends in time whatever its clients do: silent, in the middle of a
// frame, waiting for records.
func TestShutdown(t *testing.T) {
	b := start(t, t.TempDir())
	silent, half, waiting := dial(t, b.addr), dial(t, b.addr), dial(t, b.addr)
	silent.create(topicReq("t", 1))
	half.send([]byte{0, 0, 1, 0, 0, 3})
	poll := fetchReq("t", 0, func(r *kmsg.FetchRequest) { r.MaxWaitMillis = 30_000 })
	waiting.send(frame(poll, 8))
	time.Sleep(50 * time.Millisecond)
	began := time.Now()
	b.stop() // fails the test after 5 s
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("the end took %v though no client had an answer to come", took)
	}
	// The waiting fetch got its answer before the connection ended.
	if p := answer[*kmsg.FetchResponse](waiting, poll, 8).Topics[0].Partitions[0]; p.ErrorCode != 0 {
		t.Errorf("the waiting fetch got error %d", p.ErrorCode)
	}
	for _, c := range []raw{silent, half, waiting} {
		c.wantClosed()
	}
	if conn, err := net.DialTimeout("tcp", b.addr, time.Second); err == nil {
		conn.Close()
		t.Error("the address still takes connections")
	}
}

// Close ends a broker that serves; Serve says so.
func TestCloseUnderServe(t *testing.T) {
	b, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- b.Serve(context.Background()) }()
	dial(t, b.Addr().String())
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err == nil {
			t.Error("Serve returned nil though its context did not end")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Serve goes on after Close")
	}
}

func TestConnectionLimit(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) { c.MaxConnections = 2 })
	one, two := dial(t, b.addr), dial(t, b.addr)
	ask[*kmsg.MetadataResponse](one, metadataReq(8, false), 1)
	ask[*kmsg.MetadataResponse](two, metadataReq(8, false), 1)
	dial(t, b.addr).wantClosed()
	b.wantSaid(t, "too many connections")
	ask[*kmsg.MetadataResponse](one, metadataReq(8, false), 2)
	two.Close()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c := dial(t, b.addr)
		c.Write(frame(metadataReq(8, false), 1))
		if _, err := c.Read(make([]byte, 4)); err == nil {
			break // there is room again
		}
		if time.Now().After(end) {
			t.Fatal("no connection is taken after another ended")
		}
	}
}

func TestIdleConnection(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) { c.MaxIdle = 100 * time.Millisecond })
	c := dial(t, b.addr)
	ask[*kmsg.MetadataResponse](c, metadataReq(8, false), 1)
	c.wantClosed()
	b.wantSaid(t, "silent")
}
