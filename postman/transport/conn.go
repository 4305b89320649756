package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptrace"
	"os"
	"strings"
	"time"
)

// conn is one connection, used by one request at a time.
type conn struct {
	net.Conn
	raw      net.Conn // below TLS
	key      string
	r        *bufio.Reader
	w        *bufio.Writer
	tls      *tls.ConnectionState
	h2       *h2       // nil: the connection speaks HTTP/1.1
	started  time.Time // of the request that is under way
	setup    Timings   // DNS, Connect and TLS of the dial; taken by the first request
	reused   bool
	answered bool // a byte of the answer came
	keep     bool // may serve again
	since    time.Time
}

func newConn(nc, raw net.Conn, key string) *conn {
	return &conn{Conn: nc, raw: raw, key: key, r: bufio.NewReaderSize(nc, 4096), w: bufio.NewWriterSize(nc, 4096)}
}

func (cn *conn) close() { _ = cn.Conn.Close() }

// guard makes the context's end break every read and write of the connection.
// The function that it returns ends the watch; it is false when the connection was
// broken. The context's deadline isn't the
// connection's: else the connection could time out a moment before the context
// says why.
func (cn *conn) guard(ctx context.Context) func() bool {
	_ = cn.Conn.SetDeadline(time.Time{})
	return context.AfterFunc(ctx, func() { _ = cn.Conn.SetDeadline(time.Unix(1, 0)) })
}

// largeBody is from how many bytes on a body is sent while the answer is read, so
// that a server that answers early can't block both sides.
const largeBody = 64 << 10

// sendLinger is how long the rest of a body may still go out when the answer is
// there already.
const sendLinger = 50 * time.Millisecond

func (cn *conn) roundTrip(ctx context.Context, r *Request, proxy *proxy, cfg *Config) (*Response, error) {
	if cn.h2 != nil {
		return cn.h2.roundTrip(ctx, r, cfg)
	}
	release := cn.guard(ctx)
	defer func() { cn.keep = release() && cn.keep }()
	cn.answered, cn.keep = false, false
	ready := time.Now()
	if r.Body == nil || r.Body.Length < largeBody {
		err := wrote(ctx, cn.send(r, proxy))
		if err != nil && !isReset(err) {
			return nil, err // a server that closed may have said why: read on
		}
		return cn.receive(r, ready, cfg, err)
	}
	sent := make(chan error, 1)
	go func() { sent <- wrote(ctx, cn.send(r, proxy)) }()
	resp, err := cn.receive(r, ready, cfg, nil)
	linger := time.NewTimer(sendLinger)
	defer linger.Stop()
	if err != nil {
		linger.Reset(0)
	}
	select {
	case sendErr := <-sent:
		cn.keep = cn.keep && sendErr == nil
	case <-linger.C: // answered before all was sent
		cn.keep = false
		_ = cn.Conn.SetDeadline(time.Unix(1, 0))
		<-sent //nolint:errcheck // broken off: the answer counts
	}
	return resp, err
}

// wrote tells the context's trace that the request is out.
func wrote(ctx context.Context, err error) error {
	if t := httptrace.ContextClientTrace(ctx); t != nil && t.WroteRequest != nil {
		t.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
	return err
}

func (cn *conn) send(r *Request, proxy *proxy) error {
	target := r.Target
	if proxy.forwards(r) {
		target = "http://" + r.authority() + target
	}
	head := make([]byte, 0, 512)
	head = append(append(append(head, r.Method...), ' '), latin1(target)...)
	head = append(head, " HTTP/1.1\r\n"...)
	line := func(name, value string) {
		head = append(append(append(head, name...), ": "...), latin1(value)...)
		head = append(head, "\r\n"...)
	}
	for _, h := range r.Header {
		line(h.Name, h.Value)
	}
	if proxy.forwards(r) && proxy.auth != "" && get(r.Header, "Proxy-Authorization") == "" {
		line("Proxy-Authorization", proxy.auth)
	}
	cn.w.Reset(cn.Conn)
	if _, err := cn.w.Write(append(head, "\r\n"...)); err != nil {
		return err
	}
	if r.Body != nil {
		if err := cn.sendBody(r); err != nil {
			return err
		}
	}
	return cn.w.Flush()
}

// latin1 is how header values go out; check made sure that they fit.
func latin1(s string) string {
	if !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7f }) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, c := range s {
		b = append(b, byte(c))
	}
	return string(b)
}

func (cn *conn) sendBody(r *Request) error {
	body, err := r.Body.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	if strings.EqualFold(get(r.Header, "Transfer-Encoding"), "chunked") {
		return cn.sendChunked(body)
	}
	_, err = io.Copy(cn.w, body)
	return err
}

// receive reads the answer. sendErr is why sending failed, if it did: it stands
// when there is no answer either.
func (cn *conn) receive(r *Request, ready time.Time, cfg *Config, sendErr error) (*Response, error) {
	if _, err := cn.r.Peek(1); err != nil {
		if sendErr != nil {
			return nil, sendErr
		}
		if errors.Is(err, io.EOF) {
			return nil, errHangUp
		}
		return nil, err
	}
	cn.answered = true
	first := time.Now()
	head := &headReader{r: cn.r, left: cfg.MaxHeader, lenient: r.Lenient}
	resp, err := head.response()
	if err != nil {
		return nil, err
	}
	body := bodyOf(cn.r, r.Method, resp, head)
	data, err := readLimited(body, cfg.MaxBody)
	if err != nil {
		return nil, bodyError(err)
	}
	resp.WireBody = int64(len(data))
	if resp.Body, err = decode(data, resp.list("Content-Encoding"), cfg.MaxBody); err != nil {
		return nil, err
	}
	done := time.Now()
	resp.Timings = cn.setup
	resp.Timings.FirstByte, resp.Timings.Download, resp.Timings.Total = first.Sub(ready), done.Sub(first), done.Sub(cn.started)
	resp.Reused, resp.TLS, resp.RemoteAddr = cn.reused, cn.tls, cn.RemoteAddr().String()
	cn.setup = Timings{}
	cn.keep = sendErr == nil && body.reusable() && keepAlive(r, resp) && cn.r.Buffered() == 0
	return resp, nil
}

func keepAlive(r *Request, resp *Response) bool {
	connection := strings.ToLower(resp.Get("Connection"))
	if strings.Contains(connection, "close") || strings.EqualFold(get(r.Header, "Connection"), "close") {
		return false
	}
	return resp.Proto == "HTTP/1.1" || strings.Contains(connection, "keep-alive")
}

func isReset(err error) bool {
	return errors.Is(err, errHangUp) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, errConnReset) || errors.Is(err, errPipe) || errors.Is(err, os.ErrClosed)
}
