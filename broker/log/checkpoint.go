package log

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Kafka's text checkpoints (CheckpointFile.java): a version, the number of
// lines that follow, and the lines.
//
//	0
//	2
//	<topic> <partition> <offset>     recovery-point-offset-checkpoint,
//	<topic> <partition> <offset>     log-start-offset-checkpoint
//
// The leader-epoch-checkpoint of a partition has lines of
//
//	<epoch> <first offset>
const checkpointVersion = "0"

// maxCheckpointBytes is far above what a directory of a million partitions has.
const maxCheckpointBytes = 512 << 20

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// ParseOffsetCheckpoint reads a recovery-point-offset-checkpoint or
// log-start-offset-checkpoint.
func ParseOffsetCheckpoint(b []byte) (map[TopicPartition]int64, error) {
	found := map[TopicPartition]int64{}
	err := parseCheckpoint(b, func(fields []string) error {
		if len(fields) != 3 {
			return fmt.Errorf("%d fields, want topic, partition, offset", len(fields))
		}
		n, err := strconv.ParseInt(fields[1], 10, 32)
		if err != nil || n < 0 {
			return fmt.Errorf("partition %q", fields[1])
		}
		offset, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || offset < 0 {
			return fmt.Errorf("offset %q", fields[2])
		}
		found[TopicPartition{fields[0], int32(n)}] = offset
		return nil
	})
	return found, err
}

func formatOffsetCheckpoint(offsets map[TopicPartition]int64) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%d\n", checkpointVersion, len(offsets))
	keys := slices.SortedFunc(maps.Keys(offsets), func(a, b TopicPartition) int {
		if c := strings.Compare(a.Topic, b.Topic); c != 0 {
			return c
		}
		return int(a.Partition) - int(b.Partition)
	})
	for _, k := range keys {
		fmt.Fprintf(&b, "%s %d %d\n", k.Topic, k.Partition, offsets[k])
	}
	return b.Bytes()
}

// parseCheckpoint gives each line's fields to visit. An error names the line.
func parseCheckpoint(b []byte, visit func(fields []string) error) error {
	lines := bufio.NewScanner(bytes.NewReader(b))
	n, claimed := 0, 0
	for ; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		var err error
		switch {
		case n == 0 && line != checkpointVersion:
			err = fmt.Errorf("version %q, this program knows %s", line, checkpointVersion)
		case n == 0:
		case n == 1:
			if claimed, err = strconv.Atoi(line); err == nil && claimed < 0 {
				err = fmt.Errorf("a count of %d", claimed)
			}
		case n-2 >= claimed:
			if line == "" {
				n--
				continue
			}
			err = fmt.Errorf("more than the %d lines that it claims", claimed)
		default:
			err = visit(strings.Fields(line))
		}
		if err != nil {
			return fmt.Errorf("%w: checkpoint line %d: %w", ErrCorrupt, n+1, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: checkpoint line %d: %w", ErrCorrupt, n+1, err)
	}
	if n < 2 || n-2 != claimed {
		return fmt.Errorf("%w: checkpoint line %d: it ends here, but claims %d lines after the second", ErrCorrupt, n+1, claimed)
	}
	return nil
}

const metadataName = "partition.metadata"

// The partition.metadata of a partition (PartitionMetadata.java):
//
//	version: 0
//	topic_id: <the id's 16 bytes in URL-safe base64 without padding>
func formatMetadata(id ID) []byte {
	return fmt.Appendf(nil, "version: 0\ntopic_id: %s", base64.RawURLEncoding.EncodeToString(id[:]))
}

// ParsePartitionMetadata reads a partition.metadata.
func ParsePartitionMetadata(b []byte) (id ID, err error) {
	found := map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok {
			found[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	if found["version"] != "0" {
		return id, fmt.Errorf("%w: %s has version %q, this program knows 0", ErrCorrupt, metadataName, found["version"])
	}
	raw, err := base64.RawURLEncoding.DecodeString(found["topic_id"])
	if err != nil || len(raw) != len(id) {
		return id, fmt.Errorf("%w: %s has topic id %q, want 22 characters of base64", ErrCorrupt, metadataName, found["topic_id"])
	}
	return ID(raw), nil
}
