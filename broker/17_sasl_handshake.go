package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.SASLHandshake, 0, 1, saslHandshake) }

// SaslHandshake, API key 17, versions 0 and 1: the client names the mechanism by
// which it authenticates. After version 1 its messages come in SaslAuthenticate
// requests (KIP-152), after version 0 in frames that are no requests (KIP-43).
// One that is not enabled gets UNSUPPORTED_SASL_MECHANISM with those that are,
// and its connection ends.
//
// A client that has authenticated, and need not do so again, and one of a
// listener without SASL gets ILLEGAL_SASL_STATE. Source:
// SaslHandshakeRequest.json, SaslServerAuthenticator.handleHandshakeRequest,
// KafkaApis.handleSaslHandshakeRequest.
func saslHandshake(c *connection, ctx context.Context, r request) error {
	req, err := decode[*kmsg.SASLHandshakeRequest](r)
	if err != nil {
		return err
	}
	resp := req.ResponseKind().(*kmsg.SASLHandshakeResponse)
	if !c.auth.pending() {
		resp.ErrorCode = codeIllegalSASLState
		return c.respond(r, resp)
	}
	enabled, err := c.auth.handshake(req.Version, req.Mechanism)
	if err != nil {
		return err
	}
	resp.SupportedMechanisms = c.auth.mechanisms
	if enabled {
		return c.respond(r, resp)
	}
	resp.ErrorCode = codeUnsupportedMechanism
	pause(ctx, failureDelay)
	if err := c.respond(r, resp); err != nil {
		return err
	}
	return fmt.Errorf("%w: mechanism %.100q is not among those enabled, %v", errSASLOrder, req.Mechanism, c.auth.mechanisms)
}
