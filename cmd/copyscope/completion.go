package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"copyscope/broker/dump"
	"copyscope/internal/export"
	"copyscope/internal/kafkalogin"
	"copyscope/internal/lab"
	"copyscope/internal/load"
	"copyscope/internal/locale"
	"copyscope/internal/recordings"
	"copyscope/internal/talk"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
	"copyscope/sim/scenario"
)

// offered is what a shell offers for a flag's value, by the flag's name; where a
// command differs from the others, by the command's name and the flag's. Numbers and
// times are not here, as nothing can be offered for them. What else is a value is
// decided here, or the shell would offer files for it.
var offered = map[string]cobra.CompletionFunc{
	"side":       someOf(string(trace.Sim), string(trace.Real), string(trace.RecordedSide)),
	"model":      someOf(string(lab.Textbook), string(lab.Linux)),
	"cache":      someOf(string(lab.Warm), string(lab.Cold)),
	"net":        someOf(string(lab.Loopback), string(lab.Veth), string(lab.NIC)),
	"record net": someOf(string(lab.Loopback), string(lab.Veth)), // a card is modelled
	"dma":        someOf("on", "off"),
	"sg":         someOf("on", "off"),

	"profile":     oneOfOrFile(sim.ProfileNames()...),
	"run profile": oneOfOrFile(append(sim.ProfileNames(), "list")...),
	"scenario":    oneOfOrFile(append(scenario.Shipped(), "list")...),

	"expect":      oneOf(expectable()...),
	"format":      someOf(export.FormatNames()...),
	"decoder":     oneOf(string(dump.Auto), string(dump.None), "offsets", "transaction-log"),
	"client":      someOf(load.RawSide, load.FranzSide),
	"compression": oneOf("none"),
	"log-level":   oneOf("debug", "info", "warn", "error"),
	"lang":        oneOf(string(locale.English), string(locale.Chinese)),

	"kafka-sasl":            someOf(append(slices.Clone(defaultMechanisms), "PLAIN")...),
	"kafka-tls-sasl":        someOf(append(slices.Clone(defaultMechanisms), "PLAIN")...),
	"kafka-mechanism":       oneOf(kafkalogin.Mechanisms()...),
	"kafka-tls-client-auth": oneOf("none", "requested", "required"),

	"data": folders, "dir": folders, "lessons": folders, "server-data": folders, "write": folders, "record output": folders,
	"config": files, "kafka-tls-cert": files, "kafka-tls-key": files, "kafka-tls-client-ca": files, "kafka-ca": files, "kafka-password-file": files, "password-file": files, "token-file": files,
	"csv": files, "output": files, "pprof": files, "ready-file": files, "svg": files, "trace-out": files,

	// Addresses, sizes, rates, ranges and names that only the user knows.
	"batch-bytes": cobra.NoFileCompletions, "brokers": cobra.NoFileCompletions, "bytes": cobra.NoFileCompletions, "bytes-each": cobra.NoFileCompletions,
	"fill": cobra.NoFileCompletions, "max-bytes": cobra.NoFileCompletions,
	"chunk": cobra.NoFileCompletions, "connections": cobra.NoFileCompletions, "events": cobra.NoFileCompletions,
	"http": cobra.NoFileCompletions, "feed": cobra.NoFileCompletions, "public": cobra.NoFileCompletions, "kafka": cobra.NoFileCompletions, "kafka-user": cobra.NoFileCompletions, "kafka-advertised": cobra.NoFileCompletions, "kafka-listen": cobra.NoFileCompletions,
	"kafka-max-in-flight-bytes": cobra.NoFileCompletions, "kafka-max-request-bytes": cobra.NoFileCompletions,
	"kafka-tls-advertised": cobra.NoFileCompletions, "kafka-tls-listen": cobra.NoFileCompletions, "llc": cobra.NoFileCompletions,
	"rate": cobra.NoFileCompletions, "record-size": cobra.NoFileCompletions, "size": cobra.NoFileCompletions,
	"topic": cobra.NoFileCompletions, "unit": cobra.NoFileCompletions, "whatif": cobra.NoFileCompletions,
}

// addCompletion adds the command that prints a shell's script, which asks this
// program what to offer at each Tab.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c, _, err := root.Find([]string{"completion"})
	if err != nil {
		panic(err) // it has been added
	}
	c.Short = "Print the script that completes commands, flags and values in your shell"
	c.Args = noArguments
	c.RunE = func(c *cobra.Command, _ []string) error {
		return &usageError{errors.New("name your shell: copyscope completion bash, zsh, fish or powershell; --help of each says where the script goes")}
	}
	for _, shell := range c.Commands() {
		shell.Short, shell.Args = "Print the script for "+shell.Name(), noArguments
	}
	offer(root)
}

// offer tells a shell what the commands take: files where they take files, and
// nothing where there is nothing to offer.
func offer(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if _, there := c.GetFlagCompletionFunc(f.Name); there {
			return // serve's, which are the root's as well
		}
		say := offered[c.Name()+" "+f.Name]
		if say == nil {
			say = offered[f.Name]
		}
		if say == nil && !namesSomething(f) {
			say = cobra.NoFileCompletions
		}
		if say != nil {
			// The flag is there, and has none yet.
			_ = c.RegisterFlagCompletionFunc(f.Name, say)
		}
	})
	if c.ValidArgsFunction == nil && !strings.Contains(c.Use, " ") {
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range c.Commands() {
		offer(sub)
	}
}

// namesSomething: the flag's value is text, not a number, a time or a switch.
func namesSomething(f *pflag.Flag) bool {
	return strings.HasPrefix(f.Value.Type(), "string")
}

// oneOf offers the values that a flag takes.
func oneOf(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// someOf offers the values of which a flag takes several, with commas: after a comma
// those that are not there yet.
func someOf(values ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
		there := strings.Split(typed, ",")
		there = there[:len(there)-1]
		for _, v := range values {
			if !slices.Contains(there, v) {
				out = append(out, strings.Join(append(slices.Clone(there), v), ","))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// oneOfOrFile offers the names of what is shipped, and files where none of them
// begins with what was typed.
func oneOfOrFile(names ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(names, cobra.ShellCompDirectiveDefault)
}

func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func folders(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// pathsToAdd offers the transfer paths that are not among the arguments.
func pathsToAdd(_ *cobra.Command, args []string, _ string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, path := range transfer.Paths() {
		if !slices.Contains(args, path) {
			out = append(out, path)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// firstOf offers, for the only argument of a command, what offers the first.
func firstOf(first cobra.CompletionFunc) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return first(c, args, typed)
	}
}

// recordedRuns offers the recordings that are shipped, and files.
func recordedRuns(*cobra.Command, []string, string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, r := range recordings.Shipped() {
		out = append(out, r.Name)
	}
	return out, cobra.ShellCompDirectiveDefault
}

// decks offers the talks that are shipped, and files.
func decks(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return talk.Shipped(), cobra.ShellCompDirectiveDefault
}
