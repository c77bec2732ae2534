package log

import "time"

// DefaultPace is how many bytes the cleaner reads and writes in a second, unless it
// is told otherwise. As it reads everything twice, and writes what stays, it cleans
// 200 to 300 MB/s then, and leaves most of a processor to others. At full speed, as
// Kafka's does, fetches wait for it (docs/bench/cleaner-results.md).
const DefaultPace = 600e6

// pace keeps the cleaner at its bytes per second, and tells it to stop.
type pace struct {
	perSecond float64
	stop      <-chan struct{}
	failed    func() error // of the partition: it may be deleted meanwhile
	due       time.Time    // when what was moved is to have been
}

// paceLook is how often a cleaning that rests looks whether its partition is there.
const paceLook = 100 * time.Millisecond

// catchUp is how far behind its pace the cleaner may be and make up for it: a timer
// wakes it about a millisecond late. What an fsync took is not made up for, at full
// speed, while readers wait.
const catchUp = time.Millisecond

func newPace(perSecond float64, stop <-chan struct{}, failed func() error) *pace {
	return &pace{perSecond: perSecond, stop: stop, failed: failed}
}

// moved waits until so many bytes more may have been moved.
func (p *pace) moved(n int) error {
	const longest = float64(time.Hour)
	now := time.Now()
	if earliest := now.Add(-catchUp); p.due.Before(earliest) {
		p.due = earliest
	}
	p.due = p.due.Add(time.Duration(min(float64(n)/p.perSecond*float64(time.Second), longest)))
	for {
		if err := p.failed(); err != nil {
			return err
		}
		wait := time.NewTimer(min(time.Until(p.due), paceLook))
		select {
		case <-p.stop:
			wait.Stop()
			return errCleanerStopped
		case <-wait.C:
		}
		if !time.Now().Before(p.due) {
			return nil
		}
	}
}
