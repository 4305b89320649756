package script

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // scripts check what others have hashed
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // same
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// maxRandom bounds getRandomValues, as browsers do.
const maxRandom = 65536

func random(args []any) (any, error) {
	n := integer(args)
	if n < 0 || n > maxRandom {
		return nil, errors.New("more than 65,536 random bytes were asked for")
	}
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b), nil
}

var hashes = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA-1": sha1.New, "SHA-256": sha256.New, "SHA-384": sha512.New384, "SHA-512": sha512.New,
}

func newHash(name string) (func() hash.Hash, error) {
	h, ok := hashes[strings.ToUpper(name)]
	if !ok {
		return nil, fmt.Errorf("Unrecognized algorithm name: %s", name) // as Node says it to scripts
	}
	return h, nil
}

// digest hashes (name, data); data and hash are base 64.
func digest(args []any) (any, error) {
	h, err := newHash(text(args, 0))
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(text(args, 1))
	if err != nil {
		return nil, err
	}
	sum := h()
	sum.Write(data)
	return base64.StdEncoding.EncodeToString(sum.Sum(nil)), nil
}

// sign makes an HMAC of (hash name, key, data); all but the name are base 64.
func sign(args []any) (any, error) {
	h, err := newHash(text(args, 0))
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text(args, 1))
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(text(args, 2))
	if err != nil {
		return nil, err
	}
	mac := hmac.New(h, key)
	mac.Write(data)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// decodeText serves TextDecoder: (base 64, encoding, mode). In mode "name" it
// gives the encoding's proper name or ""; in mode "fatal" false for what is not
// valid.
func decodeText(args []any) (any, error) {
	label, mode := strings.ToLower(strings.TrimSpace(text(args, 1))), text(args, 2)
	isUTF8 := label == "utf-8" || label == "utf8" || label == "unicode-1-1-utf-8"
	if mode == "name" {
		if isUTF8 {
			return "utf-8", nil
		}
		e, err := htmlindex.Get(label)
		if err != nil {
			return "", nil //nolint:nilerr // an unknown name is the answer
		}
		name, _ := htmlindex.Name(e)
		return name, nil
	}
	b, err := base64.StdEncoding.DecodeString(text(args, 0))
	if err != nil {
		return nil, err
	}
	if isUTF8 {
		if mode == "fatal" && !utf8.Valid(b) {
			return false, nil
		}
		return validUTF8(b), nil
	}
	e, err := htmlindex.Get(label)
	if err != nil {
		return nil, err
	}
	out, err := e.NewDecoder().Bytes(b)
	return string(out), err
}

// bodyText decodes a body by the charset of its Content-Type; what is unknown is
// taken for UTF-8. A byte order mark is not part of the text.
func bodyText(body []byte, charset string) string {
	if e := charsetEncoding(charset); e != nil {
		if out, err := e.NewDecoder().Bytes(body); err == nil {
			return strings.TrimPrefix(string(out), "\uFEFF")
		}
	}
	return strings.TrimPrefix(validUTF8(body), "\uFEFF")
}

func charsetEncoding(charset string) encoding.Encoding {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8":
		return nil
	}
	if e, err := ianaindex.IANA.Encoding(charset); err == nil && e != nil {
		return e
	}
	if e, err := htmlindex.Get(charset); err == nil {
		return e
	}
	return nil
}

// validUTF8 replaces what is not UTF-8 as browsers do: one U+FFFD for each
// longest piece that could have begun a character.
func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = broken(b)
		}
		out.WriteRune(r)
		b = b[n:]
	}
	return out.String()
}

// broken is the length of the piece at the start of b that is no character.
func broken(b []byte) int {
	need, low, high := 0, byte(0x80), byte(0xBF)
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		need = 1
	case c >= 0xE0 && c <= 0xEF:
		need = 2
		switch c {
		case 0xE0:
			low = 0xA0
		case 0xED:
			high = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		need = 3
		switch c {
		case 0xF0:
			low = 0x90
		case 0xF4:
			high = 0x8F
		}
	}
	n := 1
	for ; n <= need && n < len(b) && b[n] >= low && b[n] <= high; n++ {
		low, high = 0x80, 0xBF
	}
	return n
}
