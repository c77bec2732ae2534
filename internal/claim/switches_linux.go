package claim

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
)

// crowds are the connections that are asked for.
var crowds = []int{1, 10, 100, 1_000, 10_000}

// What a switch is between, as labels.
const (
	ofMode    = "mode-switch"
	ofThreads = "same-process"
	ofOthers  = "other-process"
)

// switches measures what one switch costs, then what part of the processor
// switches take while connections are served.
func switches(ctx context.Context, a asked, progress func(done, total int64)) (*Report, error) {
	rounds, requests, all := 7, 10_000, crowds
	if a.Quick {
		rounds, requests, all = 3, 2_000, []int{1, 10, 100}
	}
	r := &Report{Limits: []Note{note("claims.switches.no-counters")}}
	sets := workingSets()
	steps := int64(rounds*(1+2*len(sets)) + 8*2*len(all))
	done := int64(0)
	step := func(n int64) { done += n; progress(min(done, steps), steps) }
	costs, mode, direct, err := switchCosts(ctx, sets, rounds, step)
	if err != nil {
		return nil, err
	}
	r.Tables = append(r.Tables, costs)
	served, limits, err := serveCrowds(ctx, all, rounds, requests, mode, direct, step)
	if err != nil {
		return nil, err
	}
	r.Tables, r.Limits = append(r.Tables, served), append(r.Limits, limits...)
	r.Findings = switchFindings(costs, served, mode, direct)
	return r, nil
}

// workingSets are what each side reads at each turn, in bytes: nothing, what fits
// twice into the processor's own cache, and what does not.
func workingSets() []int {
	private, _ := host.CacheSizes()
	if private == 0 {
		private = 512 << 10
	}
	return []int{0, 16 << 10, int(private / 4), int(private)}
}

// switchCosts has a row for each kind of switch and working set. mode and direct
// are what a mode switch and a change of threads without a working set take, in ns.
func switchCosts(ctx context.Context, sets []int, rounds int, step func(int64)) (t Table, mode, direct float64, err error) {
	t = Table{Name: "switch_costs", Keys: []string{"switch", "working_set"}, Columns: []Column{{"switch_time", "ns"}, {"beyond_direct", "ns"}}}
	type row struct {
		kind string
		set  int
		ns   []float64
		err  error
	}
	rows := []*row{{kind: ofMode}}
	for _, kind := range []string{ofThreads, ofOthers} {
		for _, set := range sets {
			rows = append(rows, &row{kind: kind, set: set})
		}
	}
	for range rounds {
		for _, w := range rows {
			if ctx.Err() != nil {
				return t, 0, 0, context.Cause(ctx)
			}
			if w.err == nil {
				ns, err := onOwnThread(func() (float64, error) { return switchOf(ctx, w.kind, w.set) })
				w.ns, w.err = append(w.ns, ns), err
			}
			step(1)
		}
	}
	first := map[string][]float64{}
	for _, w := range rows {
		label := lab.FormatSize(int64(w.set))
		if w.set == 0 {
			label = "0"
		}
		figures := []Figure{measured(w.ns), missing("a mode switch changes no thread")}
		switch {
		case w.err != nil:
			figures = []Figure{missing(w.err.Error()), missing(w.err.Error())}
		case w.kind != ofMode && w.set == 0:
			first[w.kind] = w.ns
			figures[1] = missing("this is the direct cost")
		case w.kind != ofMode && first[w.kind] == nil:
			figures[1] = missing("the direct cost is not known")
		case w.kind != ofMode:
			figures[1] = derived(each(func(v ...float64) float64 { return v[0] - v[1] }, w.ns, first[w.kind]))
		}
		t.Rows = append(t.Rows, Row{[]string{w.kind, label}, figures})
	}
	mode, direct = spread.Of(rows[0].ns).Median, spread.Of(first[ofThreads]).Median
	if rows[0].err != nil {
		return t, 0, 0, rows[0].err
	}
	return t, mode, direct, rows[1].err
}

func onOwnThread[T any](f func() (T, error)) (out T, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread ends with the goroutine, and so does its binding
		out, err = f()
	}()
	<-done
	return out, err
}

func switchOf(ctx context.Context, kind string, set int) (float64, error) {
	switch kind {
	case ofMode:
		return host.ModeSwitchCost()
	case ofThreads:
		return host.SwitchCost(host.SwitchOptions{WorkingSet: set})
	}
	return host.SwitchCost(host.SwitchOptions{WorkingSet: set, Partner: func(read, write *os.File, cpu int) (func() (trace.Ns, error), error) {
		type end struct {
			ns  trace.Ns
			err error
		}
		ended := make(chan end, 1)
		go func() {
			var e end
			e.err = ask(ctx, workerOptions{files: []*os.File{read, write}}, "partner", partnerRequest{cpu, set}, &e.ns, nil)
			ended <- e
		}()
		return func() (trace.Ns, error) { e := <-ended; return e.ns, e.err }, nil
	}})
}

// partnerRequest is what the other process of a switch is told; the pipes are its
// descriptors 3 and 4.
type partnerRequest struct{ CPU, WorkingSet int }

func partner(p partnerRequest) (any, error) {
	return onOwnThread(func() (any, error) {
		return host.Partner(os.NewFile(3, "pipe"), os.NewFile(4, "pipe"), p.CPU, p.WorkingSet)
	})
}

// serveCrowds has a row for each number of connections and way to serve them.
func serveCrowds(ctx context.Context, all []int, rounds, requests int, mode, direct float64, step func(int64)) (t Table, limits []Note, err error) {
	t = Table{Name: "connections", Keys: []string{"served_by", "connections"}, Columns: []Column{
		{"request_time", "ns"}, {"mode_switches", ""}, {"mode_switch_share", "%"}, {"context_switches", ""}, {"context_switch_share", "%"}}}
	cpu, _ := firstTwo()
	connections, bound, threads, threadBound := possible()
	done := map[string]int{}
	for _, asked := range all {
		for _, by := range []string{"threads", "epoll"} {
			n, why := asked, ""
			if n > connections {
				n, why = connections, bound
			}
			if by == "threads" && n > threads {
				n, why = threads, threadBound
			}
			if n < asked {
				limits = append(limits, note("claims.switches.fewer", "By", by, "Asked", humanize.Comma(int64(asked)), "Did", humanize.Comma(int64(n)), "Bound", why))
			}
			if done[by] == n { // a limit made two of the numbers the same
				step(8)
				continue
			}
			done[by] = n
			env := crowdEnv(n)
			if by == "epoll" {
				env = crowdEnv(2)
			}
			var got []crowdRound
			err := ask(ctx, workerOptions{env: env}, "crowd", crowd{Connections: n, Epoll: by == "epoll", CPU: cpu, Rounds: rounds, Requests: requests}, &got, nil)
			if ctx.Err() != nil {
				return t, nil, context.Cause(ctx)
			}
			t.Rows = append(t.Rows, crowdRow(by, n, got, err, mode, direct))
			step(8)
		}
	}
	return t, limits, nil
}

// crowdRow tells what part of a request's processor time the switches are: how many
// there were, times what one costs by itself.
func crowdRow(by string, n int, got []crowdRound, err error, mode, direct float64) Row {
	row := Row{Labels: []string{by, strconv.Itoa(n)}}
	if err != nil || len(got) == 0 {
		if err == nil {
			err = errors.New("no round came to an end")
		}
		for range 5 {
			row.Figures = append(row.Figures, missing(err.Error()))
		}
		return row
	}
	var ns, calls, changes []float64
	for _, r := range got {
		ns, calls, changes = append(ns, r.CPU), append(calls, 2*r.Syscalls), append(changes, r.Switches)
	}
	share := func(cost float64) func(v ...float64) float64 {
		return func(v ...float64) float64 { return 100 * v[0] * cost / v[1] }
	}
	row.Figures = []Figure{measured(ns), derived(calls), derived(each(share(mode), calls, ns)), measured(changes), derived(each(share(direct), changes, ns))}
	return row
}

func switchFindings(costs, served Table, mode, direct float64) []Note {
	out := []Note{note("claims.switches.costs", "Mode", Short(mode), "Context", Figures(direct), "Ratio", Short(direct/mode))}
	var thread Figure
	for _, r := range costs.Rows {
		switch {
		case !r.Figures[0].Known():
		case r.Labels[0] == ofThreads && r.Labels[1] == "0":
			thread = r.Figures[0]
		case r.Labels[0] == ofOthers && r.Labels[1] == "0":
			key := "claims.switches.process"
			if !thread.Known() || r.Figures[0].Spread.Q1 <= thread.Spread.Q3 {
				key = "claims.switches.alike"
			}
			out = append(out, note(key, "Process", Figures(r.Figures[0].Median()), "Thread", Figures(direct)))
		case r.Labels[0] == ofThreads && r.Labels[1] == largest(costs):
			out = append(out, note("claims.switches.cache", "Set", r.Labels[1], "Extra", Figures(r.Figures[1].Median())))
		}
	}
	most := func(by string) (Row, bool) {
		for _, r := range slices.Backward(served.Rows) {
			if r.Labels[0] == by && r.Figures[0].Known() {
				return r, true
			}
		}
		return Row{}, false
	}
	a, okA := most("threads")
	b, okB := most("epoll")
	if okA && okB {
		out = append(out, note("claims.switches.crowd", "Threads", comma(a.Labels[1]), "ThreadNs", Figures(a.Figures[0].Median()), "ThreadSwitches", Short(a.Figures[3].Median()), "ThreadShare", Short(a.Figures[4].Median()),
			"Epoll", comma(b.Labels[1]), "EpollNs", Figures(b.Figures[0].Median()), "EpollSwitches", Short(b.Figures[3].Median()), "EpollShare", Short(b.Figures[4].Median())))
	}
	return out
}

// largest is the label of the largest working set.
func largest(costs Table) string { return costs.Rows[len(costs.Rows)-1].Labels[1] }
