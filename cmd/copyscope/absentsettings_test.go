package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"copyscope/broker"
)

// kafkaSettings are those that Kafka defines, of "broker" or of "topic".
func kafkaSettings(t *testing.T, of string) (names []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/kafka-settings.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), of+" "); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatalf("no settings of %s", of)
	}
	return names
}

// Whoever comes from Kafka learns of each line of the file whether it works, or why not.
func TestEverySettingOfKafkasWorksOrIsExplained(t *testing.T) {
	here := settingNames()
	for _, name := range kafkaSettings(t, "broker") {
		_, err := settle(t, name+"=x\n")
		told := err != nil && (strings.Contains(err.Error(), "none of copyscope's: ") || strings.Contains(err.Error(), "copyscope has none: "))
		if known := slices.Contains(here, name); known == told {
			t.Errorf("%s: is a setting here: %t; says %v", name, known, err)
		}
	}
	var topics []string
	for _, c := range broker.TopicConfigs() {
		topics = append(topics, c.Name)
	}
	for _, a := range broker.AbsentConfigs() {
		topics = append(topics, a.Names...)
	}
	for _, name := range kafkaSettings(t, "topic") {
		if name != "internal.segment.bytes" && !slices.Contains(topics, name) { // a test of Kafka's own has that one
			t.Errorf("topic config %s is neither here nor explained", name)
		}
	}
}

// A name stands for one reason, and works or does not.
func TestAbsentSettingsAreKafkasAndNotHere(t *testing.T) {
	// What brokers of other versions had, what authorizers have, and families whose
	// members name listeners, providers and metrics.
	older := []string{"host.name", "port", "advertised.host.name", "advertised.port", "super.users", "allow.everyone.if.no.acl.found",
		"listener.name.*", "config.providers.*", "kafka.csv.metrics.*"}
	for of, all := range map[string][]broker.AbsentSettings{"broker": broker.AbsentProperties(), "topic": broker.AbsentConfigs()} {
		kafkas, seen := kafkaSettings(t, of), map[string]bool{}
		here := settingNames()
		if of == "topic" {
			here = nil
			for _, c := range broker.TopicConfigs() {
				here = append(here, c.Name)
			}
		}
		for _, a := range all {
			for _, name := range a.Names {
				prefix, family := strings.CutSuffix(name, "*")
				is := slices.ContainsFunc(kafkas, func(k string) bool { return k == name || family && strings.HasPrefix(k, prefix) })
				if seen[name] || slices.Contains(here, name) || !is && !slices.Contains(older, name) {
					t.Errorf("%s: named before: %t, works here: %t, is Kafka's: %t", name, seen[name], slices.Contains(here, name), is)
				}
				seen[name] = true
			}
		}
	}
}

func TestFileOfKafkasIsToldInOnePass(t *testing.T) {
	text := `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://127.0.0.1:9092
num.io.threads=8
num.partitions=many
zookeeper.conect=localhost
num.partition=3
sasl.jaas.config=hunter2
mystery=1
`
	_, err := settle(t, text)
	if usage := (*usageError)(nil); !errors.As(err, &usage) {
		t.Fatalf("got %v", err)
	}
	lines := strings.Split(err.Error(), "\n")
	says := []string{
		`server.properties:1: process.roles="broker,controller": it is Kafka's setting, and none of copyscope's: there is one node, which needs no controller and no quorum; remove the line`,
		`server.properties:3: controller.quorum.bootstrap.servers="localhost:9093": of this family of Kafka's settings copyscope has none: there is one node`,
		`server.properties:5: num.io.threads="8": it is Kafka's setting, and none of copyscope's: each connection has a goroutine`,
		`server.properties:6: num.partitions="many": `,
		`server.properties:7: zookeeper.conect="localhost": of this family of Kafka's settings copyscope has none: there is no ZooKeeper`,
		`server.properties:8: num.partition="3": there is no such setting: did you mean "num.partitions"?`,
		`server.properties:9: sasl.jaas.config=[hidden]: it is Kafka's setting, and none of copyscope's: users are kept in users.json`,
		`server.properties:10: mystery="1": there is no such setting; remove it; docs/broker.md lists all`,
	}
	if len(lines) != len(says) {
		t.Fatalf("%d lines, want %d:\n%v", len(lines), len(says), err)
	}
	for i, part := range says {
		if !strings.Contains(lines[i], part) {
			t.Errorf("line %d says %q, want %q", i, lines[i], part)
		}
	}
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "a%d=1\n", i)
	}
	_, err = settle(t, many.String())
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 51 || !strings.HasSuffix(lines[50], "server.properties: what is wrong behind line 50 is not looked at yet") {
		t.Errorf("a thousand lines that are no settings: %d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}
