package broker

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TopicConfig is a config that a topic may have, as documents list them.
type TopicConfig struct {
	Name string
	// Type is Kafka's: string, list, int, long, double, boolean.
	Type string
	// Value is the default where no property of the broker sets another one.
	Value string
	Doc   string
	// From are the broker's properties that do.
	From []string
}

// TopicConfigs lists all configs of topics, in the order in which they are described.
func TopicConfigs() (all []TopicConfig) {
	for _, d := range configDefs {
		c := TopicConfig{Name: d.name, Type: typeName(d.kind), Value: d.value, Doc: d.doc}
		for _, s := range d.from {
			c.From = append(c.From, s.property)
		}
		all = append(all, c)
	}
	return all
}

// Type is Kafka's name of the property's type: string, list, short, int, long, double,
// boolean.
func (p Property) Type() string { return typeName(p.kind) }

func typeName(kind kmsg.ConfigType) string { return strings.ToLower(kind.String()) }
