// Command models writes docs/models.md: the rules of the simulator's two
// operating-system models, from the fidelity table and the message catalogues,
// which the page at /models shows too.
//
//	go run ./docs/models -o docs/models.md
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("o", "", "write the document to this file")
	flag.Parse()
	text := document()
	var err error
	if *out != "" {
		err = os.WriteFile(*out, text, 0o644)
	} else {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}
