//go:build linux

package main

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"copyscope/broker/vfs"
)

// bug is one that the broker gets on purpose, by what is around it: the checker must
// find it.
type bug struct {
	// rewrite changes the requests of clients, see [proxy.Proxy.Rewrite].
	rewrite func(frame []byte) []byte
	// files breaks the broker's files.
	files func(vfs.FS) vfs.FS
}

var bugs = map[string]bug{
	"ack-before-append": {files: func(f vfs.FS) vfs.FS {
		return brokenLogs{f, everyLog, func(f vfs.File) vfs.File { return lateFile{f} }}
	}},
	"skip-truncation":  {files: func(f vfs.FS) vfs.FS { return skipsTruncation{f} }},
	"forget-sequences": {files: func(f vfs.FS) vfs.FS { return emptySnapshots{f} }},
	"read-past-stable": {rewrite: readAll},
	"fsync-does-nothing": {files: func(f vfs.FS) vfs.FS {
		return brokenLogs{f, everyLog, func(f vfs.File) vfs.File { return lazyFile{f} }}
	}},
	"ack-before-commit": {files: func(f vfs.FS) vfs.FS {
		return brokenLogs{f, groupsLog, func(f vfs.File) vfs.File { return lateFile{f} }}
	}},
}

// brokenLogs breaks the log files of some partitions.
type brokenLogs struct {
	vfs.FS
	of     func(partition string) bool
	broken func(vfs.File) vfs.File
}

func everyLog(string) bool            { return true }
func groupsLog(partition string) bool { return strings.HasPrefix(partition, "__consumer_offsets-") }

func (l brokenLogs) Open(name string, flag int) (vfs.File, error) {
	f, err := l.FS.Open(name, flag)
	if err != nil || filepath.Ext(name) != ".log" || !l.of(filepath.Base(filepath.Dir(name))) {
		return f, err
	}
	return l.broken(f), nil
}

// late is how much later a write is done.
const late = 40 * time.Millisecond

// lateFile tells of a write before the kernel has it.
type lateFile struct{ vfs.File }

func (f lateFile) WriteAt(b []byte, at int64) (int, error) {
	later := append([]byte(nil), b...)
	time.AfterFunc(late, func() { f.File.WriteAt(later, at) })
	return len(b), nil
}

// skipsTruncation leaves what a recovery should have cut off a log.
type skipsTruncation struct{ vfs.FS }

func (s skipsTruncation) Truncate(name string, size int64) error {
	if filepath.Ext(name) == ".log" {
		return nil
	}
	return s.FS.Truncate(name, size)
}

// emptySnapshots has no producers in any snapshot: what a partition knew of those
// before is forgotten at a restart.
type emptySnapshots struct{ vfs.FS }

func (e emptySnapshots) Open(name string, flag int) (vfs.File, error) {
	f, err := e.FS.Open(name, flag)
	if err != nil || filepath.Ext(name) != ".snapshot" || flag&os.O_CREATE != 0 {
		return f, err
	}
	empty := make([]byte, 10) // version, checksum, count: see broker/log/snapshot.go
	binary.BigEndian.PutUint16(empty, 1)
	binary.BigEndian.PutUint32(empty[2:], crc32.Checksum(empty[6:], crc32.MakeTable(crc32.Castagnoli)))
	return emptySnapshot{f, empty}, nil
}

type emptySnapshot struct {
	vfs.File
	content []byte
}

func (e emptySnapshot) Size() (int64, error) { return int64(len(e.content)), nil }

func (e emptySnapshot) ReadAt(b []byte, at int64) (int, error) {
	if at >= int64(len(e.content)) {
		return 0, io.EOF
	}
	n := copy(b, e.content[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// readAll makes readers of what is committed readers of everything: as if their
// answers went past the last stable offset.
func readAll(frame []byte) []byte {
	const fetch, flexible, withoutReplica = 1, 12, 15 // FetchRequest.json
	be := binary.BigEndian
	if len(frame) < 10 || be.Uint16(frame) != fetch {
		return frame
	}
	version, at := be.Uint16(frame[2:]), 10 // behind the correlation id and the client id's length
	if n := int16(be.Uint16(frame[8:])); n > 0 {
		at += int(n)
	}
	if version >= flexible {
		at++ // no tagged fields
	}
	if version < withoutReplica {
		at += 4
	}
	if at += 12; at < len(frame) { // the wait, and two bounds of bytes
		frame[at] = 0
	}
	return frame
}

// lazyFile tells that it is on the disk, and is not.
type lazyFile struct{ vfs.File }

func (lazyFile) Sync() error { return nil }
