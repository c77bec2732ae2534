//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Each file that servers serve, by its size in bytes. The large one is sparse:
// its pages are real all the same once they are read.
const (
	small  = 32 << 20
	middle = 256 << 20
	large  = 2<<30 + 64<<20 // more than one sendfile can move
)

// callLimit is what one call moves at most, in bytes (man 2 sendfile).
const callLimit = 0x7ffff000

// content makes a directory with one file of that many bytes, of text that
// gzip shortens, and returns the directory.
func (e *env) content(bytes int64) (dir string, err error) {
	dir = filepath.Join(e.dir, fmt.Sprintf("content-%d", bytes))
	if err := os.Mkdir(dir, 0o755); os.IsExist(err) {
		return dir, nil
	} else if err != nil {
		return "", err
	}
	f, err := os.Create(filepath.Join(dir, contentFile))
	if err != nil {
		return "", err
	}
	defer f.Close()
	if bytes > middle {
		return dir, f.Truncate(bytes)
	}
	w, random := bufio.NewWriterSize(f, 1<<20), rand.New(rand.NewPCG(1, 2))
	for left := bytes; left > 0; left -= lineBytes {
		fmt.Fprintf(w, "%0*x\n", lineBytes-1, random.Uint64())
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return dir, nil
}

// lineBytes divides every size that is written out.
const lineBytes = 64

const contentFile = "content.bin"

// whole is the load of one file over one connection.
func whole(bytes int64) func(context.Context, *env, *server) (amount, error) {
	return func(ctx context.Context, e *env, s *server) (amount, error) {
		n, err := get(ctx, s.addr, "/"+contentFile, false)
		return served(bytes, n, err)
	}
}

// wholeTLS is whole over TLS.
func wholeTLS(bytes int64) func(context.Context, *env, *server) (amount, error) {
	return func(ctx context.Context, e *env, s *server) (amount, error) {
		n, err := getTLS(ctx, e.trust, s.addr, "/"+contentFile)
		return served(bytes, n, err)
	}
}

// served is the amount of a load that must have brought the whole file.
func served(want, got int64, err error) (amount, error) {
	if err == nil && got != want {
		err = fmt.Errorf("%d bytes came, the file has %d", got, want)
	}
	return amount{file: want, wire: got}, err
}
