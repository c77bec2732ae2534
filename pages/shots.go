package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// widths are the viewports that pages are pictured in: a phone, and a projector or
// large screen.
var widths = [][2]int{{360, 740}, {1920, 1080}}

// pictured are the themes that pictures are taken in.
var pictured = []string{"light", "dark", "projector"}

// picture writes PAGE-LANGUAGE-THEME-WIDTH.png for all of them. A phone's picture
// goes down to the page's end, a large screen's is the first view.
func picture(ctx context.Context, browser context.Context, s *site, chosen []view, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	t, done, err := newTab(browser)
	if err != nil {
		return err
	}
	defer done()
	if err := t.forget(s.Web); err != nil {
		return err
	}
	n := 0
	for _, v := range chosen {
		for _, lang := range languages {
			for _, theme := range pictured {
				for _, size := range widths {
					if ctx.Err() != nil {
						return context.Cause(ctx)
					}
					if err := t.Size(size[0], size[1]); err != nil {
						return err
					}
					if err := t.open(s.host(v)+v.address(lang, theme), v.Ready); err != nil {
						return err
					}
					png, err := t.picture(size[0] < 600)
					if err != nil {
						return fmt.Errorf("%s: %w", v.Name, err)
					}
					name := fmt.Sprintf("%s-%s-%s-%d.png", v.Name, lang, theme, size[0])
					if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
						return err
					}
					n++
				}
			}
		}
	}
	fmt.Printf("%d pictures in %s\n", n, dir)
	return nil
}

// best are the pictures that the documentation shows. A lesson that was answered
// goes on where one was: its first question is pictured before its walk.
var best = []struct {
	name, page, lang, theme string
	width, height           int
}{
	{"scope", "scope", "en", "light", 1440, 930},
	{"scope-zh", "scope", "zh", "dark", 1440, 930},
	{"lesson-zh", "lesson", "zh", "light", 1280, 860},
	{"lesson", "lesson-watch", "en", "light", 1280, 860},
	{"live", "live", "en", "light", 1440, 930},
	{"topic", "topic", "en", "dark", 1280, 860},
}

// pictureBest writes the best pictures as WebP, which is a third of the size.
func pictureBest(ctx context.Context, browser context.Context, s *site, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	t, done, err := newTab(browser)
	if err != nil {
		return err
	}
	defer done()
	if err := t.forget(s.Web); err != nil {
		return err
	}
	for _, b := range best {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		v, ok := viewNamed(b.page)
		if !ok {
			return fmt.Errorf("there is no page %q in pages/list.go", b.page)
		}
		if err := t.Size(b.width, b.height); err != nil {
			return err
		}
		if err := t.open(s.host(v)+v.address(b.lang, b.theme), v.Ready); err != nil {
			return err
		}
		image, err := t.webp()
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, b.name+".webp"), image, 0o644); err != nil {
			return err
		}
	}
	return nil
}
