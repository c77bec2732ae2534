package kafkalogin

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// ParseBrokers reads HOST:PORT[,HOST:PORT…], the brokers of a cluster that are asked
// first.
func ParseBrokers(list string) (brokers []string, err error) {
	for broker := range strings.SplitSeq(list, ",") {
		broker = strings.TrimSpace(broker)
		host, port, err := net.SplitHostPort(broker)
		if err != nil {
			return nil, fmt.Errorf("the broker %.100q: %w", broker, err)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" || strings.ContainsAny(host, "@ /?#") {
			return nil, fmt.Errorf("the broker %.100q has no host or no port", broker)
		}
		brokers = append(brokers, broker)
	}
	return brokers, nil
}
