// Package locale holds every word that a reader sees, in English and in
// Chinese, and picks the reader's language.
//
// Messages live in catalogue/AREA.LANG.json as flat objects of dotted ids:
// terms (the vocabulary of internal/trace), page, live, doctor, scope, … The
// two languages of an area hold the same ids with the same placeholders; a
// test fails otherwise. Placeholders are written {{.Name}}. A message that
// depends on a number is an object of plural forms ("one", "other") and is
// given the number as Count. The area sentence holds what packages near the
// kernel say in English, to be found by its text: [Translator.Sentence].
package locale
