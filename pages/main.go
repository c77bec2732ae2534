// Command pages looks at every page as readers have it, in a real browser, served
// by the command itself with a filled broker: it takes pictures of them, or weighs
// them. Its tests hold them to WCAG by axe-core. No part of the binary.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"copyscope/internal/chromium"
)

func main() {
	shots := flag.String("shots", "", "write a picture of each page in each language, theme and width to this directory")
	six := flag.String("best", "", "write the pictures that the documentation shows to this directory")
	weigh := flag.String("weigh", "", "write what each page weighs and how soon it can be used to this Markdown file; - is standard output")
	only := flag.String("only", "", "the one page to look at; all if empty")
	flag.Parse()
	if *shots == "" && *weigh == "" && *six == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "pages: give -shots DIR, -best DIR or -weigh FILE; see go run ./pages -help")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := look(ctx, *shots, *six, *weigh, *only); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

func look(ctx context.Context, shots, six, weigh, only string) error {
	browser, quit, err := chromium.Start()
	if err != nil {
		return err
	}
	defer quit()
	s, err := serveSite(ctx)
	if err != nil {
		return err
	}
	defer s.Stop()
	chosen := views
	if only != "" {
		v, ok := viewNamed(only)
		if !ok {
			return fmt.Errorf("there is no page %q in pages/list.go", only)
		}
		chosen = []view{v}
	}
	if six != "" {
		if err := pictureBest(ctx, browser, s, six); err != nil {
			return err
		}
	}
	if shots != "" {
		if err := picture(ctx, browser, s, chosen, shots); err != nil {
			return err
		}
	}
	if weigh != "" {
		return weighAll(ctx, browser, s, chosen, weigh)
	}
	return nil
}
