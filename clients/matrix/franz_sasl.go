package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// as are the options of a client that authenticates by the mechanism; over TLS if
// the server is reached that way.
func (s *secured) as(mechanism, protocol, user, password string) ([]kgo.Opt, error) {
	by := map[string]sasl.Mechanism{
		"PLAIN":         plain.Auth{User: user, Pass: password}.AsMechanism(),
		"SCRAM-SHA-256": scram.Auth{User: user, Pass: password}.AsSha256Mechanism(),
		"SCRAM-SHA-512": scram.Auth{User: user, Pass: password}.AsSha512Mechanism(),
	}[mechanism]
	opts := []kgo.Opt{kgo.SASL(by)}
	if protocol == "SASL_SSL" {
		text, err := os.ReadFile(s.certificate)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(text)
		opts = append(opts, kgo.DialTLSConfig(&tls.Config{RootCAs: roots}))
	}
	return opts, nil
}

func franzSASL(ctx context.Context, _ *env, s *secured, prefix string) error {
	for _, mechanism := range mechanisms {
		for _, over := range s.over() {
			opts, err := s.as(mechanism, over[0], securedUser, securedPassword)
			if err == nil {
				err = franzThereAndBack(ctx, over[1], prefix+over[0]+mechanism, opts)
			}
			if err != nil {
				return fmt.Errorf("%s over %s: %w", mechanism, over[0], err)
			}
			if opts, err = s.as(mechanism, over[0], securedUser, "another"); err != nil {
				return err
			}
			if err := franzLetIn(ctx, over[1], opts); !errors.Is(err, kerr.SaslAuthenticationFailed) {
				return fmt.Errorf("%s over %s: with a wrong password: %v, expected was %v", mechanism, over[0], err, kerr.SaslAuthenticationFailed)
			}
		}
	}
	return nil
}

// franzLetIn is why a client is not let in, or nil.
func franzLetIn(ctx context.Context, address string, opts []kgo.Opt) error {
	client, err := connect(address, append(opts, kgo.RequestRetries(0))...)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Ping(ctx)
}

// franzThereAndBack sends records and reads them by one client.
func franzThereAndBack(ctx context.Context, address, topic string, opts []kgo.Opt) error {
	const n = 100
	client, err := connect(address, append(opts, kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(20),
		kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		return err
	}
	defer client.Close()
	var records []*kgo.Record
	for i := range n {
		records = append(records, &kgo.Record{Topic: topic, Value: fmt.Append(nil, i)})
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	for got := 0; got < n; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return fmt.Errorf("%d of %d records came: %w", got, n, err)
		}
		for _, r := range fetches.Records() {
			if err := expect("value", fmt.Sprint(got), string(r.Value)); err != nil {
				return err
			}
			got++
		}
	}
	return nil
}
