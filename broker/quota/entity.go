package quota

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"unicode/utf8"
)

// The types of entities (ClientQuotaEntity.java).
const (
	TypeUser     = "user"
	TypeClientID = "client-id"
	TypeIP       = "ip"
)

// ErrInvalid is what a quota that cannot be is refused with.
var ErrInvalid = errors.New("invalid quota")

// mostNameBytes bounds the name of a user or a client in a quota.
const mostNameBytes = 1024

// Name is one part of an entity: the default of its type or a name. The zero
// value is no part.
type Name struct {
	present, named bool
	text           string
}

// Default stands for all that have no quota by name.
func Default() Name { return Name{present: true} }

// Named is a part with a name.
func Named(text string) Name { return Name{present: true, named: true, text: text} }

// Pointer is the name as Kafka's messages have it: nil is the default.
func (n Name) Pointer() *string {
	if !n.named {
		return nil
	}
	return &n.text
}

func nameOf(text *string) Name {
	if text == nil {
		return Default()
	}
	return Named(*text)
}

func (n Name) compare(m Name) int {
	rank := func(n Name) int {
		switch {
		case !n.present:
			return 0
		case !n.named:
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(n), rank(m)), cmp.Compare(n.text, m.text))
}

// Entity is whom a quota is for: users, clients by what they call themselves,
// both, or addresses.
type Entity struct{ User, ClientID, IP Name }

// Part is a part of an entity as requests name it.
type Part struct {
	Type string
	Name *string // nil is the default
}

// EntityOf makes an entity of its parts, or says with [ErrInvalid] why it is none
// (ClientQuotaControlManager.validateEntity, configKeysForEntityType).
//
// An address is IPv4 or IPv6 in text. Kafka takes a host's name too, and asks for
// its address when it is set.
func EntityOf(parts []Part) (Entity, error) {
	var e Entity
	for _, p := range parts {
		at := e.part(p.Type)
		switch {
		case at == nil:
			return e, fmt.Errorf("%w: unhandled client quota entity type: %.100q", ErrInvalid, p.Type)
		case at.present:
			return e, fmt.Errorf("%w: client quota entity with two parts of type %s", ErrInvalid, p.Type)
		case p.Name != nil && *p.Name == "":
			return e, fmt.Errorf("%w: empty %s not supported", ErrInvalid, p.Type)
		}
		*at = nameOf(p.Name)
	}
	return e, e.check()
}

func (e *Entity) part(kind string) *Name {
	switch kind {
	case TypeUser:
		return &e.User
	case TypeClientID:
		return &e.ClientID
	case TypeIP:
		return &e.IP
	}
	return nil
}

// check finds what is wrong with the parts together, and brings an address into
// the form in which connections have theirs.
func (e *Entity) check() error {
	switch others := e.User.present || e.ClientID.present; {
	case !others && !e.IP.present:
		return fmt.Errorf("%w: empty client quota entity", ErrInvalid)
	case others && e.IP.present:
		return fmt.Errorf("%w: an ip entity goes with neither user nor client-id", ErrInvalid)
	}
	for _, p := range e.Parts() {
		if p.Name == nil {
			continue
		}
		if err := checkName(*p.Name); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrInvalid, p.Type, err)
		}
	}
	if e.IP.named {
		ip, ok := address(e.IP.text)
		if !ok {
			return fmt.Errorf("%w: %.100q is not a valid IP", ErrInvalid, e.IP.text)
		}
		e.IP = Named(ip)
	}
	return nil
}

// address is an address in the form in which connections have theirs.
func address(text string) (ip string, ok bool) {
	at, err := netip.ParseAddr(text)
	return at.Unmap().String(), err == nil && at.Zone() == ""
}

// checkName: the file is JSON, which has only what is UTF-8.
func checkName(name string) error {
	if len(name) > mostNameBytes {
		return fmt.Errorf("the name %.40q… has %d bytes; give one of at most %d", name, len(name), mostNameBytes)
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("the name %.100q is no UTF-8", name)
	}
	return nil
}

// Parts are those that the entity has.
func (e Entity) Parts() (parts []Part) {
	for _, kind := range []string{TypeUser, TypeClientID, TypeIP} {
		if n := *e.part(kind); n.present {
			parts = append(parts, Part{kind, n.Pointer()})
		}
	}
	return parts
}

// String is the entity for the log.
func (e Entity) String() (s string) {
	for _, p := range e.Parts() {
		name := "<default>"
		if p.Name != nil {
			name = strconv.Quote(*p.Name)
		}
		if s != "" {
			s += " "
		}
		s += p.Type + " " + name
	}
	return s
}

func (e Entity) compare(f Entity) int {
	return cmp.Or(e.IP.compare(f.IP), e.User.compare(f.User), e.ClientID.compare(f.ClientID))
}
