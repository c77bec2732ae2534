//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"copyscope/internal/audience"
	"copyscope/internal/served"
)

// maxResume is what is promised: a viewer whose server was killed goes on within it.
const maxResume = 5 * time.Second

// lossReport kills a server of a talk on each of the brokers, and fails if a promise
// is broken.
func lossReport(ctx context.Context, names string, viewers, steps int) error {
	b, err := served.Build(ctx)
	if err != nil {
		return err
	}
	defer b.Remove()
	fmt.Printf("# A talk from %d servers, one of which is killed\n\nWritten by `go run ./docs/bench/viewers -feed %s -n %d` on %s. "+
		"The servers are `copyscope talk --feed` processes behind haproxy, which joins TCP connections without knowing what goes over them; feed, servers, balancer and viewers share this machine. "+
		"Every 250 ms the speaker takes a step, and in the middle of them the server that the speaker's page is connected to is killed with SIGKILL. Its viewers come back as a page does: "+
		"the first try within 0.1 to 1.6 s, chosen at random. Back: the time from the kill until such a viewer has a message from another server. Missed, twice and in a wrong order are steps of single viewers, of all.\n\n"+
		"| feed on | viewers | of the killed server | back: p50 | p99 | last | the speaker's next step | steps | missed | twice | wrong order | a viewer has a step: p50 | p99 |\n"+
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n", replicas, names, viewers, machine())
	var broken []string
	for name := range strings.SplitSeq(names, ",") {
		if brokers[name] == nil {
			return fmt.Errorf("-feed %q: use copyscope, kafka, or both with a comma", name)
		}
		feed, s, err := loseOne(ctx, b, name, viewers, steps)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %d | %d | %s | %s | %s | %s | %d | %d | %d | %d | %s | %s |\n", feed, viewers, s.Lost, ms(s.P50), ms(s.P99), ms(s.Max), ms(s.Speaker), steps, s.Missed, s.Twice, s.Disordered, ms(s.StepP50), ms(s.StepP99))
		if s.Max > maxResume || s.Missed+s.Twice+s.Disordered > 0 {
			broken = append(broken, name)
		}
	}
	fmt.Printf("\nPromised: who watched at a server that was killed goes on within %v, and nobody misses a step or is sent one twice.\n", maxResume)
	if len(broken) > 0 {
		return errors.New("a promise is broken: " + strings.Join(broken, ", "))
	}
	return nil
}

func loseOne(ctx context.Context, b *served.Binary, name string, viewers, steps int) (feed string, s audience.Survived, err error) {
	on, feed, err := open(ctx, b, name)
	if err != nil {
		return feed, s, err
	}
	defer on.end()
	victim := on.servers[0]
	_, code, _ := strings.Cut(victim.ready["audience"], "/t/")
	_, token, _ := strings.Cut(victim.ready["speaker"], "#")
	s, err = audience.Survive(ctx, audience.Loss{Viewers: viewers, Steps: steps, Every: 250 * time.Millisecond, Front: on.front, Server: victim.addr, PID: victim.PID(), Code: code, Token: token})
	return feed, s, err
}
