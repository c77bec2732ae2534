package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// checkOutput says, before what may take minutes, that a file which a flag names
// cannot be written; - and no name stand for the standard output or no file.
func checkOutput(flag, name string) error {
	if name == "" || name == "-" {
		return nil
	}
	if at, err := os.Stat(name); err == nil && at.IsDir() {
		return fmt.Errorf("%s %q: it is a folder; name a file", flag, name)
	}
	if at, err := os.Stat(filepath.Dir(name)); err != nil || !at.IsDir() {
		return fmt.Errorf("%s %q: there is no folder %s; make it, or name another", flag, name, filepath.Dir(name))
	}
	return nil
}

// writeTo writes a document, once it is made, to the file that a flag names; - is
// the standard output, and no name no document.
func writeTo(stdout io.Writer, flag, name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return fmt.Errorf("%s %s: %w", flag, name, err)
	}
	if name == "-" {
		_, err := stdout.Write(text.Bytes())
		return err
	}
	if err := os.WriteFile(name, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}
