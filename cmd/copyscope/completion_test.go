package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"copyscope/broker/dump"
	"copyscope/internal/lab"
)

// everyFlag calls visit with each flag of each command that people are shown.
func everyFlag(c *cobra.Command, visit func(c *cobra.Command, f *pflag.Flag)) {
	if c.Hidden {
		return
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) { visit(c, f) })
	for _, sub := range c.Commands() {
		everyFlag(sub, visit)
	}
}

// For no flag does a shell offer files because nobody thought of it, and nothing is
// kept for a flag that is gone.
func TestWhatIsOfferedForEveryFlag(t *testing.T) {
	root := rootCommand()
	addCompletion(root)
	used := map[string]bool{}
	everyFlag(root, func(c *cobra.Command, f *pflag.Flag) {
		used[f.Name], used[c.Name()+" "+f.Name] = true, true
		if _, decided := c.GetFlagCompletionFunc(f.Name); !decided && f.Value.Type() != "bool" {
			t.Errorf("%s --%s: decide in completion.go what a shell offers for it", c.CommandPath(), f.Name)
		}
	})
	for name := range offered {
		if !used[name] {
			t.Errorf("completion.go offers something for %q, which is no flag", name)
		}
	}
}

// What is offered is taken by whoever reads the flag.
func TestWhatIsOfferedIsTaken(t *testing.T) {
	scenario := func(key, value string) error {
		_, err := lab.ParseScenario("sendfile,"+key+"="+value, lab.Default())
		return err
	}
	readers := map[string]func(value string) error{
		"decoder":               func(v string) error { _, err := dump.ParseDecoder(v); return err },
		"kafka-sasl":            func(v string) error { _, err := mechanisms(v); return err },
		"kafka-tls-client-auth": func(v string) error { _, err := clientAuth(v); return err },
		"log-level":             func(v string) error { _, err := (&pagesFlags{logLevel: v}).log(nil); return err },
		"format":                func(v string) error { return checkFormats([]string{v}, "") },
		"expect":                func(v string) error { return (attachFlags{pid: 1, length: 1, calls: 1, expect: v}).check() },
		"client": func(v string) error {
			return (&benchFlags{client: []string{v}, rounds: 1, partitions: 1, compression: "none"}).check()
		},
	}
	for _, key := range []string{"side", "model", "cache", "net", "dma", "sg"} {
		readers[key] = func(v string) error { return scenario(key, v) }
	}
	for name, read := range readers {
		values, _ := offered[name](nil, nil, "")
		if len(values) < 2 {
			t.Errorf("--%s: offered is %q alone", name, values)
		}
		for _, v := range values {
			if err := read(v); err != nil {
				t.Errorf("--%s %s is offered and refused: %v", name, v, err)
			}
			if read(v+"x") == nil {
				t.Errorf("--%s %sx is taken: this test would not see a wrong value", name, v)
			}
		}
	}
}

// After a comma a list goes on with what is not in it.
func TestListsAreCompleted(t *testing.T) {
	for typed, want := range map[string][]string{
		"":          {"sim", "real", "recorded"},
		"r":         {"sim", "real", "recorded"}, // the shell leaves out what does not begin so
		"real,":     {"real,sim", "real,recorded"},
		"real,sim,": {"real,sim,recorded"},
	} {
		if got, _ := offered["side"](nil, nil, typed); !slices.Equal(got, want) {
			t.Errorf("after %q: %s, want %s", typed, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
}
