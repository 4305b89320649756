package transport

import (
	"context"
	"time"
)

// take finds a kept connection, or makes one.
func (c *Client) take(ctx context.Context, r *Request, p *proxy, fresh bool) (*conn, error) {
	started := time.Now()
	key := r.connKey(p)
	if !fresh {
		if cn := c.takeIdle(key, idempotent(r.Method)); cn != nil {
			cn.started, cn.reused = started, true
			return cn, nil
		}
	}
	cn, err := c.dial(ctx, r, p, key)
	if err != nil {
		return nil, err
	}
	cn.started = started
	return cn, nil
}

// takeIdle finds a kept connection that is still there. Frames of HTTP/2 may have
// come meanwhile, an end of the connection among them: that is for requests that
// may be sent again.
func (c *Client) takeIdle(key string, again bool) *conn {
	for {
		c.mu.Lock()
		list := c.idle[key]
		if len(list) == 0 {
			c.mu.Unlock()
			return nil
		}
		cn := list[len(list)-1]
		c.idle[key] = list[:len(list)-1]
		if len(list) == 1 {
			delete(c.idle, key)
		}
		c.nidle--
		c.mu.Unlock()
		if time.Since(cn.since) < idleTimeout && (alive(cn.raw) || cn.h2 != nil && again) {
			return cn
		}
		cn.close()
	}
}

// put keeps the connection for the next request, unless it can't serve again.
func (c *Client) put(cn *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !cn.keep || c.closed || c.nidle >= maxIdle || len(c.idle[cn.key]) >= maxIdlePerHost {
		cn.close()
		return
	}
	cn.since = time.Now()
	_ = cn.SetDeadline(time.Time{})
	c.idle[cn.key] = append(c.idle[cn.key], cn)
	c.nidle++
}

// connKey names the connections that may serve the request.
func (r *Request) connKey(p *proxy) string {
	key := r.Scheme + "|" + r.authority()
	if r.Session != "" {
		key += "|session " + r.Session
	}
	if p != nil {
		if p.forwards(r) {
			key = "http|" + r.Session + "|" + p.url.Host // any target goes through the same connection
		}
		key += "|" + p.url.String()
	}
	if r.Scheme == "https" {
		key += "|" + r.TLS.key()
	}
	return key
}
