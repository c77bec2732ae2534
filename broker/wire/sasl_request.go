package wire

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() {
	register(kmsg.SASLHandshake, decodeSASLHandshake)
	register(kmsg.SASLAuthenticate, decodeSASLAuthenticate)
	register(kmsg.DescribeUserSCRAMCredentials, decodeDescribeUserSCRAMCredentials)
	register(kmsg.AlterUserSCRAMCredentials, decodeAlterUserSCRAMCredentials)
}

// SaslHandshakeRequest.json, versions 0 and 1.
func decodeSASLHandshake(r *reader, req *kmsg.SASLHandshakeRequest) { req.Mechanism = r.str() }

// SaslAuthenticateRequest.json, versions 0 to 2.
func decodeSASLAuthenticate(r *reader, req *kmsg.SASLAuthenticateRequest) {
	req.SASLAuthBytes = slices.Clone(r.bytes(false))
}

// DescribeUserScramCredentialsRequest.json, version 0. No users, as null or
// empty, asks for all.
func decodeDescribeUserSCRAMCredentials(r *reader, req *kmsg.DescribeUserSCRAMCredentialsRequest) {
	req.Users = list(r, 2, func() kmsg.DescribeUserSCRAMCredentialsRequestUser {
		u := kmsg.NewDescribeUserSCRAMCredentialsRequestUser()
		u.Name = r.str()
		r.structEnd()
		return u
	})
}

// AlterUserScramCredentialsRequest.json, version 0.
func decodeAlterUserSCRAMCredentials(r *reader, req *kmsg.AlterUserSCRAMCredentialsRequest) {
	req.Deletions = list(r, 3, func() kmsg.AlterUserSCRAMCredentialsRequestDeletion {
		d := kmsg.NewAlterUserSCRAMCredentialsRequestDeletion()
		d.Name, d.Mechanism = r.str(), r.int8()
		r.structEnd()
		return d
	})
	req.Upsertions = list(r, 9, func() kmsg.AlterUserSCRAMCredentialsRequestUpsertion {
		u := kmsg.NewAlterUserSCRAMCredentialsRequestUpsertion()
		u.Name, u.Mechanism, u.Iterations = r.str(), r.int8(), r.int32()
		u.Salt, u.SaltedPassword = slices.Clone(r.bytes(false)), slices.Clone(r.bytes(false))
		r.structEnd()
		return u
	})
}

// ReadToken reads a message of a SASL mechanism that stands in no request: its
// size, int32, and so many bytes, at most limit. Clients send it after a
// SaslHandshake of version 0 (KIP-43).
func ReadToken(r io.Reader, limit int) ([]byte, error) {
	var prefix [sizeBytes]byte
	if n, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, ended(err, n, sizeBytes)
	}
	size := int(int32(binary.BigEndian.Uint32(prefix[:])))
	if size < 0 || size > limit {
		return nil, fmt.Errorf("%w: a SASL message of %d bytes, at most %d are allowed", ErrFrame, size, limit)
	}
	token := make([]byte, size)
	if n, err := io.ReadFull(r, token); err != nil {
		return nil, ended(err, sizeBytes+n, sizeBytes+size)
	}
	return token, nil
}

// AppendToken appends a message as [ReadToken] reads it.
func AppendToken(dst, token []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(token))), token...)
}
