package quota

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"copyscope/broker/vfs"
)

// FileName is the file's name in the data directory:
//
//	{"schema":1,"quotas":[{"entity":{"user":"alice","client-id":null},
//	 "values":{"producer_byte_rate":1048576}}]}
//
// A part that is null is the default of its type. The file is replaced as a
// whole.
const FileName = "quotas.json"

const (
	schema = 1

	mostEntities  = 10_000
	mostFileBytes = 192 << 20 // 10,000 entities with the longest names, all escaped, have less
)

type file struct {
	Schema int         `json:"schema"`
	Quotas []fileQuota `json:"quotas"`
}

type fileQuota struct {
	Entity map[string]*string `json:"entity"`
	Values map[string]float64 `json:"values"`
}

// read reads the file; without one there are no quotas.
func read(disk vfs.FS, path string) (quotas, error) {
	b, err := vfs.ReadFile(disk, path, mostFileBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return quotas{}, nil
	}
	if err != nil {
		return nil, err
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, damaged(path, err)
	}
	if f.Schema != schema {
		return nil, fmt.Errorf("%s has schema %d; this program knows schema %d; use the program that wrote it, or restore the file from a copy", path, f.Schema, schema)
	}
	all, err := f.quotas()
	if err != nil {
		return nil, damaged(path, err)
	}
	return all, nil
}

func damaged(path string, err error) error {
	return fmt.Errorf("%s is damaged (%w); restore it from a copy, or remove it and set the quotas again", path, err)
}

func (f file) quotas() (quotas, error) {
	if len(f.Quotas) > mostEntities {
		return nil, fmt.Errorf("it has quotas for %d entities, at most %d are possible", len(f.Quotas), mostEntities)
	}
	all := quotas{}
	for _, q := range f.Quotas {
		var parts []Part
		for _, kind := range slices.Sorted(maps.Keys(q.Entity)) {
			parts = append(parts, Part{kind, q.Entity[kind]})
		}
		e, err := EntityOf(parts)
		if err != nil {
			return nil, err
		}
		if all[e] != nil {
			return nil, fmt.Errorf("%.300s stands there twice", e)
		}
		if len(q.Values) == 0 {
			return nil, fmt.Errorf("%.300s has no quota", e)
		}
		for key, value := range q.Values {
			if err := e.checkValue(key, value); err != nil {
				return nil, err
			}
		}
		all[e] = q.Values
	}
	return all, nil
}

// write replaces the file.
func write(disk vfs.FS, path string, all quotas) error {
	f := file{Schema: schema, Quotas: []fileQuota{}}
	for _, e := range all.entities() {
		q := fileQuota{map[string]*string{}, all[e]}
		for _, p := range e.Parts() {
			q.Entity[p.Type] = p.Name
		}
		f.Quotas = append(f.Quotas, q)
	}
	var text bytes.Buffer
	to := json.NewEncoder(&text)
	to.SetEscapeHTML(false)
	if err := to.Encode(f); err != nil {
		return err
	}
	return vfs.Replace(disk, path, filepath.Dir(path), text.Bytes())
}
