package broker_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/broker/log"
)

// The broker's properties are what topics have that say nothing else.
func TestDefaults(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir, func(c *broker.Config) {
		c.Defaults = broker.Defaults{
			"num.partitions": "4", "log.retention.hours": "2", "log.roll.ms": " 5000 ", "log.roll.hours": "1",
			"log.retention.minutes": "-1", "message.max.bytes": "2000", "auto.create.topics.enable": "FALSE",
		}
	})
	c := dial(t, b.addr)
	c.create(topicReq("t", -1, "max.message.bytes", "3000"))
	if got := ask[*kmsg.MetadataResponse](c, metadataReq(8, true, "new"), 1).Topics[0].ErrorCode; got != 3 {
		t.Errorf("a topic that is not created on demand: error %d, want 3", got)
	}
	info := b.Topics()[0]
	if len(info.Partitions) != 4 {
		t.Errorf("the topic has %d partitions, want 4", len(info.Partitions))
	}
	for name, want := range map[string]string{"retention.ms": "-1", "segment.ms": "5000", "max.message.bytes": "3000", "segment.bytes": "1073741824"} {
		if got := info.Configs[name]; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.Version, req.IncludeSynonyms, req.IncludeDocumentation = 4, true, true
	req.Resources = []kmsg.DescribeConfigsRequestResource{
		{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t", ConfigNames: []string{"max.message.bytes"}},
		{ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "1"},
		{ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: ""},
		{ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "2"},
		{ResourceType: kmsg.ConfigResourceTypeBrokerLogger, ResourceName: "1"},
	}
	got := ask[*kmsg.DescribeConfigsResponse](c, req, 1).Resources
	synonyms := got[0].Configs[0].ConfigSynonyms
	var from []string
	for _, s := range synonyms {
		from = append(from, s.Source.String()+" "+s.Name+"="+*s.Value)
	}
	if want := []string{"DYNAMIC_TOPIC_CONFIG max.message.bytes=3000", "STATIC_BROKER_CONFIG message.max.bytes=2000", "DEFAULT_CONFIG message.max.bytes=1048588"}; !slices.Equal(from, want) {
		t.Errorf("max.message.bytes comes from %q, want %q", from, want)
	}
	for _, all := range got[1:3] {
		found := map[string]string{}
		for _, k := range all.Configs {
			if !k.ReadOnly || k.Documentation == nil || *k.Documentation == "" {
				t.Errorf("%+v: want it read only, and described", k)
			}
			found[k.Name] = *k.Value
		}
		if found["num.partitions"] != "4" || found["log.retention.hours"] != "2" || found["log.dirs"] != dir || found["log.segment.bytes"] != "1073741824" {
			t.Errorf("the broker has %v", found)
		}
	}
	if got[3].ErrorCode != 42 || got[4].ErrorCode != 42 {
		t.Errorf("what there is not: %d and %d, want 42", got[3].ErrorCode, got[4].ErrorCode)
	}
}

func TestBadDefaults(t *testing.T) {
	for name, k := range map[string]struct{ value, want string }{
		"log.segment.bites":          {"5", `nearest is "log.segment.bytes"`},
		"log.segment.bytes":          {"many", "not a number"},
		"log.retention.hours":        {"9223372036854775807", "not a number up to"},
		"log.roll.hours":             {"0", "not a number from 1"},
		"num.partitions":             {"0", "not a number from 1"},
		"log.cleanup.policy":         {"compress", "no policy"},
		"log.cleaner.threads":        {"2", "one log"},
		"default.replication.factor": {"3", "one node"},
	} {
		cfg := broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir(), Defaults: broker.Defaults{name: k.value}}
		b, err := broker.Open(context.Background(), cfg)
		if err == nil {
			b.Close()
			t.Errorf("%s=%s: it opened", name, k.value)
			continue
		}
		if !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s=%s: the error %q does not say %q", name, k.value, err, k.want)
		}
	}
}

// The page for users has every config, and no secret ones.
func TestConfigsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/broker.md")
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, t.TempDir())
	dial(t, b.addr).create(topicReq("t", 1))
	for name := range b.Topics()[0].Configs {
		if !strings.Contains(string(page), "`"+name+"`") && !strings.Contains(string(page), "`"+name+"=") {
			t.Errorf("docs/broker.md says nothing of %s", name)
		}
	}
}

// Every default is one that the broker itself would take.
func TestDefaultsAreValid(t *testing.T) {
	all := broker.Defaults{}
	for _, p := range broker.Properties() {
		if p.Doc == "" {
			t.Errorf("%s is not described", p.Name)
		}
		if p.Value != "" {
			all[p.Name] = p.Value
		}
	}
	if err := all.Check(); err != nil || len(all) < 20 {
		t.Errorf("%d properties: %v", len(all), err)
	}
}

// The pace of the log cleaner is told as it is kept.
func TestDefaultPaceIsTold(t *testing.T) {
	for _, p := range broker.Properties() {
		if p.Name != "log.cleaner.io.max.bytes.per.second" {
			continue
		}
		if told, err := strconv.ParseFloat(p.Value, 64); err != nil || told != log.DefaultPace {
			t.Errorf("%s is %q, %v; the cleaner keeps %g", p.Name, p.Value, err, log.DefaultPace)
		}
		return
	}
	t.Error("there is no such property")
}
