package main

import (
	"log/slog"
	"strings"

	"github.com/spf13/pflag"

	"copyscope/internal/kafkalogin"
)

// loginFlags are the flags by which this program comes in at a cluster.
type loginFlags struct{ kafkalogin.Login }

// theLogin are their names.
var theLogin = []string{"kafka-tls", "kafka-ca", "kafka-user", "kafka-mechanism", "kafka-password-file"}

// register adds them, for a cluster that is called so.
func (f *loginFlags) register(flags *pflag.FlagSet, cluster string) {
	flags.BoolVar(&f.TLS, "kafka-tls", false, "reach "+cluster+" over TLS")
	flags.StringVar(&f.CA, "kafka-ca", "", "PEM file with the authorities of the brokers' certificates (default: this host's); turns TLS on")
	flags.StringVar(&f.User, "kafka-user", "", "user at "+cluster+", by SASL")
	flags.StringVar(&f.PasswordFile, "kafka-password-file", "", "file whose only line is the user's password (default: the environment's "+kafkalogin.PasswordVariable+")")
	flags.StringVar(&f.Mechanism, "kafka-mechanism", kafkalogin.Mechanisms()[0], "SASL mechanism: "+strings.Join(kafkalogin.Mechanisms(), ", "))
}

// read reads the files that they name.
func (f *loginFlags) read(log *slog.Logger) (kafkalogin.Known, error) {
	known, err := f.Read()
	if err != nil {
		return known, &usageError{err}
	}
	if known.Exposed() {
		log.Warn("the password goes to the cluster as it is, for whoever sees the connection; give --kafka-tls, or a SCRAM mechanism")
	}
	return known, nil
}

// changed are those of some flags that were given, as they are written.
func changed(flags *pflag.FlagSet, names []string) (given []string) {
	for _, name := range names {
		if flags.Changed(name) {
			given = append(given, "--"+name)
		}
	}
	return given
}
