package transport

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// chunkedBody reads a chunked body with its trailers, which are dropped.
type chunkedBody struct {
	r    *bufio.Reader
	left int64 // of the chunk
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
	for _, want := range "\r\n" {
		c, err := b.r.ReadByte()
		if err != nil {
			return unexpected(err)
		}
		if c != byte(want) {
			return &Error{Code: "HPE_STRICT", Message: "Parse Error: Expected LF after chunk data"}
		}
	}
	return nil
}

// line is a line without its end; strict lines end with CR and LF.
func (b *chunkedBody) line(strict bool) (string, error) {
	line, err := b.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", &Error{Code: "HPE_CHUNK_EXTENSIONS_OVERFLOW", Message: "Parse Error: Chunk extensions overflow"}
	}
	if err != nil {
		return "", unexpected(err)
	}
	text, ok := strings.CutSuffix(string(line), "\r\n")
	if !ok && strict {
		return "", &Error{Code: "HPE_CR_EXPECTED", Message: "Parse Error: Missing expected CR after chunk size"}
	}
	return strings.TrimRight(text, "\r\n"), nil
}

func (b *chunkedBody) next() error {
	line, err := b.line(true)
	if err != nil {
		return err
	}
	size, _, extended := strings.Cut(line, ";")
	if extended {
		size = strings.TrimRight(size, " \t") // RFC 9112, section 7.1.1
	}
	n, err := strconv.ParseUint(size, 16, 62)
	if err != nil {
		return &Error{Code: "HPE_INVALID_CHUNK_SIZE", Message: "Parse Error: Invalid character in chunk size"}
	}
	b.left = int64(n)
	if n > 0 {
		return nil
	}
	for range 1000 { // trailers
		if line, err = b.line(false); err != nil {
			return err
		}
		if line == "" {
			b.done = true
			return nil
		}
	}
	return &Error{Code: "HPE_HEADER_OVERFLOW", Message: "Parse Error: Header overflow"}
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
