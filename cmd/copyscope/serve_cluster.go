package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/pflag"

	"copyscope/internal/clusterview"
	"copyscope/internal/kafkalogin"
	"copyscope/web"
)

// clusterFlags say which cluster the pages show in the place of a broker of their own.
type clusterFlags struct {
	brokers string
	login   loginFlags
}

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.brokers, "kafka", "", "show an existing Kafka cluster instead of a broker of its own: host:port of its brokers, with commas; one that answers is enough")
	f.login.register(flags, "the cluster")
}

// given says whether a cluster is to be shown.
func (f *clusterFlags) given(flags *pflag.FlagSet) bool { return flags.Changed("kafka") }

// ofBroker are the flags that configure a broker of one's own, which then is not there.
func ofBroker() (names []string) {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	(&brokerFlags{}).register(own)
	own.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return append(names, "no-broker")
}

// check finds flags that contradict one another.
func (f *clusterFlags) check(flags *pflag.FlagSet) error {
	if !f.given(flags) {
		if lone := changed(flags, theLogin); len(lone) > 0 {
			return &usageError{fmt.Errorf("%s: for the connection to an existing cluster, which is named with --kafka HOST:PORT", strings.Join(lone, ", "))}
		}
		return nil
	}
	if both := changed(flags, ofBroker()); len(both) > 0 {
		return &usageError{fmt.Errorf("--kafka shows an existing cluster and starts no broker, so it does not go with %s; leave out the one or the other", strings.Join(both, ", "))}
	}
	return nil
}

// options are those of the connection.
func (f *clusterFlags) options(log *slog.Logger) (o clusterview.Options, err error) {
	o.Log = log
	if o.Seeds, err = kafkalogin.ParseBrokers(f.brokers); err != nil {
		return o, &usageError{fmt.Errorf("--kafka %q: %w; write host:port, for example 127.0.0.1:9092 or [::1]:9092, with commas between", f.brokers, err)}
	}
	o.Known, err = f.login.read(log)
	return o, err
}

// serveCluster serves the pages beside a cluster. The first contact comes before
// anything is announced: who names a wrong port is to hear of it.
func serveCluster(ctx context.Context, f serveFlags, stdout, stderr io.Writer) error {
	log, err := f.pages.log(stderr)
	if err != nil {
		return err
	}
	if err := checkLessonsDirectory(f.lessons); err != nil {
		return &usageError{err}
	}
	o, err := f.cluster.options(log)
	if err != nil {
		return err
	}
	listener, err := f.pages.listen(0)
	if err != nil {
		return err
	}
	defer listener.Close()
	warnOfReach(log, listener)
	cluster, err := clusterview.Connect(ctx, o)
	if err == nil {
		defer cluster.Close()
	}
	if ctx.Err() != nil {
		return nil // Ctrl-C, before anything was served
	}
	if err != nil {
		return err
	}
	config := webConfig(listener.Addr().String(), nil, log)
	config.Lessons = f.lessons
	showCluster(&config, cluster)
	pages, err := web.New(config)
	if err != nil {
		return err
	}
	return serveBoth(ctx, f.pages.readyFile, listener, pages, nil, map[string]string{"web": "http://" + listener.Addr().String(), "cluster": f.cluster.brokers}, stdout)
}

// showCluster gives the pages a cluster in the place of a broker.
func showCluster(config *web.Config, cluster *clusterview.View) {
	load := clusterview.NewLoad(cluster)
	config.Broker, config.Store, config.Cluster = cluster, cluster, cluster
	config.Traffic, config.ClusterLoad = load.Traffic, load
}
