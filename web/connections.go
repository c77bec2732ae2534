package web

import (
	"io"
	"log/slog"
	"net/http"
	"time"
)

// connectionTimes is how long a connection may take for what it does. Nobody on the other side
// is trusted to go on: each of these ends by itself.
type connectionTimes struct {
	// head and body are for a request to arrive, once it has begun. Two handlers
	// that take whole traces give them longer ([importTime]).
	head, body time.Duration
	// answer is for an answer to be made and to be fetched. A whole run that is
	// exported is given longer ([exportWholeTime]); a websocket has its own times.
	answer time.Duration
	// idle is how long a browser's connection is kept that asks for nothing: an
	// audience of two thousand has several each.
	idle time.Duration
}

var usualTimes = connectionTimes{head: 10 * time.Second, body: 10 * time.Second, answer: 5 * time.Minute, idle: 30 * time.Second}

// headBytes bounds the head of a request, of which an address is a part
// ([addressBytes]).
const headBytes = 64 << 10

// HTTPServer serves the pages on connections that may be slow, but not for ever.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{Handler: s.handler, ReadHeaderTimeout: s.times.head, WriteTimeout: s.times.answer, IdleTimeout: s.times.idle,
		MaxHeaderBytes: headBytes, ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn)}
}

// prompt lets go of who does not send the body that a request announced.
func (s *Server) prompt(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 && r.Body != nil {
			c := http.NewResponseController(w)
			_ = c.SetReadDeadline(time.Now().Add(s.times.body)) // a recorder in tests has none
			r.Body = &timedBody{r.Body, c}
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody takes the time limit away once the body is there: on the same line the
// server then listens for the reader's going away, which ends the request's context.
type timedBody struct {
	io.ReadCloser
	line *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.line.SetReadDeadline(time.Time{})
	}
	return n, err
}
