package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"copyscope/internal/claim"
	"copyscope/internal/docsite"
	"copyscope/internal/host"
)

// Config is what the pages show and how they are reached.
type Config struct {
	// Addr is the host:port that the listener really got.
	Addr string
	// Fronted says that a proxy or a balancer stands before the listener, so that
	// requests from this host may be anybody's. Public is the address that readers
	// have then, such as https://talk.example.org; "" if it is the one that they ask
	// for.
	Fronted bool
	Public  string
	// Version is the product's version, for the footer.
	Version string
	Log     *slog.Logger
	// Lab runs scenarios for the scope.
	Lab Lab
	// Broker is what the live page shows of the broker; nil if there is none.
	Broker Broker
	// Store is what the broker pages show and change; nil if there is no broker.
	Store BrokerStore
	// Cluster says how the cluster stands whose store it is; nil for the broker of this
	// process.
	Cluster Cluster
	// Sample reads the host's figures; nil where they cannot be read.
	// SampleEvery is how often, a second if zero.
	Sample      func() (host.Sample, error)
	SampleEvery time.Duration
	// Traffic is what the broker has moved so far; nil without a broker.
	Traffic func() Traffic
	// Load puts a load on the broker for the live page; nil where nothing can.
	Load FetchLoad
	// ClusterLoad puts a load on the cluster, in the place of Load.
	ClusterLoad ClusterLoad
	// Doctor tries what the host can witness; without it the
	// doctor page says that there is nothing to try.
	Doctor func(context.Context) host.Report
	// Claims measures a claim by its name; without it the claims' pages tell what
	// would be measured.
	Claims func(ctx context.Context, name string, o claim.Options) (*claim.Report, error)
	// Lessons is a lecturer's directory of lessons, shown beside those that are shipped;
	// empty if there is none.
	Lessons string
	// Attach watches other processes of this host; nil where nothing can.
	Attach Attacher
	// Docs is the documentation, made when it is first asked for; nil if there is none.
	Docs func() (*docsite.Site, error)
	// Metrics answers GET /metrics; nil where there are none.
	Metrics http.Handler
}

// Server serves the pages.
type Server struct {
	config  Config
	hub     *Hub
	scope   *scope
	live    *live
	claims  *claims
	lessons *lessons
	real    *queue // what is measured on this host, one after the other
	attach  *attaching
	talks   *talks
	mux     *http.ServeMux
	handler http.Handler
	times   connectionTimes
}

// New makes a server; Close ends what it started.
func New(config Config) (*Server, error) {
	if config.Addr == "" {
		return nil, errors.New("web: Config.Addr is empty: give the host:port that the listener got, it decides which Host headers are accepted")
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.SampleEvery == 0 {
		config.SampleEvery = time.Second
	}
	s := &Server{config: config, mux: http.NewServeMux(), hub: NewHub(config.Log, config.Version), real: newQueue(1), times: usualTimes}
	guard, err := newGuard(config.Addr, config.Public)
	if err != nil {
		return nil, err
	}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		return nil, err
	}
	s.live = newLive(s)
	s.attach = newAttaching(s)
	s.routes()
	pages := compress(s.mux)
	s.handler = guard.protect(s.prompt(s.legible(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch { // what is upgraded is not compressed here
		case r.URL.Path == "/ws":
			s.hub.ServeHTTP(w, r)
			return
		case strings.HasPrefix(r.URL.Path, "/t/") && strings.HasSuffix(r.URL.Path, "/ws"):
			s.mux.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	}))))
	return s, nil
}

// Handler is everything that the server answers.
func (s *Server) Handler() http.Handler { return s.handler }

// Close ends every websocket with a close frame and every talk, stops the live
// feed and ends the watch of a process, if there is one.
func (s *Server) Close() {
	s.live.close()
	s.attach.close()
	s.talks.close()
	s.hub.Close()
	s.claims.close()
}

func (s *Server) routes() {
	s.mux.Handle("GET /static/", assets())
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("ok\n"))
	})
	if s.config.Metrics != nil {
		s.mux.Handle("GET /metrics", s.config.Metrics)
	}
	s.scope = s.scopeRoutes()
	s.talks = s.talkRoutes(s.scope)
	s.claims = s.claimRoutes()
	s.mux.HandleFunc("GET /live", s.live.page)
	s.mux.HandleFunc("GET /live/history.json", s.live.history)
	s.hub.Handle("live.rate", s.live.rate)
	s.brokerRoutes()
	s.hub.Handle("live.load.start", s.live.startLoad)
	s.hub.Handle("live.load.stop", s.live.stopLoad)
	s.hub.Handle("live.path", s.live.flipPath)
	s.mux.HandleFunc("GET /models", s.models)
	s.mux.HandleFunc("GET /doctor", (&doctor{server: s}).page)
	s.mux.HandleFunc("GET /docs/{page...}", s.docs)
	s.lessons = s.lessonRoutes()
	s.mux.HandleFunc("GET /palette.json", s.palette)
	s.mux.HandleFunc("/", s.missing)
}
