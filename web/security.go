package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"copyscope/internal/locale"
)

// contentPolicy allows this server's own files and nothing else: no inline
// script or style, no other host, no framing.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard refuses requests that a foreign page made a browser send.
type guard struct{ hosts map[string]bool }

// newGuard accepts the names under which a listener on addr is reached, and that of
// the public address. A numeric address is always accepted: DNS rebinding needs a
// name.
func newGuard(addr, public string) (*guard, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("web: address %q: %w; give host:port", addr, err)
	}
	g := &guard{hosts: map[string]bool{"localhost": true, strings.ToLower(host): true}}
	if public != "" {
		u, err := ParsePublic(public)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		g.hosts[strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")] = true
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			g.hosts[strings.ToLower(name)] = true
		}
	}
	return g, nil
}

func (g *guard) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		t := locale.New(requestLang(r))
		if !g.knows(r.Host) {
			http.Error(w, t.T("refused.host", "Host", oneLine(r.Host, nameShown)), http.StatusMisdirectedRequest)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" && !sameHost(origin, r.Host) {
			http.Error(w, t.T("refused.origin", "Origin", oneLine(origin, nameShown)), http.StatusForbidden)
			return
		}
		// A page computes. Other sites may link to it, but not have it computed
		// behind their visitors' backs, as an <img> would (Fetch Metadata, W3C). To a
		// browser a server at another port of this host is of the same site.
		if site := r.Header.Get("Sec-Fetch-Site"); (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			http.Error(w, t.T("refused.foreign"), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knows checks the Host header. The port is not compared: a forwarded port
// changes it and rebinding does not depend on it.
func (g *guard) knows(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return g.hosts[strings.TrimSuffix(host, ".")]
}

// sameHost says whether an Origin header names the very host and port that the
// request was sent to.
func sameHost(origin, hostport string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, hostport)
}

// ParsePublic reads the address under which a proxy has these pages: a scheme and a
// host, with a port or without one.
func ParsePublic(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("public address %.200q: give a scheme and a host, such as https://talk.example.org; pages are at the root of their host", address)
	}
	return u, nil
}

// local: these pages can be reached from this host alone. Behind a proxy a request
// that comes from this host may be anybody's.
func (s *Server) local() bool { return onLoopback(s.config.Addr) && !s.config.Fronted }

// onLoopback says whether a listener's address is this host's alone.
func onLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
