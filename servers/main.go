//go:build linux

// Command servers holds `copyscope attach` to real servers: each row starts one
// (nginx, Apache Kafka, Tomcat, HAProxy, …) on loopback, loads it, and looks at
// what attach says of it: the technique, the file, the bytes, the calls, what
// stands in the way of zero copy. strace(1) counts the calls of the same load in
// a run of its own, and both must agree. Without flags it builds copyscope, runs
// every row and writes docs/servers.md. Run it from the repository, as root:
//
//	go run ./servers
//
// A row whose server is not installed is skipped and says what is missing; with
// CI=true it fails. --facts runs strace alone: what the servers do, by whatever
// attach may say.
//
// Servers and load run in a network namespace of the run's own, whose TCP takes
// a whole file into its send buffer and does not pace it (see network.go): so no
// call ends short because a reader was late, and two runs make the same calls.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"

	"copyscope/internal/ownnet"
	"copyscope/internal/selfsigned"
)

// options are the command's flags.
type options struct {
	binary, table    string
	only             *regexp.Regexp
	check, facts, ci bool
	quick            bool
}

// whole says whether the run is one that the table may be made of.
func (o options) whole() bool { return !o.facts && !o.quick && o.only.String() == "" }

func main() {
	var o options
	only := flag.String("only", "", "run the rows whose `regexp` matches \"server: setup\"; writes no table")
	flag.StringVar(&o.binary, "binary", "", "`file` of the copyscope that attaches; without it, it is built")
	flag.StringVar(&o.table, "table", "docs/servers.md", "`file` of the table")
	flag.BoolVar(&o.check, "check", false, "do not write the table: fail if it is stale")
	flag.BoolVar(&o.quick, "quick", false, "run the rows that take seconds; writes no table")
	flag.BoolVar(&o.facts, "facts", false, "run strace alone and print what each server does; attaches nothing, writes no table")
	flag.Parse()
	o.ci = os.Getenv("CI") == "true"

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if o.only, err = regexp.Compile(*only); err == nil {
		if inside() {
			err = run(ctx, o)
		} else {
			err = enclose(ctx, o)
		}
	}
	var ended *ownnet.FailedError
	if err != nil && !errors.As(err, &ended) {
		fmt.Fprintln(os.Stderr, "servers:", err)
	}
	if err != nil {
		stop()
		os.Exit(1)
	}
}

// enclose does what needs the outer network, and runs the rows in a namespace.
func enclose(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "copyscope-servers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // a server may give up root
		return err
	}
	if err := collect(ctx, dir, o); err != nil {
		return err
	}
	return reenter(ctx, dir, o)
}

func run(ctx context.Context, o options) error {
	if err := ownNetwork(); err != nil {
		return err
	}
	dir := os.Getenv(dirVariable)
	kit, err := prepare(ctx, dir)
	if err != nil {
		return err
	}
	if o.binary == "" {
		o.binary = filepath.Join(dir, "copyscope")
	}
	e := &env{kit: kit, dir: dir, binary: o.binary}
	if e.trust, err = selfsigned.Make(dir); err != nil {
		return err
	}
	results := runRows(ctx, e, allRows(), o)
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	err = summary(results)
	if o.whole() {
		err = errors.Join(err, writeTable(o.table, table(kit, results), o.check))
	}
	return err
}
