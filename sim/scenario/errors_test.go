package scenario_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"copyscope/sim/scenario"
)

const good = `schema: 1
name: x
title: {en: A, zh: 甲}
machine: {cpus: 1}
files:
  - {name: f, size: 1MiB}
threads:
  - name: t
    do:
      - send: {path: sendfile, file: f}
`

// The parts of good that rows of the tables replace.
const (
	send    = "send: {path: sendfile, file: f}"
	machine = "cpus: 1"
	size    = "size: 1MiB"
)

// refusal is a part of good, what stands there instead, and what is said of it.
type refusal struct{ old, new, want string }

func refused(t *testing.T, rows []refusal) {
	t.Helper()
	for _, row := range rows {
		text := strings.Replace(good, row.old, row.new, 1)
		if text == good {
			t.Fatalf("%q is not in the file", row.old)
		}
		_, err := scenario.Parse("x.yaml", []byte(text))
		var at *scenario.Error
		if !errors.As(err, &at) || !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%q:\n got %v\nwant %s", row.new, err, row.want)
		}
	}
}

// What is wrong is told with file, line, field, value and remedy.
func TestErrors(t *testing.T) {
	if _, err := scenario.Parse("x.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	refused(t, []refusal{
		{"schema: 1", "schema: 7", "x.yaml:1: schema: 7: this program reads schema 1"},
		{"name: x", "name: X y", "x.yaml:2: name:"},
		{"title: {en: A, zh: 甲}\n", "", "x.yaml:1: title.en: the title in English is missing"},
		{", zh: 甲", "", "x.yaml:3: title.zh: the title in Chinese is missing"},
		{"{en: A, zh: 甲}", "both", `x.yaml:3: title: "both": write fields here: en, zh`},
		{"machine:", "about: {en: B}\nmachine:", "x.yaml:4: about: it is in one language"},
		{"files:\n", "files: [\n", "x.yaml:"},
		{"files:\n  - {name: f, size: 1MiB}", "files: f", `x.yaml:5: files: "f": write a list here`},
		{size, "size: big", `x.yaml:6: files[0].size: "big": write a size`},
		{size, "size: -1", `x.yaml:6: files[0].size: "-1": write a size`},
		{size, "size: 2TiB", `x.yaml:6: files[0].size: "2TiB": write a size`},
		{", size: 1MiB", "", "x.yaml:6: files[0].size: it is missing"},
		{size, "size: 1MiB, cached: 2MiB", `x.yaml:6: files[0].cached: "2MiB": use all, none or`},
		{size, "size: 1MiB}\n  - {name: f, size: 1", `x.yaml:7: files[1].name: "f" comes twice`},
		{"- name: t", "- name: t\n    count: 100000", "x.yaml:9: threads[0].count: 100000: a scenario has at most 20000"},
		{"- name: t", "- name: t\n    count: 0", "x.yaml:9: threads[0].count: 0: use 1 or more"},
		{"- name: t", "- name: t\n    count: -3", "x.yaml:9: threads[0].count: -3: use 1 or more"},
		{"- name: t", "- name: t\n    count: 9223372036854775807", "x.yaml:9: threads[0].count: 9223372036854775807: a scenario has"},
		{"- name: t", "- name: t\n    start: -1s", `x.yaml:9: threads[0].start: "-1s": write a duration`},
		{"- name: t", "- name: t\n    start: 25h", `x.yaml:9: threads[0].start: "25h": write a duration`},
		{"- name: t", "- name: t\n    do: [think: 1s]\n  - name: t", `x.yaml:10: threads[1].name: "t" comes twice`},
		{"  - name: t\n    do:", "  - do:", "x.yaml:8: threads[0].name: it is missing"},
		{send, "think: -1s", `x.yaml:10: threads[0].do[0].think: "-1s": write a duration`},
		{send, "think: 1s\n        repeat: {times: 1, do: [think: 1s]}", "x.yaml:10: threads[0].do[0]: 2 things at once"},
		{send, "repeat: {times: 0, do: [think: 1s]}", "x.yaml:10: threads[0].do[0].repeat.times: 0: use 1 or more"},
		{send, "repeat: {times: -1, do: [think: 1s]}", "x.yaml:10: threads[0].do[0].repeat.times: -1: use 1 or more"},
		{send, "repeat: {times: 2, do: []}", "x.yaml:10: threads[0].do[0].repeat.do: it repeats nothing"},
		{send, "repeat: {times: 999999999, do: [think: 24h]}", "x.yaml:8: threads[0]: its pauses and slow readers last longer than a year"},
		{"schema: 1", "limits: {events: 0}\nschema: 1", "x.yaml:1: limits.events: 0: use 1 or more"},
		{"schema: 1", "limits: {events: -1}\nschema: 1", "x.yaml:1: limits.events: -1: use 1 or more"},
		{"schema: 1", "limits: {events: 100}\nschema: 1", "x.yaml:1: limits.events: the scenario makes about 289 events, more than 100"},
		{send, send + "\n  - name: u\n    do: [repeat: {times: 9223372036854775807, do: [think: 1ns]}]", "x.yaml:11: threads[1]: its pauses"},
	})
	if _, err := scenario.Load("no-such"); err == nil || !strings.Contains(err.Error(), "none of those shipped") {
		t.Errorf("%v", err)
	}
}

// What the machine cannot be is told with the scenario's own field.
func TestMachineErrors(t *testing.T) {
	refused(t, []refusal{
		{machine, "cpus: 0", "x.yaml:4: machine.cpus: 0 CPUs"},
		{machine, "cpus: -1", "x.yaml:4: machine.cpus: -1 CPUs"},
		{machine, "cpus: many", `x.yaml:4: machine.cpus: "many": write a whole number`},
		{machine, "cpus: 1.5", `x.yaml:4: machine.cpus: "1.5": write a whole number`},
		{machine, "sg: maybe", `x.yaml:4: machine.sg: "maybe": write on or off`},
		{machine, "dma: off, sg: on", "x.yaml:4: machine.sg: scatter-gather without DMA"},
		{machine, "sg: off, tso: on", "x.yaml:4: machine.tso: TSO without"},
		{machine, "disk: floppy", `x.yaml:4: machine.disk: "floppy": use hdd, nvme, ssd`},
		{machine, "nic: 2g", `x.yaml:4: machine.nic: "2g": use `},
		{machine, "model: cpm", `x.yaml:4: machine.model: model "cpm": use textbook or linux`},
		{machine, "net: x25", `x.yaml:4: machine.net: net "x25"`},
		{machine, "mtu: 0", "x.yaml:4: machine.mtu: MTU of 0 bytes"},
		{machine, "memory: 4KiB", "x.yaml:4: machine.memory: memory of 4096 bytes"},
		{machine, "llc: 1", "x.yaml:4: machine.llc: last-level cache of 1 bytes"},
		{machine, "send_buffer: 0", "x.yaml:4: machine.send_buffer: socket buffers of 0"},
		{machine, "dirty: {background: 2MiB, limit: 1MiB}", "x.yaml:4: machine.dirty: dirty bytes of 2097152"},
		{machine, "dirty: {interval: -5ms}", `x.yaml:4: machine.dirty.interval: "-5ms": write a duration`},
		{machine, "dirty: {interval: 1ns}", "x.yaml:4: machine.dirty.interval: 1ns: use 10ms or more"},
		{"{cpus: 1}\nfiles:\n  - {name: f, size: 1MiB}", "{memory: 1MiB}\nfiles:\n  - {name: f, size: 1MiB, cached: all}\n  - {name: g, size: 4KiB, cached: 1B}",
			"x.yaml:7: files[1].cached: 1048577 bytes are cached with this file, and the page cache holds 1048576"},
		{"{cpus: 1}", "3", `x.yaml:4: machine: "3": write fields here: model, net, cpus`},
	})
}

// Of a name that is no field, its path and what may have been meant is told.
func TestUnknownFields(t *testing.T) {
	refused(t, []refusal{
		{machine, "cpu: 1", "x.yaml:4: machine.cpu: unknown field; did you mean cpus?"},
		{machine, "colour: red", "x.yaml:4: machine.colour: unknown field; use model, net, cpus"},
		{"path: sendfile", "pth: sendfile", "x.yaml:10: threads[0].do[0].send.pth: unknown field; did you mean path?"},
		{send, "repeat:\n          times: 2\n          do:\n            - thinks: 1s", "x.yaml:13: threads[0].do[0].repeat.do[0].thinks: unknown field; did you mean think?"},
		{"schema: 1", "schema: 1\n\"a b\": 3", `x.yaml:2: "a b": unknown field; use schema`},
		{"title: {", "title: {<<: {en: B}, ", `x.yaml:3: title."<<": unknown field`},
	})
}

func TestStepErrors(t *testing.T) {
	step := func(s string) string { return "threads[0].do[0]." + s }
	refused(t, []refusal{
		{"path: sendfile", "path: sendfil", "x.yaml:10: " + step(`send.path: "sendfil": did you mean sendfile?`)},
		{"path: sendfile", "path: teleport", "x.yaml:10: " + step(`send.path: "teleport": use read-write`)},
		{"path: sendfile", "path: read", "x.yaml:10: " + step("send.path")},
		{"path: sendfile", "path: relay-copy", "x.yaml:10: " + step("send.path")},
		{"file: f}", "file: g}", "x.yaml:10: " + step(`send.file: "g" is no file of this scenario; use f`)},
		{"file: f}", "file: f, chunk: 0}", "x.yaml:10: " + step("send.chunk: 0: use 1 or more")},
		{"file: f}", "file: f, zerocopy: on}", "x.yaml:10: " + step("send.zerocopy")},
		{"file: f}", "file: f, head: 0}", "x.yaml:10: " + step("send.head: 0: use 1 or more")},
		{"file: f}", "file: f, head: 65537}", "x.yaml:10: " + step("send.head: 65537: use at most 65536")},
		{"sendfile, file: f}", "tls, file: f, head: 90}", "x.yaml:10: " + step("send.head: no broker answers by tls; use read-write")},
		{"file: f}", "file: f, reader: 0B/s}", "x.yaml:10: " + step(`send.reader: "0B/s": write a rate`)},
		{"file: f}", "file: f, chunk: 1B, bytes: 1MiB}\nlimits: {events: 100000}", "x.yaml:11: limits.events: the scenario makes about"},
		{send, "repeat: {times: 1000, do: [send: {path: sendfile, file: f, chunk: 1B}]}", "x.yaml:8: threads[0]: the scenario makes about"},
		{send, "read: {file: f, pattern: zigzag}", "x.yaml:10: " + step("read.pattern")},
		{send, "read: {file: f, pattern: stride}", "x.yaml:10: " + step("read.stride")},
		{send, "read: {file: f, stride: 4KiB}", "x.yaml:10: " + step("read.stride: it goes with pattern: stride")},
		{send, "read: {file: f, seed: -1, pattern: random}", "x.yaml:10: " + step("read.seed")},
		{send, "read:\n          file: f\n          chunk: 2MiB", "x.yaml:12: " + step("read.chunk: 2097152: the file has 1048576 bytes")},
		{send, "append: {file: f, engine: pen, bytes: 1MiB}", "x.yaml:10: " + step("append.engine")},
		{send, "append: {file: f}", "x.yaml:10: " + step("append.bytes: how many is missing")},
		{send, "append: {file: f, bytes: 1MiB, batch: 0}", "x.yaml:10: " + step("append.batch: 0: use 1 or more")},
		{send, "append: {file: f, bytes: 1MiB, flush: now}", "x.yaml:10: " + step("append.flush")},
		{send, "append: {file: f, bytes: 1MiB, flush: interval}", "x.yaml:10: " + step("append.interval")},
		{send, "append: {file: f, bytes: 1MiB, flush: interval, interval: 0s}", "x.yaml:10: " + step("append.interval")},
		{send, "append: {file: f, bytes: 1MiB, flush: interval, interval: -1s}", "x.yaml:10: " + step(`append.interval: "-1s": write a duration`)},
		{send, "append: {file: f, bytes: 1MiB, interval: 1s}", "x.yaml:10: " + step("append.interval: it goes with flush: interval")},
		{send, "append: {file: f, bytes: 1MiB, flush: messages}", "x.yaml:10: " + step("append.messages: 0: after how many batches")},
		{send, "append: {file: f, bytes: 1MiB, flush: messages, messages: -2}", "x.yaml:10: " + step("append.messages: -2")},
		{send, "append: {file: f, bytes: 1MiB, messages: 2}", "x.yaml:10: " + step("append.messages: it goes with flush: messages")},
	})
}

// What no thread can come to find in a file is refused before anything runs, and
// what one can is not.
func TestRanges(t *testing.T) {
	const appends = "append: {file: f, bytes: 1MiB}"
	step := func(s string) string { return "x.yaml:10: threads[0].do[0]." + s }
	refused(t, []refusal{
		{send, "send: {path: sendfile, file: f, from: 2MiB}", step("send.from: 2097152: the file has 1048576 bytes, and nobody appends")},
		{send, "send: {path: sendfile, file: f, from: 1, bytes: 1MiB}", step("send.bytes: 1048576 from 1 on")},
		{send, "read: {file: f, bytes: 2MiB}", step("read.bytes: 2097152 from 0 on")},
		{send, "read: {file: f, from: 1MiB}", step("read.from")},
		{send, "read: {file: f, from: 1MiB, pattern: random}", step("read.from")},
		{send, "send: {path: sendfile, file: f, bytes: 2MiB, follow: on}", step("send.bytes: 2097152 from 0 on: the file has 1048576 bytes, and nobody appends")},
		{send, "send: {path: sendfile, file: f, bytes: 2MiB, follow: on}\n      - " + appends, step("send.bytes")}, // too late
		{send, "send: {path: sendfile, file: f, bytes: 4MiB, follow: on}\n  - name: p\n    count: 2\n    do: [" + appends + "]",
			step("send.bytes: 4194304 from 0 on: the file has 1048576 bytes, and at most 2097152 are appended by then")},
		{send, "repeat: {times: 3, do: [" + appends + ", send: {path: sendfile, file: f, bytes: 3MiB, follow: on}]}", "x.yaml:10: threads[0].do[0].repeat.do[1].send.bytes"},
		{size, "size: 0B", "x.yaml:10: threads[0].do[0].send.file: f is empty"},
		{send, "append: {file: f, bytes: 1, engine: mmap}\n  - name: p\n    do: [" + appends + "]", step("append.engine: mmap: 2 threads append to f")},
	})
	for _, do := range []string{
		"repeat: {times: 3, do: [" + appends + "]}\n      - read: {file: f, bytes: 4MiB}",
		"repeat: {times: 3, do: [" + appends + ", send: {path: sendfile, file: f, from: 1MiB, bytes: 1MiB, follow: on}]}",
		"read: {file: f, pattern: random, chunk: 4KiB, bytes: 2MiB, from: 512KiB}",
		"read: {file: f, pattern: stride, chunk: 4KiB, stride: 300KiB, bytes: 2MiB}",
		"send: {path: sendfile, file: f, bytes: 3MiB, follow: on}\n  - name: p\n    count: 2\n    do: [" + appends + "]",
		"repeat: {times: 3, do: [send: {path: tls, file: f, from: 4KiB, bytes: 100KiB}, send: {path: read-write, file: f}, send: {path: tls, file: f}]}",
	} {
		if _, err := run(t, do); err != nil {
			t.Errorf("%s: %v", do, err)
		}
	}
	// When it is appended the run alone knows.
	if _, err := run(t, "send: {path: sendfile, file: f, bytes: 2MiB}\n  - {name: p, start: 1s, do: ["+appends+"]}"); err == nil ||
		!strings.Contains(err.Error(), "f has 1048576 bytes by now") {
		t.Errorf("%v", err)
	}
}

// run runs good with another step.
func run(t *testing.T, do string) (*scenario.Result, error) {
	t.Helper()
	s, err := scenario.Parse("x.yaml", []byte(strings.Replace(good, send, do, 1)))
	if err != nil {
		return nil, err
	}
	return s.Run(t.Context(), scenario.Options{Keep: -1})
}

// Files that cost a parser much are refused by their form.
func TestWorstFiles(t *testing.T) {
	for name, text := range worst() {
		if _, err := scenario.Parse("x.yaml", []byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for text, want := range map[string]string{
		strings.Repeat("- ", 32000):                   "x.yaml: 64000 bytes: a scenario has at most 32768",
		strings.Repeat("- ", 65):                      "x.yaml:1: lists within lists, more than 64 deep",
		strings.Repeat("[\n", 65):                     "x.yaml:65: lists within lists, more than 64 deep",
		strings.Replace(good, "甲", "&a 甲", 1):         "x.yaml:3: anchors and aliases",
		strings.Replace(good, "{en: A", "{en: *a", 1): "x.yaml:3: anchors and aliases",
	} {
		if _, err := scenario.Parse("x.yaml", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// worst are texts of the largest size that is read, each of them hard to parse.
func worst() map[string]string {
	const n = 32 << 10
	full := func(s string) string { return strings.Repeat(s, n/len(s)) }
	indented, doubled, keys := &strings.Builder{}, &strings.Builder{}, &strings.Builder{}
	for i := 0; indented.Len() < n-300; i++ {
		fmt.Fprintf(indented, "%sa:\n", strings.Repeat(" ", i))
	}
	doubled.WriteString("k0: &k0 [x, x, x, x]\n")
	for i := 1; doubled.Len() < n-60; i++ {
		fmt.Fprintf(doubled, "k%d: &k%[1]d [*k%[2]d, *k%[2]d, *k%[2]d, *k%[2]d]\n", i, i-1)
	}
	for i := 0; keys.Len() < n-20; i++ {
		fmt.Fprintf(keys, "k%d: 1\n", i)
	}
	return map[string]string{
		"entries": full("- "), "sequences": full("["), "closed": strings.Repeat("[", n/2) + strings.Repeat("]", n/2), "mappings": full("{a: "),
		"lines": full("[\n"), "complex keys": full("? "), "repeats": "threads: [{do: " + full("[{repeat: {do: ")[:n-20], "indented": indented.String(),
		"doubled": doubled.String(), "keys": keys.String(), "documents": full("---\n"), "list": full("- a\n"), "literals": full("|\n"),
	}
}
