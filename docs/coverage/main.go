// Command coverage writes docs/coverage.md: what is to be taught, and for each row
// the lesson's step, the scenario and the test that hold it.
//
//	go run ./docs/coverage -o docs/coverage.md
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("o", "", "write the document to this file")
	flag.Parse()
	text, errs := document()
	for _, err := range errs {
		fmt.Fprintln(os.Stderr, "coverage:", err)
	}
	if len(errs) > 0 {
		os.Exit(1)
	}
	if *out == "" {
		os.Stdout.Write(text)
		return
	}
	if err := os.WriteFile(*out, text, 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(1)
	}
}
