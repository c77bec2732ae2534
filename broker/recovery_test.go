package broker

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/log"
)

// A short recovery says nothing; a long one tells how far it is, not more
// often than every 5 s, and that it is over.
func TestRecoveryProgress(t *testing.T) {
	recovery := func(reads int, each time.Duration) (said []string) {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			var p recoveryProgress
			p.begin(slog.New(slog.NewTextHandler(&out, nil)), 7, false)
			for range reads {
				time.Sleep(each)
				p.read(1 << 20)
			}
			p.opened(log.Recovery{}, nil)
			p.end()
			said = strings.Split(strings.TrimSpace(out.String()), "\n")
		})
		return said
	}
	if said := recovery(9, 100*time.Millisecond); said[0] != "" {
		t.Errorf("after 0.9 s it says %q", said)
	}
	said := recovery(120, 100*time.Millisecond)
	if len(said) != 4 || !strings.Contains(said[0], "partitions_done=0 partitions=7 bytes_read=11534336") || !strings.Contains(said[3], "took=12s") {
		t.Errorf("after 12 s it says\n%s", strings.Join(said, "\n"))
	}
}
