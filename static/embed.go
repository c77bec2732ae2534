package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"sync"
)

//go:embed *.css *.js *.json *.svg
//go:embed attach
//go:embed broker
//go:embed claims
//go:embed docs
//go:embed doctor
//go:embed embed
//go:embed lessons
//go:embed live
//go:embed models
//go:embed scope
//go:embed talk
//go:embed vendor
var files embed.FS

// Files is every file, by its path below this folder.
func Files() fs.FS { return files }

// Version is a hash over every name and content. It is part of each file's
// address, so that a browser may keep a file for ever and still never uses one
// of another version; and because it is the same for all, a module's relative
// imports stay within the version.
var Version = sync.OnceValue(func() string {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := files.ReadFile(path)
		sum.Write([]byte(path + "\x00"))
		sum.Write(b)
		return err
	})
	if err != nil {
		panic(err) // the files are in the binary
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
})

// Root is the address below which the files are served.
const Root = "/static/"

// Path is the address of a file, for example Path("base.css").
func Path(name string) string { return Root + Version() + "/" + name }
