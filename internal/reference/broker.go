package reference

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"copyscope/broker"
	"copyscope/internal/docsite"
	"copyscope/internal/metrics"
)

// settingsFile has every setting of the broker, with what it is for.
const settingsFile = "server.properties"

// brokerSettings is the page of what a broker and its topics can be told.
func brokerSettings(files fs.FS) (docsite.Document, error) {
	example, err := fs.ReadFile(files, settingsFile)
	if err != nil {
		return docsite.Document{}, fmt.Errorf("reference of the broker's settings: %w", err)
	}
	var b strings.Builder
	b.WriteString("# Settings of the broker and its topics\n\n" + Generated("the broker's tables of configs and properties (`broker.TopicConfigs`, `broker.Properties`) and from `docs/server.properties`"))
	b.WriteString("Names, types and defaults are Kafka's, but for names that begin with `copyscope.`; [what the broker serves](../broker.md) says where it differs. A config that is not here is refused; [why some of Kafka's are not](#settings-of-kafkas-that-are-not-here). Defaults are those of the system that this program was built for.\n\n")
	b.WriteString("## Configs of topics\n\nThey are set when a topic is created, or altered while clients are connected, as with any Kafka broker. *From* is the property of the broker that sets another default.\n\n")
	t := NewTable("config", "type", "default", "what it does", "from")
	for _, c := range broker.TopicConfigs() {
		t.Row(Code(c.Name), c.Type, Code(c.Value), Plain(c.Doc), codes(c.From))
	}
	b.Write(t.Bytes())
	b.WriteString("\n## Properties of the broker\n\nThey stand in the file of `serve --config`, beside listeners, certificates and limits, which the file below has (`broker.id` is another name of `node.id`; `ssl.key.password` is taken if it is empty). Without a default here, the topic config's holds.\n\n")
	t = NewTable("property", "type", "default", "what it does")
	properties := broker.Properties()
	slices.SortFunc(properties, func(a, b broker.Property) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range properties {
		t.Row(Code(p.Name), p.Type(), Code(p.Value), Plain(p.Doc))
	}
	b.Write(t.Bytes())
	writeAbsent(&b)
	b.WriteString("\n## The file, with all that can be set\n\n```properties\n" + string(example) + "```\n")
	return docsite.Document{Name: "reference/broker-settings", Text: []byte(b.String()), For: []string{settingsFile}}, nil
}

// writeAbsent answers who comes with a server.properties of Kafka's.
func writeAbsent(b *strings.Builder) {
	b.WriteString("\n## Settings of Kafka's that are not here\n\nWho brings a `server.properties` of Kafka's (3.9 to 4.4) asks which lines work: those whose names are above. Any other name ends the start with exit code 2, where Kafka would ignore it with a line in its log: what the broker would not do, it does not promise. The message has every such line of the file, with the reason that stands here, so that one pass of removing them is enough. `.*` is a family: all names that begin so, but for those above.\n\n")
	absentTable(b, broker.AbsentProperties())
	b.WriteString("\nCreateTopics, AlterConfigs and IncrementalAlterConfigs refuse a topic's config that is not above with INVALID_CONFIG, and tell the same reasons:\n\n")
	absentTable(b, broker.AbsentConfigs())
	b.WriteString("\nConfigs of the broker itself are not altered while it runs (INVALID_REQUEST): what Kafka calls dynamic is set in the file.\n")
}

func absentTable(b *strings.Builder, all []broker.AbsentSettings) {
	t := NewTable("Kafka's setting", "why it is not here")
	for _, a := range all {
		t.Row(codes(a.Names), Plain(a.Why))
	}
	b.Write(t.Bytes())
}

// metricsPage is what GET /metrics tells.
func metricsPage() docsite.Document {
	var b strings.Builder
	b.WriteString("# Metrics\n\n" + Generated("the metrics that the program registers with Prometheus' client (`metrics.Described`)"))
	b.WriteString("`GET /metrics` tells them in Prometheus' format. Names that begin with `kafka_` are those that the usual rules of the JMX exporter make of Kafka's MBeans. Besides, there are `copyscope_build_info`, with the version as a label, and those of the Go runtime and of the process, `go_…` and `process_…`, which are all that there are without a broker. [Monitoring](../monitoring.md) has rules, alerts and a dashboard.\n\n")
	t := NewTable("metric", "type", "labels", "what it is")
	for _, m := range metrics.Described() {
		t.Row(Code(m.Name), m.Type, codes(m.Labels), Plain(m.Help))
	}
	b.Write(t.Bytes())
	return docsite.Document{Name: "reference/metrics", Text: []byte(b.String())}
}
