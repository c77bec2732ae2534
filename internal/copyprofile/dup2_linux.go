//go:build !amd64

package copyprofile

// dup2 is no call of newer architectures, whose C libraries use dup3(2).
const dup2 = -1
