package kafkalogin

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// mostPasswordBytes bounds a password.
const mostPasswordBytes = 1024

// MostPasswordText is as much of a file as is to be read for a password: one more byte
// than it may have, with the end of its line.
const MostPasswordText = mostPasswordBytes + 3

// PasswordOf is the one line of a text, which is of the file or input of that name.
func PasswordOf(text []byte, name string) (string, error) {
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	switch {
	case password == "":
		return "", fmt.Errorf("the password, from %s, is empty; give one line", name)
	case len(password) > mostPasswordBytes:
		return "", fmt.Errorf("the password, from %s, is longer than %d bytes", name, mostPasswordBytes)
	case strings.ContainsAny(password, "\n\r\x00") || !utf8.ValidString(password):
		return "", fmt.Errorf("the password, from %s, is not one line of UTF-8 text", name)
	}
	return password, nil
}
