package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"copyscope/internal/export"
	"copyscope/internal/recordings"
	"copyscope/internal/trace"
	"copyscope/web"
)

func exportCommand() *cobra.Command {
	var formats []string
	var out string
	c := &cobra.Command{
		Use:   "export RUN",
		Short: "Write a run as Chrome trace, HTML page, SVG timeline or CSV",
		Long: `Turns a run into a format of others. RUN is a trace file, as run --trace-out, import -o
or record write it, the name of a recorded run that is shipped (copyscope record --list), or - for the standard input.

  chrome  Chrome Trace Event JSON: opens in ui.perfetto.dev and chrome://tracing
  html    a page that stands alone, to step through the run without a network
  svg     the timeline as a drawing
  csv     a row for each event (RFC 4180)`,
		Example: `  copyscope run sendfile --side sim --net nic --size 1MiB --trace-out run.json
  copyscope export run.json --format chrome,html
  copyscope export run.json --format csv -o - | head`,
		ValidArgsFunction: firstOf(recordedRuns),
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("name one run, a trace file or a recorded run; got %d", len(args))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkFormats(formats, out); err != nil {
				return &usageError{err}
			}
			run, base, err := readRun(c.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			return exportRun(c.OutOrStdout(), run, base, formats, out)
		},
	}
	c.Flags().StringSliceVar(&formats, "format", []string{"html"}, strings.Join(export.FormatNames(), ", "))
	c.Flags().StringVarP(&out, "output", "o", "", "file to write, - for the standard output; of several formats the name without ending (default: the run's name)")
	return c
}

// checkFormats says what of the flags cannot be.
func checkFormats(formats []string, out string) error {
	if len(formats) == 0 {
		return errors.New("--format: name at least one of " + strings.Join(export.FormatNames(), ", "))
	}
	for i, f := range formats {
		if !slices.Contains(export.FormatNames(), f) {
			return fmt.Errorf("--format %q: there is no such format%s; the formats are %s", f, nearest(f, export.FormatNames()), strings.Join(export.FormatNames(), ", "))
		}
		if slices.Contains(formats[:i], f) {
			return fmt.Errorf("--format %s: it is named twice", f)
		}
	}
	if out == "-" && len(formats) > 1 {
		return fmt.Errorf("-o -: one format goes to the standard output, %d are named", len(formats))
	}
	return checkOutput("-o", out)
}

// readRun reads a trace file, and says what the files made of it are called.
func readRun(stdin io.Reader, name string) (run *trace.Run, base string, err error) {
	if kept, ok := recordings.Named(name); ok {
		run, err := kept.Run()
		return run, name, err
	}
	in, label, base := stdin, "standard input", "run"
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, "", err
		}
		defer file.Close()
		if at, err := file.Stat(); err == nil && at.IsDir() {
			return nil, "", fmt.Errorf("%s: it is a folder; name a file", name)
		}
		in, label = file, name
		base = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gz"), ".json")
	}
	run, err = export.Read(in)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", label, err)
	}
	return run, base, nil
}

func exportRun(stdout io.Writer, run *trace.Run, base string, formats []string, out string) error {
	page := export.PageOptions{Version: buildVersion(), Tell: web.Narrate}
	for _, f := range export.Formats() {
		if !slices.Contains(formats, f.Name) {
			continue
		}
		write := func(w io.Writer) error { return f.Write(w, run, page) }
		if out == "-" {
			return write(stdout)
		}
		name := base + f.Ending
		if out != "" {
			if name = out; len(formats) > 1 {
				name += f.Ending
			}
		}
		if err := writeTo(stdout, "-o", name, write); err != nil {
			return err
		}
		fmt.Fprintln(stdout, name)
	}
	return nil
}
