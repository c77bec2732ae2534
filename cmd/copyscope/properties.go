package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/magiconair/properties"
)

// propertyFile is a file in Java's properties format, as Kafka's
// server.properties.
type propertyFile struct {
	path string
	all  []property
}

// property is one entry; line is the first of its lines, from 1.
type property struct {
	line        int
	name, value string
}

// mostPropertyBytes bounds the file.
const mostPropertyBytes = 1 << 20

// readProperties reads a file. A name that comes twice is an error, where Java
// would silently take the last one.
func readProperties(path string) (propertyFile, error) {
	f := propertyFile{path: path}
	info, err := os.Stat(path)
	if err != nil {
		return f, fmt.Errorf("--config: %w; name a file in Kafka's properties format", err)
	}
	if !info.Mode().IsRegular() || info.Size() > mostPropertyBytes {
		return f, fmt.Errorf("--config %s: a configuration is a file of at most %d bytes", path, mostPropertyBytes)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return f, fmt.Errorf("--config: %w", err)
	}
	lines := map[string]int{}
	loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
	for _, l := range logicalLines(string(text)) {
		// The library keeps no line numbers, so it is given one entry at a time.
		entry := strings.Join(l.parts, "\n")
		p, err := loader.LoadBytes([]byte(entry))
		if err != nil {
			name := strings.TrimLeft(entry, " \t\f")
			if end := strings.IndexAny(name, "=: \t\f"); end >= 0 {
				name = name[:end] // the value may be a secret
			}
			return f, fmt.Errorf("%s:%d: %.100q: %w; write name=value", path, l.number, name, err)
		}
		for _, name := range p.Keys() {
			if first := lines[name]; first != 0 {
				return f, fmt.Errorf("%s:%d: %.100s is set a second time, first in line %d; remove one", path, l.number, name, first)
			}
			lines[name] = l.number
			f.all = append(f.all, property{l.number, name, strings.TrimSpace(p.GetString(name, ""))})
		}
	}
	return f, nil
}

// wrong is the error about one entry.
func (f propertyFile) wrong(p property, err error) error {
	value := fmt.Sprintf("%.100q", p.value)
	if secret.MatchString(p.name) {
		value = "[hidden]" // as in Kafka's logs
	}
	return fmt.Errorf("%s:%d: %.100s=%s: %w", f.path, p.line, p.name, value, err)
}

// secret are names whose values are for no log. Others than ours are among
// them: a file may come from a broker of Kafka's.
var secret = regexp.MustCompile(`password|secret|jaas|\.key\b|certificate`)

// logicalLine is one entry or comment, whose lines but the last end in a
// backslash.
type logicalLine struct {
	number int
	parts  []string
}

// logicalLines cuts the text as java.util.Properties.load does: an odd number
// of backslashes at its end goes on with the next line, but not a comment.
func logicalLines(text string) (all []logicalLine) {
	open := false
	for i, line := range strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		if open {
			last := &all[len(all)-1]
			last.parts = append(last.parts, line)
		} else {
			all = append(all, logicalLine{i + 1, []string{line}})
		}
		first := strings.TrimLeft(line, " \t\f")
		comment := !open && (strings.HasPrefix(first, "#") || strings.HasPrefix(first, "!"))
		backslashes := len(line) - len(strings.TrimRight(line, `\`))
		open = !comment && backslashes%2 == 1
	}
	return all
}
