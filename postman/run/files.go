package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Files gives access to the files that bodies name.
type Files interface {
	// Size is a regular file's length in bytes.
	Size(path string) (int64, error)
	Open(path string) (io.ReadCloser, error)
}

// Dir is Files below a working directory.
type Dir struct {
	Root string // "" is the current directory
	// Inside refuses files outside of Root, be it by an absolute path, by .. or by
	// a symbolic link (newman's --no-insecure-file-read).
	Inside bool
}

var errOutside = errors.New("PPERM: insecure file access outside working directory")

// visit opens the working directory and names the file in it; the directory is
// nil where files may lie anywhere, and the name is a whole path then.
func (d Dir) visit(path string) (*os.Root, string, error) {
	root, err := filepath.Abs(d.Root)
	if err != nil {
		return nil, "", err
	}
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(root, path)
	}
	if !d.Inside {
		return nil, full, nil
	}
	rel, err := filepath.Rel(root, full)
	if err != nil || !filepath.IsLocal(rel) {
		return nil, "", errOutside
	}
	dir, err := os.OpenRoot(root)
	return dir, rel, err
}

// Size is the length of a regular file.
func (d Dir) Size(path string) (int64, error) {
	dir, name, err := d.visit(path)
	if err != nil {
		return 0, err
	}
	stat := os.Stat
	if dir != nil {
		defer func() { _ = dir.Close() }() // only read
		stat = dir.Stat
	}
	info, err := stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return 0, fmt.Errorf("%q, no such file", path)
	case err != nil && dir != nil && !errors.Is(err, os.ErrPermission):
		return 0, errOutside // a link that leads away
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("%q, is not a file", path)
	}
	return info.Size(), nil
}

// Open opens a file for reading.
func (d Dir) Open(path string) (io.ReadCloser, error) {
	dir, name, err := d.visit(path)
	if err != nil {
		return nil, err
	}
	open := os.Open
	if dir != nil {
		defer func() { _ = dir.Close() }() // only read
		open = dir.Open
	}
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}
