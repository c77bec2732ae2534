// Package packaging holds what a service manager is given; docs/systemd.md explains
// it. The tests hold the units to what systemd says of them. monitoring has what
// Prometheus and Grafana are given (docs/monitoring.md).
package packaging
