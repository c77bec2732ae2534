package main

import (
	"log/slog"
	"time"

	"copyscope/internal/talk"
)

// placeHolds is for how long the place of a talk is kept: who starts it another day
// gives it once more.
const placeHolds = 6 * time.Hour

// talkPlace is where a talk was.
type talkPlace struct {
	talk.Saved
	At int64 `json:"at"` // ms since 1970
}

// fresh is the place, or nil if there is none from the last hours.
func (p *talkPlace) fresh(now time.Time) *talk.Saved {
	if p == nil || now.Sub(time.UnixMilli(p.At)).Abs() > placeHolds {
		return nil
	}
	return &p.Saved
}

// placeKeeper writes where a talk is behind its links.
type placeKeeper struct {
	file  linksFile
	links roomLinks
	log   *slog.Logger
	// failed says that it was told that nothing can be kept.
	failed bool
	last   chan talk.Saved // the newest place that is not written yet
	end    chan struct{}
	ended  chan struct{}
}

func keepPlaces(file linksFile, links roomLinks, log *slog.Logger) *placeKeeper {
	k := &placeKeeper{file: file, links: links, log: log, last: make(chan talk.Saved, 1), end: make(chan struct{}), ended: make(chan struct{})}
	go k.run()
	return k
}

// keep takes the newest place; it does not wait. One caller at a time.
func (k *placeKeeper) keep(s talk.Saved) {
	select {
	case <-k.last: // an older one
	default:
	}
	k.last <- s
}

func (k *placeKeeper) run() {
	defer close(k.ended)
	for {
		select {
		case s := <-k.last:
			k.write(s)
		case <-k.end:
			select {
			case s := <-k.last:
				k.write(s)
			default:
			}
			return
		}
	}
}

func (k *placeKeeper) write(s talk.Saved) {
	k.links.Place = &talkPlace{s, time.Now().UnixMilli()}
	if err := k.file.write(k.links); err != nil && !k.failed {
		k.failed = true
		k.log.Warn("where the talk is cannot be kept; after a restart only an open speaker's page brings it back", "err", err)
	}
}

// close returns when the last place is written.
func (k *placeKeeper) close() {
	close(k.end)
	<-k.ended
}
