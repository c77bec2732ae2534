// Command kfake serves franz-go's fake Kafka cluster, one broker that holds all in
// memory, at an address of loopback until it is asked to end by SIGTERM.
//
//	kfake -port 9092 [-cert FILE -key FILE]
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	port := flag.Int("port", 0, "`port` of 127.0.0.1; 0 takes a free one")
	cert := flag.String("cert", "", "PEM `file` of the certificate; with it clients come over TLS")
	key := flag.String("key", "", "PEM `file` of its private key")
	flag.Parse()
	if err := serve(*port, *cert, *key); err != nil {
		fmt.Fprintln(os.Stderr, "kfake:", err)
		os.Exit(1)
	}
}

func serve(port int, cert, key string) error {
	options := []kfake.Opt{kfake.NumBrokers(1), kfake.Ports(port)}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return err
		}
		options = append(options, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}))
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return err
	}
	defer cluster.Close()
	fmt.Println("serving", cluster.ListenAddrs()[0])
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	<-asked
	return nil
}
