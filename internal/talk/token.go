package talk

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Role is what a token lets one do.
type Role string

const (
	// Nobody may only look and answer.
	Nobody Role = ""
	// Presenter may drive.
	Presenter Role = "present"
	// Clicker may go on and back, freeze and darken, from a phone.
	Clicker Role = "clicker"
)

// Tokens are those of a room. The clicker's follows from the presenter's and does
// not give it away, so that a phone, or who looks at it, cannot do more.
type Tokens struct{ present, click string }

// NewTokens makes tokens from the presenter's.
func NewTokens(present string) Tokens {
	mac := hmac.New(sha256.New, []byte(present))
	mac.Write([]byte("clicker"))
	return Tokens{present, base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:15])}
}

// Present is the presenter's token.
func (t Tokens) Present() string { return t.present }

// Click is the clicker's token.
func (t Tokens) Click() string { return t.click }

// Role is what a token lets one do. The time that it takes tells nothing of the
// right ones.
func (t Tokens) Role(token string) Role {
	given := sha256.Sum256([]byte(token))
	is := func(right string) bool {
		sum := sha256.Sum256([]byte(right))
		return subtle.ConstantTimeCompare(given[:], sum[:]) == 1
	}
	present, click := is(t.present), is(t.click)
	switch {
	case present:
		return Presenter
	case click:
		return Clicker
	}
	return Nobody
}

// NewToken is a token that nobody guesses.
func NewToken() string { return rand.Text() }

// codeSigns are told apart when read aloud and from afar.
const codeSigns = "23456789abcdefghjkmnpqrstuvwxyz"

// codeLength gives 31⁶ ≈ 900 million codes. They are for convenience: who has one
// may look and answer, no more.
const codeLength = 6

// NewCode is a room's code.
func NewCode() string {
	code := make([]byte, 0, codeLength)
	var one [1]byte
	for len(code) < codeLength {
		rand.Read(one[:])
		if n := int(one[0]); n < 256/len(codeSigns)*len(codeSigns) {
			code = append(code, codeSigns[n%len(codeSigns)])
		}
	}
	return string(code)
}

// KnownCode says whether a text has a code's form.
func KnownCode(code string) bool {
	if len(code) != codeLength {
		return false
	}
	for _, c := range code {
		if !strings.ContainsRune(codeSigns, c) {
			return false
		}
	}
	return true
}

// Tries bounds how often a wrong token is tried from one address.
type Tries struct {
	mu   sync.Mutex
	from map[string]*rate.Limiter
}

// Five tries at once, then one in six seconds; addresses beyond mostAddresses
// begin anew, so that they cost no more memory.
const (
	triesAtOnce   = 5
	tryEvery      = 6 * time.Second
	mostAddresses = 4096
)

// Wait is how long an address has to wait before its next try; 0: it may now, and
// Wrong is to be called if the token was wrong.
func (t *Tries) Wait(from string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.from[from]
	if l == nil || l.TokensAt(now) >= 1 {
		return 0
	}
	return time.Duration((1 - l.TokensAt(now)) * float64(tryEvery))
}

// Wrong notes a wrong token.
func (t *Tries) Wrong(from string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.from == nil || len(t.from) >= mostAddresses {
		t.from = map[string]*rate.Limiter{}
	}
	l := t.from[from]
	if l == nil {
		l = rate.NewLimiter(rate.Every(tryEvery), triesAtOnce)
		t.from[from] = l
	}
	l.AllowN(now, 1)
}
