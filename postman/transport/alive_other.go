//go:build !unix

package transport

import "net"

// alive can't look without waiting here: a closed connection shows when it is used.
func alive(net.Conn) bool { return true }
