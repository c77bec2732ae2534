package broker_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"

	"copyscope/broker"
)

// Nobody but its user can open anything in a data directory that the broker made,
// whatever the umask, and a directory that was there keeps its mode.
func TestDataIsPrivate(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	made, byUsers, given := filepath.Join(t.TempDir(), "made", "data"), filepath.Join(t.TempDir(), "users", "data"), filepath.Join(t.TempDir(), "given")
	if err := os.Mkdir(given, 0o777); err != nil {
		t.Fatal(err)
	}
	start(t, made).stop()
	for _, dir := range []string{made, byUsers, given} {
		withUsers(t, dir, "alice", "one")
		b := start(t, dir)
		c := dial(t, b.addr)
		c.create(topicReq("t", 2), topicReq("mapped", 1, "copyscope.append.engine", "mmap"))
		for _, topic := range []string{"t", "mapped"} {
			if p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, topic, 0, batchOf("secret")), 1).Topics[0].Partitions[0]; p.ErrorCode != 0 {
				t.Fatalf("produce: error %d", p.ErrorCode)
			}
		}
		if r := ask[*kmsg.InitProducerIDResponse](c, &kmsg.InitProducerIDRequest{Version: 4, TransactionalID: kmsg.StringPtr("x"), TransactionTimeoutMillis: 1000, ProducerID: -1, ProducerEpoch: -1}, 2); r.ErrorCode != 0 {
			t.Fatalf("InitProducerId: error %d", r.ErrorCode)
		}
		if warned := strings.Contains(b.text(), "others than its owner can put files into the data directory"); warned != (dir == given) {
			t.Errorf("%s: warned %v", dir, warned)
		}
		b.stop()
		seen := 0
		if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(0o600)
			if e.IsDir() {
				want = 0o700
			}
			if path == given {
				want = 0o777
			}
			if seen++; info.Mode().Perm() != want {
				t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if seen < 15 {
			t.Errorf("%d files and directories were looked at", seen)
		}
	}
}

// Who can put symbolic links into a data directory gets no other file of the user's
// read, overwritten or removed.
func TestLinksAreNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	victim := filepath.Join(outside, "victim")
	content := bytes.Repeat([]byte("not the broker's "), 100)
	look := func(when string) {
		t.Helper()
		if got, err := os.ReadFile(victim); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%s: the file outside has %d bytes (%v), want what it had", when, len(got), err)
		}
	}
	if err := os.WriteFile(victim, content, 0o600); err != nil {
		t.Fatal(err)
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	b := start(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("t", 1, "file.delete.delay.ms", "0"))

	// In the way of the next catalogue.
	link(victim, "topics.json.tmp")
	if got := ask[*kmsg.CreateTopicsResponse](c, createReq(topicReq("refused", 1)), 1).Topics[0]; got.ErrorCode == 0 {
		t.Error("a topic was made though the catalogue's next file is a link")
	}
	look("topics.json.tmp")
	os.Remove(filepath.Join(dir, "topics.json.tmp"))
	c.create(topicReq("more", 1))

	// In a partition that is deleted.
	link(outside, "t-0/link")
	link(victim, "t-0/other")
	if got := ask[*kmsg.DeleteTopicsResponse](c, &kmsg.DeleteTopicsRequest{Version: 3, TopicNames: []string{"t"}}, 2).Topics[0]; got.ErrorCode != 0 {
		t.Fatalf("DeleteTopics: error %d", got.ErrorCode)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if left, _ := filepath.Glob(filepath.Join(dir, "t-0*")); len(left) == 0 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%v is left", left)
		}
	}
	look("a deleted partition")

	// At a start: as a partition that is adopted, one that was deleted, and a segment.
	b.stop()
	link(outside, "adopted-0")
	link(outside, "t-0.0123456789abcdef-delete")
	segment := "more-0/00000000000000000000.log"
	os.Remove(filepath.Join(dir, segment))
	link(victim, segment)
	os.Remove(filepath.Join(dir, ".kafka_cleanshutdown")) // so that it is recovered, and cut where it is wrong
	b = start(t, dir)
	if n := len(b.Topics()); n != 1 {
		t.Errorf("there are %d topics, want the one", n)
	}
	b.wantSaid(t, "it is a symbolic link")
	look("a start")
	if p := ask[*kmsg.ProduceResponse](dial(t, b.addr), produceReq(9, -1, "more", 0, batchOf("a")), 1).Topics[0].Partitions[0]; p.ErrorCode == 0 {
		t.Error("records were appended to the link")
	}
	look("a produce")
}

// Where a link stands in the place of a partition's directory, of the lock or of the
// users, nothing is read, made or removed where it leads.
func TestNothingIsDoneBehindLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	replace := func(name, by string) {
		t.Helper()
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, name)), os.Symlink(filepath.Join(outside, by), filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
	}
	names := func() string {
		entries, err := os.ReadDir(outside)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return strings.Join(all, " ")
	}
	for _, name := range []string{"notes.tmp", "00000000000000000007.txnindex"} { // which a start removes from a partition
		if err := os.WriteFile(filepath.Join(outside, name), []byte("not the broker's"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := names()
	b := start(t, dir)
	dial(t, b.addr).create(topicReq("t", 2))
	b.stop()

	replace("t-1", ".")
	b = start(t, dir)
	b.wantSaid(t, "the partition is offline")
	for partition, want := range []int16{0, 56} {
		if p := ask[*kmsg.ProduceResponse](dial(t, b.addr), produceReq(9, -1, "t", int32(partition), batchOf("a")), 1).Topics[0].Partitions[0]; p.ErrorCode != want {
			t.Errorf("produce to partition %d: error %d, want %d", partition, p.ErrorCode, want)
		}
	}
	b.stop()
	if now := names(); now != before {
		t.Errorf("with a link for a partition's directory there are %q outside, and there were %q", now, before)
	}

	refused := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "it is a symbolic link") || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: got %v", what, err)
		}
		if now := names(); now != before {
			t.Errorf("%s: there are %q outside, and there were %q", what, now, before)
		}
	}
	for _, name := range []string{".lock", "users.json"} {
		replace(name, "made")
		_, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir})
		refused("a broker with a link for "+name, err)
		_, _, err = broker.OpenUsers(dir)
		refused("users with a link for "+name, err)
		os.Remove(filepath.Join(dir, name))
	}
}

// Two brokers, of one process or of two, never have one data directory, nor one that
// goes by another name.
func TestOneBrokerADirectory(t *testing.T) {
	dir := t.TempDir()
	alias := filepath.Join(t.TempDir(), "alias")
	if err := os.Symlink(dir, alias); err != nil {
		t.Fatal(err)
	}
	first := startChild(t, dir)
	for _, path := range []string{dir, alias} {
		b, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: path})
		if err == nil {
			b.Close()
			t.Fatalf("a second broker has %s", path)
		}
		if !strings.Contains(err.Error(), "another broker is using it") {
			t.Errorf("the second is told %v", err)
		}
	}
	first.kill() // a lock that outlived its broker would need hands
	b, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: alias})
	if err != nil {
		t.Fatalf("after the first was killed: %v", err)
	}
	b.Close()
}
