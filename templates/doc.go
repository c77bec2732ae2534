// Package templates renders pages. It is given values and fetches nothing;
// every word comes from a translator. The Go files that templ generates are
// committed, so that a build needs no generator.
package templates
