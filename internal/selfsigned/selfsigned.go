// Package selfsigned makes certificates for servers on loopback.
package selfsigned

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Trust is a self-signed certificate for loopback, in files that every server
// reads: PEM, the key as PKCS #8.
type Trust struct {
	Certificate, Key string
	Both             string // key and certificate in one file, as Kafka wants them
	pool             *x509.CertPool
}

// Make makes a certificate of one day in the directory.
func Make(dir string) (t Trust, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return t, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return t, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return t, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	t = Trust{filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "both.pem"), x509.NewCertPool()}
	t.pool.AppendCertsFromPEM(certificate)
	for _, f := range []struct {
		name string
		text []byte
	}{{t.Certificate, certificate}, {t.Key, private}, {t.Both, append(private, certificate...)}} {
		if err := os.WriteFile(f.name, f.text, 0o600); err != nil {
			return t, err
		}
	}
	return t, nil
}

// Client is how a client trusts it.
func (t Trust) Client() *tls.Config {
	return &tls.Config{RootCAs: t.pool, ServerName: "127.0.0.1"}
}
