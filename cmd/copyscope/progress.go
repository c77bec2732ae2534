package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/lipgloss"
	"golang.org/x/term"
)

// progress is a line on a terminal that says how far a run is. It keeps quiet
// where nobody looks and during the first moments. Several goroutines may show
// it.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	title string
	began time.Time
	last  time.Time
}

func newProgress(w io.Writer, title string) *progress {
	p := &progress{w: w, title: title, began: time.Now()}
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		p.w = nil
	}
	return p
}

func (p *progress) show(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.w == nil || total <= 0 || now.Sub(p.began) < 300*time.Millisecond || now.Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.last = now
	fmt.Fprint(p.w, "\r\x1b[K"+progressLine(p.title, 100*done/total, columns(p.w)))
}

// progressLine is the title and how far it is, in fewer columns than there are:
// a line that wraps cannot be written over.
func progressLine(title string, percent int64, columns int) string {
	end := fmt.Sprintf(" %3d%%", percent)
	room := columns - len(end) - 1 // at the last column some terminals wrap
	if room < 1 {
		return end
	}
	return lipgloss.NewStyle().Inline(true).MaxWidth(room).Render(title) + end
}

// columns is how wide a terminal is; 80 if it does not tell.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// retitle changes what the line says is under way.
func (p *progress) retitle(title string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.title = title
}

// clear takes the line away again.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil && !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
