//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/drive"
	"copyscope/docs/bench/peers/result"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// pool is the servers that run.
type pool struct {
	env  contender.Env
	runs []*contender.Server
}

// get is a server that runs, over TLS or not: one that does not is started.
func (p *pool) get(ctx context.Context, c contender.Contender, secure bool) (*contender.Server, error) {
	if p.env.Secure != secure {
		if err := p.close(); err != nil {
			return nil, err
		}
		p.env.Secure = secure
	}
	for _, s := range p.runs {
		if s.Name == c.Name {
			return s, nil
		}
	}
	s, err := c.Start(ctx, &p.env)
	if err == nil {
		p.runs = append(p.runs, s)
	}
	return s, err
}

// drop ends a server that has failed.
func (p *pool) drop(s *contender.Server) {
	p.runs = slices.DeleteFunc(p.runs, func(other *contender.Server) bool { return other == s })
	if err := s.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "  ", err)
	}
}

func (p *pool) close() (err error) {
	for _, s := range p.runs {
		err = errors.Join(err, s.Close())
	}
	p.runs = nil
	return err
}

// table is one run: every workload, with all servers at one table.
type table struct {
	*options
	servers *pool
	absent  map[string]string
	run     int
}

// all runs the workloads; measured is told of each.
func (t *table) all(ctx context.Context, files []result.File, measured func() error) error {
	for i := range files {
		run, err := t.workload(ctx, files[i].Workload)
		if err != nil {
			return err
		}
		files[i].Runs = append(files[i].Runs, run)
		if err := measured(); err != nil {
			return err
		}
	}
	return nil
}

// seat is a server that takes part in a workload.
type seat struct {
	server *contender.Server
	drive.Prepared
}

// patience is how much longer than its time a turn may take: a server may be slow.
const patience = 90 * time.Second

// workload runs the turns of one workload. Only what ends the whole is an error;
// what a server does wrong stands in its place.
func (t *table) workload(ctx context.Context, w workload.Workload) (out result.Run, err error) {
	out.Absent = map[string]string{}
	if w.Rounds == 0 || t.rounds < w.Rounds && t.rounds < standardRounds {
		w.Rounds = t.rounds
	}
	seats := t.seats(ctx, w, &out)
	turn := w.Turn(t.turn())
	late := 0 // turns that began before the disk had caught up
	defer func() {
		if late > 0 {
			out.Notes = append(out.Notes, fmt.Sprintf("%d of %d turns began with more than 64 MiB still to be written back, after a wait of 10 s", late, (w.Rounds+1)*len(seats)))
		}
	}()
	if load.Settle(ctx) != "" && !writes(w.Kind) {
		late++
	}
	for round := 0; round <= w.Rounds; round++ {
		for _, s := range slices.Clone(seats) {
			d := turn
			if round == 0 { // nobody counts it
				d = max(turn/2, s.server.Warm)
				if w.Kind == workload.Idle {
					continue
				}
			}
			if writes(w.Kind) {
				if load.Settle(ctx) != "" {
					late++
				}
			}
			if writes(w.Kind) || w.Cold {
				if err := back(d); err != nil {
					return out, err
				}
			}
			f, err := s.turn(ctx, d)
			if ctx.Err() != nil {
				return out, errors.New("interrupted")
			}
			if err != nil {
				t.fails(&out, s.server, w, err)
				seats = slices.DeleteFunc(seats, func(other seat) bool { return other.server == s.server })
				continue
			}
			if round > 0 {
				out.Rounds = append(out.Rounds, result.Round{Round: round, Server: s.server.Name, Figures: f})
				t.tell(w, round, s.server.Name, f)
			}
		}
	}
	return out, nil
}

// standardRounds are as many as a run has where nobody says other; with fewer, no
// workload has more.
const standardRounds = 3

// seats starts and prepares the servers of a workload.
func (t *table) seats(ctx context.Context, w workload.Workload, out *result.Run) (seats []seat) {
	for _, c := range t.contenders {
		if !w.Has(c.Name) || t.absent[c.Name] != "" || ctx.Err() != nil {
			continue
		}
		s, err := t.servers.get(ctx, c, w.TLS)
		if err != nil {
			out.Absent[c.Name] = "it does not start: " + firstLine(err)
			fmt.Fprintf(os.Stderr, "%s: %s does not start: %v\n", w.Name, c.Name, err)
			continue
		}
		p, err := drive.Prepare(ctx, s, w)
		var cannot *drive.UnsupportedError
		switch {
		case errors.As(err, &cannot):
			out.Absent[c.Name] = cannot.Why
		case err != nil:
			t.fails(out, s, w, err)
		default:
			seats = append(seats, seat{s, p})
		}
	}
	return seats
}

// fails says what a server did wrong, and ends it: the next workload gets a new one.
func (t *table) fails(out *result.Run, s *contender.Server, w workload.Workload, err error) {
	out.Absent[s.Name] = firstLine(err)
	fmt.Fprintf(os.Stderr, "%s: %s: %v\n", w.Name, s.Name, err)
	t.servers.drop(s)
}

func (s seat) turn(ctx context.Context, d time.Duration) (load.Figures, error) {
	ctx, cancel := context.WithTimeout(ctx, d+patience)
	defer cancel()
	return s.Turn(ctx, d)
}

// writes says whether a turn leaves pages to be written back, which the next one
// would pay for.
func writes(k workload.Kind) bool { return k != workload.Fetch && k != workload.Idle }
