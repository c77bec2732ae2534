package broker

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/sasl"
)

func init() { register(kmsg.SASLAuthenticate, 0, 2, saslAuthenticate) }

// SaslAuthenticate, API key 36, versions 0 to 2: a message of the mechanism that
// the handshake named, and the answer to it. Who is refused gets
// SASL_AUTHENTICATION_FAILED after a while, and its connection ends. Version 1
// tells how long the authentication lasts (KIP-368).
//
// A client that has authenticated already, or need not, gets ILLEGAL_SASL_STATE.
// Source: SaslAuthenticateRequest.json, SaslServerAuthenticator.handleSaslToken,
// KafkaApis.handleSaslAuthenticateRequest.
func saslAuthenticate(c *connection, ctx context.Context, r request) error {
	req, err := decode[*kmsg.SASLAuthenticateRequest](r)
	if err != nil {
		return err
	}
	resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
	resp.SASLAuthBytes = []byte{}
	if !c.auth.pending() {
		resp.ErrorCode, resp.ErrorMessage = codeIllegalSASLState, kmsg.StringPtr("SaslAuthenticate request received after successful authentication")
		return c.respond(r, resp)
	}
	answer, err := c.authenticate(ctx, req.SASLAuthBytes)
	if refused := (*sasl.Error)(nil); errors.As(err, &refused) {
		resp.ErrorCode, resp.ErrorMessage = codeAuthenticationFailed, kmsg.StringPtr(c.auth.told(refused))
		return errors.Join(c.respond(r, resp), c.auth.failed(refused))
	}
	if err != nil {
		return err
	}
	resp.SASLAuthBytes = answer
	if !c.auth.pending() {
		resp.SessionLifetimeMillis = c.auth.lasts.Milliseconds()
	}
	return c.respond(r, resp)
}
