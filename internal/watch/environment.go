package watch

import (
	"cmp"
	"runtime"
	"strings"

	"copyscope/internal/locale"
)

// OptionsOf are the options that an environment asks for: the language, and whether
// the terminal shows more than ASCII, by the variables of POSIX's locales.
func OptionsOf(env func(string) string) Options {
	o := Options{Lang: locale.English}
	if strings.HasPrefix(cmp.Or(env("LC_ALL"), env("LC_MESSAGES"), env("LANG")), string(locale.Chinese)) {
		o.Lang = locale.Chinese
	}
	letters := strings.ToLower(cmp.Or(env("LC_ALL"), env("LC_CTYPE"), env("LANG")))
	o.ASCII = runtime.GOOS != "windows" && !strings.Contains(letters, "utf-8") && !strings.Contains(letters, "utf8")
	o.NoColour = env("NO_COLOR") != ""
	return o
}
