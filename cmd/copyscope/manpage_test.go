package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every command that people are shown is in the manual page, with its flags, and no
// line is taken for a request that is none.
func TestManPage(t *testing.T) {
	root := rootCommand()
	addCompletion(root)
	page := manPage(root, buildReport{Version: "v1.2.3", CommitTime: "2026-11-27T12:00:00Z"})
	if first, _, _ := strings.Cut(page, "\n"); first != `.TH COPYSCOPE 1 "2026-11-27" "copyscope v1.2.3" "User Commands"` {
		t.Errorf("the page begins with %s", first)
	}
	shown := 0
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			heading := "\n.SS " + roff(strings.TrimPrefix(sub.UseLine(), "copyscope ")) + "\n"
			if there := strings.Contains(page, heading); there != sub.IsAvailableCommand() {
				t.Errorf("%s: on the page: %v; shown to people: %v", sub.CommandPath(), there, sub.IsAvailableCommand())
			}
			if sub.IsAvailableCommand() {
				shown++
				look(sub)
			}
		}
	}
	look(root)
	if shown < 20 || !strings.Contains(page, `\-\-kafka\-tls\-client\-auth`) {
		t.Errorf("the page has %d commands", shown)
	}
	request := regexp.MustCompile(`^\.(TH|SH|SS|PP|TP|B|nf|fi)( |$)`)
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !request.MatchString(line) {
			t.Errorf("groff takes %q for a request", line)
		}
	}
}

// What the page says is what is typed.
func TestManPageIsReadAsItIs(t *testing.T) {
	for line, want := range map[string]string{
		`.hidden`:      `\&.hidden`,
		`'quoted'`:     `\(aqquoted\(aq`,
		`a\nb`:         `a\enb`,
		`--side sim,…`: `\-\-side sim,…`,
		"\tx":          `    x`,
	} {
		if got := roff(line); got != want {
			t.Errorf("%q is written %q, want %q", line, got, want)
		}
	}
}
