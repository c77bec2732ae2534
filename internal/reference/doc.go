// Package reference writes the pages of the documentation that the code knows best:
// what its tables, its registry and its schemas say, as Markdown. Each page says what
// it was generated from.
package reference
