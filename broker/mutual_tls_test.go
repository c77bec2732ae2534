package broker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// signer signs clients' certificates. file has its own in PEM.
type signer struct {
	t    *testing.T
	file string
	tls.Certificate
}

func newSigner(t *testing.T) signer {
	t.Helper()
	file, key, _ := authority(t)
	pair, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		t.Fatal(err)
	}
	return signer{t, file, pair}
}

// client is a certificate that is valid until then.
func (s signer) client(until time.Time, use x509.ExtKeyUsage) tls.Certificate {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	sheet := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "reader, one", Organization: []string{"Scopes"}}, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{use},
	}
	der, err := x509.CreateCertificate(rand.Reader, sheet, s.Leaf, &key.PublicKey, s.PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A client's certificate is asked for and checked, or not, and says who it is.
func TestMutualTLS(t *testing.T) {
	cert, key, trust := authority(t)
	ours, others := newSigner(t), newSigner(t)
	authorities, err := broker.LoadAuthorities(ours.file)
	if err != nil {
		t.Fatal(err)
	}
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	good := ours.client(later, x509.ExtKeyUsageClientAuth)
	foreign, old, server := others.client(later, x509.ExtKeyUsageClientAuth), ours.client(before, x509.ExtKeyUsageClientAuth), ours.client(later, x509.ExtKeyUsageServerAuth)
	const anonymous, named = "SSL User:ANONYMOUS", `SSL User:CN=reader\, one,O=Scopes`
	for _, c := range []struct {
		name  string
		auth  broker.ClientAuth
		shows *tls.Certificate
		want  string // as it is told; "": it is refused
	}{
		{"required, good", broker.ClientAuthRequired, &good, named},
		{"required, none", broker.ClientAuthRequired, nil, ""},
		{"required, other authority", broker.ClientAuthRequired, &foreign, ""},
		{"required, expired", broker.ClientAuthRequired, &old, ""},
		{"required, a server's", broker.ClientAuthRequired, &server, ""},
		{"requested, good", broker.ClientAuthRequested, &good, named},
		{"requested, none", broker.ClientAuthRequested, nil, anonymous},
		{"requested, other authority", broker.ClientAuthRequested, &foreign, ""},
		{"requested, expired", broker.ClientAuthRequested, &old, ""},
		{"none, good", broker.ClientAuthNone, &good, anonymous},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, t.TempDir(), overTLS(t, cert, key), func(cfg *broker.Config) {
				if cfg.ClientAuth = c.auth; c.auth != broker.ClientAuthNone {
					cfg.ClientCAs = authorities
				}
			})
			by := trust.Clone()
			by.ServerName = "localhost"
			if c.shows != nil {
				by.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.shows, nil }
			}
			cl := client(t, r.TLSAddr().String(), kgo.DialTLSConfig(by), kgo.RetryTimeout(time.Second), kgo.RequestRetries(0))
			err := cl.Ping(deadline(t))
			if c.want == "" {
				if err == nil {
					t.Error("it was let in")
				}
				r.wantSaid(t, "TLS handshake failed")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := r.principals(); !slices.Contains(got, c.want) {
				t.Errorf("it is told as %v, want %s", got, c.want)
			}
		})
	}
}

// With SASL over TLS the user is who the client says by SASL.
func TestMutualTLSAndSASL(t *testing.T) {
	cert, key, trust := authority(t)
	ours := newSigner(t)
	authorities, err := broker.LoadAuthorities(ours.file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one")
	r := start(t, dir, overTLS(t, cert, key), func(c *broker.Config) {
		c.Listen, c.TLSSASL, c.ClientAuth, c.ClientCAs = "", allMechanisms, broker.ClientAuthRequired, authorities
	})
	by := trust.Clone()
	by.Certificates = []tls.Certificate{ours.client(time.Now().Add(time.Hour), x509.ExtKeyUsageClientAuth)}
	cl := client(t, r.TLSAddr().String(), kgo.DialTLSConfig(by), kgo.SASL(as("alice", "one")["SCRAM-SHA-512"]))
	if err := cl.Ping(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if got := r.principals(); !slices.Contains(got, "SASL_SSL User:alice") {
		t.Errorf("it is told as %v", got)
	}
}

func TestSecuritySettingsThatDoNotGoTogether(t *testing.T) {
	cert, key, _ := authority(t)
	authorities, err := broker.LoadAuthorities(newSigner(t).file)
	if err != nil {
		t.Fatal(err)
	}
	tlsOnly := func(c *broker.Config) { overTLS(t, cert, key)(c); c.Listen = "" }
	for _, k := range []struct {
		name   string
		change []func(*broker.Config)
		says   string
	}{
		{"mechanism", []func(*broker.Config){bySASL("GSSAPI")}, `no SASL mechanism "GSSAPI"`},
		{"SASL without TLS", []func(*broker.Config){func(c *broker.Config) { c.TLSSASL = allMechanisms }}, "TLS listener, but there is none"},
		{"SASL without plaintext", []func(*broker.Config){tlsOnly, bySASL("PLAIN")}, "plaintext listener, but there is none"},
		{"certificates in plaintext", []func(*broker.Config){func(c *broker.Config) { c.ClientAuth, c.ClientCAs = broker.ClientAuthRequired, authorities }}, "no TLS listener"},
		{"certificates of anybody", []func(*broker.Config){tlsOnly, func(c *broker.Config) { c.ClientAuth = broker.ClientAuthRequired }}, "who may sign"},
		{"authorities for nothing", []func(*broker.Config){tlsOnly, func(c *broker.Config) { c.ClientCAs = authorities }}, "not asked"},
		{"other value", []func(*broker.Config){tlsOnly, func(c *broker.Config) { c.ClientAuth, c.ClientCAs = "want", authorities }}, "none, requested or required"},
	} {
		cfg := broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir()}
		for _, f := range k.change {
			f(&cfg)
		}
		b, err := broker.Open(t.Context(), cfg)
		if err == nil {
			b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), k.says) {
			t.Errorf("%s: got %v, want %q", k.name, err, k.says)
		}
	}
	if _, err := broker.ParseAuthorities([]byte("no PEM")); err == nil || !strings.Contains(err.Error(), "PEM") {
		t.Errorf("no PEM: got %v", err)
	}
	if _, err := broker.LoadAuthorities(filepath.Join(t.TempDir(), "none.pem")); err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("no file: got %v", err)
	}
}

// Who has one door locked and another open is told.
func TestOpenDoorsAreWarnedOf(t *testing.T) {
	cert, key, _ := authority(t)
	for _, c := range []struct {
		change []func(*broker.Config)
		says   string
	}{
		{[]func(*broker.Config){func(c *broker.Config) { c.TLSSASL = allMechanisms }}, "those of the plaintext listener need not"},
		{[]func(*broker.Config){bySASL("PLAIN")}, "those of the TLS listener need not"},
		{[]func(*broker.Config){bySASL("PLAIN"), func(c *broker.Config) { c.Listen = ":0" }}, "send their passwords"},
		{[]func(*broker.Config){func(c *broker.Config) { c.Listen = ":0" }}, "other hosts may reach this listener"},
		{[]func(*broker.Config){func(c *broker.Config) { c.Listen, c.TLSListen = "", ":0" }}, "other hosts may reach this listener"},
	} {
		r := open(t, t.TempDir(), append([]func(*broker.Config){overTLS(t, cert, key)}, c.change...)...)
		defer r.Close()
		r.wantSaid(t, c.says)
	}
}

// DescribeConfigs tells how clients say who they are.
func TestSecurityIsDescribed(t *testing.T) {
	cert, key, _ := authority(t)
	r := start(t, t.TempDir(), overTLS(t, cert, key), func(c *broker.Config) { c.TLSSASL, c.MaxReauth = []string{"SCRAM-SHA-512", "PLAIN"}, time.Minute })
	found := map[string]string{}
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.Version, req.Resources = 4, []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "1"}}
	for _, k := range ask[*kmsg.DescribeConfigsResponse](dial(t, r.addr), req, 1).Resources[0].Configs {
		found[k.Name] = *k.Value
	}
	for name, want := range map[string]string{
		"listeners": "PLAINTEXT://" + r.addr + ",SASL_SSL://" + r.TLSAddr().String(), "listener.name.sasl_ssl.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
		"ssl.client.auth": "none", "connections.max.reauth.ms": "60000", "listener.name.sasl_plaintext.sasl.enabled.mechanisms": "",
	} {
		if found[name] != want {
			t.Errorf("%s is %q, want %q", name, found[name], want)
		}
	}
}
