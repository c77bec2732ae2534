package locale

import "golang.org/x/text/language"

// Lang is a language that the pages speak: the tag in file names, in ?lang=
// and in the cookie.
type Lang string

const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// Languages lists the languages in the order of the switch.
func Languages() []Lang { return []Lang{English, Chinese} }

// Known says whether the pages speak the language.
func (l Lang) Known() bool { return l == English || l == Chinese }

// Tag is the language as an HTML lang attribute has it. Chinese is written in
// simplified characters, which lets the browser choose the right glyphs.
func (l Lang) Tag() string {
	if l == Chinese {
		return "zh-Hans"
	}
	return string(l)
}

// Name is what the language calls itself.
func (l Lang) Name() string {
	if l == Chinese {
		return "中文"
	}
	return "English"
}

var matcher = language.NewMatcher([]language.Tag{language.English, language.Chinese})

// Match chooses the reader's language: what the address asks for, else what
// the cookie remembers, else the best of the Accept-Language header, else
// English.
func Match(acceptLanguage, cookie, query string) Lang {
	for _, asked := range []Lang{Lang(query), Lang(cookie)} {
		if asked.Known() {
			return asked
		}
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return English
	}
	if _, i, sure := matcher.Match(tags...); sure != language.No {
		return Languages()[i]
	}
	return English
}
