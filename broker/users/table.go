package users

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"encoding/binary"
	"maps"
	"slices"
)

// table is what is known of the users at one time. It is never changed.
type table struct {
	secret []byte
	users  map[string]map[Mechanism]Credential
	// like are, for each mechanism, what made up credentials look like: the
	// iterations and the length of the salt of each user's, by the user's name.
	like map[Mechanism][]shape
	most map[Mechanism]int // iterations of any
}

type shape struct{ iterations, salt int }

func newSecret() []byte {
	secret := make([]byte, secretBytes)
	rand.Read(secret)
	return secret
}

func newTable(secret []byte, users map[string]map[Mechanism]Credential) *table {
	t := &table{secret: secret, users: users, like: map[Mechanism][]shape{}, most: map[Mechanism]int{}}
	for _, name := range slices.Sorted(maps.Keys(users)) {
		for m, c := range users[name] {
			t.like[m] = append(t.like[m], shape{c.Iterations, len(c.Salt)})
		}
	}
	for _, m := range Mechanisms {
		if len(t.like[m]) == 0 {
			t.like[m] = []shape{{MinIterations, saltBytes}}
		}
		for _, l := range t.like[m] {
			t.most[m] = max(t.most[m], l.iterations)
		}
	}
	return t
}

// credential is the user's, or one that nobody's password fits. Both cost the
// same: one is made up in any case.
func (t *table) credential(m Mechanism, name string) (c Credential, known bool) {
	made := t.madeUp(m, name)
	if c, known = t.users[name][m]; known {
		return c, true
	}
	return made, false
}

// madeUp is always the same for a name, and looks like those of the users.
func (t *table) madeUp(m Mechanism, name string) Credential {
	random := func(of string, n int) []byte {
		var out []byte
		for i := byte(0); len(out) < n; i++ {
			mac := hmac.New(sha512.New, t.secret)
			mac.Write([]byte{byte(m), i, byte(len(of))})
			mac.Write([]byte(of))
			mac.Write([]byte(name))
			out = mac.Sum(out)
		}
		return out[:n]
	}
	like := t.like[m][binary.BigEndian.Uint64(random("shape", 8))%uint64(len(t.like[m]))]
	return Credential{Salt: random("salt", like.salt), Iterations: like.iterations, StoredKey: random("stored", m.size()), ServerKey: random("server", m.size())}
}
