package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The user of the secured server, and the mechanisms by which it lets clients in.
const (
	securedUser     = "alice"
	securedPassword = "the password of alice"
)

var mechanisms = []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}

// secured is a server whose clients must authenticate by SASL, in plaintext or
// over TLS.
type secured struct {
	*server
	tls         string // address of its TLS listener, addr is the other's
	certificate string // the PEM file of whom clients are to trust
}

// over are the ways to it: Kafka's security.protocol, and the address.
func (s *secured) over() [][2]string {
	return [][2]string{{"SASL_PLAINTEXT", s.addr}, {"SASL_SSL", s.tls}}
}

// startSecured starts one of the kind under test.
func (e *env) startSecured(ctx context.Context, name string) (*secured, error) {
	both, err := e.certificate(name)
	if err != nil {
		return nil, err
	}
	if e.server == "kafka" {
		return e.startSecuredKafka(ctx, name, both)
	}
	s := &secured{certificate: both}
	prepare := func(data string) error {
		_, err := command(ctx, securedPassword+"\n", e.binary, "users", "add", securedUser, "--data", data)
		return err
	}
	s.server, s.tls, err = e.launchCopyscope(ctx, name, prepare, "--kafka-sasl", strings.Join(mechanisms, ","),
		"--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", both, "--kafka-tls-key", both, "--kafka-tls-sasl", strings.Join(mechanisms, ","))
	return s, err
}

// securedKafka are the lines that add such listeners to [kafkaConfig]; the broker
// itself goes on by the plaintext one.
const securedKafka = `listeners=PLAINTEXT://%[1]s,SASL_PLAINTEXT://%[2]s,SASL_SSL://%[3]s,CONTROLLER://%[4]s
advertised.listeners=PLAINTEXT://%[1]s,SASL_PLAINTEXT://%[2]s,SASL_SSL://%[3]s
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location=%[5]s
`

func (e *env) startSecuredKafka(ctx context.Context, name, both string) (*secured, error) {
	s := &secured{certificate: both}
	var failed error
	free := func() string {
		at, err := freeAddress()
		failed = errors.Join(failed, err)
		return at
	}
	sasl, sealed := free(), free()
	if failed != nil {
		return nil, failed
	}
	var format []string
	for _, m := range mechanisms[1:] {
		format = append(format, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", m, securedUser, securedPassword))
	}
	var err error
	s.server, err = e.launchKafka(ctx, name, nil, func(broker, controller string) string {
		text := fmt.Sprintf(securedKafka, broker, sasl, sealed, controller, both)
		const module = "org.apache.kafka.common.security."
		for _, listener := range []string{"sasl_plaintext", "sasl_ssl"} {
			text += fmt.Sprintf("listener.name.%s.plain.sasl.jaas.config=%splain.PlainLoginModule required user_%s=\"%s\";\n", listener, module, securedUser, securedPassword)
			for _, m := range []string{"scram-sha-256", "scram-sha-512"} {
				text += fmt.Sprintf("listener.name.%s.%s.sasl.jaas.config=%sscram.ScramLoginModule required;\n", listener, m, module)
			}
		}
		return text
	}, format...)
	if err == nil {
		s.addr, s.tls = sasl, sealed
	}
	return s, err
}

// certificate makes a PEM file with a key and its own certificate, for loopback.
func (e *env) certificate(name string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	about := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "copyscope clients"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &about, &about, key.Public(), key)
	if err != nil {
		return "", err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	file := filepath.Join(e.dir, name+".pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	return file, os.WriteFile(file, text, 0o600)
}

// onSecured gives a row's scenario the secured server that all of them share. It is
// started by the first that needs it.
func onSecured(run func(context.Context, *env, *secured, string) error) func(context.Context, *env, string) error {
	return func(ctx context.Context, e *env, prefix string) error {
		e.securing.Lock()
		if e.secured == nil {
			s, err := e.startSecured(ctx, "secured")
			if err != nil {
				e.securing.Unlock()
				return err
			}
			e.secured = s
		}
		e.securing.Unlock()
		return run(ctx, e, e.secured, prefix)
	}
}

// stopSecured ends it, if it was started.
func (e *env) stopSecured() error {
	e.securing.Lock()
	defer e.securing.Unlock()
	if e.secured == nil {
		return nil
	}
	return e.secured.stop()
}
