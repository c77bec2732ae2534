// Command fileserver serves one folder over HTTP in one of two ways that look
// alike: `copy` hands file and connection to io.Copy, which finds sendfile by
// their ReadFrom; `buffer` hides ReadFrom behind a wrapper, as many a middleware
// does, and every byte passes through a buffer of this process.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// bufferBytes is the piece in which hidden copies go.
const bufferBytes = 64 << 10

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to serve at")
	dir := flag.String("dir", ".", "folder to serve")
	way := flag.String("way", "copy", "copy or buffer")
	flag.Parse()
	send, ok := map[string]func(http.ResponseWriter, *os.File) error{"copy": sendByCopy, "buffer": sendByBuffer}[*way]
	if !ok {
		log.Fatalf("--way %s: it is copy or buffer", *way)
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("serving", l.Addr())
	log.Fatal(http.Serve(l, handler(*dir, send)))
}

func handler(dir string, send func(http.ResponseWriter, *os.File) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(filepath.Join(dir, filepath.Clean("/"+r.URL.Path)))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() {
			http.Error(w, "no file", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
		w.Header().Set("Content-Type", "application/octet-stream")
		if err := send(w, f); err != nil {
			log.Print(err)
		}
	})
}

//go:noinline
func sendByCopy(w http.ResponseWriter, f *os.File) error {
	_, err := io.Copy(w, f)
	return err
}

// sendByBuffer hides what either end could do by itself: the connection's
// ReadFrom and the file's WriteTo.
//
//go:noinline
func sendByBuffer(w http.ResponseWriter, f *os.File) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{f}, make([]byte, bufferBytes))
	return err
}
