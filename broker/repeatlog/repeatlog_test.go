package repeatlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/repeatlog"
)

func TestRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		l := repeatlog.New(slog.New(slog.NewTextHandler(&said, nil)))
		lines := func() []string {
			defer said.Reset()
			return strings.Split(strings.TrimSuffix(said.String(), "\n"), "\n")
		}
		full := func() { l.Error("request failed", "topic", "t", "error", errors.New("no space")) }
		for range 100 {
			full()
			l.Info("as it is")
		}
		if got := lines(); len(got) != 101 || !strings.Contains(got[0], "no space") {
			t.Errorf("100 errors and 100 other lines gave %d lines:\n%s", len(got), strings.Join(got, "\n"))
		}
		l.Error("request failed", "topic", "u", "error", errors.New("no space"))
		l.With("broker", 2).Error("request failed", "topic", "t", "error", errors.New("no space"))
		l.WithGroup("g").Error("request failed", "topic", "t", "error", errors.New("no space"))
		if got := lines(); len(got) != 3 {
			t.Errorf("errors of other topics, loggers and groups gave %d lines, want 3", len(got))
		}
		time.Sleep(repeatlog.Pause)
		full()
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], "times_since=99") {
			t.Errorf("after the pause it says %q", got)
		}
		for i := range 3000 { // what is remembered of them is bounded
			l.Error("request failed", "n", fmt.Sprint(i))
		}
		full()
		if got := lines(); len(got) != 3001 {
			t.Errorf("of 3,000 different errors %d lines", len(got))
		}
	})
}
