//go:build linux

package main

import (
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/docs/bench/torture/history"
)

// valueBytes is how long a record's value is, but for the partition of ones.
const valueBytes = 120

// onesName begins the names of the producers of that partition.
const onesName = "ones"

// content is what is stored of the record that the history knows by the name: the
// name, and what follows from it.
func content(name string) []byte {
	size := valueBytes
	if strings.HasPrefix(name, onesName) {
		size = bytesOfOnes
	}
	return []byte(name + " " + strings.Repeat(fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(name))), 1+size/8)[:size-len(name)-1])
}

// recordOf is what the history has of a record that was read.
func recordOf(r *kgo.Record) history.Record {
	if r.Attrs.IsControl() {
		return history.Record{Offset: r.Offset, Marker: true}
	}
	name, _, _ := strings.Cut(string(r.Value), " ")
	if len(name) >= valueBytes || string(content(name)) != string(r.Value) {
		name = fmt.Sprintf("damaged %.40q", r.Value)
	}
	return history.Record{Offset: r.Offset, Value: name}
}
