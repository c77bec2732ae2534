// Package static holds what the browser loads beside the pages: style sheets,
// ES modules, icons and the map of keys. There is no build step: the files are
// served as they are here, and those that a page needs in one script as well.
package static
