// Package kafkalogin is how this program's clients come in at a Kafka cluster: TLS,
// and who they say to be.
package kafkalogin

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Mechanisms are the SASL mechanisms that a client may use, the best first.
func Mechanisms() []string { return []string{"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"} }

// PasswordVariable is the environment variable with the password, if no file is named: a
// flag would show it to every user of the host.
const PasswordVariable = "COPYSCOPE_KAFKA_PASSWORD"

// Login is what a user says of it. The zero value is a plain connection of nobody.
type Login struct {
	// TLS is for brokers with a certificate that this host trusts, CA a PEM file with
	// the authorities of theirs; it turns TLS on.
	TLS bool
	CA  string
	// User with a password from the file, else of the environment, by a mechanism;
	// without one it is the first of Mechanisms.
	User, PasswordFile, Mechanism string
}

// Known is a login whose files have been read.
type Known struct {
	// TLS is how the brokers are reached over TLS, nil for plain text.
	TLS *tls.Config
	// Mechanism is that of SASL, empty for none.
	Mechanism, User, Password string
}

// Read reads what the login names. An error names the flag, and never the password.
func (l Login) Read() (k Known, err error) {
	if l.Mechanism != "" && !slices.Contains(Mechanisms(), l.Mechanism) {
		return k, fmt.Errorf("--kafka-mechanism %.100q: use %s", l.Mechanism, strings.Join(Mechanisms(), ", "))
	}
	if l.TLS || l.CA != "" {
		k.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if l.CA != "" {
		text, err := os.ReadFile(l.CA)
		if err != nil {
			return k, fmt.Errorf("--kafka-ca: %w", err)
		}
		k.TLS.RootCAs = x509.NewCertPool()
		if !k.TLS.RootCAs.AppendCertsFromPEM(text) {
			return k, fmt.Errorf("--kafka-ca %s: no certificate in it; give a PEM file with the authorities of the brokers' certificates", l.CA)
		}
	}
	if l.User == "" {
		if l.PasswordFile != "" {
			return k, errors.New("--kafka-password-file without --kafka-user: say whose password it is")
		}
		return k, nil
	}
	k.User, k.Mechanism = l.User, l.Mechanism
	if k.Mechanism == "" {
		k.Mechanism = Mechanisms()[0]
	}
	k.Password, err = l.password()
	return k, err
}

func (l Login) password() (string, error) {
	if l.PasswordFile == "" {
		if password := os.Getenv(PasswordVariable); password != "" {
			return password, nil
		}
		return "", fmt.Errorf("--kafka-user %.100q has no password: name a file with --kafka-password-file, or set %s", l.User, PasswordVariable)
	}
	file, err := os.Open(l.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("--kafka-password-file: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, MostPasswordText))
	if err != nil {
		return "", fmt.Errorf("--kafka-password-file: %w", err)
	}
	password, err := PasswordOf(text, l.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("--kafka-password-file: %w", err)
	}
	return password, nil
}

// Options are those of a client.
func (k Known) Options() (options []kgo.Opt) {
	if k.TLS != nil {
		options = append(options, kgo.DialTLSConfig(k.TLS))
	}
	if m := k.mechanism(); m != nil {
		options = append(options, kgo.SASL(m))
	}
	return options
}

func (k Known) mechanism() sasl.Mechanism {
	as := scram.Auth{User: k.User, Pass: k.Password}
	switch k.Mechanism {
	case "SCRAM-SHA-512":
		return as.AsSha512Mechanism()
	case "SCRAM-SHA-256":
		return as.AsSha256Mechanism()
	case "PLAIN":
		return plain.Auth{User: k.User, Pass: k.Password}.AsMechanism()
	}
	return nil
}

// Exposed says that whoever sees the connection sees the password.
func (k Known) Exposed() bool { return k.Mechanism == "PLAIN" && k.TLS == nil }

// Protocol is Kafka's security.protocol, which has no secret.
func (k Known) Protocol() string {
	switch {
	case k.Mechanism != "" && k.TLS != nil:
		return "SASL_SSL"
	case k.Mechanism != "":
		return "SASL_PLAINTEXT"
	case k.TLS != nil:
		return "SSL"
	}
	return "PLAINTEXT"
}
