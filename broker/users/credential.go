package users

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
)

// Mechanism is a SCRAM mechanism by its number in Kafka's protocol
// (ScramMechanism.java).
type Mechanism int8

const (
	SHA256 Mechanism = 1
	SHA512 Mechanism = 2
)

// Mechanisms are all, in the order of their numbers.
var Mechanisms = []Mechanism{SHA256, SHA512}

// The iterations of a credential (ScramMechanism.minIterations,
// ScramControlManager.MAX_ITERATIONS).
const (
	MinIterations = 4096
	MaxIterations = 16384
)

// saltBytes is how long the salts are that are made here.
const saltBytes = 24

// String is the name that clients know the mechanism by.
func (m Mechanism) String() string {
	switch m {
	case SHA256:
		return "SCRAM-SHA-256"
	case SHA512:
		return "SCRAM-SHA-512"
	}
	return fmt.Sprintf("SCRAM mechanism %d", int8(m))
}

// Known says whether there is such a mechanism.
func (m Mechanism) Known() bool { return m == SHA256 || m == SHA512 }

// Hash is the mechanism's hash function.
func (m Mechanism) Hash() func() hash.Hash {
	if m == SHA512 {
		return sha512.New
	}
	return sha256.New
}

func (m Mechanism) size() int { return m.Hash()().Size() }

// Credential is what is kept of a password for one mechanism: enough to check
// who knows it, too little to be taken for someone who does (RFC 5802, 3).
type Credential struct {
	Salt       []byte `json:"salt"`
	Iterations int    `json:"iterations"`
	StoredKey  []byte `json:"stored_key"`
	ServerKey  []byte `json:"server_key"`
}

// NewCredential makes a credential of a password, with a new salt. The password
// is taken as its bytes are, as Kafka does (ScramFormatter.normalize), not
// prepared by SASLprep.
func NewCredential(m Mechanism, password string, iterations int) (Credential, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	salted, err := pbkdf2.Key(m.Hash(), password, salt, iterations, m.size())
	if err != nil {
		return Credential{}, err
	}
	return CredentialOf(m, salt, iterations, salted), nil
}

// CredentialOf makes a credential of a password that was salted already.
func CredentialOf(m Mechanism, salt []byte, iterations int, salted []byte) Credential {
	return Credential{Salt: salt, Iterations: iterations, StoredKey: storedKey(m, salted), ServerKey: keyed(m, salted, "Server Key")}
}

func storedKey(m Mechanism, salted []byte) []byte {
	h := m.Hash()()
	h.Write(keyed(m, salted, "Client Key"))
	return h.Sum(nil)
}

func keyed(m Mechanism, key []byte, text string) []byte {
	mac := hmac.New(m.Hash(), key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Check finds what is wrong with a credential for the mechanism.
func (c Credential) Check(m Mechanism) error {
	switch {
	case !m.Known():
		return fmt.Errorf("there is no %v", m)
	case len(c.Salt) == 0 || len(c.Salt) > mostSaltBytes:
		return fmt.Errorf("%v has a salt of %d bytes; there are 1 to %d", m, len(c.Salt), mostSaltBytes)
	case c.Iterations < MinIterations || c.Iterations > MaxIterations:
		return fmt.Errorf("%v has %d iterations; there are %d to %d", m, c.Iterations, MinIterations, MaxIterations)
	case len(c.StoredKey) != m.size() || len(c.ServerKey) != m.size():
		return fmt.Errorf("%v has keys of %d and %d bytes; both have %d", m, len(c.StoredKey), len(c.ServerKey), m.size())
	}
	return nil
}
