package broker

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/internal/transfer"
)

// The configs that topics have.
const (
	configFetchPath   = "copyscope.fetch.path"
	configMaxMessage  = "max.message.bytes"
	configCompression = "compression.type"
)

// configDef is one config: what it means, and which values it takes.
type configDef struct {
	name  string
	kind  kmsg.ConfigType
	value string // the default
	doc   string
	check func(value string) error
}

// configDefs are all configs, in the order in which they are described. A
// config of Kafka's that is not here is refused, not ignored: what the broker
// would not do, it does not promise.
var configDefs = []configDef{
	{configFetchPath, kmsg.ConfigTypeString, defaultFetchPath(),
		"The transfer program that sends stored records to consumers: " + strings.Join(fetchPaths(), ", ") + ".", checkFetchPath},
	{configMaxMessage, kmsg.ConfigTypeInt, "1048588",
		"The largest record batch that is accepted, in bytes, after compression.", checkMaxMessage},
	{configCompression, kmsg.ConfigTypeString, "producer",
		"Batches are stored as the producer compressed them; no other value is possible.", checkCompression},
}

// sendsZeroCopy: elsewhere the broker has the portable copy path alone.
const sendsZeroCopy = runtime.GOOS == "linux"

func defaultFetchPath() string {
	if sendsZeroCopy {
		return "sendfile"
	}
	return "read-write"
}

// fetchPaths are the programs that can serve fetches on this system.
func fetchPaths() []string {
	if sendsZeroCopy {
		return transfer.Paths()
	}
	return []string{"read-write"}
}

func checkFetchPath(value string) error {
	if slices.Contains(fetchPaths(), value) {
		return nil
	}
	return fmt.Errorf("there is no path %q here; nearest is %q, all are %s", value, nearest(value, fetchPaths()), strings.Join(fetchPaths(), ", "))
}

func checkMaxMessage(value string) error {
	// A batch must fit a frame, and Kafka's own minimum is 0.
	if n, err := strconv.Atoi(value); err != nil || n < 0 || n > defaultMaxFrameBytes {
		return fmt.Errorf("%q is not a number from 0 to %d", value, defaultMaxFrameBytes)
	}
	return nil
}

func checkCompression(value string) error {
	if value != "producer" {
		return fmt.Errorf("%q: batches are stored as they come; the only value is \"producer\"", value)
	}
	return nil
}

// topicConfigs are the values that were set; the others have their default.
// A value is never changed once readers can see it.
type topicConfigs map[string]string

func (c topicConfigs) get(name string) string {
	if v, ok := c[name]; ok {
		return v
	}
	d, _ := findConfig(name)
	return d.value
}

// program is the one that sends the topic's records.
func (c topicConfigs) program() transfer.Program {
	p, _ := transfer.Lookup(c.get(configFetchPath))
	return p
}

// partition is what the configs say to the topic's partitions.
func (c topicConfigs) partition() log.Config {
	cfg := log.Defaults()
	cfg.MaxMessageBytes, _ = strconv.Atoi(c.get(configMaxMessage))
	return cfg
}

// with is a copy of c in which the config has the value, or, for nil, its
// default.
func (c topicConfigs) with(name string, value *string) (topicConfigs, error) {
	d, ok := findConfig(name)
	if !ok {
		return nil, fmt.Errorf("topics have no config %q; nearest is %q, all are %s", name, nearest(name, configNames()), strings.Join(configNames(), ", "))
	}
	next := maps.Clone(c)
	if next == nil {
		next = topicConfigs{}
	}
	if value == nil {
		delete(next, name)
		return next, nil
	}
	if err := d.check(*value); err != nil {
		return nil, fmt.Errorf("config %s: %w", name, err)
	}
	next[name] = *value
	return next, nil
}

func findConfig(name string) (configDef, bool) {
	i := slices.IndexFunc(configDefs, func(d configDef) bool { return d.name == name })
	if i < 0 {
		return configDef{}, false
	}
	return configDefs[i], true
}

func configNames() []string {
	names := make([]string, len(configDefs))
	for i, d := range configDefs {
		names[i] = d.name
	}
	return names
}

// nearest is the candidate that takes the fewest edits to reach.
func nearest(value string, candidates []string) string {
	const longest = 100 // what is longer is no typing error, and costly to compare
	value = value[:min(len(value), longest)]
	return slices.MinFunc(candidates, func(a, b string) int {
		return levenshtein.ComputeDistance(value, a) - levenshtein.ComputeDistance(value, b)
	})
}
