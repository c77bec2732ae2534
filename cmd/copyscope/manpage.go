package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// manCommand prints the manual page, for packages: what --help of every command
// says, in one page.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man",
		Short:  "Print the manual page in roff",
		Hidden: true,
		Args:   noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := io.WriteString(c.OutOrStdout(), manPage(c.Root(), readBuild()))
			return err
		},
	}
}

// manPage is a page of section 1 (man(7)).
func manPage(root *cobra.Command, b buildReport) string {
	out := &strings.Builder{}
	day, _, _ := strings.Cut(b.CommitTime, "T")
	fmt.Fprintf(out, ".TH %s 1 \"%s\" \"copyscope %s\" \"User Commands\"\n", strings.ToUpper(root.Name()), day, b.Version)
	fmt.Fprintf(out, ".SH NAME\n%s \\- %s\n", root.Name(), roff(root.Short))
	fmt.Fprintf(out, ".SH SYNOPSIS\n.B %s\n[\\fICOMMAND\\fR] [\\fIFLAG\\fR]...\n", root.Name())
	out.WriteString(".SH DESCRIPTION\n")
	writeManText(out, root.Long)
	writeManFlags(out, root)
	out.WriteString(".SH COMMANDS\n")
	eachCommand(root, func(c *cobra.Command) { writeManCommand(out, c) })
	out.WriteString(".SH EXIT STATUS\n")
	for _, s := range exitStatuses {
		fmt.Fprintf(out, ".TP\n.B %d\n%s\n", s.code, roff(s.means))
	}
	out.WriteString(".SH EXAMPLES\n")
	writeManLines(out, root.Example)
	return out.String()
}

// exitStatuses are the exit codes, as people read of them.
var exitStatuses = []struct {
	code  int
	means string
}{
	{exitDone, "It is done, and every prediction held."},
	{exitFailed, "It failed, was interrupted, or a prediction did not hold."},
	{exitUsage, "A mistake in how the command was called."},
}

// eachCommand goes through the commands that people are shown, each before its own.
func eachCommand(parent *cobra.Command, visit func(*cobra.Command)) {
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			visit(c)
			eachCommand(c, visit)
		}
	}
}

func writeManCommand(out *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(out, ".SS %s\n", roff(strings.TrimPrefix(c.UseLine(), c.Root().Name()+" ")))
	if c.Long == "" {
		writeManText(out, c.Short+".")
	} else {
		writeManText(out, c.Long)
	}
	writeManFlags(out, c)
	if c.Example != "" {
		out.WriteString(".PP\n")
		writeManLines(out, c.Example)
	}
}

func writeManFlags(out *strings.Builder, c *cobra.Command) {
	const columns = 72 // of the usual 80, what section and subsection leave
	if c.HasAvailableLocalFlags() {
		out.WriteString(".PP\n")
		writeManLines(out, c.LocalFlags().FlagUsagesWrapped(columns))
	}
}

// writeManText fills lines, but for paragraphs that are laid out.
func writeManText(out *strings.Builder, text string) {
	for i, p := range paragraphs(text) {
		if i > 0 {
			out.WriteString(".PP\n")
		}
		if p.laidOut {
			writeManLines(out, p.text)
			continue
		}
		for line := range strings.SplitSeq(p.text, "\n") {
			fmt.Fprintln(out, roff(line))
		}
	}
}

// paragraph is one of a command's description.
type paragraph struct {
	text string
	// laidOut: it is a table, or lines to type, which stay as they are.
	laidOut bool
}

func paragraphs(text string) (all []paragraph) {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	for p := range strings.SplitSeq(text, "\n\n") {
		moved := slices.ContainsFunc(strings.Split(p, "\n"), func(l string) bool { return strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t") })
		all = append(all, paragraph{p, moved})
	}
	return all
}

// writeManLines keeps lines as they are.
func writeManLines(out *strings.Builder, text string) {
	out.WriteString(".nf\n")
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		fmt.Fprintln(out, roff(strings.TrimSuffix(line, "\n")))
	}
	out.WriteString(".fi\n")
}

// roff writes a line so that it is read as it is: a dot or an apostrophe at its
// beginning would be a request (groff(7)).
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "\t", "    ").Replace(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	return line
}
