// Command copyscope is an oscilloscope for copies: it shows, step by step and
// on this very machine, how bytes travel from disk to network card, who copies
// them, and how often the CPU switches between user and kernel mode.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// The exit codes of every command.
const (
	exitDone   = 0
	exitFailed = 1 // or a prediction did not hold
	exitUsage  = 2
)

func main() {
	ctx, stop := interruptible()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with its surroundings passed in.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	addCompletion(root)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errPredictionFailed), errors.Is(err, errNothingSeen):
		return exitFailed // the table, or the report, has said which
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx))):
		fmt.Fprintln(stderr, "copyscope: interrupted")
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "copyscope: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "copyscope: %v\n", err)
	return exitFailed
}

// usageError is a mistake in how a command was called.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func rootCommand() *cobra.Command {
	serve := serveCommand()
	root := &cobra.Command{
		Use:   "copyscope",
		Short: "An oscilloscope for copies: see who copies your bytes from disk to network card",
		Long: `copyscope shows, step by step and on this machine, how bytes travel from disk
to network card, who copies them (CPU, disk DMA, NIC DMA), and how often the
CPU switches between user and kernel mode.

Without a subcommand it serves the pages and the Kafka broker (copyscope serve).`,
		Example: `  copyscope                                   # pages and broker on loopback
  copyscope run read-write sendfile           # predicted beside measured
  copyscope run --all --side sim --model textbook --size 64KiB --chunk 64KiB --cache cold
  copyscope doctor                            # what this host can witness`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE:          serve.RunE,
	}
	root.Flags().AddFlagSet(serve.Flags())
	root.Version = describe(readBuild()) // --version, which everybody tries first
	root.SetVersionTemplate("{{.Version}}")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w\nsee: %s --help", flagError(c.Flags(), err), c.CommandPath())}
	})
	root.AddCommand(serve, talkCommand(), runCommand(), sweepCommand(), attachCommand(), calibrateCommand(), claimsCommand(), benchCommand(), dumpLogCommand(), importCommand(), exportCommand(), recordCommand(), lessonsCommand(), schemaCommand(), doctorCommand(), docsCommand(), usersCommand(), versionCommand(), manCommand())
	return root
}

// noArguments refuses arguments, with the command that was probably meant.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.HasParent() {
		return &usageError{fmt.Errorf("%s takes no argument, got %q", c.CommandPath(), args[0])}
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return &usageError{fmt.Errorf("unknown command %q%s\nsee: copyscope --help", args[0], nearest(args[0], names))}
}
