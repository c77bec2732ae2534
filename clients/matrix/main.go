// Command matrix holds the broker to real clients: each row runs one scenario
// with one client and looks at what came, not only at exit codes. Without
// flags it builds copyscope, starts it on a temporary directory, runs every row
// and writes docs/clients.md. Run it from the repository:
//
//	go run ./clients/matrix
//
// A row whose client is not installed is skipped and says what is missing; with
// CI=true it fails. --server kafka runs the same rows against a real Apache
// Kafka, which shows that the rows ask for what Kafka does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
)

func main() {
	var o options
	only := flag.String("only", "", "run the rows whose `regexp` matches \"client: scenario\"; writes no table")
	flag.StringVar(&o.server, "server", "copyscope", "what to start and test: copyscope, or kafka")
	flag.StringVar(&o.brokers, "brokers", "", "test the server that runs at `host:port`, without the rows that need its files; writes no table")
	flag.StringVar(&o.table, "table", "docs/clients.md", "`file` of the table")
	flag.BoolVar(&o.check, "check", false, "do not write the table: fail if it is stale")
	flag.IntVar(&o.jobs, "jobs", 2, "rows that run at once")
	flag.Parse()
	o.ci = os.Getenv("CI") == "true"

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if o.only, err = regexp.Compile(*only); err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	server, brokers, table string
	only                   *regexp.Regexp
	check, ci              bool
	jobs                   int
}

// whole says whether the run is one that the table may be made of.
func (o options) whole() bool {
	return o.server == "copyscope" && o.brokers == "" && o.only.String() == ""
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "copyscope-clients-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	kit, err := prepare(ctx)
	if err != nil {
		return err
	}
	e := &env{kit: kit, dir: dir, server: o.server}
	if o.brokers == "" {
		if err := e.prepareServer(ctx); err != nil {
			return err
		}
		s, err := e.start(ctx, "main", nil)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		defer func() { err = errors.Join(err, e.stopSecured()) }()
		e.brokers = s.addr
	} else {
		e.brokers, e.external = o.brokers, true
	}
	results := runRows(ctx, e, allRows(kit), o)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("interrupted")
	}
	err = summary(results)
	if o.whole() {
		err = errors.Join(err, writeTable(o.table, table(kit, results), o.check))
	}
	return err
}
