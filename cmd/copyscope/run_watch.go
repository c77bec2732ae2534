package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/watch"
	"copyscope/sim/scenario"
	"copyscope/web"
)

// watchedEvents is how many events of a run can be stepped through in a terminal, at
// about 1.4 KB of memory each; the lane says if there were more.
const watchedEvents = 100_000

// notWatched are the flags that say what is printed instead of the screen.
var notWatched = []string{"json", "list", "events", "steps", "samples", "trace-out"}

// screen is the terminal that --watch draws on.
type screen struct {
	in, out *os.File
	options watch.Options
}

// screen finds the terminal, before anything runs, if --watch asks for one.
func (f runFlags) screen(flags *pflag.FlagSet, in io.Reader, out io.Writer) (s screen, err error) {
	if !f.watch {
		if f.lang != "" {
			err = errors.New("--lang: the language of --watch; tables are in English, so add --watch or leave --lang out")
		}
		return s, err
	}
	for _, name := range notWatched {
		if flags.Changed(name) {
			return s, fmt.Errorf("--watch with --%s: --watch steps in the terminal and prints nothing; leave one of them out", name)
		}
	}
	if f.profile == "list" {
		return s, errors.New("--watch with --profile list: it lists the profiles and runs nothing; leave --watch out")
	}
	s.options = watch.OptionsOf(os.Getenv)
	if f.lang != "" {
		if s.options.Lang = locale.Lang(f.lang); !s.options.Lang.Known() {
			return s, fmt.Errorf("--lang %q: use en or zh", f.lang)
		}
	}
	var inOK, outOK bool
	s.in, inOK = terminal(in)
	s.out, outOK = terminal(out)
	switch {
	case !outOK:
		err = errors.New("--watch: the output is no terminal; run it in one without a pipe or > (over ssh with -t), or leave --watch out for the table")
	case !inOK:
		err = errors.New("--watch: the input is no terminal, so no key would come; run it in one without a pipe or < (over ssh with -t), or leave --watch out for the table")
	case os.Getenv("TERM") == "dumb":
		err = errors.New("--watch: TERM=dumb is a terminal that cannot place text; set TERM to what it is, such as xterm, or leave --watch out for the table")
	}
	return s, err
}

// terminal is the file behind a stream, if it is a terminal.
func terminal(stream any) (*os.File, bool) {
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// show steps through lanes until the reader ends it.
func (s screen) show(ctx context.Context, lanes []watch.Lane) error {
	return watch.Run(ctx, s.in, s.out, lanes, s.options)
}

// watchScenarios runs scenarios and steps through them.
func watchScenarios(ctx context.Context, l *lab.Lab, stderr io.Writer, scenarios []lab.Scenario, untraced bool, s screen) error {
	if n := len(scenarios); n > watch.MaxLanes {
		return &usageError{fmt.Errorf("--watch: these are %d runs, and %d fit on the screen; name fewer paths, or leave out values of --side, --model, --cache, --net, --dma, --sg or --whatif", n, watch.MaxLanes)}
	}
	compares := slices.ContainsFunc(scenarios, func(s lab.Scenario) bool { return s.Side != trace.Sim })
	var lanes []watch.Lane
	for i, one := range scenarios {
		progress := newProgress(stderr, fmt.Sprintf("%d/%d %s", i+1, len(scenarios), underWay(one)))
		options := lab.Options{MaxEvents: watchedEvents, AsThisHost: compares, Untraced: untraced, Progress: progress.show}
		r, err := l.Run(ctx, one, options)
		progress.clear()
		if instead, ok := recordedFor(err, one); ok {
			tell(stderr, []string{err.Error() + "; shown is a run recorded on another machine"})
			r, err = l.Run(ctx, instead, options)
		}
		if err != nil {
			return withRecorded(err)
		}
		lanes = append(lanes, func(t *locale.Translator) *web.Steps { return web.StepsOf(t, r) })
	}
	return s.show(ctx, lanes)
}

// watchScenarioFile runs a scenario file and steps through it.
func watchScenarioFile(ctx context.Context, stderr io.Writer, name string, s screen) error {
	if name == "list" {
		return &usageError{errors.New("--watch with --scenario list: it lists the scenarios and runs nothing; leave --watch out")}
	}
	file, err := loadScenario(name)
	if err != nil {
		return &usageError{err}
	}
	progress := newProgress(stderr, file.Name)
	r, err := file.Run(ctx, scenario.Options{Keep: watchedEvents, Progress: progress.show})
	progress.clear()
	if err != nil {
		return err
	}
	return s.show(ctx, []watch.Lane{func(t *locale.Translator) *web.Steps { return web.StepsOfScenario(t, r) }})
}
