package log_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs/vfstest"
)

// A replay visits every record from any offset on, of batches small and larger than
// what is read at once, and reads many with one call. It ends with an error at a
// batch that is damaged, having visited those before it.
func TestReplayReadsManyBatches(t *testing.T) {
	const records = 3000
	disk := vfstest.NewDisk(1)
	fs := vfstest.Inject(t, disk, "")
	d, p, err := openOn(fs, log.Defaults(), func() time.Time { return time.UnixMilli(1000) })
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	dice := rand.New(rand.NewPCG(1, 2))
	damaged := int64(0) // where the batch at half of them begins
	for n := range records {
		size := dice.IntN(400)
		if n%1000 == 500 {
			size = 300 << 10
		}
		if n == records/2 {
			damaged = p.Bytes()
		}
		if _, err := p.Produce(batch(1000, fmt.Sprint(n, " ", strings.Repeat("x", size)))); err != nil {
			t.Fatal(err)
		}
	}
	replay := func(from int64) (n int64, err error) {
		err = p.Replay(context.Background(), from, func(offset int64, r log.Record) error {
			var value int64
			if fmt.Sscan(string(r.Value), &value); offset != from+n || value != offset {
				t.Fatalf("offset %d with value %d came where %d should", offset, value, from+n)
			}
			n++
			return nil
		})
		return n, err
	}
	for _, from := range []int64{0, 1, 499, 500, 501, 777, 2500, records - 1} {
		before := fs.Made()["read .log"]
		n, err := replay(from)
		if read := fs.Made()["read .log"] - before; err != nil || n != records-from || read > 300 {
			t.Errorf("from offset %d %d records are visited with %d reads (%v)", from, n, read, err)
		}
	}
	f, err := disk.Open("/t-0/00000000000000000000.log", os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{65, 8} { // in a record, and in the batch's length
		if _, err := f.WriteAt([]byte("\xff\xff\xff\xf0"), damaged+at); err != nil {
			t.Fatal(err)
		}
		if n, err := replay(0); n != records/2 || !errors.Is(err, log.ErrCorrupt) {
			t.Errorf("%d records are visited up to the damage at %d: %v", n, records/2, err)
		}
	}
}

// The place of a batch that was appended a moment ago is known without its header:
// one that the disk has changed meanwhile is an error, wherever its length points.
func TestReplayOfADamagedLength(t *testing.T) {
	for _, length := range []string{"\xff\xff\xff\xf0", "\x00\x00\x00\x00", "\x7f\xff\xff\xff"} {
		disk := vfstest.NewDisk(1)
		d, p, err := openOn(disk, log.Defaults(), func() time.Time { return time.UnixMilli(1000) })
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, err := p.Produce(batch(1000, "a")); err != nil {
			t.Fatal(err)
		}
		f, err := disk.Open("/t-0/00000000000000000000.log", os.O_RDWR)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte(length), 8); err != nil {
			t.Fatal(err)
		}
		err = p.Replay(context.Background(), 0, func(int64, log.Record) error { return nil })
		if !errors.Is(err, log.ErrCorrupt) {
			t.Errorf("length %x: %v", length, err)
		}
	}
}
