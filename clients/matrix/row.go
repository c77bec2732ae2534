package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// row is one scenario of one client.
type row struct {
	client   string // as the table names it
	scenario string
	asserts  string // what is looked at, for the table
	needs    []tool
	files    bool // it reads files of servers that it starts
	run      func(ctx context.Context, e *env, prefix string) error
}

func (r row) String() string { return r.client + ": " + r.scenario }

// outcome is how a row ended.
type outcome struct {
	row
	verdict string // passed, failed, skipped
	took    time.Duration
	err     error // why it did not pass
}

const (
	passed  = "passed"
	failed  = "failed"
	skipped = "skipped"
)

// errSelf: with Kafka in the place of our broker, the row would say nothing.
var errSelf = errors.New("this row is about our own broker")

// rowLimit is how long a row may take; a client that hangs is a failure.
const rowLimit = 2 * time.Minute

// allRows are the rows of every family, in the order of the table.
func allRows(k *kit) []row {
	return slices.Concat(kcatRows(), franzRows(), restartRows(), pythonRows(), javaRows(k), toolRows(k), segmentRows(k), coordinatorRows(k))
}

// runRows runs the rows that were asked for, o.jobs at a time, and prints a
// line for each as it ends. Results come in the order of the rows.
func runRows(ctx context.Context, e *env, rows []row, o options) []outcome {
	rows = slices.DeleteFunc(rows, func(r row) bool { return !o.only.MatchString(r.String()) })
	results := make([]outcome, len(rows))
	next := make(chan int)
	var printing sync.Mutex
	var workers sync.WaitGroup
	for range o.jobs {
		workers.Go(func() {
			for i := range next {
				results[i] = runRow(ctx, e, rows[i], fmt.Sprintf("m%d", i), o.ci)
				printing.Lock()
				results[i].print()
				printing.Unlock()
			}
		})
	}
	for i := range rows {
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}

func runRow(ctx context.Context, e *env, r row, prefix string, ci bool) outcome {
	begun := time.Now()
	end := func(verdict string, err error) outcome {
		return outcome{r, verdict, time.Since(begun), err}
	}
	if missing := e.kit.missing(r.needs); missing != "" {
		if ci {
			return end(failed, errors.New("missing: "+missing))
		}
		return end(skipped, errors.New("missing: "+missing))
	}
	if r.files && e.external {
		return end(skipped, errors.New("the files of a server that was started elsewhere are not at hand"))
	}
	ctx, cancel := context.WithTimeout(ctx, rowLimit)
	defer cancel()
	// Names are new in each run, so a server that runs already can be tested twice.
	prefix = fmt.Sprintf("%s-%x", prefix, begun.UnixMilli()&0xffffff)
	switch err := r.run(ctx, e, prefix); {
	case err == nil:
		return end(passed, nil)
	case errors.Is(err, errSelf):
		return end(skipped, err)
	default:
		return end(failed, err)
	}
}

func (o outcome) print() {
	fmt.Printf("%-8s %5.1f s  %s\n", o.verdict, o.took.Seconds(), o.row)
	if o.err != nil {
		fmt.Println("    " + strings.ReplaceAll(strings.TrimSpace(o.err.Error()), "\n", "\n    "))
	}
}

// summary prints the totals; it is an error that a row failed.
func summary(results []outcome) error {
	n := map[string]int{}
	for _, r := range results {
		n[r.verdict]++
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", n[passed], n[failed], n[skipped])
	if n[failed] > 0 {
		return fmt.Errorf("%d of %d rows failed", n[failed], len(results))
	}
	if n[passed] == 0 {
		return errors.New("no row ran")
	}
	return nil
}
