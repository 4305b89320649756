package worker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxFrame bounds what one side takes from the other in one piece. A response has
// to fit in, and what a script told as well.
const maxFrame = 128 << 20

// A frame is a message in JSON with bytes behind it (a body), each with its length
// in front: two big-endian numbers of 32 bits, then the two.
const headBytes = 8

// link carries frames over a pair of pipes. Reading is for one goroutine at a
// time, writing for any.
type link struct {
	in *bufio.Reader

	mu  sync.Mutex
	out io.Writer
	buf bytes.Buffer
}

func newLink(in io.Reader, out io.Writer) *link {
	return &link{in: bufio.NewReaderSize(in, 64<<10), out: out}
}

func (l *link) write(message any, body []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Cap() > 1<<20 {
		l.buf = bytes.Buffer{} // nothing large is kept
	}
	l.buf.Reset()
	l.buf.Write(make([]byte, headBytes))
	e := json.NewEncoder(&l.buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(message); err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	size := l.buf.Len() - headBytes
	if size > maxFrame || len(body) > maxFrame {
		return errTooLarge
	}
	head := l.buf.Bytes()
	binary.BigEndian.PutUint32(head, uint32(size))
	binary.BigEndian.PutUint32(head[headBytes/2:], uint32(len(body)))
	if len(body) <= 64<<10 {
		l.buf.Write(body)
		body = nil
	}
	if _, err := l.out.Write(l.buf.Bytes()); err != nil || len(body) == 0 {
		return err
	}
	_, err := l.out.Write(body)
	return err
}

var (
	errTooLarge = fmt.Errorf("a message has more than %d MiB", maxFrame>>20)
	errProtocol = errors.New("the script's process doesn't keep to the protocol")
)

// read takes the next frame; io.EOF when the other side is gone between two.
func (l *link) read(message any) (body []byte, err error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(l.in, head[:]); err != nil {
		return nil, err
	}
	size, rest := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[headBytes/2:])
	if size > maxFrame || rest > maxFrame {
		return nil, errProtocol
	}
	text, err := l.take(int(size))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, message); err != nil {
		return nil, fmt.Errorf("%w: %w", errProtocol, err)
	}
	return l.take(int(rest))
}

// take reads n bytes. Memory grows with what came, not with what was announced.
func (l *link) take(n int) ([]byte, error) {
	const step = 1 << 20
	if n == 0 {
		return nil, nil
	}
	data := make([]byte, min(n, step))
	for done := 0; ; {
		if _, err := io.ReadFull(l.in, data[done:]); err != nil {
			return nil, fmt.Errorf("a message breaks off: %w", err)
		}
		if done = len(data); done == n {
			return data, nil
		}
		data = append(data, make([]byte, min(n-done, done))...)
	}
}
