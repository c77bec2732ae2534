package broker

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/sasl"
)

// Security is how the clients of a broker say who they are. Its zero value asks
// nobody.
type Security struct {
	// SASL are the mechanisms by which clients of the plaintext listener
	// authenticate (Kafka: sasl.enabled.mechanisms), TLSSASL those of the TLS
	// listener. With none, clients of the listener need not.
	SASL, TLSSASL []string
	// ClientAuth is whether the TLS listener asks for certificates (Kafka:
	// ssl.client.auth), ClientCAs who must have signed them ([LoadAuthorities]).
	ClientAuth ClientAuth
	ClientCAs  *x509.CertPool
	// MaxReauth is how long an authentication by SASL lasts (Kafka:
	// connections.max.reauth.ms, KIP-368); zero is for ever.
	MaxReauth time.Duration
	// MaxAuthentication is how long a client may take to authenticate by SASL, a
	// wait for the CPU included; zero is 10 s. Kafka knows only the limit for
	// silent connections.
	MaxAuthentication time.Duration
}

const defaultMaxAuthentication = 10 * time.Second

// ClientAuth is a value of ssl.client.auth; the empty one is none.
type ClientAuth string

const (
	ClientAuthNone      ClientAuth = "none"
	ClientAuthRequested ClientAuth = "requested"
	ClientAuthRequired  ClientAuth = "required"
)

func (a ClientAuth) tls() tls.ClientAuthType {
	switch a {
	case ClientAuthRequested:
		return tls.VerifyClientCertIfGiven
	case ClientAuthRequired:
		return tls.RequireAndVerifyClientCert
	}
	return tls.NoClientCert
}

// CheckMechanisms finds a mechanism that is not served.
func (s Security) CheckMechanisms() error {
	for _, m := range append(append([]string(nil), s.SASL...), s.TLSSASL...) {
		if !sasl.Known(m) {
			return fmt.Errorf("there is no SASL mechanism %.100q here; %s are served", m, strings.Join(sasl.Mechanisms(), ", "))
		}
	}
	return nil
}

// Check finds what does not go together, for a broker with those listeners.
func (s Security) Check(plain, sealed bool) error {
	if err := s.CheckMechanisms(); err != nil {
		return err
	}
	switch asks := s.ClientAuth != "" && s.ClientAuth != ClientAuthNone; {
	case len(s.SASL) > 0 && !plain:
		return errors.New("SASL is asked for on the plaintext listener, but there is none")
	case len(s.TLSSASL) > 0 && !sealed:
		return errors.New("SASL is asked for on the TLS listener, but there is none")
	case asks && s.ClientAuth != ClientAuthRequested && s.ClientAuth != ClientAuthRequired:
		return fmt.Errorf("ssl.client.auth=%.100q; write none, requested or required", s.ClientAuth)
	case asks && !sealed:
		return fmt.Errorf("ssl.client.auth=%s asks clients for certificates, but there is no TLS listener", s.ClientAuth)
	case asks && s.ClientCAs == nil:
		return fmt.Errorf("ssl.client.auth=%s asks clients for certificates, but nobody is named who may sign them; give a PEM file with certificates of authorities", s.ClientAuth)
	case !asks && s.ClientCAs != nil:
		return errors.New("authorities for clients' certificates are given, but clients are not asked for any; set ssl.client.auth to requested or required")
	}
	return nil
}

// warn says what those who ask clients who they are may not have meant.
func (s Security) warn(log *slog.Logger, plain, sealed *net.TCPListener) {
	certificates := s.ClientAuth == ClientAuthRequired
	if plain != nil && len(s.SASL) == 0 && (len(s.TLSSASL) > 0 || certificates) {
		log.Warn("clients of the TLS listener must say who they are, those of the plaintext listener need not, and may do as much", "plaintext", plain.Addr())
	}
	if sealed != nil && len(s.TLSSASL) == 0 && !certificates && len(s.SASL) > 0 {
		log.Warn("clients of the plaintext listener must say who they are, those of the TLS listener need not, and may do as much", "tls", sealed.Addr())
	}
	for listener, asked := range map[*net.TCPListener]bool{plain: len(s.SASL) > 0, sealed: len(s.TLSSASL) > 0 || certificates} {
		if listener != nil && !asked && !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
			log.Warn("other hosts may reach this listener, and whoever does may do everything; ask clients who they are (SASL, or certificates over TLS), or listen on 127.0.0.1", "listener", listener.Addr())
		}
	}
	if plain != nil && slices.Contains(s.SASL, sasl.Plain) && !plain.Addr().(*net.TCPAddr).IP.IsLoopback() {
		log.Warn("by PLAIN, clients of the plaintext listener send their passwords for everyone on the way to read; use SCRAM, or TLS", "plaintext", plain.Addr())
	}
}

// LoadAuthorities reads, from a PEM file, the certificates of those who may sign
// clients' certificates.
func LoadAuthorities(path string) (*x509.CertPool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("authorities: %w; name a PEM file that can be read", err)
	}
	pool, err := ParseAuthorities(b)
	if err != nil {
		return nil, fmt.Errorf("authorities %s: %w", path, err)
	}
	return pool, nil
}

// ParseAuthorities is LoadAuthorities for what was read already.
func ParseAuthorities(text []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("there is no certificate in it; give PEM certificates of the authorities")
	}
	return pool, nil
}

// described tells the settings under Kafka's names, those that say something.
func (s Security) described(tell func(name, value string, kind kmsg.ConfigType, doc string)) {
	for listener, mechanisms := range map[string][]string{"sasl_plaintext": s.SASL, "sasl_ssl": s.TLSSASL} {
		if len(mechanisms) > 0 {
			tell("listener.name."+listener+".sasl.enabled.mechanisms", strings.Join(mechanisms, ","), kmsg.ConfigTypeList, "By which mechanisms clients of the listener authenticate.")
		}
	}
	tell("ssl.client.auth", string(cmp.Or(s.ClientAuth, ClientAuthNone)), kmsg.ConfigTypeString, "Whether the TLS listener asks clients for certificates.")
	tell("connections.max.reauth.ms", strconv.FormatInt(s.MaxReauth.Milliseconds(), 10), kmsg.ConfigTypeLong, "How long an authentication by SASL lasts, in ms; 0 is for ever.")
}

// anonymous is who did not say (KafkaPrincipal.ANONYMOUS).
const anonymous = "User:ANONYMOUS"

// certified is the principal of a client with a verified certificate: its
// subject, in the order of the certificate read backwards (RFC 2253, as
// X500Principal.getName gives it). Source: DefaultKafkaPrincipalBuilder.
func certified(state tls.ConnectionState) string {
	if len(state.VerifiedChains) == 0 {
		return anonymous
	}
	var subject pkix.RDNSequence
	if _, err := asn1.Unmarshal(state.PeerCertificates[0].RawSubject, &subject); err != nil {
		return anonymous
	}
	return "User:" + subject.String()
}
