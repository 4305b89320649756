package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/net/http2"
)

// receive reads frames until the answer is complete.
func (h *h2) receive(id uint32, ready time.Time, cfg *Config) (*Response, error) {
	a := answer2{id: id}
	for !a.ended {
		f, err := h.fr.ReadFrame()
		if err != nil {
			return nil, frameError(err, id)
		}
		if f.Header().StreamID == id && a.first.IsZero() {
			a.first, h.cn.answered = time.Now(), true
		}
		if err := h.frameOf(f, &a, cfg); err != nil {
			return nil, err
		}
	}
	resp := a.resp
	data, err := decode(a.body.Bytes(), resp.list("Content-Encoding"), cfg.MaxBody)
	if err != nil {
		return nil, err
	}
	done := time.Now()
	resp.Body, resp.WireBody = data, int64(a.body.Len())
	resp.Timings = h.cn.setup
	resp.Timings.FirstByte, resp.Timings.Download, resp.Timings.Total = a.first.Sub(ready), done.Sub(a.first), done.Sub(h.cn.started)
	resp.Reused, resp.TLS, resp.RemoteAddr = h.cn.reused, h.cn.tls, h.cn.RemoteAddr().String()
	h.cn.setup = Timings{}
	return resp, nil
}

// answer2 is an answer on its way.
type answer2 struct {
	id    uint32
	resp  *Response
	body  bytes.Buffer
	first time.Time
	ended bool
}

func (h *h2) frameOf(f http2.Frame, a *answer2, cfg *Config) error {
	switch f := f.(type) {
	case *http2.MetaHeadersFrame:
		if f.StreamID == a.id {
			return a.head(f)
		}
	case *http2.DataFrame:
		if f.StreamID == a.id {
			if err := a.data(f, cfg.MaxBody); err != nil {
				return err
			}
		}
		return h.credited(f)
	case *http2.RSTStreamFrame:
		if f.StreamID == a.id {
			return closedStream(f.ErrCode)
		}
	case *http2.GoAwayFrame:
		if h.gone = true; f.LastStreamID < a.id {
			return errUnprocessed
		}
	case *http2.SettingsFrame:
		return h.settings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			return h.write(func() error { return h.fr.WritePing(true, f.Data) })
		}
	case *http2.WindowUpdateFrame:
		return h.opened(f)
	case *http2.PushPromiseFrame:
		return closedStream(http2.ErrCodeProtocol)
	}
	return nil
}

func (a *answer2) head(f *http2.MetaHeadersFrame) error {
	a.ended = f.StreamEnded()
	if f.Truncated {
		return &Error{Code: "HPE_HEADER_OVERFLOW", Message: "Parse Error: Header overflow"}
	}
	if a.resp != nil {
		return nil // trailers
	}
	code, err := strconv.Atoi(f.PseudoValue("status"))
	switch {
	case err != nil || code < 100 || code > 999:
		return closedStream(http2.ErrCodeProtocol)
	case code < 200 && !a.ended:
		return nil // informational
	}
	a.resp = &Response{Proto: "HTTP/2.0", Code: code, WireHeader: int64(f.HeadersFrame.Length)}
	for _, field := range f.RegularFields() {
		a.resp.Header = append(a.resp.Header, Header{Name: text([]byte(field.Name)), Value: text([]byte(field.Value))})
	}
	return nil
}

func (a *answer2) data(f *http2.DataFrame, limit int64) error {
	if a.resp == nil {
		return closedStream(http2.ErrCodeProtocol)
	}
	a.ended = f.StreamEnded()
	a.body.Write(f.Data())
	if int64(a.body.Len()) > limit {
		return errTooLarge
	}
	return nil
}

// credited lets the server send on.
func (h *h2) credited(f *http2.DataFrame) error {
	if h.credit += f.Length; h.credit < creditStep {
		return nil
	}
	n, id, ended := h.credit, f.StreamID, f.StreamEnded()
	h.credit = 0
	return h.write(func() error {
		err := h.fr.WriteWindowUpdate(0, n)
		if !ended {
			err = errors.Join(err, h.fr.WriteWindowUpdate(id, n))
		}
		return err
	})
}

func (h *h2) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	h.mu.Lock()
	err := f.ForeachSetting(func(s http2.Setting) error {
		if err := s.Valid(); err != nil {
			return err
		}
		switch s.ID {
		case http2.SettingInitialWindowSize:
			h.stream += int64(s.Val) - h.initial
			h.initial = int64(s.Val)
		case http2.SettingMaxFrameSize:
			h.frame = int(s.Val)
		case http2.SettingHeaderTableSize:
			h.headers.SetMaxDynamicTableSize(min(s.Val, 4096))
		default:
		}
		return nil
	})
	h.mu.Unlock()
	h.wake.Broadcast()
	if err != nil {
		return frameError(err, 0)
	}
	return h.write(h.fr.WriteSettingsAck)
}

func (h *h2) opened(f *http2.WindowUpdateFrame) error {
	h.mu.Lock()
	switch f.StreamID {
	case 0:
		h.window += int64(f.Increment)
	case h.next - 2:
		h.stream += int64(f.Increment)
	}
	tooFar := h.window > maxWindow || h.stream > maxWindow
	h.mu.Unlock()
	h.wake.Broadcast()
	if tooFar {
		return closedStream(http2.ErrCodeFlowControl)
	}
	return nil
}

var errStream = errors.New("HTTP/2 stream closed")

// closedStream is the reference's error for a stream that ended too early.
func closedStream(code http2.ErrCode) *Error {
	return &Error{Message: fmt.Sprintf("HTTP/2 Stream closed with error code NGHTTP2_%s", code), Err: errStream}
}

// frameError is why no more frames can be read.
func frameError(err error, id uint32) error {
	var stream http2.StreamError
	var connection http2.ConnectionError
	switch {
	case errors.As(err, &stream) && (stream.StreamID == id || id == 0):
		return closedStream(stream.Code)
	case errors.As(err, &connection):
		return closedStream(http2.ErrCode(connection))
	case errors.Is(err, http2.ErrFrameTooLarge):
		return closedStream(http2.ErrCodeFrameSize)
	case errors.Is(err, io.EOF):
		return errHangUp
	}
	return err
}
