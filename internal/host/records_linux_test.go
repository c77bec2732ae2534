package host_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"copyscope/internal/host"
)

// The records are those of TLS 1.3: RFC 8448, section 3, has the server's second
// record under its application keys, with the bytes 0 to 49.
func TestRecordsAreThoseOfTheRFC(t *testing.T) {
	key := [16]byte(unhex(t, "9f 02 28 3b 6c 9c 07 ef c2 6b b9 f2 ac 92 e3 56"))
	iv := [12]byte(unhex(t, "cf 78 2b 88 dd 83 54 9a ad f1 e9 84"))
	plain := make([]byte, 50)
	for i := range plain {
		plain[i] = byte(i)
	}
	want := unhex(t, `17 03 03 00 43 2e 93 7e 11 ef 4a c7 40 e5 38 ad 36 00 5f c4 a4
		69 32 fc 32 25 d0 5f 82 aa 1b 36 e3 0e fa f9 7d 90 e6 df fc 60
		2d cb 50 1a 59 a8 fc c4 9c 4b f2 e5 f0 a2 1c 00 47 c2 ab f3 32
		54 0d d0 32 e1 67 c2 95 5d`)
	if got := host.Sealed(key, iv, 1, plain); !bytes.Equal(got, want) {
		t.Errorf("the record is\n%x, want\n%x", got, want)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
