package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
)

// catalogueFile is topics.json:
//
//	{"schema":1,
//	 "topics":  {"NAME":{"id":"…","partitions":1,"configs":{}}},
//	 "deleting":{"NAME":{"id":"…","partitions":1}}}
//
// A topic under "deleting" is gone for everyone; its directories may still be
// there.
type catalogueFile struct {
	Schema   int                    `json:"schema"`
	Topics   map[string]topicOnFile `json:"topics"`
	Deleting map[string]topicOnFile `json:"deleting,omitempty"`
}

const catalogueSchema = 1

type topicOnFile struct {
	ID         string            `json:"id"`
	Partitions int               `json:"partitions"`
	Configs    map[string]string `json:"configs,omitempty"`
}

// readCatalogue reads the file and holds it to what create would have allowed.
// A missing file is an empty catalogue.
func readCatalogue(disk vfs.FS, path string, maxPartitions int) (catalogueFile, error) {
	var f catalogueFile
	b, err := vfs.ReadFile(disk, path, mostStateBytes)
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.Schema = catalogueSchema
	case err != nil:
		return f, err
	default:
		if err := json.Unmarshal(b, &f); err != nil {
			return f, fmt.Errorf("%s is damaged (%w); restore it from a copy", path, err)
		}
	}
	if f.Schema != catalogueSchema {
		return f, fmt.Errorf("%s has schema %d, this program knows %d; use the version that wrote it", path, f.Schema, catalogueSchema)
	}
	if err := f.check(maxPartitions); err != nil {
		return f, fmt.Errorf("%s: %w; restore it from a copy", path, err)
	}
	if f.Topics == nil {
		f.Topics = map[string]topicOnFile{}
	}
	if f.Deleting == nil {
		f.Deleting = map[string]topicOnFile{}
	}
	return f, nil
}

// partitions is how many all topics have together.
func (f catalogueFile) partitions() (n int) {
	for _, on := range f.Topics {
		n += on.Partitions
	}
	return n
}

func (f catalogueFile) check(maxPartitions int) error {
	for _, topics := range []map[string]topicOnFile{f.Topics, f.Deleting} {
		for name, on := range topics {
			if err := checkTopicName(name); err != nil {
				return err
			}
			if _, err := decodeID(on.ID); err != nil {
				return fmt.Errorf("topic %q: %w", name, err)
			}
			if on.Partitions < 1 || on.Partitions > maxPartitions {
				return fmt.Errorf("topic %q: %d partitions, 1 to %d are possible", name, on.Partitions, maxPartitions)
			}
		}
	}
	if n := f.partitions(); n > maxPartitions {
		return fmt.Errorf("%d partitions in all, this broker holds at most %d", n, maxPartitions)
	}
	of := make(map[string]string, len(f.Topics)) // topics by id
	for _, name := range slices.Sorted(maps.Keys(f.Topics)) {
		id := f.Topics[name].ID
		if other, taken := of[id]; taken { // who asks by id would get either
			return fmt.Errorf("the topics %q and %q have one id, %s", other, name, id)
		}
		of[id] = name
	}
	return nil
}

// write replaces the file at the path.
func (f catalogueFile) write(disk vfs.FS, path string) error {
	b, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = replaceFile(disk, path, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", log.ErrStorage, err)
	}
	return nil
}
