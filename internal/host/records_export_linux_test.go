package host

import "copyscope/internal/transfer"

// Sealed makes the records of plain, the first of them the seq-th under these
// keys.
func Sealed(key [16]byte, iv [12]byte, seq uint64, plain []byte) []byte {
	s := sealer{keys: tlsKeysOf(key, iv), seq: seq}
	dst := make([]byte, transfer.TLSBound(len(plain)))
	return dst[:s.seal(dst, plain)]
}
