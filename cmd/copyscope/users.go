package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"copyscope/broker"
	"copyscope/broker/users"
	"copyscope/broker/vfs"
	"copyscope/internal/kafkalogin"
)

func usersCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "users",
		Short: "Add, list and remove the users who may connect to the broker by SASL",
		Long: `Changes who may connect to a broker whose listeners ask for SASL. Users are kept
in the data directory, in users.json, with salted credentials for SCRAM-SHA-256
and SCRAM-SHA-512; passwords are not kept. PLAIN is checked with the same ones.

add and remove need the directory of a broker that is stopped. Users of a running
one are changed through it, by kafka-configs.sh for example (docs/broker.md).`,
		Example: `  copyscope users add alice --data ./records --password-file alice.txt
  head -c 24 /dev/urandom | base64 | tee alice.txt | copyscope users add alice --data ./records
  copyscope users list --data ./records
  copyscope users remove alice --data ./records`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return &usageError{fmt.Errorf("name what to do: add, list or remove\nsee: %s --help", c.CommandPath())}
		},
	}
	c.PersistentFlags().StringVar(&data, "data", "", "the broker's data directory (needed)")
	c.AddCommand(usersAddCommand(&data), usersListCommand(&data), usersRemoveCommand(&data))
	return c
}

func usersAddCommand(data *string) *cobra.Command {
	var file string
	var iterations int
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, or give one a new password",
		Long: `Adds a user, or gives one a new password. The password is the only line of
--password-file or of the standard input, where a terminal asks for it. It is no
argument, as others on this host can see those.`,
		Args:              userName,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			if iterations < users.MinIterations || iterations > users.MaxIterations {
				return &usageError{fmt.Errorf("--iterations %d: write a number from %d to %d", iterations, users.MinIterations, users.MaxIterations)}
			}
			return editUsers(*data, func(store *users.Store) error {
				password, err := readPassword(c, file)
				if err != nil {
					return err
				}
				var changes []users.Change
				for _, m := range users.Mechanisms {
					made, err := users.NewCredential(m, password, iterations)
					if err != nil {
						return err
					}
					changes = append(changes, users.Change{Name: args[0], Mechanism: m, New: &made})
				}
				return store.Alter(changes...)
			})
		},
	}
	c.Flags().StringVar(&file, "password-file", "", "file whose only line is the password (default: the standard input)")
	c.Flags().IntVar(&iterations, "iterations", users.MinIterations, "how often the password is hashed, for clients and for who tries to guess it")
	return c
}

func usersListCommand(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the users and their mechanisms",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkDataFlag(*data); err != nil {
				return err
			}
			if _, err := os.Stat(*data); err != nil {
				return fmt.Errorf("--data: %w", err)
			}
			store, err := users.Open(vfs.OS, *data) // the file is replaced as a whole, so a broker may be running
			if err != nil {
				return err
			}
			out := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, u := range store.Users() {
				fmt.Fprint(out, u.Name)
				for _, m := range slices.Sorted(maps.Keys(u.Iterations)) {
					fmt.Fprintf(out, "\t%v iterations=%d", m, u.Iterations[m])
				}
				fmt.Fprintln(out)
			}
			return out.Flush()
		},
	}
}

func usersRemoveCommand(data *string) *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME",
		Short:             "Remove a user",
		Args:              userName,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			return editUsers(*data, func(store *users.Store) error {
				var changes []users.Change
				for _, u := range store.Users() {
					for m := range u.Iterations {
						if u.Name == args[0] {
							changes = append(changes, users.Change{Name: u.Name, Mechanism: m})
						}
					}
				}
				if changes == nil {
					return fmt.Errorf("there is no user %q; copyscope users list --data %s names all", args[0], *data)
				}
				return store.Alter(changes...)
			})
		},
	}
}

// editUsers opens the users of a broker that is stopped.
func editUsers(data string, edit func(*users.Store) error) error {
	if err := checkDataFlag(data); err != nil {
		return err
	}
	store, lock, err := broker.OpenUsers(data)
	if err != nil {
		return err
	}
	return errors.Join(edit(store), lock.Close())
}

func checkDataFlag(data string) error {
	if data == "" {
		return &usageError{errors.New("name the broker's data directory with --data")}
	}
	return nil
}

// userName takes one name, and nothing that could be a password.
func userName(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{fmt.Errorf("%s takes one name, got %d arguments; a password is no argument, see: %s --help", c.CommandPath(), len(args), c.CommandPath())}
	}
	if err := users.CheckName(args[0]); err != nil {
		return &usageError{err}
	}
	return nil
}

// readPassword reads the only line of the file, or of the standard input.
func readPassword(c *cobra.Command, file string) (string, error) {
	from, name := c.InOrStdin(), "the standard input"
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
		defer f.Close()
		from, name = f, file
	}
	var text []byte
	var err error
	if in, ok := from.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprint(c.ErrOrStderr(), "password: ")
		text, err = term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(c.ErrOrStderr())
	} else {
		text, err = io.ReadAll(io.LimitReader(from, kafkalogin.MostPasswordText))
	}
	if err != nil {
		return "", fmt.Errorf("the password, from %s: %w", name, err)
	}
	return kafkalogin.PasswordOf(text, name)
}
