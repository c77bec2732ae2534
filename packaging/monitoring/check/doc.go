// Package check holds the rules and the dashboard beside it to Prometheus: its parser
// of rules and of PromQL, its engine, and the names and labels that copyscope exports.
// It is a module of its own, so that nothing of Prometheus' server comes into the
// product's go.mod. From this folder (the files are outside of the module, so a cached
// result would not notice that they changed):
//
//	go test -count=1 ./...
package check
