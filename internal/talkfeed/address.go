package talkfeed

import (
	"fmt"
	"regexp"
	"strings"

	"copyscope/internal/kafkalogin"
)

// Address is a topic on a cluster.
type Address struct {
	Brokers []string // HOST:PORT
	Topic   string
}

// topicName are the names that Kafka takes (org.apache.kafka.common.internals.Topic),
// but for "." and "..".
var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

const scheme = "kafka://"

// ParseAddress reads kafka://HOST:PORT[,HOST:PORT…]/TOPIC.
func ParseAddress(text string) (Address, error) {
	wrong := func(what string) (Address, error) {
		return Address{}, fmt.Errorf("%.300q: %s; write kafka://HOST:PORT[,HOST:PORT…]/TOPIC, for example kafka://127.0.0.1:9092/my-talk", text, what)
	}
	rest, ok := strings.CutPrefix(text, scheme)
	if !ok {
		return wrong("a feed is a topic on a Kafka cluster, so it begins with " + scheme)
	}
	brokers, topic, ok := strings.Cut(rest, "/")
	if !ok || topic == "" {
		return wrong("the topic is missing")
	}
	if !topicName.MatchString(topic) || topic == "." || topic == ".." {
		return wrong(fmt.Sprintf("the topic %.100q is no name of a topic: letters, digits, '.', '_' and '-', up to 249", topic))
	}
	seeds, err := kafkalogin.ParseBrokers(brokers)
	if err != nil {
		return wrong(err.Error())
	}
	return Address{Brokers: seeds, Topic: topic}, nil
}

// String is the address as it is written.
func (a Address) String() string { return scheme + strings.Join(a.Brokers, ",") + "/" + a.Topic }
