package static

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Link joins modules and all that they import into one script: for a page that
// stands alone, since browsers load no modules from files, and for pages that would
// fetch dozens of them. Each comes once, so that all share its state. It knows the forms that the
// modules here are written in, and refuses others: a bundler knows all forms of
// the language, and would be a third of the program.
func Link(entries ...string) (string, error) {
	l := &linker{names: map[string]string{}}
	for _, entry := range entries {
		if _, err := l.link(entry); err != nil {
			return "", err
		}
	}
	script := "'use strict';\n" + strings.Join(l.parts, "")
	if strings.Contains(strings.ToLower(script), "</script") || strings.Contains(script, "<!--") {
		return "", fmt.Errorf("static: %s: a module holds the end of a script element, which would end the page's", strings.Join(entries, ", "))
	}
	return script, nil
}

type linker struct {
	names map[string]string // of the modules linked so far; "" while one is under way
	parts []string
}

var (
	importForm = regexp.MustCompile(`(?m)^import\s+(?:(\*\s+as\s+\w+|\{[^}]*\})\s+from\s+)?'([^']+)';\n`)
	exportForm = regexp.MustCompile(`(?m)^export ((?:async )?function\*?|class|const) (\w+)`)
	listForm   = regexp.MustCompile(`(?m)^export \{([^}]*)\};\n`)
	otherForm  = regexp.MustCompile(`(?m)^(?:import|export)\b.*|^(?:.*[^#.\w])?import(?:\(|\.meta).*`)
	aliasForm  = regexp.MustCompile(`(\w+)\s+as\s+(\w+)`)
)

// link adds a module after those that it imports, and gives its name in the script.
func (l *linker) link(module string) (string, error) {
	if name, ok := l.names[module]; ok {
		if name == "" {
			return "", fmt.Errorf("static: %s imports itself, through others", module)
		}
		return name, nil
	}
	l.names[module] = ""
	source, err := fs.ReadFile(files, module)
	if err != nil {
		return "", fmt.Errorf("static: %w", err)
	}
	text := string(source)
	var head strings.Builder
	for _, m := range importForm.FindAllStringSubmatch(text, -1) {
		name, err := l.link(path.Join(path.Dir(module), m[2]))
		if err != nil {
			return "", err
		}
		switch {
		case strings.HasPrefix(m[1], "*"):
			fmt.Fprintf(&head, "const %s = %s;\n", strings.Fields(m[1])[2], name)
		case m[1] != "":
			fmt.Fprintf(&head, "const %s = %s;\n", aliasForm.ReplaceAllString(m[1], "$1: $2"), name)
		}
	}
	text = importForm.ReplaceAllString(text, "")
	var exports []string
	for _, m := range exportForm.FindAllStringSubmatch(text, -1) {
		exports = append(exports, m[2])
	}
	text = exportForm.ReplaceAllString(text, "$1 $2")
	for _, m := range listForm.FindAllStringSubmatch(text, -1) {
		exports = append(exports, aliasForm.ReplaceAllString(strings.TrimSpace(m[1]), "$2: $1"))
	}
	text = listForm.ReplaceAllString(text, "")
	if other := otherForm.FindString(text); other != "" {
		return "", fmt.Errorf("static: %s: %q is a form that is not linked", module, other)
	}
	name := fmt.Sprintf("$%d", len(l.parts))
	l.parts = append(l.parts, fmt.Sprintf("// %s\nconst %s = (() => {\n%s%sreturn { %s };\n})();\n", module, name, head.String(), text, strings.Join(exports, ", ")))
	l.names[module] = name
	return name, nil
}
