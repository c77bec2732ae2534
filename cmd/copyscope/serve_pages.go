package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"
	"golang.org/x/net/netutil"

	"copyscope/internal/host"
)

// pagesFlags are the flags of each command that serves the pages.
type pagesFlags struct{ http, readyFile, logLevel string }

func (f *pagesFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.http, "http", "127.0.0.1:8080", "address of the pages; 0.0.0.0:8080 for other machines, port 0 for a free one")
	flags.StringVar(&f.readyFile, "ready-file", "", "write the addresses as JSON to this file once serving")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
}

// log is what the command and its server write to w.
func (f *pagesFlags) log(w io.Writer) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, &usageError{fmt.Errorf("--log-level %q: use debug, info, warn or error", f.logLevel)}
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), nil
}

// listen binds the pages' address, once the ready file is out of the way. So many
// descriptors are left to the broker.
func (f *pagesFlags) listen(broker int) (net.Listener, error) {
	// A reader of our output that goes away, as head(1) does, must not end the
	// server without its cleaning up.
	signal.Ignore(syscall.SIGPIPE)
	if err := clearReadyFile(f.readyFile); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", f.http)
	if err != nil {
		return nil, fmt.Errorf("--http %s: %w; %s", f.http, err, host.ListenRemedy(f.http, "127.0.0.1:8080", err))
	}
	return netutil.LimitListener(listener, pageConnections(broker)), nil
}

// clearReadyFile takes away what an earlier server left, which would mislead
// whoever waits for the file, and refuses what cannot become one.
func clearReadyFile(path string) error {
	if path == "" {
		return nil
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		if at, err := os.Stat(filepath.Dir(path)); err != nil || !at.IsDir() {
			return fmt.Errorf("--ready-file %s: there is no directory %s; make it, or name another place", path, filepath.Dir(path))
		}
		return nil
	case err != nil:
		return fmt.Errorf("--ready-file: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("--ready-file %s: this is no file; name one that may be written and removed", path)
	}
	return os.Remove(path)
}

// announce prints one line for each address and writes the ready file. The
// file appears whole: whoever waits for it never reads half of it. It is its owner's
// alone, for a talk's has the speaker's link; and what it is made of beside its place
// has a name that nobody can have put there before.
func announce(readyFile string, ready map[string]string, stdout io.Writer) error {
	fmt.Fprintf(stdout, "web %s\n", ready["web"])
	if addr, ok := ready["kafka"]; ok {
		fmt.Fprintf(stdout, "kafka %s\n", addr)
	}
	if addr, ok := ready["kafka_tls"]; ok {
		fmt.Fprintf(stdout, "kafka-tls %s\n", addr)
	}
	if brokers, ok := ready["cluster"]; ok {
		fmt.Fprintf(stdout, "cluster %s\n", brokers)
	}
	if readyFile == "" {
		return nil
	}
	text, err := json.Marshal(ready)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(readyFile), "."+filepath.Base(readyFile)+"-*")
	if err != nil {
		return fmt.Errorf("--ready-file: %w", err)
	}
	_, err = part.Write(append(text, '\n'))
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), readyFile)
	}
	if err != nil {
		os.Remove(part.Name())
		return fmt.Errorf("--ready-file: %w", err)
	}
	return nil
}
