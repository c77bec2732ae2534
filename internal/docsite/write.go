package docsite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// manifest is the file by which a directory is known to be one that Write made. It
// lists what Write put there, so that a page that is no more does not stay.
const manifest = ".copyscope-docs"

// manifestHead is its first line.
const manifestHead = "# Files that copyscope docs --write wrote, and takes away when they are no more."

// Write writes the site into a directory, which it makes if it is not there, and gives
// the number of files. What it wrote there before is replaced; a directory that has
// anything else and was not made by it is refused, and left as it is. Nothing outside
// of the directory is touched, also where there are symbolic links in it.
func (s *Site) Write(ctx context.Context, dir, version string) (n int, err error) {
	files, err := s.Files(ctx, version)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, fmt.Errorf("directory for the documentation: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, fmt.Errorf("directory for the documentation: %w", err)
	}
	defer root.Close()
	old, err := owned(root, dir)
	if err != nil {
		return 0, err
	}
	names := slices.Sorted(maps.Keys(files))
	// The list goes first, with what was there: a run that is interrupted leaves a
	// directory that the next one knows.
	all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(names, old))))
	if err := list(root, all); err != nil {
		return 0, err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := root.MkdirAll(path.Dir(name), 0o777); err != nil {
			return 0, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
		if err := root.WriteFile(name, files[name], 0o666); err != nil {
			return 0, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
	}
	for _, name := range old {
		if _, kept := files[name]; kept {
			continue
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("%s, which is no page any more: %w", filepath.Join(dir, name), err)
		}
	}
	return len(names), list(root, names)
}

// owned are the files that an earlier run wrote, none for an empty directory; an error
// says that the directory is another's.
func owned(root *os.Root, dir string) (names []string, err error) {
	file, err := root.Open(manifest)
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := fs.ReadDir(root.FS(), ".")
		if err != nil {
			return nil, fmt.Errorf("directory for the documentation: %w", err)
		}
		if len(entries) > 0 {
			return nil, fmt.Errorf("%s has files that are not of the documentation, such as %s; name a new or an empty directory", dir, entries[0].Name())
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("directory for the documentation: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for first := true; lines.Scan(); first = false {
		switch name := lines.Text(); {
		case first && name == manifestHead:
		case first || !filepath.IsLocal(name) || name != path.Clean(name):
			return nil, fmt.Errorf("%s is not as copyscope docs writes it; remove the directory, or name another", filepath.Join(dir, manifest))
		default:
			names = append(names, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, manifest), err)
	}
	return names, nil
}

// list writes the manifest.
func list(root *os.Root, names []string) error {
	text := manifestHead + "\n" + strings.Join(names, "\n") + "\n"
	return root.WriteFile(manifest, []byte(text), 0o666)
}
