package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"copyscope/broker"
)

// securitySettings are what a configuration file says of how clients say who
// they are, as it says it.
type securitySettings struct {
	listeners  map[string]bool // the protocols of the listeners: plaintext, sasl_ssl …
	advertised map[string]bool
	mechanisms map[string][]string
	clientAuth map[string]broker.ClientAuth
	truststore truststore
}

// truststore is Kafka's ssl.truststore.*, in its PEM form (KIP-651).
type truststore struct{ location, certificates string }

// defaultMechanisms are those of a SASL listener that names none. Kafka's
// default, GSSAPI, is not served; PLAIN is for who asks for it.
var defaultMechanisms = []string{"SCRAM-SHA-512", "SCRAM-SHA-256"}

func init() {
	maps.Copy(setters, map[string]func(*brokerSettings, string) error{
		"sasl.enabled.mechanisms":                              mechanismsOf(""),
		"listener.name.sasl_plaintext.sasl.enabled.mechanisms": mechanismsOf("sasl_plaintext"),
		"listener.name.sasl_ssl.sasl.enabled.mechanisms":       mechanismsOf("sasl_ssl"),
		"ssl.client.auth":                                      clientAuthOf(""),
		"listener.name.ssl.ssl.client.auth":                    clientAuthOf("ssl"),
		"listener.name.sasl_ssl.ssl.client.auth":               clientAuthOf("sasl_ssl"),
		"ssl.truststore.type":                                  fixed("PEM", "write PEM; Java's own trust stores are not read (keytool and openssl convert them)"),
		"ssl.truststore.location": func(s *brokerSettings, value string) error {
			s.security.truststore.location = value
			return nil
		},
		"ssl.truststore.certificates": func(s *brokerSettings, value string) error {
			s.security.truststore.certificates = value
			return nil
		},
		"connections.max.reauth.ms": whole(0, math.MaxInt64/int64(time.Millisecond), func(s *brokerSettings, n int64) { s.MaxReauth = time.Duration(n) * time.Millisecond }),
	})
}

func mechanismsOf(listener string) func(*brokerSettings, string) error {
	return func(s *brokerSettings, value string) error {
		all, err := mechanisms(value)
		if s.security.mechanisms == nil {
			s.security.mechanisms = map[string][]string{}
		}
		s.security.mechanisms[listener] = all
		return err
	}
}

// mechanisms cuts a list with commas.
func mechanisms(value string) (all []string, err error) {
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.ToUpper(strings.TrimSpace(name)); name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("name mechanisms, such as %s", strings.Join(defaultMechanisms, ","))
	}
	return all, broker.Security{SASL: all}.CheckMechanisms()
}

func clientAuthOf(listener string) func(*brokerSettings, string) error {
	return func(s *brokerSettings, value string) error {
		auth, err := clientAuth(value)
		if s.security.clientAuth == nil {
			s.security.clientAuth = map[string]broker.ClientAuth{}
		}
		s.security.clientAuth[listener] = auth
		return err
	}
}

func clientAuth(value string) (broker.ClientAuth, error) {
	switch a := broker.ClientAuth(strings.ToLower(value)); a {
	case broker.ClientAuthNone, broker.ClientAuthRequested, broker.ClientAuthRequired:
		return a, nil
	}
	return "", errors.New("write none, requested or required")
}

// settleSecurity makes of the file's words what the broker is opened with.
func (s *brokerSettings) settleSecurity(f propertyFile) (err error) {
	w := s.security
	for protocol := range w.advertised {
		if w.listeners != nil && !w.listeners[protocol] {
			return f.wrong(f.find("advertised.listeners"), fmt.Errorf("there is no listener of protocol %s; advertise those that listeners names", strings.ToUpper(protocol)))
		}
	}
	for listener, to := range map[string]*[]string{"sasl_plaintext": &s.SASL, "sasl_ssl": &s.TLSSASL} {
		own, named := w.mechanisms[listener]
		switch {
		case !w.listeners[listener] && named:
			return f.wrong(f.find("listener.name."+listener+".sasl.enabled.mechanisms"), fmt.Errorf("there is no listener of protocol %s; add one to listeners, or remove this", strings.ToUpper(listener)))
		case !w.listeners[listener]:
		case named:
			*to = own
		case w.mechanisms[""] != nil:
			*to = w.mechanisms[""]
		default:
			*to = defaultMechanisms
		}
	}
	if len(s.SASL)+len(s.TLSSASL) == 0 && w.mechanisms[""] != nil {
		return f.wrong(f.find("sasl.enabled.mechanisms"), errors.New("no listener asks for SASL; write SASL_PLAINTEXT://host:port or SASL_SSL://host:port among listeners, or remove this"))
	}
	listener, other := "ssl", "sasl_ssl"
	if w.listeners["sasl_ssl"] {
		listener, other = other, listener
	}
	if _, named := w.clientAuth[other]; named {
		return f.wrong(f.find("listener.name."+other+".ssl.client.auth"), fmt.Errorf("there is no listener of protocol %s; add one to listeners, or remove this", strings.ToUpper(other)))
	}
	general, own := w.clientAuth[""], w.clientAuth[listener]
	switch {
	case own != "":
		s.ClientAuth = own
	case listener == "sasl_ssl" && general != "" && general != broker.ClientAuthNone:
		// Kafka ignores it there, with a line in the log (KIP-684).
		return f.wrong(f.find("ssl.client.auth"), errors.New("it is not for SASL_SSL listeners; write listener.name.sasl_ssl.ssl.client.auth"))
	default:
		s.ClientAuth = general
	}
	return s.loadAuthorities(f)
}

// loadAuthorities reads what ssl.truststore.* names, if it names anything.
func (s *brokerSettings) loadAuthorities(f propertyFile) (err error) {
	t := s.security.truststore
	switch {
	case t.location != "" && t.certificates != "":
		return f.wrong(f.find("ssl.truststore.location"), errors.New("there are certificates in the file and some inline; give one of them"))
	case t.location != "":
		if f.find("ssl.truststore.type").value == "" {
			return f.wrong(f.find("ssl.truststore.location"), errors.New("the default type, as with Kafka, is JKS, which is not read; write ssl.truststore.type=PEM and name a PEM file with the authorities' certificates"))
		}
		if s.ClientCAs, err = broker.LoadAuthorities(t.location); err != nil {
			return f.wrong(f.find("ssl.truststore.location"), err)
		}
	case t.certificates != "":
		if s.ClientCAs, err = broker.ParseAuthorities(unfolded(t.certificates)); err != nil {
			return f.wrong(f.find("ssl.truststore.certificates"), err)
		}
	}
	return nil
}
