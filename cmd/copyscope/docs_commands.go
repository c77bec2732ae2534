package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"copyscope/docs"
	"copyscope/internal/docsite"
	"copyscope/internal/reference"
)

// documentation is the site of this program: the documents of the repository, and
// what is generated from its code.
func documentation(root *cobra.Command) (*docsite.Site, error) {
	generated, err := reference.Documents(docs.Files())
	if err != nil {
		return nil, err
	}
	return docsite.New(docs.Files(), append(generated, commandsPage(root))...)
}

// commandsPage has what --help of every command says.
func commandsPage(root *cobra.Command) docsite.Document {
	var b strings.Builder
	b.WriteString("# Commands\n\n" + reference.Generated("the program's tree of commands, which `--help` and the manual page show too"))
	writeCommandText(&b, root)
	codes, commands := reference.NewTable("code", "means"), reference.NewTable("command", "does")
	for _, s := range exitStatuses {
		codes.Row(reference.Code(strconv.Itoa(s.code)), s.means)
	}
	eachCommand(root, func(c *cobra.Command) {
		commands.Row(fmt.Sprintf("[`%s`](#%s)", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-")), reference.Plain(c.Short))
	})
	fmt.Fprintf(&b, "\n## Exit codes\n\n%s\n## All commands\n\n%s", codes, commands)
	eachCommand(root, func(c *cobra.Command) {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```\n%s\n```\n\n", c.CommandPath(), reference.Plain(c.Short), c.UseLine())
		writeCommandText(&b, c)
	})
	return docsite.Document{Name: "reference/commands", Text: []byte(b.String())}
}

// writeCommandText writes a command's description, flags and examples. Paragraphs that
// are laid out stay as they are.
func writeCommandText(b *strings.Builder, c *cobra.Command) {
	for _, p := range paragraphs(c.Long) {
		if p.laidOut {
			fmt.Fprintf(b, "```\n%s\n```\n\n", p.text)
		} else {
			fmt.Fprintf(b, "%s\n\n", reference.Plain(p.text))
		}
	}
	if c.HasAvailableLocalFlags() {
		flags := reference.NewTable("flag", "value", "default", "meaning")
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden {
				return
			}
			name := "`--" + f.Name + "`"
			if f.Shorthand != "" {
				name = "`-" + f.Shorthand + "`, " + name
			}
			kind, usage := pflag.UnquoteUsage(f)
			value := f.DefValue
			if value == "[]" || value == "false" || value == "0" || value == "0s" {
				value = "" // as --help leaves them out
			}
			flags.Row(name, kind, reference.Code(value), reference.Plain(usage))
		})
		fmt.Fprintf(b, "%s\n", flags)
	}
	if c.Example != "" {
		fmt.Fprintf(b, "Examples:\n\n```\n%s\n```\n\n", outdented(c.Example))
	}
}

// outdented is an example without the two columns that --help moves it in.
func outdented(example string) string {
	lines := strings.Split(strings.Trim(example, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}
