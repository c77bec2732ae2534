package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"copyscope/web"
)

// docsFlags are the flags of `copyscope docs`.
type docsFlags struct {
	pages pagesFlags
	write string
}

func docsCommand() *cobra.Command {
	var f docsFlags
	c := &cobra.Command{
		Use:   "docs",
		Short: "Serve the documentation, or write it as files",
		Long: `The documentation of this version: tutorial and how-to in English and Chinese, the
reference, of which much is generated from the program's own code, explanations, and
what one needs to work on copyscope. It is at /docs/ of every server, so also of serve.

Prints its address. The pages are those of serve, without the broker; Ctrl-C ends it.

With --write it is written as files that need no server: they work where they lie, and
below any address of a web server. The directory must be new, empty, or one that this
command wrote before, of which it replaces and takes away only its own files.`,
		Example: `  copyscope docs
  copyscope docs --http 127.0.0.1:0
  copyscope docs --write ./site`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("write") {
				return serveDocs(c.Context(), f.pages, c.OutOrStdout(), c.ErrOrStderr())
			}
			for _, other := range []string{"http", "ready-file", "log-level"} {
				if c.Flags().Changed(other) {
					return &usageError{fmt.Errorf("--write writes files and ends, so there is nothing for --%s to say; leave one of them out", other)}
				}
			}
			if f.write == "" {
				return &usageError{errors.New("--write needs the name of a directory, which may be new: --write ./site")}
			}
			return writeDocs(c.Context(), c.Root(), f.write, c.OutOrStdout())
		},
	}
	flags := c.Flags()
	f.pages.register(flags)
	flags.StringVar(&f.write, "write", "", "write the pages as files into this directory, and end")
	return c
}

// serveDocs is serve without the broker, whose address leads to the documentation.
func serveDocs(ctx context.Context, f pagesFlags, stdout, stderr io.Writer) error {
	log, err := f.log(stderr)
	if err != nil {
		return err
	}
	listener, err := f.listen(0)
	if err != nil {
		return err
	}
	defer listener.Close()
	pages, err := web.New(webConfig(listener.Addr().String(), nil, log))
	if err != nil {
		return err
	}
	base := "http://" + listener.Addr().String()
	ready := map[string]string{"web": base, "docs": base + "/docs/"}
	fmt.Fprintf(stdout, "docs %s\n", ready["docs"])
	return serveBoth(ctx, f.readyFile, listener, pages, nil, ready, stdout)
}

// writeDocs writes the site.
func writeDocs(ctx context.Context, root *cobra.Command, dir string, stdout io.Writer) error {
	site, err := documentation(root)
	if err != nil {
		return err
	}
	n, err := site.Write(ctx, dir, buildVersion())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d files in %s; begin with index.html, or zh/index.html for Chinese\n", n, dir)
	return err
}
