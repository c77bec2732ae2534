package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"copyscope/internal/clusterview"
	"copyscope/web"
)

// passwordVariable is the environment's place for the password; a flag would show it to
// every user of the host.
const passwordVariable = "COPYSCOPE_KAFKA_PASSWORD"

// clusterFlags say which cluster the pages show in the place of a broker of their own.
type clusterFlags struct {
	brokers              string
	tls                  bool
	ca, user             string
	mechanism, passwords string
}

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.brokers, "kafka", "", "show an existing Kafka cluster instead of a broker of its own: host:port of its brokers, with commas; one that answers is enough")
	flags.BoolVar(&f.tls, "kafka-tls", false, "reach the cluster over TLS")
	flags.StringVar(&f.ca, "kafka-ca", "", "PEM file with the authorities that sign the cluster's certificates (default: the system's); implies --kafka-tls")
	flags.StringVar(&f.user, "kafka-user", "", "user to authenticate as to the cluster, by SASL; the password is in --kafka-password-file or $"+passwordVariable)
	flags.StringVar(&f.mechanism, "kafka-mechanism", clusterview.Mechanisms()[0], "SASL mechanism: "+strings.Join(clusterview.Mechanisms(), ", "))
	flags.StringVar(&f.passwords, "kafka-password-file", "", "file whose only line is the password")
}

// given says whether a cluster is to be shown.
func (f *clusterFlags) given(flags *pflag.FlagSet) bool { return flags.Changed("kafka") }

// ofCluster are the flags that need --kafka, ofBroker those that configure a broker of
// one's own, which then is not there.
var ofCluster = []string{"kafka-tls", "kafka-ca", "kafka-user", "kafka-mechanism", "kafka-password-file"}

func ofBroker() (names []string) {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	(&brokerFlags{}).register(own)
	own.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return append(names, "no-broker")
}

// check finds flags that contradict one another.
func (f *clusterFlags) check(flags *pflag.FlagSet) error {
	named := func(all []string) (found []string) {
		for _, name := range all {
			if flags.Changed(name) {
				found = append(found, "--"+name)
			}
		}
		return found
	}
	if !f.given(flags) {
		if lone := named(ofCluster); len(lone) > 0 {
			return &usageError{fmt.Errorf("%s: for the connection to an existing cluster, which is named with --kafka HOST:PORT", strings.Join(lone, ", "))}
		}
		return nil
	}
	if both := named(ofBroker()); len(both) > 0 {
		return &usageError{fmt.Errorf("--kafka shows an existing cluster and starts no broker, so it does not go with %s; leave out the one or the other", strings.Join(both, ", "))}
	}
	return nil
}

// options are those of the connection.
func (f *clusterFlags) options(log *slog.Logger) (o clusterview.Options, err error) {
	o.Log = log
	for seed := range strings.SplitSeq(f.brokers, ",") {
		seed = strings.TrimSpace(seed)
		host, port, err := net.SplitHostPort(seed)
		if n, bad := strconv.Atoi(port); err != nil || host == "" || bad != nil || n < 1 || n > 65535 {
			return o, &usageError{fmt.Errorf("--kafka %q: %q is no address of a broker; write host:port, for example 127.0.0.1:9092 or [::1]:9092, with commas between", f.brokers, seed)}
		}
		o.Seeds = append(o.Seeds, seed)
	}
	if f.tls || f.ca != "" {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if f.ca != "" {
		text, err := os.ReadFile(f.ca)
		if err != nil {
			return o, fmt.Errorf("--kafka-ca: %w", err)
		}
		o.TLS.RootCAs = x509.NewCertPool()
		if !o.TLS.RootCAs.AppendCertsFromPEM(text) {
			return o, fmt.Errorf("--kafka-ca %s: there is no certificate in it; give a PEM file", f.ca)
		}
	}
	return o, f.authenticate(&o)
}

// authenticate adds who this client is.
func (f *clusterFlags) authenticate(o *clusterview.Options) (err error) {
	if !slices.Contains(clusterview.Mechanisms(), f.mechanism) {
		return &usageError{fmt.Errorf("--kafka-mechanism %.100q: use one of %s", f.mechanism, strings.Join(clusterview.Mechanisms(), ", "))}
	}
	switch {
	case f.user == "" && f.passwords != "":
		return &usageError{errors.New("--kafka-password-file: say whose password it is with --kafka-user")}
	case f.user == "":
		return nil
	}
	o.Mechanism, o.User = f.mechanism, f.user
	if f.passwords == "" {
		if o.Password = os.Getenv(passwordVariable); o.Password == "" {
			return &usageError{fmt.Errorf("--kafka-user %.100q: give the password in a file with --kafka-password-file, or in $%s", f.user, passwordVariable)}
		}
		return nil
	}
	file, err := os.Open(f.passwords)
	if err != nil {
		return fmt.Errorf("--kafka-password-file: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostPasswordBytes+3))
	if err != nil {
		return fmt.Errorf("--kafka-password-file: %w", err)
	}
	o.Password, err = passwordOf(text, f.passwords)
	return err
}

// connect is the first contact, which must succeed.
func (f *clusterFlags) connect(ctx context.Context, o clusterview.Options) (*clusterview.View, error) {
	if o.Mechanism == "PLAIN" && o.TLS == nil {
		o.Log.Warn("the password goes to the cluster in plain text; give --kafka-tls, or a SCRAM mechanism")
	}
	return clusterview.Connect(ctx, o)
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
	cluster, err := f.cluster.connect(ctx, o)
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
