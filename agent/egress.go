package agent

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Guard decides which addresses collections may reach. Private networks are what
// a runner is for; the machine itself, its neighbours on the wire and the cloud's
// metadata service are not. The zero value is the strictest.
//
// The address is checked when the connection is made, after the name was
// resolved, so a name that changes its address in between gains nothing.
type Guard struct {
	AllowLoopback bool // opens loopback addresses, and nothing else
}

// RefusedError means that the guard kept a collection from an address.
type RefusedError struct {
	Address string // as it was asked for, or what it resolved to
	Rule    string // "loopback", "link-local", …
	remedy  string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the runner's egress guard refuses %s (rule: %s); %s", e.Address, e.Rule, e.remedy)
}

const (
	allowLoopbackRemedy = "start the runner with --allow-loopback or PICKET_ALLOW_LOOPBACK=1 to allow it"
	noRemedy            = "collections may never reach it"
)

// egressRules in the order of their weight: the first that matches names itself.
var egressRules = []struct {
	name     string
	prefixes []netip.Prefix
}{
	{"cloud metadata", prefixes(
		"169.254.169.254/32", "fd00:ec2::254/128", // AWS and most others
		"169.254.170.2/32", "169.254.170.23/32", "fd00:ec2::23/128", // AWS task and pod credentials
		"fd20:ce::254/128",   // Google
		"100.100.100.200/32", // Alibaba
		"168.63.129.16/32",   // Azure
		"192.0.0.192/32",     // Oracle
	)},
	{"loopback", prefixes("127.0.0.0/8", "::1/128")},
	{"unspecified", prefixes("0.0.0.0/8", "::/128")},
	{"link-local", prefixes("169.254.0.0/16", "fe80::/10")},
	{"multicast", prefixes("224.0.0.0/4", "ff00::/8")},
	{"broadcast", prefixes("255.255.255.255/32")},
	{"reserved", prefixes("240.0.0.0/4", "100::/64")},
}

// metadataNames are refused before they are resolved: behind a proxy they may be
// resolved elsewhere.
var metadataNames = []string{"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, p := range list {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

// CheckAddr refuses an address with a *RefusedError.
func (g *Guard) CheckAddr(ip netip.Addr) error {
	for _, candidate := range embedded(ip) {
		for _, rule := range egressRules {
			if !slices.ContainsFunc(rule.prefixes, func(p netip.Prefix) bool { return p.Contains(candidate) }) {
				continue
			}
			if rule.name != "loopback" {
				return &RefusedError{Address: ip.String(), Rule: rule.name, remedy: noRemedy}
			}
			if !g.AllowLoopback {
				return &RefusedError{Address: ip.String(), Rule: rule.name, remedy: allowLoopbackRemedy}
			}
			break
		}
	}
	return nil
}

// CheckHost refuses what needs no resolving: names of metadata services, and
// addresses in any spelling that some resolver takes (2130706433, 0x7f.1).
func (g *Guard) CheckHost(host string) error {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if slices.Contains(metadataNames, name) {
		return &RefusedError{Address: host, Rule: "cloud metadata", remedy: noRemedy}
	}
	if (name == "localhost" || strings.HasSuffix(name, ".localhost")) && !g.AllowLoopback {
		return &RefusedError{Address: host, Rule: "loopback", remedy: allowLoopbackRemedy}
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	if err != nil {
		var ok bool
		if ip, ok = looseIPv4(name); !ok {
			return nil
		}
	}
	return g.CheckAddr(ip)
}

// Control is for net.Dialer.Control: it sees the address that is really connected to.
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return &RefusedError{Address: network + " " + address, Rule: "TCP only", remedy: noRemedy}
	}
	return g.CheckAddr(at.Addr())
}

// embedded lists the address and the IPv4 addresses that it stands for in the
// ways of writing IPv4 in IPv6.
func embedded(ip netip.Addr) []netip.Addr {
	ip = ip.WithZone("").Unmap() // a zone makes every prefix not contain it
	list := []netip.Addr{ip}
	if ip.Is4() {
		return list
	}
	b := ip.As16()
	v4 := func(at int) { list = append(list, netip.AddrFrom4([4]byte(b[at:at+4]))) }
	switch {
	case within(ip, "::/96") && !within(ip, "::/127"): // IPv4-compatible
		v4(12)
	case within(ip, "64:ff9b::/96"), within(ip, "64:ff9b:1::/48"): // NAT64
		v4(12)
	case within(ip, "2002::/16"): // 6to4
		v4(2)
	case within(ip, "2001::/32"): // Teredo: server, and the client's bits flipped
		v4(4)
		list = append(list, netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}))
	case (b[8] == 0 || b[8] == 2) && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP
		v4(12)
	}
	return list
}

func within(ip netip.Addr, prefix string) bool { return netip.MustParsePrefix(prefix).Contains(ip) }

// looseIPv4 reads IPv4 as inet_aton does: 1 to 4 parts, decimal, octal or hex,
// the last of which fills the rest.
func looseIPv4(s string) (netip.Addr, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		n, err := parsePart(part)
		room := uint64(1) << 8
		if i == len(parts)-1 {
			room = uint64(1) << (8 * (5 - len(parts)))
		}
		if err != nil || n >= room {
			return netip.Addr{}, false
		}
		value = value*room + n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

func parsePart(s string) (uint64, error) {
	switch {
	case s == "" || strings.ContainsAny(s, "_+-"):
		return 0, errors.New("no number")
	case strings.HasPrefix(s, "0x"):
		return strconv.ParseUint(s[2:], 16, 33)
	case len(s) > 1 && s[0] == '0':
		return strconv.ParseUint(s[1:], 8, 33)
	}
	return strconv.ParseUint(s, 10, 33)
}
