// Package docsite is the documentation as a site: the Markdown files of docs and
// what is generated from the code, sorted into sections, each page in both languages.
// A server shows the pages within its own, [Site.Page]; [Site.Files] and [Site.Write]
// are the same pages as files that need no server.
//
// English texts are NAME.md, Chinese ones NAME.zh.md beside them. A page that lacks
// the reader's language has the other one, and says so.
package docsite
