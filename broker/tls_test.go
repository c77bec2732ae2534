package broker_test

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
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// authority makes a certificate for this host, the files it is in, and what a
// client needs to trust it.
func authority(t *testing.T) (certFile, keyFile string, trust *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sheet := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker under test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, sheet, sheet, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certFile, keyFile = write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", private)
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return certFile, keyFile, &tls.Config{RootCAs: pool}
}

// overTLS opens a TLS listener beside the plaintext one.
func overTLS(t *testing.T, certFile, keyFile string) func(*broker.Config) {
	t.Helper()
	certificate, err := broker.LoadCertificate(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *broker.Config) { c.TLSListen, c.Certificate = "127.0.0.1:0", certificate }
}

func TestTLSClientsGetTheSameRecordsByTheCopyingPath(t *testing.T) {
	cert, key, trust := authority(t)
	r := start(t, t.TempDir(), overTLS(t, cert, key))
	var values []string
	for i := range 40 {
		values = append(values, strings.Repeat(string(rune('a'+i%26)), 40_000+i))
	}
	secure := client(t, r.TLSAddr().String(), kgo.DialTLSConfig(trust), kgo.ProducerBatchMaxBytes(1<<20))
	produce(t, secure, "sealed", values...)
	before := len(r.transfers())
	if got := consume(t, r.TLSAddr().String(), "sealed", 0, len(values), kgo.DialTLSConfig(trust)); strings.Join(got, "") != strings.Join(values, "") {
		t.Error("other records over TLS")
	}
	var bytesSent int64
	for _, s := range r.transfers()[before:] {
		bytesSent += s.Bytes
		if s.Path != "read-write" || !strings.HasPrefix(s.Why, "TLS:") {
			t.Errorf("over TLS by path %q, because %q", s.Path, s.Why)
		}
		calls := s.SyscallsByName
		if calls["pread64"] == 0 || calls["write"] == 0 || calls["sendfile"] != 0 {
			t.Errorf("calls %v, want pread64 and the write beneath TLS", calls)
		}
		// A record of TLS 1.3 carries at most 16 KiB and adds 22 bytes.
		if most := s.Bytes + (s.Bytes/1024+2)*64; s.SocketBytes <= s.Bytes || s.SocketBytes > most {
			t.Errorf("the socket took %d bytes for %d, want more, up to %d", s.SocketBytes, s.Bytes, most)
		}
	}
	if bytesSent == 0 {
		t.Error("no transfer was told")
	}
	before = len(r.transfers())
	if got := consume(t, r.addr, "sealed", 0, len(values)); strings.Join(got, "") != strings.Join(values, "") {
		t.Error("other records in plain")
	}
	for _, s := range r.transfers()[before:] {
		if s.Why != "" || s.SocketBytes != s.Bytes {
			t.Errorf("in plain: %+v", s)
		}
	}
}

// Metadata, FindCoordinator and DescribeCluster tell each client the listener it came by.
func TestEachListenerTellsItsOwnAddress(t *testing.T) {
	cert, key, trust := authority(t)
	for _, c := range []struct {
		name   string
		change func(*broker.Config)
		plain  func(*running) string
		sealed func(*running) string
	}{
		{"bound", func(*broker.Config) {}, func(r *running) string { return r.addr }, func(r *running) string { return r.TLSAddr().String() }},
		{"advertised", func(c *broker.Config) { c.Advertised, c.TLSAdvertised = "plain.example:1", "sealed.example:2" },
			func(*running) string { return "plain.example:1" }, func(*running) string { return "sealed.example:2" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, t.TempDir(), overTLS(t, cert, key), c.change)
			for address, want := range map[string]string{r.addr: c.plain(r), r.TLSAddr().String(): c.sealed(r)} {
				opts := []kgo.Opt{}
				if address != r.addr {
					opts = append(opts, kgo.DialTLSConfig(trust))
				}
				cl := client(t, address, opts...)
				meta, err := kmsg.NewPtrMetadataRequest().RequestWith(deadline(t), cl.SeedBrokers()[0])
				if err != nil {
					t.Fatal(err)
				}
				if got := endpoint(meta.Brokers[0].Host, meta.Brokers[0].Port); got != want {
					t.Errorf("Metadata at %s tells %s, want %s", address, got, want)
				}
				find := kmsg.NewPtrFindCoordinatorRequest()
				find.CoordinatorKey, find.CoordinatorKeys = "readers", []string{"readers"}
				found, err := find.RequestWith(deadline(t), cl.SeedBrokers()[0])
				if err != nil {
					t.Fatal(err)
				}
				coordinator := endpoint(found.Host, found.Port)
				if len(found.Coordinators) > 0 {
					coordinator = endpoint(found.Coordinators[0].Host, found.Coordinators[0].Port)
				}
				if coordinator != want {
					t.Errorf("FindCoordinator at %s tells %s, want %s", address, coordinator, want)
				}
				cluster, err := kmsg.NewPtrDescribeClusterRequest().RequestWith(deadline(t), cl.SeedBrokers()[0])
				if err != nil {
					t.Fatal(err)
				}
				if got := endpoint(cluster.Brokers[0].Host, cluster.Brokers[0].Port); got != want {
					t.Errorf("DescribeCluster at %s tells %s, want %s", address, got, want)
				}
			}
		})
	}
}

func endpoint(host string, port int32) string {
	return net.JoinHostPort(host, big.NewInt(int64(port)).String())
}

func TestWrongProtocolOnEitherListenerIsToldAndClosed(t *testing.T) {
	cert, key, trust := authority(t)
	r := start(t, t.TempDir(), overTLS(t, cert, key))
	closed := func(conn net.Conn) {
		t.Helper()
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		for one := make([]byte, 64); ; {
			if _, err := conn.Read(one); err != nil {
				if isTimeout(err) {
					t.Error("the connection stays open")
				}
				return
			}
		}
	}
	plain, err := net.Dial("tcp", r.TLSAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	plain.Write([]byte{0, 0, 0, 20, 0, 18, 0, 0, 0, 0, 0, 1, 0, 4, 't', 'e', 's', 't'}) // ApiVersions
	closed(plain)
	r.wantSaid(t, "does not speak TLS")
	trust = trust.Clone()
	trust.ServerName = "localhost"
	if conn, err := tls.Dial("tcp", r.addr, trust); err == nil {
		conn.Close()
		t.Error("the plaintext listener answered a TLS handshake")
	}
	r.wantSaid(t, "the peer speaks TLS")
	// The listeners live on.
	produce(t, client(t, r.addr), "after", "one")
	if got := consume(t, r.TLSAddr().String(), "after", 0, 1, kgo.DialTLSConfig(trust)); got[0] != "one" {
		t.Errorf("got %q", got)
	}
}

// A client that never ends its handshake does not keep the broker from ending.
func TestServeEndsBesideAnUnfinishedHandshake(t *testing.T) {
	cert, key, _ := authority(t)
	r := start(t, t.TempDir(), overTLS(t, cert, key))
	conn, err := net.Dial("tcp", r.TLSAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte{0x16, 3, 1, 2, 0, 1}) // the beginning of a ClientHello
	r.stop()
}

func TestCertificatesThatCannotBeUsedAreRefused(t *testing.T) {
	cert, key, _ := authority(t)
	otherCert, _, _ := authority(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name, cert, key string
		says            []string
	}{
		{"no file", filepath.Join(dir, "none.pem"), key, []string{"none.pem", "PEM file"}},
		{"no key file", cert, filepath.Join(dir, "none.pem"), []string{"none.pem", "PEM file"}},
		{"not PEM", file("jks", "\xfe\xed\xfe\xed"), key, []string{"jks", "PEM certificate chain"}},
		{"another's key", otherCert, key, []string{"private key does not match", "its own"}},
		{"encrypted", cert, file("enc.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), []string{"enc.pem", "encrypted", "openssl pkey"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := broker.LoadCertificate(c.cert, c.key)
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("says %q, want it to name %q", err, part)
				}
			}
		})
	}
}

func TestKcatOverSSL(t *testing.T) {
	needKcat(t)
	cert, key, _ := authority(t)
	r := start(t, t.TempDir(), overTLS(t, cert, key))
	common := []string{"-b", r.TLSAddr().String(), "-t", "numbers", "-X", "security.protocol=SSL", "-X", "ssl.ca.location=" + cert}
	want := strings.Repeat("a line of records\n", 5000)
	kcat(t, strings.NewReader(want), append([]string{"-P"}, common...)...)
	if got := kcat(t, nil, append([]string{"-C", "-o", "beginning", "-e", "-q"}, common...)...); string(got) != want {
		t.Errorf("kcat -C: %d bytes, want %d", len(got), len(want))
	}
}
