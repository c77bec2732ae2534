// Fileserver sends a file to whoever connects: "copying" through a buffer of its own,
// "lending" as io.Copy does it, by sendfile.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go serve(c)
	}
}

func serve(c net.Conn) {
	defer c.Close()
	f, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if os.Args[2] == "lending" {
		copyPlain(c, f)
		return
	}
	copyThrough(c, f)
}

//go:noinline
func copyPlain(c net.Conn, f *os.File) {
	io.Copy(c, f)
}

// copyThrough hides the methods by which io.CopyBuffer would let the kernel do it.
//
//go:noinline
func copyThrough(c net.Conn, f *os.File) {
	io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{f}, make([]byte, 64<<10))
}
