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

// replaceFile writes a document to the file that a flag names, whole or not at
// all: beside it first, then in its place. What is no ordinary file, such as
// /dev/stdout, is written as it is.
func replaceFile(flag, name string, write func(io.Writer) error) (err error) {
	if at, err := os.Stat(name); err == nil && !at.Mode().IsRegular() {
		return writeTo(nil, flag, name, write)
	}
	part, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".part-*")
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	defer func() {
		if err != nil {
			part.Close()
			os.Remove(part.Name())
			err = fmt.Errorf("%s %s: %w", flag, name, err)
		}
	}()
	if err := write(part); err != nil {
		return err
	}
	// CreateTemp's files are their owner's alone; a profile is to be read by all,
	// as it was if it was there.
	mode := os.FileMode(0o644)
	if at, err := os.Stat(name); err == nil {
		mode = at.Mode().Perm()
	}
	if err := part.Chmod(mode); err != nil {
		return err
	}
	if err := part.Sync(); err != nil {
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), name)
}
