package host

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// program is how a person calls this program once more, as a remedy says. The zero
// value is one that every shell finds by its name.
type program struct {
	file string // empty: its name will do
	// passing: go run made the file and removes it, or soon may.
	passing bool
}

// everybodys are the folders in which sudo looks, whoever calls it (secure_path,
// sudoers(5)). What lies elsewhere, in ~/go/bin for one, root does not find by name.
var everybodys = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// cached is the folder in the go command's cache that a program is kept in which go run
// made (since Go 1.24): the hash of what it was made of, -d.
var cached = regexp.MustCompile(`^[0-9a-f]{64}-d$`)

// programAt is the program of a file. That of go run lies in a temporary folder
// go-build123, or in the cache, which is called go-build unless GOCACHE says otherwise.
func programAt(file string) program {
	slashed := filepath.ToSlash(file)
	dir := path.Dir(slashed)
	switch {
	case file == "", path.Base(slashed) == "copyscope" && slices.Contains(everybodys, dir):
		return program{}
	case cached.MatchString(path.Base(dir)):
		return program{file: file, passing: true}
	}
	for _, folder := range strings.Split(dir, "/") {
		if number, ok := strings.CutPrefix(folder, "go-build"); ok && strings.Trim(number, "0123456789") == "" {
			return program{file: file, passing: true}
		}
	}
	return program{file: file}
}

// thisProgram is the one that runs.
var thisProgram = sync.OnceValue(func() program {
	file, _ := os.Executable() // without one its name must do
	return programAt(file)
})

// goRun calls a program that go run made, from the same folder as before.
const goRun = "go run ./cmd/copyscope"

// call is a command for a shell: what stands before the program, sudo or a variable,
// and its arguments.
func (p program) call(before, arguments string) string {
	words := []string{before, "copyscope", arguments}
	switch {
	case p.passing && before == "sudo": // root has no go command, and is to write into no cache of the user's
		words = []string{"go run -exec sudo ./cmd/copyscope", arguments}
	case p.passing:
		words[1] = goRun
	case p.file != "":
		words[1] = quoted(p.file)
	}
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " ")
}

// setcap is a command that gives the program's file rights. One that go run made is
// another file the next time, so one that lasts is made first.
func (p program) setcap(rights string) string {
	switch {
	case p.passing:
		return "make build && sudo setcap " + rights + "+ep bin/copyscope && bin/copyscope doctor"
	case p.file != "":
		return "sudo setcap " + rights + "+ep " + quoted(p.file)
	}
	return "sudo setcap " + rights + `+ep "$(command -v copyscope)"`
}

// harmless is a word that means nothing else to a shell.
var harmless = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// quoted is a word for a shell.
func quoted(word string) string {
	if harmless.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// asRoot calls this program as root.
func asRoot(arguments string) string { return thisProgram().call("sudo", arguments) }
