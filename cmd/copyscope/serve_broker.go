package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/pflag"

	"copyscope/broker"
	"copyscope/internal/lab"
)

// brokerFlags are the flags that configure the broker.
type brokerFlags struct {
	config               string
	listen, advertised   string
	tls, tlsAdvertised   string
	cert, key            string
	sasl, tlsSASL        string
	clientCA, clientAuth string
	data                 string
	connections          int
	requestBytes, queued string // sizes
	events               int
}

func (f *brokerFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.config, "config", "", "file with the broker's settings under Kafka's names (properties format); flags go before it")
	flags.StringVar(&f.listen, "kafka-listen", "127.0.0.1:9092", "address of the broker; port 0 takes a free one")
	flags.StringVar(&f.advertised, "kafka-advertised", "", "address that clients are told to connect to (default: the one really got)")
	flags.StringVar(&f.tls, "kafka-tls-listen", "", "address of the broker's TLS listener; port 0 takes a free one (default: none)")
	flags.StringVar(&f.tlsAdvertised, "kafka-tls-advertised", "", "address that clients of the TLS listener are told to connect to (default: the one really got)")
	flags.StringVar(&f.cert, "kafka-tls-cert", "", "PEM file with the TLS listener's certificate chain")
	flags.StringVar(&f.key, "kafka-tls-key", "", "PEM file with its private key")
	flags.StringVar(&f.sasl, "kafka-sasl", "", "SASL mechanisms by which clients of the plaintext listener authenticate: SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, with commas (default: they need not)")
	flags.StringVar(&f.tlsSASL, "kafka-tls-sasl", "", "the same for clients of the TLS listener")
	flags.StringVar(&f.clientCA, "kafka-tls-client-ca", "", "PEM file with the authorities that sign clients' certificates")
	flags.StringVar(&f.clientAuth, "kafka-tls-client-auth", "required", "whether clients of the TLS listener show a certificate: none, requested or required; with --kafka-tls-client-ca")
	flags.StringVar(&f.data, "data", "", "the broker's data directory (default: a temporary one, removed at exit)")
	flags.IntVar(&f.connections, "kafka-max-connections", 0, "most connections at a time (default 10000)")
	flags.StringVar(&f.requestBytes, "kafka-max-request-bytes", "", "largest produce request, such as 64MiB (default 100MiB)")
	flags.StringVar(&f.queued, "kafka-max-in-flight-bytes", "", "size of all large requests at a time, at least that of one (default 256MiB)")
	flags.IntVar(&f.events, "kafka-events-per-second", 0, "fetches and appends each that are told one by one in a second (default 100)")
}

// What the flags of sizes take at most, in bytes. A request's length is an int32 in
// Kafka's protocol; the sum of them is bounded by what an int holds, too.
const (
	mostRequestBytes  = math.MaxInt32
	mostInFlightBytes = min(lab.MaxSize, math.MaxInt)
)

// settings are the file's, with the flags over them.
func (f *brokerFlags) settings(flags *pflag.FlagSet) (broker.Config, error) {
	var c broker.Config
	if f.config != "" {
		file, err := readProperties(f.config)
		if err != nil {
			return c, &usageError{err}
		}
		s, err := file.settings()
		if err != nil {
			return c, &usageError{err}
		}
		c = s.Config
	}
	sealedOnly := c.Listen == "" && c.TLSListen != "" // the file names listeners, and none is plain
	given := func(name string) bool { return flags.Changed(name) }
	for _, text := range []struct {
		flag, value string
		to          *string
	}{
		{"kafka-listen", f.listen, &c.Listen}, {"kafka-advertised", f.advertised, &c.Advertised},
		{"kafka-tls-listen", f.tls, &c.TLSListen}, {"kafka-tls-advertised", f.tlsAdvertised, &c.TLSAdvertised},
		{"data", f.data, &c.Dir},
	} {
		if given(text.flag) {
			*text.to = text.value
		}
	}
	for _, limit := range []struct {
		flag  string
		value int
		to    *int
	}{
		{"kafka-max-connections", f.connections, &c.MaxConnections}, {"kafka-events-per-second", f.events, &c.EventsPerSecond},
	} {
		if !given(limit.flag) {
			continue
		}
		if limit.value < 1 {
			return c, &usageError{fmt.Errorf("--%s %d: write a number above 0", limit.flag, limit.value)}
		}
		*limit.to = limit.value
	}
	for _, limit := range []struct {
		flag, value string
		most        int64
		to          *int
	}{
		{"kafka-max-request-bytes", f.requestBytes, mostRequestBytes, &c.MaxFrameBytes},
		{"kafka-max-in-flight-bytes", f.queued, mostInFlightBytes, &c.MaxInFlightBytes},
	} {
		if !given(limit.flag) {
			continue
		}
		n, err := lab.ParseSizeWithin("--"+limit.flag, limit.value, 1, limit.most)
		if err != nil {
			return c, &usageError{err}
		}
		*limit.to = int(n)
	}
	if one := cmp.Or(c.MaxFrameBytes, broker.DefaultMaxFrameBytes); given("kafka-max-in-flight-bytes") && c.MaxInFlightBytes < one {
		return c, &usageError{fmt.Errorf("--kafka-max-in-flight-bytes %q: it is less than one request of at most %s; give as much, or allow smaller requests by --kafka-max-request-bytes", f.queued, lab.FormatSize(int64(one)))}
	}
	if c.Listen == "" && !sealedOnly {
		c.Listen = f.listen
	}
	if given("kafka-tls-cert") || given("kafka-tls-key") {
		certificate, err := certificateOf(f.cert, f.key)
		if err != nil {
			return c, err
		}
		c.Certificate = certificate
	}
	if err := f.security(given, &c.Security); err != nil {
		return c, err
	}
	return c, checkListeners(c)
}

// security puts the flags that say how clients say who they are over the file.
func (f *brokerFlags) security(given func(string) bool, to *broker.Security) (err error) {
	for _, list := range []struct {
		flag, value string
		to          *[]string
	}{{"kafka-sasl", f.sasl, &to.SASL}, {"kafka-tls-sasl", f.tlsSASL, &to.TLSSASL}} {
		if !given(list.flag) {
			continue
		}
		if *list.to, err = mechanisms(list.value); err != nil {
			return &usageError{fmt.Errorf("--%s: %w", list.flag, err)}
		}
	}
	if given("kafka-tls-client-ca") {
		if to.ClientCAs, err = broker.LoadAuthorities(f.clientCA); err != nil {
			return fmt.Errorf("--kafka-tls-client-ca: %w", err)
		}
	}
	if given("kafka-tls-client-ca") || given("kafka-tls-client-auth") {
		if to.ClientAuth, err = clientAuth(f.clientAuth); err != nil {
			return &usageError{fmt.Errorf("--kafka-tls-client-auth %.100q: %w", f.clientAuth, err)}
		}
	}
	return nil
}

// checkListeners finds what belongs together and is not.
func checkListeners(c broker.Config) error {
	switch {
	case c.TLSListen != "" && c.Certificate == nil:
		return &usageError{fmt.Errorf("the TLS listener %s has no certificate; give --kafka-tls-cert and --kafka-tls-key, or ssl.keystore.type=PEM and ssl.keystore.location in the file", c.TLSListen)}
	case c.TLSListen == "" && c.Certificate != nil:
		return &usageError{errors.New("there is a TLS certificate but no TLS listener; give --kafka-tls-listen, or SSL://host:port among the file's listeners")}
	case c.TLSListen == "" && c.TLSAdvertised != "":
		return &usageError{fmt.Errorf("%s is advertised for TLS, but there is no TLS listener", c.TLSAdvertised)}
	case c.Listen == "" && c.Advertised != "":
		return &usageError{fmt.Errorf("%s is advertised in plaintext, but there is no such listener", c.Advertised)}
	}
	if err := c.Security.Check(c.Listen != "", c.TLSListen != ""); err != nil {
		return &usageError{err}
	}
	return nil
}
