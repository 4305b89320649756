package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// The protocols of TLS.Protocols.
const (
	ProtocolHTTP1 = "http/1.1"
	ProtocolHTTP2 = "h2"
)

const (
	// receiveWindow is what a server may send without being asked on: reading is
	// bounded by Config.MaxBody, and by the pace of TCP.
	receiveWindow = 1 << 30
	// creditStep is after how many bytes the window is opened again.
	creditStep = 1 << 20
	maxWindow  = math.MaxInt32
)

// h2 is the HTTP/2 side of a connection (RFC 9113), with one request at a time,
// as its owner has it. Headers keep the order in which they were given.
type h2 struct {
	cn      *conn
	fr      *http2.Framer
	headers *hpack.Encoder
	block   bytes.Buffer // of headers, encoded
	next    uint32       // id of the next stream
	credit  uint32       // bytes received that the server was not told of
	gone    bool         // the server takes no more streams

	mu      sync.Mutex // writing, and what follows
	wake    *sync.Cond // a window opened, or the exchange is over
	window  int64      // bytes that may be sent on the connection
	stream  int64      // and on the stream under way
	initial int64      // of a new stream
	frame   int        // bytes of a frame, at most
	over    bool       // nothing more is to be sent on the stream
}

// errUnprocessed is why a request was not looked at: it may be sent again.
var errUnprocessed = &Error{Code: "ERR_HTTP2_GOAWAY_SESSION", Message: "New streams cannot be created after receiving a GOAWAY"}

func newH2(cn *conn, maxHeader int64) *h2 {
	h := &h2{cn: cn, next: 1, window: 65535, initial: 65535, frame: 16384}
	h.wake = sync.NewCond(&h.mu)
	h.fr = http2.NewFramer(cn.w, cn.r)
	h.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	h.fr.MaxHeaderListSize = uint32(min(maxHeader, math.MaxUint32))
	h.headers = hpack.NewEncoder(&h.block)
	return h
}

// write has f write frames and sends them.
func (h *h2) write(f func() error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := f(); err != nil {
		return err
	}
	return h.cn.w.Flush()
}

// start greets the server.
func (h *h2) start() error {
	if _, err := io.WriteString(h.cn.w, http2.ClientPreface); err != nil {
		return err
	}
	err := h.fr.WriteSettings(
		http2.Setting{ID: http2.SettingEnablePush, Val: 0}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: receiveWindow},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: h.fr.MaxHeaderListSize},
	)
	return errors.Join(err, h.fr.WriteWindowUpdate(0, receiveWindow-65535))
}

func (h *h2) roundTrip(ctx context.Context, r *Request, cfg *Config) (*Response, error) {
	release := h.cn.guard(ctx)
	defer func() { h.cn.keep = release() && h.cn.keep && !h.gone }()
	h.cn.answered, h.cn.keep = false, false
	ready, id := time.Now(), h.next
	h.next += 2
	if err := h.write(func() error { return h.sendHead(r, id) }); err != nil {
		return nil, wrote(ctx, err)
	}
	sent := make(chan error, 1)
	if r.Body == nil || r.Body.Length == 0 {
		sent <- wrote(ctx, nil)
	} else {
		go func() { sent <- wrote(ctx, h.sendBody(r, id)) }()
	}
	resp, err := h.receive(id, ready, cfg)
	h.finish(sent, id, err == nil)
	return resp, err
}

// finish ends a body that is still on its way: the answer is here, or none comes.
func (h *h2) finish(sent <-chan error, id uint32, answered bool) {
	h.mu.Lock()
	h.over = true
	h.mu.Unlock()
	h.wake.Broadcast()
	linger := time.NewTimer(sendLinger)
	defer linger.Stop()
	select {
	case err := <-sent:
		h.cn.keep = answered && err == nil
		if answered && errors.Is(err, errStopped) {
			h.cn.keep = h.write(func() error { return h.fr.WriteRSTStream(id, http2.ErrCodeNo) }) == nil
		}
	case <-linger.C: // the server doesn't read
		_ = h.cn.SetDeadline(time.Unix(1, 0))
		<-sent //nolint:errcheck // broken off: the answer counts
	}
}

// ofConnection are headers that HTTP/2 has not (RFC 9113, section 8.2.2).
var ofConnection = map[string]bool{
	"connection": true, "host": true, "proxy-connection": true, "keep-alive": true, "transfer-encoding": true, "upgrade": true,
}

func (h *h2) sendHead(r *Request, id uint32) error {
	if id == 1 {
		if err := h.start(); err != nil {
			return err
		}
	}
	h.block.Reset()
	field := func(name, value string) { _ = h.headers.WriteField(hpack.HeaderField{Name: name, Value: value}) } // to memory
	authority := r.authority()
	if r.port() == "443" {
		authority = strings.TrimSuffix(authority, ":443")
	}
	field(":method", r.Method)
	field(":authority", authority)
	field(":scheme", r.Scheme)
	field(":path", latin1(r.Target))
	for _, line := range r.Header {
		if name := strings.ToLower(line.Name); !ofConnection[name] {
			field(name, latin1(line.Value))
		}
	}
	h.stream, h.over = h.initial, false
	rest := h.block.Bytes()
	first := rest[:min(len(rest), h.frame)]
	rest = rest[len(first):]
	err := h.fr.WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: first, EndHeaders: len(rest) == 0, EndStream: r.Body == nil || r.Body.Length == 0,
	})
	for err == nil && len(rest) > 0 {
		part := rest[:min(len(rest), h.frame)]
		rest = rest[len(part):]
		err = h.fr.WriteContinuation(id, len(rest) == 0, part)
	}
	return err
}

var errStopped = errors.New("the answer came before all was sent")

func (h *h2) sendBody(r *Request, id uint32) error {
	body, err := r.Body.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	buf := make([]byte, 16384)
	for {
		n, err := io.ReadFull(body, buf)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		for part := buf[:n]; ; {
			sent, err := h.sendPart(part, id, last)
			if err != nil {
				return err
			}
			if part = part[sent:]; len(part) == 0 {
				break
			}
		}
		if last {
			return nil
		}
	}
}

// sendPart sends as much as the windows allow, at least a byte if there is one.
func (h *h2) sendPart(part []byte, id uint32, last bool) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(part) > 0 && min(h.window, h.stream) <= 0 && !h.over {
		h.wake.Wait()
	}
	if h.over {
		return 0, errStopped
	}
	n := int(min(int64(len(part)), int64(h.frame), max(min(h.window, h.stream), 0)))
	h.window, h.stream = h.window-int64(n), h.stream-int64(n)
	if err := h.fr.WriteData(id, last && n == len(part), part[:n]); err != nil {
		return n, err
	}
	return n, h.cn.w.Flush()
}
