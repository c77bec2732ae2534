package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"copyscope/docs/schema"
)

func schemaCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schemas of the files that you write, and of what --json prints",
		Long: `Every file that copyscope reads or writes has a JSON Schema. An editor with a YAML
language server checks a file while you write it, if the file's first line names
the schema:

  # yaml-language-server: $schema=scenario.schema.json`,
		Example: `  copyscope schema                                  # lists them
  copyscope schema scenario > scenario.schema.json
  copyscope schema -o .                             # writes all of them`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{fmt.Errorf("schema takes one name, got %d arguments; -o DIR writes all of them", len(args))}
			}
			if len(args) == 1 && dir != "" {
				return &usageError{fmt.Errorf("schema %s -o: -o writes all of them; leave the name out", args[0])}
			}
			if len(args) == 1 && !slices.Contains(schema.Names(), args[0]) {
				return &usageError{fmt.Errorf("schema %q: there is none%s; use one of %s", args[0], nearest(args[0], schema.Names()), strings.Join(schema.Names(), ", "))}
			}
			return nil
		},
		ValidArgs: schema.Names(),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case dir != "":
				return writeSchemas(dir)
			case len(args) == 1:
				return printSchema(c.OutOrStdout(), args[0])
			}
			return listSchemas(c.OutOrStdout())
		},
	}
	c.Flags().StringVarP(&dir, "output", "o", "", "write all schemas into this directory; they refer to each other by their files' names")
	return c
}

func printSchema(w io.Writer, name string) error {
	text, err := schema.Text(name)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func listSchemas(w io.Writer) error {
	rows := [][]string{{"schema", "what it is of"}}
	for _, name := range schema.Names() {
		text, err := schema.Text(name)
		if err != nil {
			return err
		}
		var s struct {
			Title string `json:"title"`
		}
		if err := json.Unmarshal(text, &s); err != nil {
			return fmt.Errorf("%s: %w", schema.File(name), err)
		}
		rows = append(rows, []string{name, s.Title})
	}
	_, err := fmt.Fprintln(w, render(w, rows))
	return err
}

func writeSchemas(dir string) error {
	if err := checkDirectory("-o", dir); err != nil {
		return &usageError{err}
	}
	for _, name := range schema.Names() {
		text, err := schema.Text(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, schema.File(name)), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}
