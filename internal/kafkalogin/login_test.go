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
		"not one line":                 {User: "u", PasswordFile: file("two", "s3cret\ns3cret\n")},
		"SCRAM-SHA-512, SCRAM-SHA-256": {User: "u", PasswordFile: password, Mechanism: "GSSAPI"},
		"is empty":                     {User: "u", PasswordFile: file("empty", "\n")},
		"longer than 1024 bytes":       {User: "u", PasswordFile: file("long", strings.Repeat("s3cret", 200))},
	} {
		if _, err := l.Read(); err == nil || !strings.Contains(err.Error(), tells) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%+v: %v, which does not tell %q", l, err, tells)
		}
	}
	for _, c := range []struct {
		l        kafkalogin.Login
		protocol string
		options  int
		exposed  bool
	}{
		{kafkalogin.Login{}, "PLAINTEXT", 0, false},
		{kafkalogin.Login{TLS: true}, "SSL", 1, false},
		{kafkalogin.Login{User: "u", PasswordFile: password}, "SASL_PLAINTEXT", 1, false},
		{kafkalogin.Login{User: "u", PasswordFile: password, Mechanism: "PLAIN"}, "SASL_PLAINTEXT", 1, true},
		{kafkalogin.Login{User: "u", PasswordFile: password, Mechanism: "PLAIN", TLS: true}, "SASL_SSL", 2, false},
	} {
		k, err := c.l.Read()
		if err != nil || k.Protocol() != c.protocol || len(k.Options()) != c.options || k.Exposed() != c.exposed {
			t.Errorf("%+v: %v, %s with %d options, exposed %v", c.l, err, k.Protocol(), len(k.Options()), k.Exposed())
		}
	}
	t.Setenv(kafkalogin.PasswordVariable, "s3cret")
	if k, err := (kafkalogin.Login{User: "u"}).Read(); err != nil || k.Password != "s3cret" || k.Mechanism != "SCRAM-SHA-512" {
		t.Errorf("with the environment's password: %s, %v", k.Mechanism, err)
	}
}
