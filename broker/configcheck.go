package broker

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What configs may be (Kafka: ConfigDef's validators).

// number is an integer from least to most.
func number(least, most int64) func(string) error {
	return func(value string) error {
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < least || n > most {
			return fmt.Errorf("%.100q is not a number from %d to %d", value, least, most)
		}
		return nil
	}
}

// fraction is a number from 0 to 1.
func fraction(value string) error {
	if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 0 && n <= 1) {
		return fmt.Errorf("%.100q is not a number from 0 to 1", value)
	}
	return nil
}

func boolean(value string) error {
	if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
		return fmt.Errorf("%.100q is neither true nor false", value)
	}
	return nil
}

// oneOf is one of the values.
func oneOf(values ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(values, value) {
			return nil
		}
		return fmt.Errorf("%.100q is not possible here; nearest is %q, all are %s", value, nearest(value, values), strings.Join(values, ", "))
	}
}

// throttled is a list of partition:node, or * (Kafka:
// ThrottledReplicaListValidator).
func throttled(value string) error {
	if strings.TrimSpace(value) == "*" {
		return nil
	}
	for _, replica := range listOf(value) {
		if !replicaName.MatchString(replica) {
			return fmt.Errorf("%.100q is not of the form partition:node; give a list of those, or *", replica)
		}
	}
	return nil
}

var replicaName = regexp.MustCompile(`^[0-9]{1,10}:[0-9]{1,10}$`)

func checkCleanup(value string) error {
	all := listOf(value)
	for _, policy := range all {
		if policy != cleanupDelete && policy != cleanupCompact {
			return fmt.Errorf("%.100q: there is no policy %.100q; use %q, %q or both", value, policy, cleanupDelete, cleanupCompact)
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("%.100q names no policy; use %q, with retention.ms=-1 and retention.bytes=-1 to keep all", value, cleanupDelete)
	}
	return nil
}

func checkCompression(value string) error {
	if value != "producer" {
		return fmt.Errorf("%.100q: batches are stored as they come; the only value is \"producer\"", value)
	}
	return nil
}

func checkInSync(value string) error {
	if value != "1" {
		return fmt.Errorf("%.100q: there is one node; the only value is \"1\"", value)
	}
	return nil
}
