//go:build linux

package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"copyscope/internal/served"
)

// scene is one way of fetching.
type scene struct {
	name, path, protocol string // path: what the topic is set to
	carriedBy            string // the path that the broker tells
}

// sendfile is first: its pread64 calls on the segment are look-ups alone.
var scenes = []scene{
	{"sendfile", "sendfile", "PLAINTEXT", "sendfile"},
	{"read-write", "read-write", "PLAINTEXT", "read-write"},
	{"mmap-write", "mmap-write", "PLAINTEXT", "mmap-write"},
	{"splice", "splice", "PLAINTEXT", "splice"},
	{"TLS", "sendfile", "SSL", "read-write"},
}

// sealing is what TLS 1.3 adds to a record: header 5, type 1, tag 16 (RFC 8446,
// 5.2; the tags of AES-GCM and ChaCha20-Poly1305 are alike).
const sealing = 22

type proof struct {
	broker  *server
	dir     string
	trust   *tls.Config
	bytes   int64
	lookups count // pread64 on the segment that no path makes
	wrong   int
}

func (p *proof) play(ctx context.Context, s scene) error {
	if err := alter(ctx, p.broker.Kafka, s.path); err != nil {
		return err
	}
	address, trust := p.broker.Kafka, (*tls.Config)(nil)
	if s.protocol == "SSL" {
		address, trust = p.broker.KafkaTLS, p.trust
	}
	c, err := dial(address, trust)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	before, err := p.told(ctx, s)
	if err != nil {
		return err
	}
	var after told
	segment := filepath.Join(topic+"-0", "00000000000000000000.log")
	saw, err := trace(ctx, p.broker.process.Process.Pid, p.dir, s.name, c.conn.LocalAddr(), segment, func() error {
		if err := c.fetch(); err != nil {
			return err
		}
		// The broker counts when the last call has returned, which is after the
		// client got the bytes.
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if after, err = p.told(ctx, s); err != nil || after.bytes-before.bytes >= c.records || time.Now().After(end) {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	p.compare(s, c, saw, after.minus(before))
	return nil
}

// compare prints the table of one scene.
func (p *proof) compare(s scene, c *consumer, saw seen, by told) {
	fmt.Printf("%s: %d bytes of records in %d answers\n  %-34s %9s %14s   %9s %14s\n", s.name, c.records, c.answers, "", "strace", "bytes", "broker", "bytes")
	var payload int64
	line := func(what string, a, b count) {
		verdict := "equal"
		if a != b {
			verdict = "WRONG"
			p.wrong++
		}
		fmt.Printf("  %-34s %9d %14d   %9d %14d   %s\n", what, a.calls, a.bytes, b.calls, b.bytes, verdict)
	}
	// carried compares calls that carry records, and takes them out of what is left.
	rest := maps.Clone(saw)
	carried := func(kind string, b count) {
		a := saw[kind]
		payload = max(payload, a.bytes)
		delete(rest, kind)
		line(kind, a, b)
	}
	heads := count{c.answers, c.heads}
	line("records that the client got", count{c.answers, c.records}, count{by.regions, by.bytes})
	read, atHead := saw["pread64 segment"], saw["sendmsg socket"]
	switch s.name {
	case "sendfile":
		p.lookups = read
		carried("sendfile socket>segment", count{by.calls["sendfile"], by.socket})
	case "read-write":
		line("pread64 segment, less look-ups", read.minus(p.lookups), count{by.calls["pread64"], by.bytes})
		carried("write socket", count{by.calls["write"], by.socket})
		delete(rest, "pread64 segment")
	case "mmap-write":
		line("mmap segment", count{calls: saw["mmap segment"].calls}, count{calls: by.calls["mmap"]})
		carried("write socket", count{by.calls["write"], by.socket})
	case "splice":
		in, out := saw["splice segment>pipe"], saw["splice pipe>socket"]
		line("splice segment>pipe, pipe>socket", count{in.calls + out.calls, out.bytes}, count{by.calls["splice"], by.socket})
		line("splice segment>pipe, bytes", count{bytes: in.bytes}, count{bytes: by.bytes})
		payload = out.bytes
		delete(rest, "splice segment>pipe")
		delete(rest, "splice pipe>socket")
	case "TLS":
		line("pread64 segment, less look-ups", read.minus(p.lookups), count{by.calls["pread64"], by.bytes})
		a := saw["write socket"].minus(count{c.answers, c.heads + sealing*c.answers})
		line("write socket, less sealed heads", a, count{by.calls["write"], by.socket})
		payload, heads = a.bytes, count{}
		delete(rest, "write socket")
		delete(rest, "pread64 segment")
	}
	if s.name == "mmap-write" || s.name == "splice" {
		line("pread64 segment: look-ups", read, p.lookups)
	}
	line("sendmsg socket: heads", atHead, heads)
	var left int64
	for _, n := range rest {
		left += n.bytes
	}
	verdict := "ok"
	if payload < p.bytes || left*50 >= payload {
		verdict = "WRONG"
		p.wrong++
	}
	fmt.Printf("  all else moved %d bytes, %.2f %% of the records; the limit is 2 %%: %s\n", left, 100*float64(left)/float64(max(payload, 1)), verdict)
	if verdict != "ok" {
		for _, kind := range slices.SortedFunc(maps.Keys(rest), func(a, b string) int { return cmp.Compare(rest[b].bytes, rest[a].bytes) }) {
			fmt.Printf("    %-32s %9d %14d\n", kind, rest[kind].calls, rest[kind].bytes)
		}
	}
}

// told is what the broker tells of a path.
type told struct {
	regions, bytes, socket int64
	calls                  map[string]int64
}

func (t told) minus(o told) told {
	d := told{t.regions - o.regions, t.bytes - o.bytes, t.socket - o.socket, map[string]int64{}}
	for name, n := range t.calls {
		d.calls[name] = n - o.calls[name]
	}
	return d
}

// told reads /metrics.
func (p *proof) told(ctx context.Context, s scene) (told, error) {
	t := told{calls: map[string]int64{}}
	families, err := served.Metrics(ctx, p.broker.Web)
	if err != nil {
		return t, err
	}
	each := func(name string, f func(labels map[string]string, v int64)) {
		for _, m := range families[name].GetMetric() {
			labels := labelsOf(m)
			if labels["path"] == s.carriedBy && labels["security_protocol"] == s.protocol {
				f(labels, int64(m.GetCounter().GetValue()))
			}
		}
	}
	each("copyscope_fetch_regions_total", func(_ map[string]string, v int64) { t.regions = v })
	each("copyscope_fetch_bytes_total", func(_ map[string]string, v int64) { t.bytes = v })
	each("copyscope_fetch_socket_bytes_total", func(_ map[string]string, v int64) { t.socket = v })
	each("copyscope_fetch_syscalls_total", func(l map[string]string, v int64) { t.calls[l["syscall"]] = v })
	return t, nil
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}
