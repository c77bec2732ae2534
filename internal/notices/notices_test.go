package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKindOf(t *testing.T) {
	for text, want := range map[string]string{
		"Apache License\n     Version 2.0, January 2004":                                                              "Apache-2.0",
		"Permission is hereby granted, free of\ncharge, to any":                                                       "MIT",
		"Redistribution and use in source and binary forms":                                                           "BSD-2-Clause",
		"Redistribution and use in source and binary forms\nmay be used to endorse or promote\nproducts derived from": "BSD-3-Clause",
	} {
		if got, err := kindOf(license{"LICENSE", text}); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"GNU GENERAL PUBLIC LICENSE\nVersion 3": "cannot be linked",
		"Do what you want":                      "of no kind",
	} {
		if kind, err := kindOf(license{"LICENSE", text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gave %q, %v; want %q", text, kind, err, want)
		}
	}
	if kind, err := kindOf(license{"NOTICE", "by someone"}); kind != "" || err != nil {
		t.Errorf("a notice is %q, %v", kind, err)
	}
}

// TestLicensesOf: files beside the linked packages and above them count, those
// of packages that are not linked do not.
func TestLicensesOf(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"LICENSE": "root", "linked/COPYING.txt": "linked", "linked/deep/NOTICE": "deep",
		"other/LICENSE": "other", "linked/license.go": "package linked",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := licensesOf(root, []string{filepath.Join(root, "linked", "deep")})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range found {
		names = append(names, l.name+"="+l.text)
	}
	if got, want := strings.Join(names, " "), "LICENSE=root linked/COPYING.txt=linked linked/deep/NOTICE=deep"; got != want {
		t.Errorf("found %s, want %s", got, want)
	}
	if _, err := licensesOf(t.TempDir(), nil); err == nil {
		t.Error("a work without a license file was accepted")
	}
}

func TestRender(t *testing.T) {
	text, err := render([]work{{"example.org/m", "v1.2.3", []license{{"LICENSE", "Permission is hereby granted, free of charge\r\n\n```\n"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| example.org/m | v1.2.3 | MIT |\n",
		"\n## example.org/m v1.2.3\n\nLICENSE:\n\n    Permission is hereby granted, free of charge\n\n    ```\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestVendored: a script's folder needs its license, and says its name and version.
func TestVendored(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, "plot")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("package.json", `{"name":"plot","version":"1.2.3"}`)
	if _, err := vendored(root); err == nil {
		t.Error("a script without a license was accepted")
	}
	write("LICENSE", "Permission is hereby granted, free of charge")
	works, err := vendored(root)
	if err != nil || len(works) != 1 || !strings.HasPrefix(works[0].path, "plot (") || works[0].version != "1.2.3" || len(works[0].licenses) != 1 {
		t.Errorf("%+v, %v", works, err)
	}
}
