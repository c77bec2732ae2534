package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"copyscope/broker"
)

// brokerSettings is what a configuration file says of the broker: its
// configuration but for the certificate, and where that is.
type brokerSettings struct {
	broker.Config
	keystore keystore
	security securitySettings
}

// keystore is Kafka's ssl.keystore.*, in its PEM form (KIP-651): a file with
// certificate and key, or both inline.
type keystore struct {
	location, chain, key string
}

// setters are the settings that are no defaults of topics, under Kafka's names
// but for our own, copyscope.*. What each does is in docs/broker.md.
var setters = map[string]func(s *brokerSettings, value string) error{
	"listeners": func(s *brokerSettings, value string) (err error) {
		s.Listen, s.TLSListen, s.security.listeners, err = listenersOf(value)
		return err
	},
	"advertised.listeners": func(s *brokerSettings, value string) (err error) {
		s.Advertised, s.TLSAdvertised, s.security.advertised, err = listenersOf(value)
		return err
	},
	"log.dir":                          directory,
	"log.dirs":                         directory,
	"max.connections":                  whole(1, math.MaxInt32, func(s *brokerSettings, n int64) { s.MaxConnections = int(n) }),
	"max.connections.per.ip":           whole(1, math.MaxInt32, func(s *brokerSettings, n int64) { s.MaxConnectionsPerIP = int(n) }),
	"max.connections.per.ip.overrides": addressLimits,
	"socket.request.max.bytes":         whole(1, math.MaxInt32, func(s *brokerSettings, n int64) { s.MaxFrameBytes = int(n) }),
	"queued.max.request.bytes":         whole(1, math.MaxInt64, func(s *brokerSettings, n int64) { s.MaxInFlightBytes = int(n) }),
	"connections.max.idle.ms":          whole(1, math.MaxInt64/int64(time.Millisecond), func(s *brokerSettings, n int64) { s.MaxIdle = time.Duration(n) * time.Millisecond }),
	"copyscope.events.per.second":      whole(1, 1e6, func(s *brokerSettings, n int64) { s.EventsPerSecond = int(n) }),
	"node.id":                          fixed("1", "there is one broker, and its number is 1"),
	"broker.id":                        fixed("1", "there is one broker, and its number is 1"),
	"ssl.keystore.type":                fixed("PEM", "write PEM; Java's own key stores are not read (keytool and openssl convert them)"),
	"ssl.key.password":                 fixed("", "encrypted keys are not served; decrypt it (openssl pkey) into a file that only this user can read"),
	"ssl.keystore.location":            func(s *brokerSettings, value string) error { s.keystore.location = value; return nil },
	"ssl.keystore.certificate.chain": func(s *brokerSettings, value string) error {
		s.keystore.chain = value
		return nil
	},
	"ssl.keystore.key": func(s *brokerSettings, value string) error { s.keystore.key = value; return nil },
}

// settingNames are all names that a file may hold, sorted.
func settingNames() (names []string) {
	for name := range setters {
		names = append(names, name)
	}
	for _, p := range broker.Properties() {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

// mostFileErrors bounds how much is told of a file at a time.
const mostFileErrors = 50

// settings reads what the file says. Every error names file, line, name, value
// and what to do. What is wrong with single lines is told of all together: a file of
// Kafka's has many that are no settings here.
func (f propertyFile) settings() (s brokerSettings, err error) {
	names := settingNames()
	s.Defaults = broker.Defaults{}
	var wrong []error
	for _, p := range f.all {
		if len(wrong) == mostFileErrors {
			wrong = append(wrong, fmt.Errorf("%s: what is wrong behind line %d is not looked at yet", f.path, p.line-1))
			break
		}
		if err := s.take(p, names); err != nil {
			wrong = append(wrong, f.wrong(p, err))
		}
	}
	if len(wrong) > 0 {
		return s, errors.Join(wrong...)
	}
	if err := s.Defaults.CheckTogether(); err != nil {
		return s, fmt.Errorf("%s: %w", f.path, err)
	}
	if err := s.loadCertificate(f); err != nil {
		return s, err
	}
	if err := s.settleSecurity(f); err != nil {
		return s, err
	}
	return s, nil
}

// take sets what one line says.
func (s *brokerSettings) take(p property, names []string) error {
	if set, own := setters[p.name]; own {
		return set(s, p.value)
	}
	if slices.Contains(names, p.name) {
		s.Defaults[p.name] = p.value
		return broker.Defaults{p.name: p.value}.Check()
	}
	return noSetting(p.name, names)
}

// noSetting says what a name is that is no setting here: one of Kafka's, with why the
// broker lacks it, or a slip.
func noSetting(name string, names []string) error {
	named, family := broker.WhyAbsent(name)
	switch {
	case named != "":
		return fmt.Errorf("it is Kafka's setting, and none of copyscope's: %s; remove the line", named)
	case family != "": // before a guess: what is near may be another group's
		return fmt.Errorf("of this family of Kafka's settings copyscope has none: %s; remove the line", family)
	}
	if meant := nearest(name, names); meant != "" {
		return fmt.Errorf("there is no such setting%s docs/broker.md lists all", meant)
	}
	return errors.New("there is no such setting; remove it; docs/broker.md lists all")
}

// find is the entry of a name.
func (f propertyFile) find(name string) property {
	i := slices.IndexFunc(f.all, func(p property) bool { return p.name == name })
	if i < 0 {
		return property{name: name}
	}
	return f.all[i]
}

// loadCertificate reads what ssl.keystore.* names, if it names anything.
func (s *brokerSettings) loadCertificate(f propertyFile) (err error) {
	k := s.keystore
	switch {
	case k.location != "":
		if k.chain != "" || k.key != "" {
			return f.wrong(f.find("ssl.keystore.location"), errors.New("there is a certificate in the file and one inline; give one of them"))
		}
		if f.find("ssl.keystore.type").value == "" {
			return f.wrong(f.find("ssl.keystore.location"), errors.New("the default type, as with Kafka, is JKS, which is not read; write ssl.keystore.type=PEM and name a PEM file with the key and its chain"))
		}
		if s.Certificate, err = broker.LoadCertificate(k.location, k.location); err != nil {
			return f.wrong(f.find("ssl.keystore.location"), err)
		}
	case k.chain != "" && k.key != "":
		if s.Certificate, err = broker.ParseCertificate(unfolded(k.chain), unfolded(k.key)); err != nil {
			return f.wrong(f.find("ssl.keystore.certificate.chain"), err)
		}
	case k.chain != "" || k.key != "":
		return fmt.Errorf("%s: ssl.keystore.certificate.chain and ssl.keystore.key belong together; give both", f.path)
	}
	return nil
}

// unfolded gives PEM its lines back: continued over lines, a value in the file
// has lost them.
func unfolded(text string) []byte {
	return []byte(strings.TrimSpace(pemMark.ReplaceAllString(text, "\n$0\n")))
}

var pemMark = regexp.MustCompile(`-----(BEGIN|END) [A-Z0-9 ]+-----`)

// listenersOf cuts PLAINTEXT://host:port,SSL://host:port, either of which may
// ask for SASL.
func listenersOf(value string) (plain, sealed string, protocols map[string]bool, err error) {
	protocols = map[string]bool{}
	for _, one := range strings.Split(value, ",") {
		protocol, address, ok := strings.Cut(strings.TrimSpace(one), "://")
		if !ok {
			return "", "", nil, fmt.Errorf("%.100q is no listener; write PLAINTEXT://host:port or SSL://host:port, or SASL_ before either, with a comma between them", one)
		}
		if _, port, err := net.SplitHostPort(address); err != nil {
			return "", "", nil, fmt.Errorf("%.100q: %w; write host:port after ://", one, err)
		} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", "", nil, fmt.Errorf("%.100q: port %.20q is not a number from 0 to 65535", one, port)
		}
		to := &plain
		switch strings.ToUpper(protocol) {
		case "PLAINTEXT", "SASL_PLAINTEXT":
		case "SSL", "SASL_SSL":
			to = &sealed
		default:
			return "", "", nil, fmt.Errorf("there is no protocol %.100q here; PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL are served", protocol)
		}
		if *to != "" {
			return "", "", nil, fmt.Errorf("there are two listeners of protocol %s, with SASL or without; one in plaintext and one with TLS is served", protocol)
		}
		protocols[strings.ToLower(protocol)] = true
		*to = address
	}
	return plain, sealed, protocols, nil
}

func directory(s *brokerSettings, value string) error {
	switch {
	case value == "":
		return errors.New("name a directory")
	case strings.Contains(value, ","):
		return errors.New("one directory is served; name one")
	case s.Dir != "":
		return errors.New("log.dir and log.dirs both name the directory; remove one")
	}
	s.Dir = value
	return nil
}

// whole takes a whole number from least to most.
func whole(least, most int64, set func(*brokerSettings, int64)) func(*brokerSettings, string) error {
	return func(s *brokerSettings, value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < least || n > most {
			return fmt.Errorf("write a whole number from %d to %d", least, most)
		}
		set(s, n)
		return nil
	}
}

// fixed takes one value.
func fixed(only, remedy string) func(*brokerSettings, string) error {
	return func(_ *brokerSettings, value string) error {
		if !strings.EqualFold(value, only) {
			return errors.New(remedy)
		}
		return nil
	}
}

// certificateOf reads the two files of the flags.
func certificateOf(cert, key string) (*tls.Certificate, error) {
	if cert == "" || key == "" {
		return nil, &usageError{errors.New("--kafka-tls-cert and --kafka-tls-key belong together; give both")}
	}
	for _, path := range []string{cert, key} {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("--kafka-tls-cert, --kafka-tls-key: %w", err)
		}
	}
	return broker.LoadCertificate(cert, key)
}

// addressLimits reads Kafka's max.connections.per.ip.overrides: ADDRESS:NUMBER,
// separated by commas. Kafka takes names of hosts too.
func addressLimits(s *brokerSettings, value string) error {
	s.MaxConnectionsByIP = map[netip.Addr]int{}
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		colon := max(0, strings.LastIndex(part, ":"))
		ip, err := netip.ParseAddr(strings.Trim(part[:colon], "[]"))
		n, bad := strconv.ParseUint(strings.TrimPrefix(part[colon:], ":"), 10, 31)
		if err != nil || bad != nil {
			return fmt.Errorf("%.100q is no address with its number of connections; write them as 192.0.2.1:100,2001:db8::1:50", part)
		}
		s.MaxConnectionsByIP[ip.Unmap()] = int(n)
	}
	return nil
}
