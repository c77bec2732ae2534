// Package kafkalogin is how this program's clients come in at a Kafka cluster: TLS,
// and who they say to be.
package kafkalogin

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Mechanisms are the SASL mechanisms that a client may use, the best first.
func Mechanisms() []string { return []string{"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"} }

// PasswordVariable is the environment variable with the password, if no file is named.
const PasswordVariable = "COPYSCOPE_KAFKA_PASSWORD"

// Login is what a user says of it. The zero value is a plain connection of nobody.
type Login struct {
	// TLS is for brokers with a certificate that this host trusts, CA a PEM file with
	// the authorities of theirs; it turns TLS on.
	TLS bool
	CA  string
	// User with a password from the file, else of the environment, by a mechanism.
	User, PasswordFile, Mechanism string
}

// Options are those of a client.
func (l Login) Options() (options []kgo.Opt, err error) {
	encrypted := l.TLS || l.CA != ""
	if encrypted {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if l.CA != "" {
			text, err := os.ReadFile(l.CA)
			if err != nil {
				return nil, fmt.Errorf("--kafka-ca: %w", err)
			}
			config.RootCAs = x509.NewCertPool()
			if !config.RootCAs.AppendCertsFromPEM(text) {
				return nil, fmt.Errorf("--kafka-ca %s: no certificate in it; give a PEM file with the authorities of the brokers' certificates", l.CA)
			}
		}
		options = append(options, kgo.DialTLSConfig(config))
	}
	if l.User == "" {
		if l.PasswordFile != "" {
			return nil, errors.New("--kafka-password-file without --kafka-user: say whose password it is")
		}
		return options, nil
	}
	password, err := l.password()
	if err != nil {
		return nil, err
	}
	mechanism, err := l.mechanism(password, encrypted)
	if err != nil {
		return nil, err
	}
	return append(options, kgo.SASL(mechanism)), nil
}

func (l Login) password() (string, error) {
	if l.PasswordFile == "" {
		if password := os.Getenv(PasswordVariable); password != "" {
			return password, nil
		}
		return "", fmt.Errorf("--kafka-user %s has no password: name a file with --kafka-password-file, or set %s", l.User, PasswordVariable)
	}
	text, err := os.ReadFile(l.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("--kafka-password-file: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if password == "" || strings.ContainsAny(password, "\r\n\x00") {
		return "", fmt.Errorf("--kafka-password-file %s: give one line, the password", l.PasswordFile)
	}
	return password, nil
}

func (l Login) mechanism(password string, encrypted bool) (sasl.Mechanism, error) {
	as := scram.Auth{User: l.User, Pass: password}
	switch l.Mechanism {
	case "", "SCRAM-SHA-512":
		return as.AsSha512Mechanism(), nil
	case "SCRAM-SHA-256":
		return as.AsSha256Mechanism(), nil
	case "PLAIN":
		if !encrypted {
			return nil, errors.New("--kafka-mechanism PLAIN sends the password as it is: add --kafka-tls, or use SCRAM-SHA-512")
		}
		return plain.Auth{User: l.User, Pass: password}.AsMechanism(), nil
	}
	return nil, fmt.Errorf("--kafka-mechanism %.100q: use %s", l.Mechanism, strings.Join(Mechanisms(), ", "))
}
