// Package report writes down what happens in a run: reporters take the events of
// run.Run. cli prints as people know it from newman, JSON has newman's shape, JUnit is for
// CI systems, HTML for people, NDJSON for programs that follow a run. The reference
// of cli and json are those of newman 6.2; that of JUnit is the schema that Jenkins
// publishes (https://github.com/jenkinsci/xunit-plugin, junit-10.xsd).
package report

import (
	"bytes"
	"io"
	"os"
)

// spool keeps bytes for later: in memory while they are few, then in a temporary
// file. The zero value is empty.
type spool struct {
	buf  bytes.Buffer
	file *os.File
}

const spoolMemory = 1 << 20

func (s *spool) write(p []byte) error {
	if s.file == nil && s.buf.Len()+len(p) > spoolMemory {
		f, err := os.CreateTemp("", "picket-report-*")
		if err != nil {
			return err
		}
		s.file = f
	}
	if s.file == nil {
		s.buf.Write(p)
		return nil
	}
	_, err := s.file.Write(p)
	return err
}

func (s *spool) copyTo(w io.Writer) error {
	if _, err := w.Write(s.buf.Bytes()); err != nil {
		return err
	}
	if s.file == nil {
		return nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	_ = s.file.Close()
	return os.Remove(s.file.Name())
}
