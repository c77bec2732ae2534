package log_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/broker/log"
)

// The stored bytes are the producer's, but for base offset and leader epoch.
func TestStoredUnchanged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "t-0")
	p, _ := open(t, dir)
	var want []byte
	next := int64(0)
	for i := range 5 {
		b := batch(int64(i), strings.Repeat("x", i*100), "y")
		sent := bytes.Clone(b)
		if base := add(t, p, b); base != next {
			t.Fatalf("batch %d got offset %d, want %d", i, base, next)
		}
		binary.BigEndian.PutUint64(sent[0:], uint64(next))
		binary.BigEndian.PutUint32(sent[12:], 0)
		want = append(want, sent...)
		next += 2
	}
	if !bytes.Equal(readFile(t, segment(dir)), want) {
		t.Error("the segment's bytes are not those that were sent")
	}
	if p.Bytes() != int64(len(want)) {
		t.Errorf("Bytes is %d, the file has %d", p.Bytes(), len(want))
	}
}

// Every offset is found, in large and in tiny batches, before and after the
// partition is opened again.
func TestReadEveryOffset(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "t-0")
	p, _ := open(t, dir)
	type stored struct{ first, last, at, size int64 }
	var batches []stored
	var at int64
	for i := range 400 {
		n := 1 + i%3
		values := make([]string, n)
		for v := range values {
			values[v] = strings.Repeat("v", (i*i*37)%5000/(1+199*(i%2))) // large and tiny ones in turn
		}
		b := batch(int64(i), values...)
		base := add(t, p, b)
		batches = append(batches, stored{base, base + int64(n) - 1, at, int64(len(b))})
		at += int64(len(b))
	}
	check := func(p *log.Partition) {
		t.Helper()
		for _, b := range batches {
			for offset := b.first; offset <= b.last; offset++ {
				r, err := p.Read(offset, limit*100, false)
				if err != nil || r.Position != b.at || r.Bytes != at-b.at {
					t.Fatalf("offset %d: %d bytes at %d (%v), want %d at %d", offset, r.Bytes, r.Position, err, at-b.at, b.at)
				}
			}
		}
	}
	check(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again, r := open(t, dir)
	if r.Cut != 0 || r.Bytes != at {
		t.Fatalf("recovery of a whole log: %+v", r)
	}
	check(again)
}

func TestReadLimits(t *testing.T) {
	p, _ := open(t, partitionDir(t))
	one, two := batch(0, strings.Repeat("a", 1000)), batch(0, strings.Repeat("b", 1000))
	add(t, p, one)
	add(t, p, two)
	first, all := int64(len(one)), int64(len(one)+len(two))
	for _, c := range []struct {
		name          string
		offset, limit int64
		whole         bool
		want          int64
		err           error
	}{
		{"all", 0, 1 << 20, true, all, nil},
		{"first batch goes out whole", 0, 1, true, first, nil},
		{"also for limit 0", 0, 0, true, first, nil},
		{"also for a negative limit", 0, -5, true, first, nil},
		{"a part of the first is of no use", 0, first - 1, false, 0, nil},
		{"exactly the first", 0, first, false, first, nil},
		{"the second may be cut", 0, first + 10, false, first + 10, nil},
		{"from the second", 1, 1 << 20, false, all - first, nil},
		{"the next offset", 2, 1 << 20, true, 0, nil},
		{"beyond", 3, 1 << 20, true, 0, log.ErrOffset},
		{"before", -1, 1 << 20, true, 0, log.ErrOffset},
	} {
		r, err := p.Read(c.offset, c.limit, c.whole)
		if !errors.Is(err, c.err) || r.Bytes != c.want {
			t.Errorf("%s: %d bytes, %v; want %d, %v", c.name, r.Bytes, err, c.want, c.err)
		}
	}
}

// However the end of the file is damaged, what is before it stays, what is
// there is cut off, and appending goes on from there.
func TestRecovery(t *testing.T) {
	whole := func() []byte { return batch(7, "kept", "kept too") }
	for _, c := range []struct {
		name string
		tail []byte
		cut  bool
	}{
		{"nothing", nil, false},
		{"part of a header", whole()[:30], true},
		{"header alone", whole()[:61], true},
		{"one byte missing", whole()[:len(whole())-1], true},
		{"zeros, as after a power cut", make([]byte, 8192), true},
		{"bad checksum", func() []byte { b := whole(); b[len(b)-1] ^= 1; binary.BigEndian.PutUint64(b, 4); return b }(), true},
		{"offset goes back", func() []byte { b := whole(); binary.BigEndian.PutUint64(b, 1); return b }(), true},
		{"offset at the end of numbers", func() []byte { b := whole(); binary.BigEndian.PutUint64(b, 1<<63-1); return b }(), true},
		{"lying length", func() []byte { b := whole(); binary.BigEndian.PutUint32(b[8:], 1<<31-1); return b }(), true},
		{"negative length", func() []byte { b := whole(); binary.BigEndian.PutUint32(b[8:], 1<<31); return b }(), true},
		{"a valid batch after a bad one is not trusted", append(make([]byte, 100), whole()...), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := partitionDir(t)
			p, _ := open(t, dir)
			add(t, p, whole())
			add(t, p, whole())
			p.Close()
			before := readFile(t, segment(dir))
			if err := os.WriteFile(segment(dir), append(bytes.Clone(before), c.tail...), 0o644); err != nil {
				t.Fatal(err)
			}
			p, r := open(t, dir)
			if want := int64(len(c.tail)); r.Cut != want || r.Bytes != int64(len(before)) || r.Next != 4 {
				t.Fatalf("recovery cut %d of %d bytes, %d are left, next offset %d", r.Cut, want, r.Bytes, r.Next)
			}
			if (r.Reason != nil) != c.cut {
				t.Fatalf("the reason is %v", r.Reason)
			}
			if !bytes.Equal(readFile(t, segment(dir)), before) {
				t.Fatal("the file is not what it was before the damage")
			}
			if base := add(t, p, whole()); base != 4 {
				t.Fatalf("the next batch got offset %d, want 4", base)
			}
		})
	}
}

// An append after which the file cannot be written fails, and what was stored
// is still read.
func TestAppendAfterClose(t *testing.T) {
	p, _ := open(t, partitionDir(t))
	add(t, p, batch(0, "a"))
	p.Close()
	if _, err := p.Produce(batch(0, "b")); !errors.Is(err, log.ErrStorage) {
		t.Errorf("append to a closed partition: got %v, want %v", err, log.ErrStorage)
	}
	if _, next := p.Offsets(); next != 1 {
		t.Errorf("the next offset is %d after a failed append, want 1", next)
	}
}

func TestWatch(t *testing.T) {
	p, _ := open(t, partitionDir(t))
	c := make(chan struct{}, 1)
	stop := p.Watch(c)
	add(t, p, batch(0, "a"))
	add(t, p, batch(0, "b")) // must not block though nobody took the first signal
	if len(c) != 1 {
		t.Fatalf("%d signals wait after two appends, want 1", len(c))
	}
	<-c
	stop()
	add(t, p, batch(0, "c"))
	if len(c) != 0 {
		t.Error("a signal came after the watch was stopped")
	}
}

func TestAtTime(t *testing.T) {
	dir := partitionDir(t)
	p, _ := open(t, dir)
	for i := range 300 { // 3 records each, at i*10, i*10+1, i*10+2 ms
		add(t, p, batch(int64(i*10), "a", strings.Repeat("b", 500), fmt.Sprint(i)))
	}
	p.Close()
	p, _ = open(t, dir)
	for _, c := range []struct {
		time int64
		want log.Stamped
		ok   bool
	}{
		{0, log.Stamped{Offset: 0, Timestamp: 0}, true},
		{1, log.Stamped{Offset: 1, Timestamp: 1}, true},
		{3, log.Stamped{Offset: 3, Timestamp: 10}, true},
		{1502, log.Stamped{Offset: 452, Timestamp: 1502}, true},
		{2992, log.Stamped{Offset: 899, Timestamp: 2992}, true},
		{2993, log.Stamped{}, false},
	} {
		at, ok, err := p.AtTime(c.time)
		if err != nil || ok != c.ok || at != c.want {
			t.Errorf("at %d ms: %+v %v %v, want %+v %v", c.time, at, ok, err, c.want, c.ok)
		}
	}
}

// Of many records with the same time, in batches that the index tells apart,
// the first is found.
func TestAtTimeFindsTheFirst(t *testing.T) {
	p, _ := open(t, partitionDir(t))
	add(t, p, batch(5, strings.Repeat("a", 5000)))
	for range 10 {
		add(t, p, batch(100, strings.Repeat("b", 5000)))
	}
	if at, ok, err := p.AtTime(100); err != nil || !ok || at.Offset != 1 {
		t.Errorf("got %+v %v %v, want offset 1", at, ok, err)
	}
}

// Recovery that is interrupted cuts nothing off.
func TestInterruptedRecovery(t *testing.T) {
	dir := partitionDir(t)
	p, _ := open(t, dir)
	value := strings.Repeat("x", 900<<10)
	for range 4 {
		add(t, p, batch(0, value))
	}
	held := p.Bytes()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	reads := 0
	_, _, err := openCounting(ctx, dir, func(int) {
		reads++
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want that the context ended", err)
	}
	if reads != 1 {
		t.Errorf("it read %d times, want that it ends after the first", reads)
	}
	if again, r := open(t, dir); again.Bytes() != held || r.Cut != 0 {
		t.Errorf("%d bytes are left of %d, %d were cut", again.Bytes(), held, r.Cut)
	}
}
