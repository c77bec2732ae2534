// Package scenarios holds the scenarios that are shipped.
package scenarios

import "embed"

// Files are the shipped scenarios, NAME.yaml each.
//
//go:embed *.yaml
var Files embed.FS
