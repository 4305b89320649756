package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// chunkedBody reads a chunked body with its trailers, which are dropped.
type chunkedBody struct {
	r    *bufio.Reader
	head *headReader // for the trailers
	left int64       // of the chunk
	done bool
}

func (b *chunkedBody) reusable() bool { return b.done }

func (b *chunkedBody) Read(p []byte) (int, error) {
	for b.left == 0 {
		if b.done {
			return 0, io.EOF
		}
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if b.left == 0 && err == nil {
		err = b.end()
	}
	return n, unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// end reads the line end behind a chunk. Anything else there means that the sizes
// are wrong, and with them what comes next.
func (b *chunkedBody) end() error {
	c, err := b.r.ReadByte()
	if err != nil {
		return unexpected(err)
	}
	if c == '\n' {
		if b.head.lenient {
			return nil
		}
		return parseError("HPE_CR_EXPECTED", "Missing expected CR after chunk data")
	}
	if c == '\r' {
		if c, err = b.r.ReadByte(); err != nil {
			return unexpected(err)
		}
	}
	if c != '\n' {
		return parseError("HPE_STRICT", "Expected LF after chunk data")
	}
	return nil
}

// size reads the line before a chunk.
func (b *chunkedBody) size() (int64, error) {
	line, err := b.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return 0, parseError("HPE_CHUNK_EXTENSIONS_OVERFLOW", "Chunk extensions overflow")
	}
	if err != nil {
		return 0, unexpected(err)
	}
	line = line[:len(line)-1]
	digits := 0
	for digits < len(line) && strings.IndexByte("0123456789abcdefABCDEF", line[digits]) >= 0 {
		digits++
	}
	rest := line[digits:]
	if b.head.lenient || bytes.IndexByte(rest, ';') >= 0 { // RFC 9112, section 7.1.1
		rest = bytes.TrimLeft(rest, " \t")
	}
	switch {
	case digits == 0 || len(rest) > 0 && rest[0] != ';' && rest[0] != '\r':
		return 0, parseError("HPE_INVALID_CHUNK_SIZE", "Invalid character in chunk size")
	case len(rest) > 0 && rest[0] == ';':
		if err := b.extension(rest[1:]); err != nil {
			return 0, err
		}
	case len(rest) > 1:
		return 0, parseError("HPE_STRICT", "Expected LF after chunk size")
	case len(rest) == 0 && !b.head.lenient:
		return 0, parseError("HPE_CR_EXPECTED", "Missing expected CR after chunk size")
	}
	n, err := strconv.ParseUint(string(line[:digits]), 16, 62)
	if err != nil {
		return 0, parseError("HPE_INVALID_CHUNK_SIZE", "Chunk size overflow")
	}
	return int64(n), nil
}

// extension checks what stands behind a chunk's size; nobody uses it.
func (b *chunkedBody) extension(e []byte) error {
	e, ended := bytes.CutSuffix(e, []byte("\r"))
	if bytes.ContainsFunc(e, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return parseError("HPE_STRICT", "Invalid character in chunk extensions name")
	}
	if !ended && !b.head.lenient {
		return parseError("HPE_CR_EXPECTED", "Missing expected CR after chunk extension name")
	}
	return nil
}

func (b *chunkedBody) next() (err error) {
	if b.left, err = b.size(); err != nil || b.left > 0 {
		return err
	}
	var trailers []Header
	b.done, b.head.coded = true, true
	if err := b.head.fields(&trailers, false); errors.Is(err, errHangUp) {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	return nil
}

// sendChunked writes a body whose length nobody knows.
func (cn *conn) sendChunked(r io.Reader) error {
	buf := make([]byte, 16<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if err := cn.chunk(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			_, err := cn.w.WriteString("0\r\n\r\n")
			return err
		}
		if err != nil {
			return err
		}
	}
}

func (cn *conn) chunk(data []byte) error {
	if _, err := cn.w.WriteString(strconv.FormatInt(int64(len(data)), 16) + "\r\n"); err != nil {
		return err
	}
	if _, err := cn.w.Write(data); err != nil {
		return err
	}
	_, err := cn.w.WriteString("\r\n")
	return err
}
