// Package dump prints the files of a log directory, ours or Kafka's, as Kafka's
// DumpLogSegments does, and finds what is wrong with them: checksums, the order
// of offsets and timestamps, index entries that point at no batch.
package dump

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Options say what is printed.
type Options struct {
	Records bool // also the records of each batch
	JSON    bool // one object a line
	Decoder Decoder
}

// maxSmallFile bounds the files that are read in one piece: all but segments.
const maxSmallFile = 1 << 30

// kinds are the files that are known, by name or by the name's end.
var kinds = []struct {
	kind string
	is   func(name string) bool
	dump func(*printer, string) error
}{
	{"log", suffix(".log"), dumpSegment},
	{"index", suffix(".index"), dumpOffsetIndex},
	{"timeindex", suffix(".timeindex"), dumpTimeIndex},
	{"txnindex", suffix(".txnindex"), dumpTxnIndex},
	{"snapshot", suffix(".snapshot"), dumpSnapshot},
	{"leader-epoch-checkpoint", named("leader-epoch-checkpoint"), dumpEpochs},
	{"offset-checkpoint", named("recovery-point-offset-checkpoint", "log-start-offset-checkpoint", "replication-offset-checkpoint", "cleaner-offset-checkpoint"), dumpOffsets},
	{"partition.metadata", named("partition.metadata"), dumpPartitionMetadata},
	{"meta.properties", named("meta.properties"), dumpProperties},
	{"topics.json", named("topics.json"), dumpTopics},
	{"producer-ids.json", named("producer-ids.json"), dumpProducerIDs},
}

// leftovers are the ends of the name of a segment's file that a cleaning writes, or
// that is about to be removed. Such a file is dumped if it is named.
var leftovers = []string{".cleaned", ".swap", ".deleted"}

// plainName is the name without such an end, which is given too.
func plainName(name string) (plain, leftover string) {
	for _, end := range leftovers {
		if plain, ok := strings.CutSuffix(name, end); ok {
			return plain, end
		}
	}
	return name, ""
}

func suffix(s string) func(string) bool {
	return func(name string) bool { return strings.HasSuffix(name, s) }
}

func named(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

// Files dumps each file, and all known files of each directory and below. The
// error is that of the first fault, which it names; what follows the fault in
// its file is not dumped, the other files are.
func Files(w io.Writer, paths []string, o Options) error {
	var first error
	failed := 0
	for _, path := range paths {
		files, err := filesOf(path)
		if err != nil {
			return err
		}
		for _, file := range files {
			p := &printer{w: w, path: file, o: o, topic: o.Decoder.of(file)}
			if err := p.file(); err != nil {
				if failed++; first == nil {
					first = fmt.Errorf("%s: %w", file, err)
				}
				p.fault(err)
			}
			if p.failed != nil {
				return p.failed
			}
		}
	}
	if failed > 1 {
		return fmt.Errorf("%w (and %d more files have faults)", first, failed-1)
	}
	return first
}

// filesOf is the file itself, or the known files below a directory.
func filesOf(path string) (found []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no file and no directory; name a file of a log directory, or the directory", path)
		}
		return []string{path}, nil
	}
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && kindOf(d.Name()) != nil {
			found = append(found, name)
		}
		return err
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s holds no file of a log directory (such as 00000000000000000000.log)", path)
	}
	return found, err
}

func kindOf(name string) func(*printer, string) error {
	for _, k := range kinds {
		if k.is(name) {
			return k.dump
		}
	}
	return nil
}

// file dumps one file.
func (p *printer) file() error {
	plain, _ := plainName(filepath.Base(p.path))
	dump := kindOf(plain)
	if dump == nil {
		var known []string
		for _, k := range kinds {
			known = append(known, k.kind)
		}
		return fmt.Errorf("not a known file of a log directory; known are %s", strings.Join(known, ", "))
	}
	p.title()
	return dump(p, p.path)
}

// baseOffset is the offset in a segment file's name.
func baseOffset(path string) (int64, error) {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	base, err := strconv.ParseInt(name, 10, 64)
	if err != nil || base < 0 {
		return 0, fmt.Errorf("its name should begin with an offset of 20 digits, such as 00000000000000000000")
	}
	return base, nil
}

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSmallFile {
		return nil, fmt.Errorf("%d bytes are too many for such a file", info.Size())
	}
	return os.ReadFile(path)
}
