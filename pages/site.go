package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/served"
)

// site is a copyscope that serves, with something in its broker to show, and one
// that shows that broker as a cluster's.
type site struct {
	*served.Server
	built  *served.Binary
	beside *served.Server
}

// patience bounds each wait for a page and for the broker.
const patience = 30 * time.Second

// serveSite serves, and fills the broker.
func serveSite(ctx context.Context) (*site, error) {
	built, err := served.Build(ctx)
	if err != nil {
		return nil, err
	}
	s := &site{built: built}
	if s.Server, err = built.Serve(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	err = errors.Join(s.openTalk(ctx), s.fill(ctx))
	if err == nil { // what is there when it begins is shown at once
		s.beside, err = built.Beside(ctx, s.Kafka)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Stop ends both and takes away what was built.
func (s *site) Stop() (err error) {
	for _, server := range []*served.Server{s.beside, s.Server} {
		if server != nil {
			err = errors.Join(err, server.Stop())
		}
	}
	return errors.Join(err, s.built.Remove())
}

// host is where a page is, as http://HOST:PORT.
func (s *site) host(v view) string {
	if v.Cluster {
		return s.beside.Web
	}
	return s.Web
}

// The talk that is open has links that are known before.
const (
	talkCode  = "pages2"
	talkToken = "pages-are-looked-at-here"
)

// openTalk opens a talk, as a speaker's page does after a restart.
func (s *site) openTalk(ctx context.Context) error {
	body := fmt.Sprintf(`{"code":%q,"token":%q,"deck":"zero-copy"}`, talkCode, talkToken)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Web+"/talk/restore", strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("open a talk: %s", answer.Status)
	}
	return nil
}

// fill gives the broker a topic with records, and a group that has read some.
func (s *site) fill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(s.Kafka), kgo.DefaultProduceTopic("orders"), kgo.ConsumeTopics("orders"), kgo.ConsumerGroup("billing"))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, 2, 1, nil, "orders"); err != nil {
		return fmt.Errorf("create topic orders: %w", err)
	}
	for i := range 2000 {
		value := fmt.Sprintf(`{"order":%d,"item":"book","pages":%d}`, i, 100+i%300)
		client.Produce(ctx, &kgo.Record{Key: fmt.Appendf(nil, "customer-%d", i%17), Value: []byte(value),
			Headers: []kgo.RecordHeader{{Key: "trace", Value: fmt.Appendf(nil, "%08x", i)}}}, nil)
	}
	if err := client.Flush(ctx); err != nil {
		return fmt.Errorf("produce to orders: %w", err)
	}
	if fetches := client.PollRecords(ctx, 500); fetches.Err() != nil {
		return fmt.Errorf("consume from orders: %w", fetches.Err())
	}
	return client.CommitUncommittedOffsets(ctx)
}
