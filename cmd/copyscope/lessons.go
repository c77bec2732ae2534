package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"copyscope/internal/lab"
	"copyscope/internal/lesson"
)

func lessonsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lessons",
		Short: "List the lessons, and check those that you write",
		Long: `Lessons are files (docs/lessons.md): a prediction, steps to watch, a real run,
exercises. copyscope serve shows those that are shipped, and with --lessons DIR
those of a directory beside them.`,
		Example: `  copyscope lessons list
  copyscope lessons check ./my-lessons
  copyscope serve --lessons ./my-lessons`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the lessons that are shipped",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return listLessons(c.OutOrStdout(), lesson.Shipped()) },
	}, &cobra.Command{
		Use:               "check DIR",
		ValidArgsFunction: firstOf(folders),
		Short:             "Read the lessons of a directory, run all that they ask, and tell what is wrong",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("lessons check takes one directory, got %d arguments", len(args))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return checkLessons(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), args[0])
		},
	})
	return c
}

func listLessons(w io.Writer, all *lesson.Library) error {
	rows := [][]string{{"lesson", "number", "title", "minutes", "predictions", "steps", "exercises"}}
	for _, l := range all.Lessons {
		title, _ := l.Title.In("en")
		rows = append(rows, []string{l.Name, strconv.Itoa(l.Number), title, strconv.Itoa(l.Minutes), strconv.Itoa(len(l.Predict)), strconv.Itoa(len(l.Steps)), strconv.Itoa(len(l.Exercises))})
	}
	_, err := fmt.Fprintln(w, render(w, rows))
	return err
}

// checkLessons reads and runs the lessons of a directory, without those that are
// shipped, whose names they may have.
func checkLessons(ctx context.Context, stdout, stderr io.Writer, dir string) error {
	if err := checkDirectory("lessons check", dir); err != nil {
		return &usageError{err}
	}
	shipped := lesson.Shipped()
	all := (&lesson.Library{Cards: shipped.Cards, Terms: shipped.Terms}).WithDirectory(dir)
	errs := append(all.Errors, all.Verify(ctx, lesson.NewPlayer(lab.New("")), true)...)
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, err := range errs {
		fmt.Fprintln(stderr, err)
	}
	switch len(errs) {
	case 0:
	case 1:
		return fmt.Errorf("1 error in %s", dir)
	default:
		return fmt.Errorf("%d errors in %s", len(errs), dir)
	}
	if len(all.Lessons) == 0 {
		return fmt.Errorf("%s holds no lessons: files that end in .yaml; docs/lessons.md has one to begin with", dir)
	}
	return listLessons(stdout, all)
}

// checkLessonsDirectory says whether --lessons names a directory, if it is given.
func checkLessonsDirectory(dir string) error {
	if dir == "" {
		return nil
	}
	return checkDirectory("--lessons", dir)
}

func checkDirectory(who, dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s %q: there is no such directory", who, dir)
	}
	return nil
}
