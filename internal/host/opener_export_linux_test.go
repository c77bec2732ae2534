package host

import "io"

// Opener reads the plaintext of a stream of records that this kernel makes.
func (m *Measured) Opener(r io.Reader) io.Reader { return newOpener(m.tls(), r) }
