// Package lesson reads lessons, claim cards and the glossary, checks them, and
// answers what they ask: every answer is computed by running scenarios, none is
// stored. docs/lessons.md has the format.
package lesson
