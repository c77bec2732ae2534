package main

import (
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// The page has both times of every scenario, and holds only if both medians are
// within their limits.
func TestPage(t *testing.T) {
	scenario := func(path string, cache lab.Cache) lab.Scenario {
		return lab.Scenario{Path: path, Side: trace.Real, Size: 1 << 20, Chunk: 65536, Cache: cache, Net: lab.Loopback}
	}
	all := []outcome{
		{scenario: scenario("sendfile", lab.Warm), net: "loopback", cpu: timed{11e6, 10e6}, wall: timed{15e6, 20e6}},
		{scenario: scenario("sendfile", lab.Cold), net: "loopback", cpu: timed{8e6, 10e6}, wall: timed{30e6, 20e6}},
		{scenario: scenario("read", lab.Warm), net: "loopback", cpu: timed{7e6, 10e6}, wall: timed{20e6, 20e6}},
		{scenario: scenario("read", lab.Cold), net: "loopback", cpu: timed{20e6, 10e6}, wall: timed{19e6, 20e6}},
	}
	for _, c := range []struct {
		limit, wallLimit float64
		held             bool
	}{{30, 25, true}, {29, 25, false}, {30, 24, false}} {
		text := &strings.Builder{}
		if held := (document{size: "1MiB", rounds: 3, limit: c.limit, wallLimit: c.wallLimit, all: all}).write(text); held != c.held {
			t.Errorf("limits %.0f and %.0f: held %v", c.limit, c.wallLimit, held)
		}
		for _, want := range []string{"**Median error of CPU time: 30.0 %**", "**Median error of wall time: 25.0 %**",
			"| `sendfile` | 64KiB | CPU | 11.00 | 10.00 | +10 % | 8.00 | 10.00 | -20 % |", "| `sendfile` | 64KiB | wall | 15.00 | 20.00 | -25 % | 30.00 | 20.00 | +50 % |",
			"| `sendfile` | 10.0 % | 20.0 % | 25.0 % | 50.0 % |", "| CPU | `read` | loopback | cold | 64KiB | 20.00 | 10.00 | +100 % |",
			"- cold runs: how soon a disk answers", "- of 4 of them no cause is known"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("the page lacks %q", want)
			}
		}
	}
}

// What no net is, and what the lab does not have, is refused before anything runs.
func TestParseNets(t *testing.T) {
	if got, err := parseNets("loopback"); err != nil || len(got) != 1 || got[0].net != lab.Loopback {
		t.Errorf("%v, %v", got, err)
	}
	for list, want := range map[string]string{"": "use a list of loopback, veth-sg, veth-nosg", "loopback,wire": `-nets "wire"`} {
		if _, err := parseNets(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", list, err)
		}
	}
}
