package sasl

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"copyscope/broker/users"
)

// scram is SCRAM (RFC 5802, 7677), as Kafka speaks it (ScramSaslServer.java):
//
//	client-first  n,[a=name],n=name,r=nonce
//	server-first  r=nonce and more,s=salt,i=iterations
//	client-final  c=biws,r=nonce and more,p=proof
//	server-final  v=signature
type scram struct {
	mechanism users.Mechanism
	users     *users.Store

	step       int
	name       string
	credential users.Credential
	known      bool   // the user has it; otherwise it was made up
	header     []byte // of client-first, that client-final repeats
	nonce      []byte // the client's and ours
	said       []byte // client-first without its header, server-first
}

// The messages that are taken (ScramMessages.java): no channel binding, so that
// the flags y and p are refused; no mandatory extensions; ASCII names; nonces
// that are not empty.
const (
	saslName   = `(?:[\x01-\x2b\x2d-\x3c\x3e-\x7f]|=2C|=3D)+` // all but comma and equals sign
	printable  = `[\x21-\x2b\x2d-\x7e]+`
	base64Text = `(?:[a-zA-Z0-9/+]{4})*(?:[a-zA-Z0-9/+]{3}=|[a-zA-Z0-9/+]{2}==)?`
	extensions = `(?:,[A-Za-z]+=[\x01-\x2b\x2d-\x7f]+)*`
)

var (
	clientFirst = regexp.MustCompile(`^(n,(?:a=(` + saslName + `))?,)(n=(` + saslName + `),r=(` + printable + `)` + extensions + `)$`)
	clientFinal = regexp.MustCompile(`^(c=(` + base64Text + `),r=(` + printable + `)` + extensions + `),p=(` + base64Text + `)$`)
)

func (s *scram) User() string { return s.name }

func (s *scram) Step(_ context.Context, message []byte) ([]byte, bool, error) {
	switch s.step++; s.step {
	case 1:
		answer, err := s.first(message)
		if err != nil {
			s.step = ended
		}
		return answer, false, err
	case 2:
		answer, err := s.final(message)
		return answer, err == nil, err
	}
	return nil, false, &Error{Reason: "the conversation of SCRAM is over"}
}

// ended is a step after the last.
const ended = 3

func (s *scram) first(message []byte) ([]byte, error) {
	parts := clientFirst.FindSubmatch(message)
	if parts == nil {
		return nil, &Error{Reason: "no client-first message of SCRAM without channel binding"}
	}
	header, authorization, bare, name, nonce := parts[1], parts[2], parts[3], parts[4], parts[5]
	s.name = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(string(name))
	if len(authorization) > 0 && !bytes.Equal(authorization, name) {
		return nil, told("Authentication failed: Client requested an authorization id that is different from username")
	}
	s.credential, s.known = s.users.Credential(s.mechanism, s.name)
	s.header = bytes.Clone(header)
	s.nonce = append(bytes.Clone(nonce), rand.Text()...)
	answer := fmt.Appendf(nil, "r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(s.credential.Salt), s.credential.Iterations)
	s.said = bytes.Join([][]byte{bare, answer}, []byte{','})
	return answer, nil
}

func (s *scram) final(message []byte) ([]byte, error) {
	parts := clientFinal.FindSubmatch(message)
	if parts == nil {
		return nil, &Error{Reason: "no client-final message of SCRAM"}
	}
	withoutProof, nonce := parts[1], parts[3]
	header, errHeader := base64.StdEncoding.DecodeString(string(parts[2]))
	proof, errProof := base64.StdEncoding.DecodeString(string(parts[4]))
	if errHeader != nil || errProof != nil || !bytes.Equal(header, s.header) {
		return nil, &Error{Reason: "another channel binding than the conversation began with"}
	}
	// Kafka wants the nonce at the end, no more: librdkafka before 2.8 says its
	// own part twice.
	if !bytes.HasSuffix(nonce, s.nonce) {
		return nil, &Error{Reason: "a nonce that is not this conversation's"}
	}
	conversation := bytes.Join([][]byte{s.said, withoutProof}, []byte{','})
	// The proof is the client's key under a cover that who knows the stored key
	// can lift.
	clientKey := s.signature(s.credential.StoredKey, conversation)
	if len(proof) != len(clientKey) {
		return nil, &Error{Reason: "a proof of another length"}
	}
	subtle.XORBytes(clientKey, clientKey, proof)
	h := s.mechanism.Hash()()
	h.Write(clientKey)
	if fits := hmac.Equal(h.Sum(nil), s.credential.StoredKey); !fits || !s.known {
		return nil, &Error{Reason: "invalid credentials"}
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(s.signature(s.credential.ServerKey, conversation))), nil
}

func (s *scram) signature(key, text []byte) []byte {
	mac := hmac.New(s.mechanism.Hash(), key)
	mac.Write(text)
	return mac.Sum(nil)
}
