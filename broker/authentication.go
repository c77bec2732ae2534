package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/sasl"
	"copyscope/broker/users"
	"copyscope/broker/wire"
)

const (
	// authenticationFrameBytes bounds each frame until then. Kafka has 512 KiB
	// (sasl.server.max.receive.size), for Kerberos.
	authenticationFrameBytes = 64 << 10
	// failureDelay is how long a refused client waits for the answer (Kafka:
	// connection.failed.authentication.delay.ms).
	failureDelay = 100 * time.Millisecond
	// reauthenticationPause is the least time between two (KafkaChannel,
	// MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS).
	reauthenticationPause = time.Second
)

// saslState is what a client of a SASL listener is to send next
// (SaslServerAuthenticator.SaslState).
type saslState int

const (
	wantsVersionsOrHandshake saslState = iota
	wantsHandshake
	wantsAuthenticate // SaslAuthenticate requests, after a handshake of version 1
	wantsToken        // messages in no request, after one of version 0
	authenticated
)

// authentication is how far a connection of a SASL listener is. A nil one is for
// a listener without SASL. It belongs to the connection's goroutine.
type authentication struct {
	mechanisms []string // enabled
	users      *users.Store
	takes      time.Duration // at most
	lasts      time.Duration // 0: for ever

	state     saslState
	until     time.Time // it must be done by then
	exchange  sasl.Exchange
	mechanism string

	principal string    // who the client is, since it first authenticated
	expires   time.Time // zero: never
	began     time.Time // the last re-authentication
	mismatch  bool      // it was begun with another mechanism
}

func newAuthentication(mechanisms []string, b *Broker) *authentication {
	if len(mechanisms) == 0 {
		return nil
	}
	return &authentication{mechanisms: mechanisms, users: b.dir.users, takes: b.cfg.MaxAuthentication, lasts: b.cfg.MaxReauth}
}

// begins: from now on the client has its time.
func (a *authentication) begins() {
	if a != nil {
		a.until = time.Now().Add(a.takes)
	}
}

// pending says whether the client has yet to authenticate, or to do it again.
func (a *authentication) pending() bool { return a != nil && a.state != authenticated }

// admits says whether a request may be answered. In any other order than
// Kafka's the connection ends (SaslServerAuthenticator.handleKafkaRequest,
// handleSaslToken); after the authentication the rest are, until it expires
// (SocketServer.processCompletedReceives).
func (a *authentication) admits(key int16) error {
	if a == nil {
		return nil
	}
	now := time.Now()
	versions, handshake := key == int16(kmsg.ApiVersions), key == int16(kmsg.SASLHandshake)
	switch a.state {
	case wantsVersionsOrHandshake:
		if versions || handshake {
			return nil
		}
	case wantsHandshake:
		if handshake {
			return nil
		}
	case wantsAuthenticate:
		if key == int16(kmsg.SASLAuthenticate) {
			return nil
		}
	case authenticated:
		if handshake && a.mayBeginAgain(now) {
			a.state, a.began, a.until = wantsHandshake, now, now.Add(a.takes)
			return nil
		}
		if a.expires.IsZero() || !now.After(a.expires) {
			return nil
		}
		return fmt.Errorf("the authentication of %s lasted for connections.max.reauth.ms, and was not renewed", a.principal)
	}
	if a.exchange == nil && a.principal == "" {
		return fmt.Errorf("%w: %s before the client authenticated; set security.protocol to SASL_PLAINTEXT or SASL_SSL at the client", errSASLOrder, apiName(key))
	}
	return fmt.Errorf("%w: %s is not what comes next", errSASLOrder, apiName(key))
}

// errSASLOrder ends a connection whose requests come in a wrong order.
var errSASLOrder = errors.New("bad SASL exchange")

func (a *authentication) mayBeginAgain(now time.Time) bool {
	return a.lasts > 0 && now.Sub(a.began) >= reauthenticationPause
}

// versionsTold: a handshake comes next.
func (a *authentication) versionsTold() {
	if a != nil && a.state == wantsVersionsOrHandshake {
		a.state = wantsHandshake
	}
}

// handshake begins the conversation by the mechanism. False: it is not enabled.
func (a *authentication) handshake(version int16, mechanism string) (bool, error) {
	if !slices.Contains(a.mechanisms, mechanism) {
		return false, nil
	}
	a.mismatch = a.principal != "" && mechanism != a.mechanism
	exchange, err := sasl.New(mechanism, a.users)
	if err != nil {
		return false, err
	}
	a.exchange = exchange
	if !a.mismatch {
		a.mechanism = mechanism
	}
	if a.state = wantsAuthenticate; version == 0 {
		a.state = wantsToken
	}
	return true, nil
}

// step takes the client's next message. A refusal is a [*sasl.Error].
func (a *authentication) step(ctx context.Context, message []byte) (answer []byte, err error) {
	if a.mismatch {
		return nil, &sasl.Error{Reason: "another mechanism than before, for the re-authentication of " + a.principal}
	}
	ctx, cancel := context.WithDeadline(ctx, a.until)
	defer cancel()
	answer, done, err := a.exchange.Step(ctx, message)
	if err != nil || !done {
		return answer, err
	}
	principal := "User:" + a.exchange.User()
	if a.principal != "" && a.principal != principal {
		text := fmt.Sprintf("Cannot change principals during re-authentication from User.%s: User.%s", a.principal[len("User:"):], a.exchange.User())
		return nil, &sasl.Error{Reason: "another user than before, for the re-authentication of " + a.principal, Told: text}
	}
	a.state, a.principal, a.exchange = authenticated, principal, nil
	if a.lasts > 0 {
		a.expires = time.Now().Add(a.lasts)
	}
	return answer, nil
}

// told is what a client is told that was refused. Without a text of its own it
// is the same whatever was wrong, as with Kafka: a name that is unknown is not
// told from a wrong password.
func (a *authentication) told(refused *sasl.Error) string {
	if refused.Told != "" {
		return refused.Told
	}
	what := "authentication"
	if a.principal != "" {
		what = "re-authentication"
	}
	return "Authentication failed during " + what + " due to invalid credentials with SASL mechanism " + a.mechanism
}

// failed is why the connection ends then, for the log.
func (a *authentication) failed(refused *sasl.Error) error {
	user := a.exchange.User()
	return fmt.Errorf("authentication by %s of user %s failed: %s", a.mechanism, strconv.Quote(user[:min(len(user), 64)]), refused.Reason)
}

// token reads and answers a message that stands in no request. Who is refused is
// told nothing.
func (c *connection) token(ctx context.Context) error {
	message, err := wire.ReadToken(c.in, authenticationFrameBytes)
	if err != nil {
		return err
	}
	answer, err := c.authenticate(ctx, message)
	if refused := (*sasl.Error)(nil); errors.As(err, &refused) {
		return c.auth.failed(refused)
	}
	if err != nil {
		return err
	}
	if err := c.writeBy(c.takenBy()); err != nil {
		return err
	}
	_, err = c.conn.Write(wire.AppendToken(nil, answer))
	return err
}

// outOfOrder answers what comes in place of a SaslAuthenticate request, if it is
// one of those of an authentication.
func (c *connection) outOfOrder(r request) error {
	api, ok := apis[r.Key]
	if !ok || c.auth.state != wantsAuthenticate || r.Version < api.min || r.Version > api.max {
		return nil
	}
	req := kmsg.RequestForKey(r.Key)
	req.SetVersion(r.Version)
	switch resp := req.ResponseKind().(type) {
	case *kmsg.SASLHandshakeResponse:
		resp.ErrorCode = codeIllegalSASLState
		return c.respond(r, resp)
	case *kmsg.ApiVersionsResponse:
		resp.ErrorCode = codeIllegalSASLState
		return c.respond(r, resp)
	}
	return nil
}

// readBy is when the client must have sent its next request.
func (c *connection) readBy() time.Time {
	if c.auth.pending() {
		return c.auth.until
	}
	return time.Now().Add(c.b.cfg.MaxIdle)
}

// authenticate takes the client's next message. Who is refused waits.
func (c *connection) authenticate(ctx context.Context, message []byte) ([]byte, error) {
	answer, err := c.auth.step(ctx, message)
	if refused := (*sasl.Error)(nil); errors.As(err, &refused) {
		pause(ctx, failureDelay)
		return nil, err
	}
	if err == nil && !c.auth.pending() {
		c.identified(c.auth.principal)
	}
	return answer, err
}

// identified: the client is known, or known again.
func (c *connection) identified(principal string) {
	c.seen.identified(principal)
	c.b.log.Debug("client authenticated", "peer", c.peer(), "principal", principal, "security_protocol", c.protocol())
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
