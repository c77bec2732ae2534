package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"copyscope/broker"
	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/web"
)

// serveFlags are the flags of `copyscope serve`.
type serveFlags struct {
	pages    pagesFlags
	broker   brokerFlags
	noBroker bool
	cluster  clusterFlags
	lessons  string
}

func serveCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the pages and the Kafka-protocol broker (what copyscope does without a subcommand)",
		Long: `Serves the pages (lessons, scope, live, doctor, models) and a log broker that speaks the
Kafka protocol and sends its records with sendfile(2). Prints one line for each
address that it really got. Ctrl-C ends it.

Without --data the records go to a temporary directory that is removed at exit.

With --kafka there is no broker of its own: the pages show an existing Kafka cluster,
which must answer within a few seconds (docs/cluster.md).`,
		Example: `  copyscope serve
  copyscope serve --http 127.0.0.1:0 --kafka-listen 127.0.0.1:0 --data ./records
  copyscope serve --kafka-tls-listen 127.0.0.1:9093 --kafka-tls-cert cert.pem --kafka-tls-key key.pem
  copyscope serve --config server.properties
  copyscope serve --lessons ./my-lessons
  copyscope serve --no-broker
  copyscope serve --kafka kafka1:9092,kafka2:9092
  copyscope serve --kafka kafka1:9093 --kafka-ca ca.pem --kafka-user alice --kafka-password-file alice.txt`,
		Args: noArguments,
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.cluster.check(c.Flags()); err != nil {
				return err
			}
			if f.cluster.given(c.Flags()) {
				return serveCluster(c.Context(), f, c.OutOrStdout(), c.ErrOrStderr())
			}
			settings, err := f.broker.settings(c.Flags())
			if err != nil {
				return err
			}
			return serve(c.Context(), f, settings, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	flags := c.Flags()
	f.pages.register(flags)
	f.broker.register(flags)
	f.cluster.register(flags)
	flags.BoolVar(&f.noBroker, "no-broker", false, "serve the pages alone")
	flags.StringVar(&f.lessons, "lessons", "", "a directory of lessons to show beside those that are shipped (docs/lessons.md)")
	return c
}

// shutdownTime is how long an ending server waits for what is under way.
const shutdownTime = 3 * time.Second

func serve(ctx context.Context, f serveFlags, settings broker.Config, stdout, stderr io.Writer) (err error) {
	log, err := f.pages.log(stderr)
	if err != nil {
		return err
	}
	if err := checkLessonsDirectory(f.lessons); err != nil {
		return &usageError{err}
	}
	descriptors := 0 // for the broker
	if !f.noBroker {
		descriptors = brokerDescriptors(settings.MaxConnections)
	}
	listener, err := f.pages.listen(descriptors)
	if err != nil {
		return err
	}
	defer listener.Close()
	warnOfReach(log, listener)

	var pages *web.Server
	var kafka *broker.Broker
	if !f.noBroker {
		dir, remove, err := dataDirectory(settings.Dir)
		if err != nil {
			return err
		}
		defer remove()
		warnOfDescriptors(log, settings.MaxConnections)
		settings.Dir, settings.Log = dir, log
		settings.OnServed = func(s trace.Served) { pages.Served(s) }
		settings.OnAppended = func(a trace.Appended) { pages.Appended(a) }
		kafka, err = broker.Open(ctx, settings)
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("%w; --kafka-listen names it, and --no-broker serves the pages alone", err)
		}
		if err != nil {
			return err
		}
		defer kafka.Close()
	}
	config := webConfig(listener.Addr().String(), kafka, log)
	config.Lessons = f.lessons
	pages, err = web.New(config)
	if err != nil {
		return err
	}
	return serveBoth(ctx, f.pages.readyFile, listener, pages, kafka, map[string]string{"web": "http://" + listener.Addr().String()}, stdout)
}

// warnOfReach says that the pages are open to other machines, if they are.
func warnOfReach(log *slog.Logger, listener net.Listener) {
	if ip := listener.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
		log.Warn("other machines can reach the pages, which therefore start no real runs", "address", listener.Addr())
	}
}

// serveBoth runs pages and broker until the context ends or one of them fails.
// ready is what the ready file, if one is named, has beside the broker's addresses.
func serveBoth(ctx context.Context, readyFile string, listener net.Listener, pages *web.Server, kafka *broker.Broker, ready map[string]string, stdout io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	server := pages.HTTPServer()
	ended := make(chan error, 2)
	running := 1
	go func() {
		err := server.Serve(listener)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		cancel(err)
		ended <- err
	}()
	if kafka != nil {
		running++
		go func() {
			err := kafka.Serve(ctx)
			cancel(err)
			ended <- err
		}()
		for name, address := range map[string]net.Addr{"kafka": kafka.PlainAddr(), "kafka_tls": kafka.TLSAddr()} {
			if address != nil {
				ready[name] = address.String()
			}
		}
	}
	err := announce(readyFile, ready, stdout)
	announced := err == nil && readyFile != ""
	if err == nil {
		<-ctx.Done()
	}
	cancel(nil)

	end, stop := context.WithTimeout(context.Background(), shutdownTime)
	defer stop()
	pages.Close() // ends the websockets, which Shutdown does not know of
	if server.Shutdown(end) != nil {
		server.Close()
	}
	for range running {
		err = errors.Join(err, <-ended)
	}
	if announced {
		os.Remove(readyFile)
	}
	return err
}

// dataDirectory is the broker's directory: the given one, or a temporary one
// that remove takes away.
func dataDirectory(given string) (dir string, remove func(), err error) {
	if given != "" {
		return given, func() {}, nil
	}
	dir, err = os.MkdirTemp("", host.DataPrefix)
	if err != nil {
		return "", nil, fmt.Errorf("temporary data directory: %w; give one with --data, or set TMPDIR", err)
	}
	return dir, func() { os.RemoveAll(dir) }, nil
}
