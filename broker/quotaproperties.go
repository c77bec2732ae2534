package broker

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/quota"
)

// The windows over which quotas are looked at (QuotaConfig.java).
const (
	propertyWindows               = "quota.window.num"
	propertyWindowSeconds         = "quota.window.size.seconds"
	propertyMutationWindows       = "controller.quota.window.num"
	propertyMutationWindowSeconds = "controller.quota.window.size.seconds"
)

// mostWindows bounds what is kept for each client.
const mostWindows = 100

var quotaProperties = []Property{
	{propertyWindows, "11", "How many windows count for the quotas of clients.", kmsg.ConfigTypeInt, number(1, mostWindows)},
	{propertyWindowSeconds, "1", "How long each of them is, in seconds.", kmsg.ConfigTypeInt, number(1, 3600)},
	{propertyMutationWindows, "11", "How many windows' worth of creating and deleting partitions a client may do at once.", kmsg.ConfigTypeInt, number(1, mostWindows)},
	{propertyMutationWindowSeconds, "1", "How long each of them is, in seconds.", kmsg.ConfigTypeInt, number(1, 3600)},
}

func (d Defaults) windows(samples, seconds string) quota.Windows {
	return quota.Windows{Samples: d.int(samples), Size: time.Duration(d.int(seconds)) * time.Second}
}
