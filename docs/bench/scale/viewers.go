//go:build linux

package main

import (
	"context"
	"time"

	"copyscope/internal/audience"
)

func viewers() *curve {
	return &curve{
		name: "viewers", title: "Viewers of a talk", size: "viewers",
		about: "A talk room with so many viewers, each a websocket of a second process. The speaker takes a step every 150 ms. *p50* is of the time from before the step is sent until a viewer has read it; *all have it* is the 99th percentile, over the steps, of the time until the last viewer has. *Memory* is the heap and the stacks that a viewer costs the server. [viewers.md](viewers.md) has more of 2,000.",
		why:   "A step is one message, made once, and a write to each viewer's socket: the *times* are linear in the viewers from where those writes outweigh the way of the step from the speaker to the room. The viewers' process reads on the same processors. *Memory* stays the same: a viewer is a small buffer and two goroutines ([talk.md](../talk.md)).",
		sizes: []int{100, 200, 500, 1000, 2000}, quick: []int{50, 200},
		series: []series{
			{name: "p50", title: "A viewer has a step: p50", unit: "ms", work: true},
			{name: "all", title: "All have it: p99", unit: "ms", work: true},
			{name: "memory", title: "Memory of a viewer", unit: "KiB", work: true},
		},
		open: func(_ context.Context, s setting) (measurer, error) { return viewerCurve(s), nil },
	}
}

// viewerCurve has nothing that its points share.
type viewerCurve setting

func (viewerCurve) Close() error { return nil }

func (c viewerCurve) measure(ctx context.Context, n int) (figures, error) {
	plan := audience.Plan{Viewers: n, Steps: 40, Every: 150 * time.Millisecond}
	if c.quick {
		plan.Steps = 10
	}
	f, err := audience.Measure(ctx, plan)
	if err != nil {
		return nil, err
	}
	return figures{"p50": ms(f.P50), "all": ms(f.StepP99), "memory": (f.Heap + f.Stack) / 1024}, nil
}
