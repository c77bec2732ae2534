package strace

// word is the length of the name that text begins with.
func word(text []byte) int {
	for i, c := range text {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return i
		}
	}
	return len(text)
}

// digits reads a decimal number of at most 18 digits; n is how many it has.
func digits(text []byte) (n int, v int64) {
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		if n == 18 {
			return 0, 0
		}
		v = v*10 + int64(text[n]-'0')
		n++
	}
	return n, v
}

// fraction reads the digits after a decimal point as billionths.
func fraction(text []byte) (n int, v int64) {
	n, v = digits(text)
	if n > 9 {
		return 0, 0
	}
	for range 9 - n {
		v *= 10
	}
	return n, v
}

// integer reads a decimal number, with or without sign, or a hexadecimal one.
func integer(text []byte) (n int, v int64) {
	if len(text) > 2 && text[0] == '0' && text[1] == 'x' {
		var u uint64
		for n = 2; n < len(text) && n < 18; n++ {
			d, ok := hex(text[n])
			if !ok {
				break
			}
			u = u<<4 | d
		}
		if n == 2 {
			return 0, 0
		}
		return n, int64(u)
	}
	if len(text) > 1 && text[0] == '-' {
		n, v = digits(text[1:])
		if n == 0 {
			return 0, 0
		}
		return n + 1, -v
	}
	return digits(text)
}

func hex(c byte) (uint64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0'), true
	case c >= 'a' && c <= 'f':
		return uint64(c-'a') + 10, true
	}
	return 0, false
}

// number is the number that text begins with, 0 if it is none or below 0.
func number(text []byte) int64 {
	_, v := integer(text)
	return max(v, 0)
}
