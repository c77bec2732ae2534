package copyprofile

import "golang.org/x/sys/unix"

const dup2 = unix.SYS_DUP2
