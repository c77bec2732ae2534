package main

import (
	"context"
	"log/slog"
	"runtime"
	"sync"

	"copyscope/broker"
	"copyscope/internal/brokerview"
	"copyscope/internal/claim"
	"copyscope/internal/docsite"
	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/metrics"
	"copyscope/web"
)

// webConfig gives the pages what they show: the lab, the host, and the broker
// if there is one.
func webConfig(addr string, kafka *broker.Broker, log *slog.Logger) web.Config {
	l := lab.New("")
	c := web.Config{Addr: addr, Version: buildVersion(), Log: log, Lab: l, Doctor: host.Doctor, Attach: shownAttach{}}
	c.Docs = sync.OnceValues(func() (*docsite.Site, error) {
		root := rootCommand()
		addCompletion(root)
		return documentation(root)
	})
	if runtime.GOOS == "linux" {
		c.Claims = func(ctx context.Context, name string, o claim.Options) (*claim.Report, error) {
			return claim.Run(ctx, l, name, o)
		}
	}
	sampler, err := host.NewSampler("", nil)
	if err != nil {
		log.Warn("the live page has no figures of this host", "error", err)
	} else {
		if kafka != nil {
			sampler.Follow(kafka.Connections)
		}
		c.Sample = sampler.Sample
	}
	c.Metrics = metrics.Handler(c.Version, nil)
	if kafka != nil {
		c.Broker, c.Store = shownBroker{kafka}, brokerview.Of(kafka)
		c.Traffic = func() web.Traffic { return traffic(kafka) }
		c.Load = newShownLoad(kafka)
		c.Metrics = metrics.Handler(c.Version, kafka.Stats)
	}
	return c
}

// shownBroker is what the pages see of the broker.
type shownBroker struct{ *broker.Broker }

func (b shownBroker) Addr() string { return b.Broker.Addr().String() }

func (b shownBroker) Topics() []web.Topic {
	var out []web.Topic
	for _, t := range b.Broker.Topics() {
		shown := web.Topic{Name: t.Name, Partitions: len(t.Partitions), FetchPath: t.Configs["copyscope.fetch.path"]}
		for _, p := range t.Partitions {
			shown.Records += p.High - p.Low
			shown.Bytes += p.Bytes
		}
		out = append(out, shown)
	}
	return out
}
