package clusterview

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/kafkalogin"
	"copyscope/web"
)

// remedy says of a first contact that failed what it may be, and what to do.
func (v *View) remedy(err error) error {
	var (
		noName    *net.DNSError
		firstRead *kgo.ErrFirstReadEOF
		noTLS     tls.RecordHeaderError
		unknown   x509.UnknownAuthorityError
		otherName x509.HostnameError
	)
	o := v.options
	switch {
	case errors.As(err, &noName):
		return fmt.Errorf("%w; write a host that this machine can look up", err)
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; give its authority's certificate with --kafka-ca FILE", err)
	case errors.As(err, &otherName):
		return fmt.Errorf("%w; write the host that the certificate names", err)
	case errors.As(err, &noTLS):
		return fmt.Errorf("this is no TLS listener: %w; leave out --kafka-tls, or name the TLS port", err)
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return fmt.Errorf("authentication as %.100q with %s was refused; check --kafka-user, the password and --kafka-mechanism", o.User, o.Mechanism)
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return fmt.Errorf("the broker does not take SASL %s; choose another with --kafka-mechanism: %s", o.Mechanism, strings.Join(kafkalogin.Mechanisms(), ", "))
	case errors.Is(err, kerr.IllegalSaslState), o.Mechanism != "" && errors.Is(err, kerr.UnsupportedVersion):
		return fmt.Errorf("this listener takes no SASL: %w; leave out --kafka-user, or name a SASL listener's port", err)
	case errors.Is(err, errTooOld):
		return fmt.Errorf("%w; use a newer broker", err)
	case dialed(err) && errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s; is this the address of a Kafka listener, and may this host reach it?", patience)
	case dialed(err):
		return fmt.Errorf("%w; is the broker running, and is this the port of its client listener?", err)
	case (errors.As(err, &firstRead) || errors.Is(err, io.EOF)) && o.TLS == nil:
		return fmt.Errorf("the connection was closed at the first request; it may want TLS (--kafka-tls) or authentication (--kafka-user), or be no Kafka broker")
	case errors.As(err, &firstRead), errors.Is(err, io.EOF):
		return fmt.Errorf("the connection was closed at the first request; it may be no TLS listener (leave out --kafka-tls), want authentication (--kafka-user) or a client certificate, or be no Kafka broker")
	}
	return fmt.Errorf("this does not answer as Kafka does: %w; name the port of a broker's client listener", err)
}

// said makes errors of the cluster fit for a page: what it said itself as it is, what
// says that it cannot be reached as [web.ErrLost].
func said(err error) error {
	if err == nil || errors.Is(err, web.ErrNoTopic) || errors.Is(err, web.ErrLost) {
		return err
	}
	var shards *kadm.ShardErrors
	if errors.As(err, &shards) && len(shards.Errs) > 0 {
		return said(shards.Errs[0].Err)
	}
	word := (*kerr.Error)(nil)
	if !errors.As(err, &word) {
		return fmt.Errorf("%w: %w", web.ErrLost, err)
	}
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return fmt.Errorf("%w: %w", web.ErrNoTopic, err)
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return fmt.Errorf("%w: it refuses the authentication: %w", web.ErrLost, err)
	}
	return err
}

// withMessage adds what the cluster says of one thing to its error's name.
func withMessage(err error, message string) error {
	if err == nil || message == "" {
		return said(err)
	}
	return said(fmt.Errorf("%w (%s)", err, message))
}
