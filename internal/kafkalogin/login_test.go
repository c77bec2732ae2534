package kafkalogin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/internal/kafkalogin"
)

// What cannot be is refused with the flag's name, and no error holds the password.
func TestLoginsThatCannotBe(t *testing.T) {
	t.Setenv(kafkalogin.PasswordVariable, "")
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	password := file("password", "s3cret\n")
	for tells, l := range map[string]kafkalogin.Login{
		"--kafka-ca":                   {CA: filepath.Join(dir, "none.pem")},
		"no certificate":               {CA: password},
		"without --kafka-user":         {PasswordFile: password},
		"has no password":              {User: "u"},
		"--kafka-password-file: open":  {User: "u", PasswordFile: filepath.Join(dir, "none")},
		"give one line":                {User: "u", PasswordFile: file("two", "s3cret\ns3cret\n")},
		"SCRAM-SHA-512, SCRAM-SHA-256": {User: "u", PasswordFile: password, Mechanism: "GSSAPI"},
		"sends the password as it is":  {User: "u", PasswordFile: password, Mechanism: "PLAIN"},
	} {
		if _, err := l.Options(); err == nil || !strings.Contains(err.Error(), tells) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%+v: %v, which does not tell %q", l, err, tells)
		}
	}
	for _, l := range []kafkalogin.Login{{}, {TLS: true}, {User: "u", PasswordFile: password}, {User: "u", PasswordFile: password, Mechanism: "PLAIN", TLS: true}} {
		if _, err := l.Options(); err != nil {
			t.Errorf("%+v: %v", l, err)
		}
	}
	t.Setenv(kafkalogin.PasswordVariable, "s3cret")
	if options, err := (kafkalogin.Login{User: "u"}).Options(); err != nil || len(options) != 1 {
		t.Errorf("with the environment's password: %d options, %v", len(options), err)
	}
}
