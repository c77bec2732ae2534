package users

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"unicode/utf8"

	"copyscope/broker/vfs"
)

// FileName is the file's name in the data directory:
//
//	{"schema":1,"secret":"…","users":{"alice":{"1":{"salt":"…",
//	 "iterations":4096,"stored_key":"…","server_key":"…"},"2":{…}}}}
//
// Bytes are in base64; credentials are by the mechanism's number. Of the secret,
// 32 random bytes, the credentials of unknown names are made. The file is
// replaced as a whole, and only its owner can read it.
const FileName = "users.json"

const (
	schema      = 1
	secretBytes = 32

	mostUsers     = 10_000
	mostNameBytes = 255
	mostSaltBytes = 1024
	mostFileBytes = 64 << 20 // 10,000 users with the longest salts have less
)

type file struct {
	Schema int                                 `json:"schema"`
	Secret []byte                              `json:"secret"`
	Users  map[string]map[Mechanism]Credential `json:"users"`
}

// read reads the file; without one the table is empty.
func read(disk vfs.FS, path string) (*table, error) {
	info, err := disk.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newTable(newSecret(), nil), nil
	}
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil, fmt.Errorf("%s: it is a symbolic link, and what passwords are checked with is not read through those; put the file itself there", path)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be opened by others than its owner (mode %04o), and holds what passwords are checked with; chmod 600 it, and change the passwords if others could read it", path, info.Mode().Perm())
	}
	b, err := vfs.ReadFile(disk, path, mostFileBytes)
	if err != nil {
		return nil, err
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		// The decoder's error may hold some of the text.
		return nil, damaged(path, errors.New("it is no JSON of the form that is written here"))
	}
	if f.Schema != schema {
		return nil, fmt.Errorf("%s has schema %d; this program knows schema %d; use the program that wrote it, or restore the file from a copy", path, f.Schema, schema)
	}
	if err := f.check(); err != nil {
		return nil, damaged(path, err)
	}
	return newTable(f.Secret, f.Users), nil
}

func damaged(path string, err error) error {
	return fmt.Errorf("%s is damaged (%w); restore it from a copy, or remove it and add the users again", path, err)
}

func (f file) check() error {
	if len(f.Secret) != secretBytes {
		return fmt.Errorf("its secret has %d bytes, not %d", len(f.Secret), secretBytes)
	}
	if len(f.Users) > mostUsers {
		return fmt.Errorf("it has %d users, at most %d are possible", len(f.Users), mostUsers)
	}
	for name, credentials := range f.Users {
		if err := CheckName(name); err != nil {
			return err
		}
		if len(credentials) == 0 {
			return fmt.Errorf("user %q has no credential", name)
		}
		for m, c := range credentials {
			if err := c.Check(m); err != nil {
				return fmt.Errorf("user %q: %w", name, err)
			}
		}
	}
	return nil
}

// write replaces the file.
func write(disk vfs.FS, path string, t *table) error {
	b, err := json.Marshal(file{schema, t.secret, t.users})
	if err != nil {
		return err
	}
	return vfs.Replace(disk, path, filepath.Dir(path), append(b, '\n'))
}

// CheckName finds what is wrong with a user's name.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty; give one")
	case len(name) > mostNameBytes:
		return fmt.Errorf("the name %.40q… has %d bytes; give one of at most %d", name, len(name), mostNameBytes)
	case !utf8.ValidString(name):
		return fmt.Errorf("the name %.100q is no UTF-8", name)
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f {
			return fmt.Errorf("the name %.100q has control characters; give one without", name)
		}
	}
	return nil
}
