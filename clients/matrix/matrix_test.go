package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func end(name string) row {
	return row{client: "c", scenario: name, asserts: "a | b", run: func(context.Context, *env, string) error { return nil }}
}

// A row whose client is missing is skipped and says what is missing; in CI it
// fails. One that errs fails, and so does the run.
func TestVerdicts(t *testing.T) {
	lacking := end("needs java")
	lacking.needs = []tool{java}
	failing := end("fails")
	failing.run = func(context.Context, *env, string) error { return errors.New("record 7 is missing") }
	self := end("self")
	self.run = func(context.Context, *env, string) error { return errSelf }
	e := &env{kit: &kit{lacks: map[tool]bool{java: true}}}
	for _, c := range []struct {
		row      row
		ci       bool
		external bool
		want     string
		says     string
	}{
		{row: end("fine"), want: passed},
		{row: lacking, want: skipped, says: "javac"},
		{row: lacking, ci: true, want: failed, says: "javac"},
		{row: failing, want: failed, says: "record 7 is missing"},
		{row: self, want: skipped, says: "our own broker"},
		{row: row{client: "c", scenario: "files", files: true}, external: true, want: skipped, says: "files of a server"},
	} {
		e.external = c.external
		got := runRow(t.Context(), e, c.row, "p", c.ci)
		if got.verdict != c.want {
			t.Errorf("%s (CI %t): %s, want %s", c.row, c.ci, got.verdict, c.want)
		}
		if c.says != "" && (got.err == nil || !strings.Contains(got.err.Error(), c.says)) {
			t.Errorf("%s (CI %t) says %v, want %q", c.row, c.ci, got.err, c.says)
		}
	}
	if err := summary([]outcome{{verdict: passed}, {verdict: failed}}); err == nil {
		t.Error("a run with a failed row is no error")
	}
	if err := summary([]outcome{{verdict: skipped}}); err == nil {
		t.Error("a run in which nothing ran is no error")
	}
}

// The page holds no times, so two runs write the same; a stale one is told.
func TestTableIsStable(t *testing.T) {
	k := &kit{versions: map[string]string{"c": "1.0"}}
	page := func(took time.Duration, verdict string) []byte {
		return table(k, []outcome{{row: end("one"), verdict: verdict, took: took}})
	}
	first := page(time.Second, passed)
	if second := page(time.Minute, passed); string(first) != string(second) {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
	for _, want := range []string{"## c (1.0)", `| one | passed | a \| b |`, "1 passed, 0 failed, 0 skipped."} {
		if !strings.Contains(string(first), want) {
			t.Errorf("%q is not in\n%s", want, first)
		}
	}
	file := filepath.Join(t.TempDir(), "clients.md")
	if err := writeTable(file, first, false); err != nil {
		t.Fatal(err)
	}
	if err := writeTable(file, first, true); err != nil {
		t.Errorf("the same page is stale: %v", err)
	}
	if err := writeTable(file, page(time.Second, failed), true); err == nil {
		t.Error("another verdict is not told")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != string(first) {
		t.Errorf("a check wrote the page: %v", err)
	}
}

// The version of the machine's own kcat does not make a page stale, others do.
func TestPinned(t *testing.T) {
	if a, b := pinned([]byte("x\n## kcat (1.7)\ny")), pinned([]byte("x\n## kcat (1.8)\ny")); string(a) != string(b) {
		t.Errorf("%s and %s differ", a, b)
	}
	if a, b := pinned([]byte("## java (3)\n")), pinned([]byte("## java (4)\n")); string(a) == string(b) {
		t.Error("the version of a pinned client is not looked at")
	}
}

func TestSendsNonceTwice(t *testing.T) {
	for version, want := range map[string]bool{"1.7.1, librdkafka 2.0.2": true, "1.7.1, librdkafka 2.6.0": true, "1.7.1, librdkafka 2.6.1": false, "1.7.1, librdkafka 2.15.0-x": false, "1, librdkafka 3.0.0": false} {
		if got := sendsNonceTwice(version); got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}

func TestEveryRecordOnce(t *testing.T) {
	all := []string{"0 0 a", "0 1 b", "1 0 c", "1 1 d"}
	if err := everyRecordOnce(all, 2, 2); err != nil {
		t.Error(err)
	}
	if err := everyRecordOnce(all[:3], 2, 2); err == nil {
		t.Error("a missing record is not seen")
	}
	if err := everyRecordOnce(append(all[:3:3], "0 1 b"), 2, 2); err == nil {
		t.Error("a record that came twice is not seen")
	}
}

func TestDumpedLogSeesFaults(t *testing.T) {
	var good strings.Builder
	for _, c := range codecs {
		good.WriteString("baseOffset: 0 compresscodec: " + c.name + " isvalid: true\n")
	}
	for i := range storedRecords {
		good.WriteString("| offset: " + strconv.Itoa(i) + " CreateTime: 1\n")
	}
	good.WriteString("endTxnMarker: COMMIT\nendTxnMarker: ABORT\nendTxnMarker: COMMIT\n")
	if err := dumpedLog(good.String()); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]string{
		"an invalid batch": strings.Replace(good.String(), "isvalid: true", "isvalid: false", 1),
		"a missing record": strings.Replace(good.String(), "| offset: 17 CreateTime: 1\n", "", 1),
		"an absent abort":  strings.Replace(good.String(), "ABORT", "COMMIT", 1),
		"an absent codec":  strings.Replace(good.String(), "zstd", "gzip", 1),
		"nothing":          "",
	} {
		if err := dumpedLog(bad); err == nil {
			t.Errorf("%s is not seen", name)
		}
	}
}
