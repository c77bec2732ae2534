package dump

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"copyscope/broker/log"
)

// dumpSnapshot prints a producer snapshot.
func dumpSnapshot(p *printer, path string) error {
	if _, err := baseOffset(path); err != nil {
		return err
	}
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	entries, err := log.ParseSnapshot(b)
	if err != nil {
		return err
	}
	for _, e := range entries {
		first := int64(-1)
		if e.LastSequence >= 0 {
			first = (int64(e.LastSequence) - int64(e.OffsetDelta)) & (1<<31 - 1)
		}
		p.line("producer", "", field{"producerId", e.ProducerID}, field{"producerEpoch", e.Epoch}, field{"coordinatorEpoch", e.CoordinatorEpoch},
			field{"currentTxnFirstOffset", e.TxnFirstOffset}, field{"lastTimestamp", e.Timestamp}, field{"firstSequence", first},
			field{"lastSequence", e.LastSequence}, field{"lastOffset", e.LastOffset}, field{"offsetDelta", e.OffsetDelta})
	}
	return nil
}

func dumpEpochs(p *printer, path string) error {
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	epochs, err := log.ParseEpochs(b)
	if err != nil {
		return err
	}
	for _, e := range epochs {
		p.line("epoch", "", field{"leaderEpoch", e.Epoch}, field{"startOffset", e.Start})
	}
	return nil
}

func dumpOffsets(p *printer, path string) error {
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	offsets, err := log.ParseOffsetCheckpoint(b)
	if err != nil {
		return err
	}
	for _, at := range slices.SortedFunc(maps.Keys(offsets), func(a, b log.TopicPartition) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	}) {
		p.line("offset", "", field{"topic", p.shown(at.Topic)}, field{"partition", at.Partition}, field{"offset", offsets[at]})
	}
	return nil
}

func dumpPartitionMetadata(p *printer, path string) error {
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	id, err := log.ParsePartitionMetadata(b)
	if err != nil {
		return err
	}
	p.line("metadata", "", field{"version", 0}, field{"topic_id", base64.RawURLEncoding.EncodeToString(id[:])})
	return nil
}

// dumpProperties prints a Java properties file as Kafka writes it: a line each,
// comments left out.
func dumpProperties(p *printer, path string) error {
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("line %d: %.100q has no =", n, line)
		}
		p.line("property", "", field{p.shown(strings.TrimSpace(key)), p.shown(strings.TrimSpace(value))})
	}
	return lines.Err()
}

// dumpTopics prints our list of topics.
func dumpTopics(p *printer, path string) error {
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	var file struct {
		Schema int `json:"schema"`
		Topics map[string]struct {
			ID         string            `json:"id"`
			Partitions int               `json:"partitions"`
			Configs    map[string]string `json:"configs"`
		} `json:"topics"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return fmt.Errorf("it is no list of topics: %w", err)
	}
	if file.Schema != 1 {
		return fmt.Errorf("schema %d, this program knows 1", file.Schema)
	}
	for _, name := range slices.Sorted(maps.Keys(file.Topics)) {
		t := file.Topics[name]
		configs := any(t.Configs)
		if !p.o.JSON {
			var all []string
			for _, k := range slices.Sorted(maps.Keys(t.Configs)) {
				all = append(all, shown(k)+"="+shown(t.Configs[k]))
			}
			configs = "[" + strings.Join(all, ",") + "]"
		}
		p.line("topic", "", field{"topic", p.shown(name)}, field{"id", p.shown(t.ID)}, field{"partitions", t.Partitions}, field{"configs", configs})
	}
	return nil
}

// dumpProducerIDs prints from where on producer ids were never handed out.
func dumpProducerIDs(p *printer, path string) error {
	b, err := readSmall(path)
	if err != nil {
		return err
	}
	var file struct {
		Schema int   `json:"schema"`
		Next   int64 `json:"next"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return fmt.Errorf("it does not tell the next producer id: %w", err)
	}
	if file.Schema != 1 || file.Next < 0 {
		return fmt.Errorf("schema %d and next id %d, this program knows schema 1 and ids from 0", file.Schema, file.Next)
	}
	p.line("producerIds", "", field{"nextProducerId", file.Next})
	return nil
}
