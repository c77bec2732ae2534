package web

import (
	"time"

	"copyscope/templates"
)

// pace bounds how many events of one second become rows, and counts those that
// do not.
type pace struct {
	present, before window  // the present second, and the last one before it that had a row
	sampled         *window // the last second that was not shown whole
}

// window counts the events of one second.
type window struct {
	at            int64 // Unix time in seconds
	shown, served int64
}

// shown says whether one more event becomes a row.
func (p *pace) shown(at int64) bool {
	if p.present.at != at {
		p.before, p.present = p.present, window{at: at}
	}
	p.present.served++
	if p.present.shown < rowsPerSecond {
		p.present.shown++
		return true
	}
	w := p.present
	p.sampled = &w
	return false
}

// sum counts events of a second that were told together: at most a second later,
// so the next one may have begun. What is older than the second of the notice
// is over for the page.
func (p *pace) sum(at, events int64) {
	switch {
	case p.present.at == at:
		p.present.served += events
		w := p.present
		p.sampled = &w
	case p.sampled != nil && p.sampled.at >= at:
		if p.sampled.at == at {
			p.sampled.served += events
		}
	case p.before.at == at:
		w := p.before
		w.served += events
		p.sampled = &w
	}
}

func (p *pace) row() *templates.Window {
	if p.sampled == nil {
		return nil
	}
	return &templates.Window{Time: time.Unix(p.sampled.at, 0).Format(time.TimeOnly), Shown: p.sampled.shown, Served: p.sampled.served}
}

// wake tells the goroutine of publishDirty that there is something new.
func wake(dirty chan<- struct{}) {
	select {
	case dirty <- struct{}{}:
	default:
	}
}

// publishDirty flushes whenever there is something new, with a rest in between,
// until stop is closed.
func publishDirty(dirty, stop <-chan struct{}, flush func() error, failed func(error)) {
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		select {
		case <-dirty:
		case <-stop:
			return
		}
		if err := flush(); err != nil {
			failed(err)
		}
		rest.Reset(flushEvery)
		select {
		case <-rest.C:
		case <-stop:
			return
		}
	}
}
