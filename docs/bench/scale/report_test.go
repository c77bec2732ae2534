//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"copyscope/internal/audience"
)

func TestMain(m *testing.M) {
	if audience.Main() { // the viewers are a process of this program
		return
	}
	os.Exit(m.Run())
}

// model is a curve of a formula; measuring size stop ends its context.
type model struct {
	cost   func(size int) float64
	stop   int
	cancel context.CancelFunc
	after  time.Duration // of each point
	asked  []int
}

func (m *model) measure(_ context.Context, size int) (figures, error) {
	m.asked = append(m.asked, size)
	time.Sleep(m.after)
	if size == m.stop {
		m.cancel()
	}
	return figures{"cost": m.cost(size)}, nil
}

func (m *model) Close() error { return nil }

func (m *model) curve() *curve {
	return &curve{name: "partitions", title: "A model", size: "things", about: "About it.", why: "Why so.", sizes: []int{1, 10, 100, 1000, 10_000},
		series: []series{{name: "cost", title: "Cost", unit: "ms", work: true}, {name: "later", title: "Later", unit: "ms"}},
		open:   func(context.Context, setting) (measurer, error) { return m, nil }}
}

func planned(t *testing.T) plan {
	return plan{rounds: 3, limit: time.Hour, say: t.Logf}
}

// The report has each size's median, the knee, and says what grows too fast; a
// series that was not measured is no hindrance.
func TestReportTellsKneeAndGrowth(t *testing.T) {
	m := &model{cost: func(n int) float64 { return 20 + float64(n)*float64(n)/1e3 }}
	c := m.curve()
	r, err := c.run(t.Context(), planned(t))
	if err != nil {
		t.Fatal(err)
	}
	b := &strings.Builder{}
	c.section(b, r)
	for _, want := range []string{"About it.", "Why so.", "| 10,000 | 100,020 | – |", "**Cost**: knee at 100, where it bends upwards", "That is worse than linear.", "up to 3 rounds"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b)
		}
	}
	if strings.Contains(b.String(), "**Later**") {
		t.Errorf("words on what was not measured:\n%s", b)
	}
	m.cost = func(n int) float64 { return 20 + float64(n) }
	if r, err = c.run(t.Context(), planned(t)); err != nil {
		t.Fatal(err)
	}
	b.Reset()
	if c.section(b, r); strings.Contains(b.String(), "worse than linear") {
		t.Errorf("a linear cost is said to be worse:\n%s", b)
	}
	svg := &strings.Builder{}
	if err := c.draw(svg, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"knee: ", ">things (log scale)<", ">ms (log scale)<", "prefers-color-scheme: dark"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("no %q in the drawing", want)
		}
	}
}

// Rounds take turns over the sizes, and what is complete stays when the context
// ends in the middle of a round.
func TestAnInterruptedCurveKeepsWhatIsComplete(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := &model{cost: func(n int) float64 { return float64(n) }, stop: 1000, cancel: cancel}
	c := m.curve()
	r, err := c.run(ctx, planned(t))
	if !errors.Is(err, context.Canceled) || !r.Interrupted {
		t.Errorf("interrupted: %v, error %v", r.Interrupted, err)
	}
	if want := []int{1, 10, 100}; !slices.Equal(r.sizes(), want) {
		t.Errorf("kept are the sizes %v, want %v", r.sizes(), want)
	}
	dir := t.TempDir()
	if err := r.write(dir); err != nil {
		t.Fatal(err)
	}
	if again, err := readResult(dir, c.name); err != nil || !slices.Equal(again.sizes(), r.sizes()) || !again.Interrupted {
		t.Errorf("read back: %+v, %v", again, err)
	}
}

// A curve whose time is over leaves the rest out, and says which.
func TestACurveEndsWithItsTime(t *testing.T) {
	m := &model{cost: func(n int) float64 { return float64(n) }, after: 600 * time.Millisecond}
	p := planned(t)
	p.limit = time.Second
	c := m.curve()
	r, err := c.run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.asked) == 0 || len(m.asked) > 2 || len(r.Left) != 5-len(m.asked) {
		t.Errorf("in 1 s, at 600 ms each, %v were measured and %v left", m.asked, r.Left)
	}
	b := &strings.Builder{}
	if c.section(b, r); !strings.Contains(b.String(), "There was no time for ") || !strings.Contains(b.String(), "10,000.") {
		t.Errorf("the report does not say what is left:\n%s", b)
	}
}

func TestMistakesInTheCall(t *testing.T) {
	for _, c := range []struct{ call, want string }{
		{"-curves partitions,nodes", `no curve "nodes"`},
		{"-points -1", "-points -1"},
		{"-rounds -1", "-rounds -1"},
		{"now", `"now"`},
	} {
		err := scale(t.Context(), append([]string{"-o", t.TempDir()}, strings.Fields(c.call)...), &strings.Builder{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.call, err, c.want)
		}
	}
	dir := t.TempDir()
	if err := os.MkdirAll(figuresDir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(figuresDir(dir), "events.json"), []byte(`{"schema":2,"curve":"events"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := scale(t.Context(), []string{"-render", "-o", dir}, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "events.json") || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("figures of another schema: %v", err)
	}
}

// The smallest point of each curve is measured, and every figure of it is there.
func TestEveryCurveMeasures(t *testing.T) {
	out := t.TempDir()
	if err := scale(t.Context(), []string{"-quick", "-points", "1", "-rounds", "1", "-o", out}, &strings.Builder{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "scale.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range curves() {
		r, err := readResult(figuresDir(out), c.name)
		if err != nil || r == nil {
			t.Errorf("%s: %v, %v", c.name, r, err)
			continue
		}
		for _, s := range c.series {
			p := r.of(s.name).of(c.quick[0])
			if c.name == "connections" && s.name == "rss_each" {
				continue // of many connections alone
			}
			if p == nil || p.Spread.N != 1 || p.Spread.Median <= 0 {
				t.Errorf("%s: %s of %d is %+v, want one value above 0", c.name, s.name, c.quick[0], p)
			}
		}
		if !strings.Contains(string(text), "## "+c.title) || !strings.Contains(string(text), "scale/"+c.name+".svg") {
			t.Errorf("scale.md does not show %s", c.name)
		}
		if info, err := os.Stat(filepath.Join(figuresDir(out), c.name+".svg")); err != nil || info.Size() == 0 {
			t.Errorf("the drawing of %s: %v", c.name, err)
		}
	}
}
