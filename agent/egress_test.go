package agent_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/picket-api/picket/agent"
)

func TestGuardByAddress(t *testing.T) {
	t.Parallel()
	for address, rule := range map[string]string{
		"10.1.2.3":                 "",
		"172.16.0.1":               "",
		"192.168.1.1":              "",
		"100.64.0.1":               "",
		"8.8.8.8":                  "",
		"fd12:3456::1":             "",
		"fd00:ec2::255":            "",
		"2606:4700::1111":          "",
		"::ffff:10.0.0.1":          "",
		"64:ff9b::a00:1":           "",
		"127.0.0.1":                "loopback",
		"127.255.255.254":          "loopback",
		"::1":                      "loopback",
		"::ffff:127.0.0.1":         "loopback",
		"::ffff:7f00:1":            "loopback",
		"::127.0.0.1":              "loopback",
		"64:ff9b::7f00:1":          "loopback",
		"64:ff9b:1::7f00:1":        "loopback",
		"2002:7f00:1::1":           "loopback",
		"2001:0:7f00:1::f5ff:fffe": "loopback",
		"2001:0:a00:1::80ff:fffe":  "loopback",
		"fd12::5efe:7f00:1":        "loopback",
		"fd12::200:5efe:7f00:1":    "loopback",
		"0.0.0.0":                  "unspecified",
		"0.1.2.3":                  "unspecified",
		"::":                       "unspecified",
		"169.254.1.1":              "link-local",
		"fe80::1":                  "link-local",
		"fe80::1%eth0":             "link-local",
		"febf::1":                  "link-local",
		"169.254.169.254":          "cloud metadata",
		"::ffff:169.254.169.254":   "cloud metadata",
		"64:ff9b::a9fe:a9fe":       "cloud metadata",
		"169.254.170.2":            "cloud metadata",
		"fd00:ec2::254":            "cloud metadata",
		"fd00:ec2::254%1":          "cloud metadata",
		"100.100.100.200":          "cloud metadata",
		"168.63.129.16":            "cloud metadata",
		"fd20:ce::254":             "cloud metadata",
		"224.0.0.1":                "multicast",
		"239.255.255.250":          "multicast",
		"ff02::1":                  "multicast",
		"255.255.255.255":          "broadcast",
		"240.0.0.1":                "reserved",
	} {
		ip := netip.MustParseAddr(address)
		requireRule(t, rule, (&agent.Guard{}).CheckAddr(ip), address)
		if rule == "loopback" {
			rule = "" // and nothing else
		}
		requireRule(t, rule, (&agent.Guard{AllowLoopback: true}).CheckAddr(ip), address)
	}
}

func requireRule(t *testing.T, rule string, err error, what string) {
	t.Helper()
	if rule == "" {
		require.NoError(t, err, what)
		return
	}
	var refused *agent.RefusedError
	require.ErrorAs(t, err, &refused, what)
	require.Equal(t, rule, refused.Rule, what)
	require.ErrorContains(t, err, "rule: "+rule)
}

func TestGuardByName(t *testing.T) {
	t.Parallel()
	for host, rule := range map[string]string{
		"orders.internal":           "",
		"10.0.0.1":                  "",
		"metadata.example.com":      "",
		"1.2.3.4.5":                 "",
		"999999999999":              "",
		"127.0.0.1":                 "loopback",
		"127.1":                     "loopback",
		"127.0.1":                   "loopback",
		"2130706433":                "loopback",
		"0x7f000001":                "loopback",
		"0x7F.0.0.1":                "loopback",
		"0177.0.0.1":                "loopback",
		"017700000001":              "loopback",
		"[::1]":                     "loopback",
		"[::ffff:127.0.0.1]":        "loopback",
		"localhost":                 "loopback",
		"LOCALHOST.":                "loopback",
		"a.localhost":               "loopback",
		"0":                         "unspecified",
		"2852039166":                "cloud metadata",
		"0xa9fea9fe":                "cloud metadata",
		"metadata.google.internal":  "cloud metadata",
		"Metadata.Google.Internal.": "cloud metadata",
		"instance-data":             "cloud metadata",
	} {
		requireRule(t, rule, (&agent.Guard{}).CheckHost(host), host)
	}
}

func TestGuardNamesTheRemedy(t *testing.T) {
	t.Parallel()
	require.EqualError(t, (&agent.Guard{}).CheckHost("127.0.0.1"),
		"the runner's egress guard refuses 127.0.0.1 (rule: loopback); start the runner with --allow-loopback or PICKET_ALLOW_LOOPBACK=1 to allow it")
	require.EqualError(t, (&agent.Guard{AllowLoopback: true}).CheckHost("169.254.169.254"),
		"the runner's egress guard refuses 169.254.169.254 (rule: cloud metadata); collections may never reach it")
}

// dial connects under the guard, as the engine does.
func dial(t *testing.T, g *agent.Guard, names *net.Resolver, address string) (net.Conn, error) {
	t.Helper()
	d := net.Dialer{Resolver: names, Control: g.Control}
	return d.DialContext(t.Context(), "tcp", address)
}

// TestGuardAfterResolving dials names: what counts is where the connection goes.
func TestGuardAfterResolving(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	names := resolver(map[string]string{
		"home.example.com.":     "127.0.0.1",
		"home6.example.com.":    "::1",
		"mapped.example.com.":   "::ffff:127.0.0.1",
		"metadata.example.com.": "169.254.169.254",
	})
	for name, rule := range map[string]string{
		"home.example.com": "loopback", "home6.example.com": "loopback",
		"mapped.example.com": "loopback", "metadata.example.com": "cloud metadata",
		"localhost": "loopback", "[::ffff:127.0.0.1]": "loopback", "127.0.0.1": "loopback",
	} {
		c, err := dial(t, &agent.Guard{}, names, name+":"+port)
		if err == nil {
			_ = c.Close()
		}
		requireRule(t, rule, err, name)
	}
	c, err := dial(t, &agent.Guard{AllowLoopback: true}, names, "home.example.com:"+port)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	_, err = dial(t, &agent.Guard{AllowLoopback: true}, names, "metadata.example.com:"+port)
	requireRule(t, "cloud metadata", err, "also with loopback allowed")
	var refused *agent.RefusedError
	require.ErrorAs(t, (&agent.Guard{}).Control("udp4", "10.0.0.1:53", nil), &refused)
}

// TestGuardAgainstRebinding has a name that answers with a good address first: the
// check is on the connection, so there is no second look that could differ.
func TestGuardAgainstRebinding(t *testing.T) {
	t.Parallel()
	var turned atomic.Bool
	names := resolverFunc(func(string) string {
		if turned.Load() {
			return "127.0.0.1"
		}
		return "192.0.2.1"
	})
	looked, err := names.LookupHost(t.Context(), "rebind.example.com.")
	require.NoError(t, err)
	require.Equal(t, []string{"192.0.2.1"}, looked)
	turned.Store(true)
	_, err = dial(t, &agent.Guard{}, names, "rebind.example.com.:80")
	requireRule(t, "loopback", err, "the second look")
}

func resolver(table map[string]string) *net.Resolver {
	return resolverFunc(func(name string) string { return table[name] })
}

// resolverFunc is a resolver whose server answers from f, over a pipe.
func resolverFunc(f func(name string) string) *net.Resolver {
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			_ = answerDNS(far, f)
		}()
		return near, nil
	}}
}

func answerDNS(c net.Conn, f func(string) string) error {
	b := make([]byte, 4096) // a pipe is a stream to the resolver: two bytes of length first
	n, err := c.Read(b)
	if err != nil {
		return err
	}
	if n == 2 {
		if n, err = c.Read(b[2:]); err != nil {
			return err
		}
		n += 2
	}
	var m dnsmessage.Message
	if err := m.Unpack(b[2:n]); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	q := m.Questions[0]
	m.Response, m.RCode, m.Additionals = true, dnsmessage.RCodeSuccess, nil
	ip, err := netip.ParseAddr(f(q.Name.String()))
	head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
	switch {
	case err != nil:
	case q.Type == dnsmessage.TypeA && ip.Is4():
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: ip.As4()}}}
	case q.Type == dnsmessage.TypeAAAA && ip.Is6():
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}}
	}
	out, err := m.AppendPack(make([]byte, 2))
	if err != nil {
		return err
	}
	out[0], out[1] = byte((len(out)-2)>>8), byte(len(out)-2)
	_, err = c.Write(out)
	return err
}
