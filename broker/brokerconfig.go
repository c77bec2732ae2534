package broker

import (
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// describeSelf are the broker's settings under Kafka's names: the properties
// that say something, and its limits and addresses.
func (b *Broker) describeSelf() []kmsg.DescribeConfigsResponseResourceConfig {
	var all []kmsg.DescribeConfigsResponseResourceConfig
	add := func(name, value string, kind kmsg.ConfigType, source kmsg.ConfigSource, doc string) *kmsg.DescribeConfigsResponseResourceConfig {
		k := kmsg.NewDescribeConfigsResponseResourceConfig()
		k.Name, k.Value, k.ConfigType, k.Source, k.ReadOnly = name, &value, kind, source, true
		k.IsDefault = source == kmsg.ConfigSourceDefaultConfig
		k.Documentation = &doc
		k.ConfigSynonyms = append(k.ConfigSynonyms, synonym(name, value, source))
		all = append(all, k)
		return &all[len(all)-1]
	}
	for _, p := range Properties() {
		if set, ok := b.cfg.Defaults[p.Name]; ok {
			k := add(p.Name, strings.TrimSpace(set), p.kind, kmsg.ConfigSourceStaticBrokerConfig, p.Doc)
			if p.Value != "" {
				k.ConfigSynonyms = append(k.ConfigSynonyms, synonym(p.Name, p.Value, kmsg.ConfigSourceDefaultConfig))
			}
		} else if p.Value != "" {
			add(p.Name, p.Value, p.kind, kmsg.ConfigSourceDefaultConfig, p.Doc)
		}
	}
	fixed := func(name, value string, kind kmsg.ConfigType, doc string) {
		add(name, value, kind, kmsg.ConfigSourceStaticBrokerConfig, doc)
	}
	number := func(n int) string { return strconv.Itoa(n) }
	fixed("node.id", number(nodeID), kmsg.ConfigTypeInt, "The number of this broker.")
	fixed("broker.id", number(nodeID), kmsg.ConfigTypeInt, "The number of this broker.")
	fixed("log.dirs", b.dir.path, kmsg.ConfigTypeString, "The data directory.")
	fixed("listeners", b.cfg.listenersText(addressText(b.PlainAddr()), addressText(b.TLSAddr())), kmsg.ConfigTypeString, "The addresses really bound.")
	if told := b.cfg.listenersText(b.cfg.Advertised, b.cfg.TLSAdvertised); told != "" {
		fixed("advertised.listeners", told, kmsg.ConfigTypeString, "The addresses that clients are told to connect to.")
	}
	fixed("socket.request.max.bytes", number(b.cfg.MaxFrameBytes), kmsg.ConfigTypeInt, "The largest produce request, in bytes.")
	fixed("queued.max.request.bytes", number(b.cfg.MaxInFlightBytes), kmsg.ConfigTypeLong, "The bytes of all large requests that are read or worked on at a time.")
	fixed("max.connections", number(b.cfg.MaxConnections), kmsg.ConfigTypeInt, "How many connections there may be at a time.")
	b.cfg.describeAddressLimits(fixed)
	fixed("connections.max.idle.ms", strconv.FormatInt(b.cfg.MaxIdle.Milliseconds(), 10), kmsg.ConfigTypeLong, "How long a connection may be silent, in ms.")
	b.cfg.Security.described(fixed)
	slices.SortFunc(all, func(a, b kmsg.DescribeConfigsResponseResourceConfig) int { return strings.Compare(a.Name, b.Name) })
	return all
}
