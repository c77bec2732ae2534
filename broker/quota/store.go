package quota

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"copyscope/broker/vfs"
)

// quotas are values by key, by entity.
type quotas map[Entity]map[string]float64

func (q quotas) entities() []Entity { return slices.SortedFunc(maps.Keys(q), Entity.compare) }

// Store is the quotas of a data directory. Its methods may be called at once.
type Store struct {
	disk vfs.FS
	path string

	now atomic.Pointer[table]

	changing sync.Mutex // held by who writes the file
}

// ErrFull: there are as many entities with quotas as there may be.
var ErrFull = fmt.Errorf("there are quotas for %d users, clients and addresses already; remove some", mostEntities)

// Open reads the quotas of a data directory, which may have none.
func Open(disk vfs.FS, dir string) (*Store, error) {
	s := &Store{disk: disk, path: filepath.Join(dir, FileName)}
	all, err := read(disk, s.path)
	if err != nil {
		return nil, err
	}
	s.now.Store(newTable(all))
	return s, nil
}

// Alteration is what is to change of an entity's quotas.
type Alteration struct {
	Entity Entity
	Ops    []Op
}

// Op sets a quota, or removes it; to remove what is not there is no error.
type Op struct {
	Key    string
	Value  float64
	Remove bool
}

// Check finds why an alteration cannot be made, which it says with [ErrInvalid].
func (a Alteration) Check() error {
	seen := map[string]bool{}
	for _, op := range a.Ops {
		if seen[op.Key] {
			return fmt.Errorf("%w: quota key %.100q comes twice for %.300s", ErrInvalid, op.Key, a.Entity)
		}
		seen[op.Key] = true
		if op.Remove {
			continue // of a key that there is not, too, as with Kafka
		}
		if err := a.Entity.checkValue(op.Key, op.Value); err != nil {
			return err
		}
	}
	return nil
}

// Alter makes the alterations, all or, with an error, none. They are on the disk
// when it returns, and in force for what clients do from then on.
func (s *Store) Alter(alterations ...Alteration) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	all := maps.Clone(s.now.Load().quotas)
	for _, a := range alterations {
		if err := a.Check(); err != nil {
			return err
		}
		values := maps.Clone(all[a.Entity])
		if values == nil {
			values = map[string]float64{}
		}
		for _, op := range a.Ops {
			if op.Remove {
				delete(values, op.Key)
			} else {
				values[op.Key] = op.Value
			}
		}
		if all[a.Entity] = values; len(values) == 0 {
			delete(all, a.Entity)
		}
	}
	if len(all) > mostEntities {
		return ErrFull
	}
	if err := write(s.disk, s.path, all); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	s.now.Store(newTable(all))
	return nil
}
