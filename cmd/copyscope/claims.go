package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"copyscope/internal/claim"
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

// claimFlags are the flags of every claim, as they were typed.
type claimFlags struct {
	json, quick             bool
	csv, dir, rate, profile string
}

func claimsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "claims",
		Short: "Measure on this host what people say of zero copy",
		Long: `Each of the subcommands measures one claim on this host, in less than a minute or
so: what switches cost, how much faster sendfile is, what a neighbour notices,
what is left over of a processor, whether the model is right. Tables, a sentence
that says what they mean here, and every round as CSV or JSON.`,
		Example: `  copyscope claims speedup
  copyscope claims switches --json
  copyscope claims headroom --csv rounds.csv`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return &usageError{fmt.Errorf("unknown claim %q%s\nuse one of %s", args[0], nearest(args[0], claim.Names()), strings.Join(claim.Names(), ", "))}
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, one := range claim.Claims() {
		c.AddCommand(claimCommand(one))
	}
	c.AddCommand(claimWorkerCommand())
	return c
}

func claimCommand(one claim.Claim) *cobra.Command {
	var f claimFlags
	c := &cobra.Command{
		Use:   one.Name,
		Short: one.Short,
		Example: fmt.Sprintf(`  copyscope claims %[1]s
  copyscope claims %[1]s --json
  copyscope claims %[1]s --csv rounds.csv`, one.Name),
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options(c)
			if err != nil {
				return &usageError{err}
			}
			shown := newProgress(c.ErrOrStderr(), "claims "+one.Name)
			o.Progress = shown.show
			r, err := claim.Run(c.Context(), lab.New(f.dir), one.Name, o)
			shown.clear()
			if err != nil {
				return err
			}
			return f.write(c.OutOrStdout(), r)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.json, "json", false, "print JSON, schema 1, with every round, instead of the tables")
	flags.BoolVar(&f.quick, "quick", false, "take fewer rounds of less: to see whether it works, not to be believed")
	flags.StringVar(&f.csv, "csv", "", "write every round as CSV to a file, or to - for the standard output instead of the tables")
	flags.StringVar(&f.dir, "dir", "", "where runs put their source file (default: the temporary directory)")
	switch one.Name {
	case "neighbour", "headroom":
		flags.StringVar(&f.rate, "rate", "", "bytes per second that every path sends, such as 400MB (default: half of what the slowest can do)")
	case "prediction":
		flags.StringVar(&f.profile, "profile", "", "what to predict with: "+profileUsage()+" (default: this host is calibrated first)")
	}
	return c
}

func (f claimFlags) options(c *cobra.Command) (o claim.Options, err error) {
	o.Quick = f.quick
	if err := refuseEmpty(c.Flags()); err != nil {
		return o, err
	}
	if f.json && f.csv == "-" {
		return o, fmt.Errorf("--csv - and --json both write to the standard output; give --csv a file")
	}
	if err := checkOutput("--csv", f.csv); err != nil {
		return o, err
	}
	if f.rate != "" {
		if o.Rate, err = lab.ParseSize("--rate", f.rate); err != nil {
			return o, err
		}
	}
	if f.profile != "" {
		shipped, calibrated, err := readProfile(f.profile)
		if err != nil {
			return o, err
		}
		if o.Profile = calibrated; calibrated == nil {
			if o.Profile, err = claim.ShippedProfile(shipped); err != nil {
				return o, err
			}
		}
	}
	return o, nil
}

func (f claimFlags) write(stdout io.Writer, r *claim.Report) error {
	english := locale.New(locale.English)
	r.Say(english.T)
	if err := writeTo(stdout, "--csv", f.csv, r.WriteCSV); err != nil {
		return err
	}
	switch {
	case f.json:
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(r)
	case f.csv == "-":
		return nil
	}
	return printClaim(stdout, english, r)
}

// printClaim prints the tables, then what they mean.
func printClaim(w io.Writer, t *locale.Translator, r *claim.Report) error {
	out := &strings.Builder{}
	marks := map[trace.Provenance]bool{}
	for _, table := range r.Tables {
		fmt.Fprintln(out, t.T("claims.table."+table.Name))
		header := slices.Clone(table.Keys)
		for i, k := range header {
			header[i] = t.T("claims.key." + k)
		}
		for _, c := range table.Columns {
			title := t.T("claims.column." + c.Name)
			if c.Unit != "" {
				title += " (" + c.Unit + ")"
			}
			header = append(header, title)
		}
		rows := [][]string{header}
		for _, row := range table.Rows {
			cells := slices.Clone(row.Labels)
			for _, f := range row.Figures {
				if !f.Known() {
					cells = append(cells, "–")
					continue
				}
				marks[f.Provenance] = true
				cells = append(cells, claimCell(f))
			}
			rows = append(rows, cells)
		}
		fmt.Fprintf(out, "%s\n\n", render(w, rows))
	}
	fmt.Fprintln(out, marksUsed(marks)+"; the median of the rounds, and the quartiles in brackets")
	for _, reason := range claimReasons(r) {
		fmt.Fprintln(out, "– "+reason)
	}
	fmt.Fprintln(out)
	for _, n := range append(slices.Clone(r.Findings), r.Limits...) {
		fmt.Fprintln(out, n.Text)
	}
	if r.Quick {
		fmt.Fprintln(out, t.T("claims.quick"))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// claimReasons tells once each why figures are missing, and of what.
func claimReasons(r *claim.Report) (out []string) {
	for _, table := range r.Tables {
		for _, row := range table.Rows {
			for _, f := range row.Figures {
				if !f.Known() && !slices.Contains(out, f.Reason) {
					out = append(out, f.Reason)
				}
			}
		}
	}
	return out
}

func claimCell(f claim.Figure) string {
	text := claim.Figures(f.Spread.Median)
	if f.Spread.N > 1 {
		text += " [" + claim.Figures(f.Spread.Q1) + "–" + claim.Figures(f.Spread.Q3) + "]"
	}
	return text + " " + provenanceMark[f.Provenance]
}

// claimWorkerCommand is the process that some claims measure in.
func claimWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "worker KIND REQUEST",
		Short:  "Measure one thing for a claim, in a process of its own",
		Hidden: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &usageError{fmt.Errorf("claims worker takes a kind and a request, got %d arguments; copyscope claims starts it", len(args))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return claim.Work(c.Context(), args[0], args[1], c.InOrStdin(), c.OutOrStdout())
		},
	}
}
