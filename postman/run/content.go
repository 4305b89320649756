package run

import (
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/transport"
)

// content is a body ready to be sent.
type content struct {
	body        *transport.Content
	contentType string         // what goes out unless the author said it
	typePattern *regexp.Regexp // the author's type must match it, or is replaced; nil = any is fine
	asHeader    bool           // the type stands among the request's own headers
	late        bool           // the length comes after the cookies
}

var (
	formType      = regexp.MustCompile(`^application/x-www-form-urlencoded\b`)
	multipartType = regexp.MustCompile(`^multipart/form-data;.*boundary=(?:"([^"]+)"|([^;]+))`)
	jsonType      = regexp.MustCompile(`^application/(\S+\+)?json`)
)

var languages = map[string]string{
	"html": "text/html", "json": "application/json", "javascript": "application/javascript", "xml": "application/xml", "text": "text/plain",
}

// bodiless are the methods whose body stays at home unless disableBodyPruning is on.
var bodiless = map[string]bool{"GET": true, "COPY": true, "HEAD": true, "PURGE": true, "UNLOCK": true}

func (j *job) pruned() bool {
	keep, _ := j.behavior.Bool("disableBodyPruning")
	return bodiless[j.request.Method] && !keep
}

// stripComments takes comments out of a raw JSON body.
func (j *job) stripComments() {
	b := j.request.Body
	if j.pruned() || b.Empty() || (b.Language != "" && b.Language != "json") {
		return
	}
	if b.Language == "" {
		h := j.request.Header("Content-Type")
		if h == nil || !jsonType.MatchString(h.Value) {
			return
		}
	}
	if strings.Contains(b.Raw, "//") || strings.Contains(b.Raw, "/*") {
		body := *b
		body.Raw = postman.StripComments(b.Raw)
		j.request.Body = &body
	}
}

// content makes the body.
func (j *job) content(r *postman.Request) (*content, error) {
	b := r.Body
	if b.Empty() || j.pruned() {
		return &content{}, nil
	}
	switch b.Mode {
	case postman.ModeFormData:
		return j.multipart(b.FormData)
	case postman.ModeFile:
		return j.fileContent(b.File)
	default:
		return textContent(b), nil
	}
}

func textContent(b *postman.Body) *content {
	c := &content{}
	switch b.Mode {
	case postman.ModeURLEncoded:
		c.contentType, c.typePattern = "application/x-www-form-urlencoded", formType
	case postman.ModeGraphQL:
		c.contentType, c.asHeader = languages["json"], true
	default:
		c.contentType, c.asHeader = languages[b.Language], true
		if c.contentType == "" {
			c.contentType = languages["text"]
		}
	}
	if text, _ := b.Text(); text != "" {
		c.body = transport.Bytes([]byte(text))
	}
	return c
}

// fileContent is a body that is a file. One that can't be read is left out, with
// a warning, and the request goes out without.
func (j *job) fileContent(f postman.BodyFile) (*content, error) {
	if f.Src == "" {
		return &content{body: transport.Bytes([]byte(f.Content)), contentType: octets}, nil
	}
	file, err := j.file(f.Src)
	if err != nil {
		j.warn(j.execution, "Binary file load error: %v", err)
		return &content{}, nil
	}
	return &content{body: file, contentType: fileType(f.Src), late: true}, nil
}

func (j *job) file(path string) (*transport.Content, error) {
	if j.opts.Files == nil {
		return nil, fmt.Errorf("%q: files are not available in this run", path)
	}
	size, err := j.opts.Files.Size(path)
	if err != nil {
		return nil, err
	}
	return &transport.Content{Length: size, Open: func() (io.ReadCloser, error) { return j.opts.Files.Open(path) }}, nil
}

// multipart makes a multipart body; files are read while they are sent.
func (j *job) multipart(parts []postman.FormPart) (*content, error) {
	boundary := "--------------------------" + digits(24)
	if h := j.request.Header("Content-Type"); h != nil {
		if m := multipartType.FindStringSubmatch(h.Value); m != nil {
			boundary = m[1] + m[2]
		}
	}
	var sections []*transport.Content
	for _, part := range parts {
		for _, s := range j.sections(part) {
			sections = append(sections, transport.Bytes([]byte("--"+boundary+"\r\n"+s.head+"\r\n")), s.body, transport.Bytes([]byte("\r\n")))
		}
	}
	if len(sections) == 0 { // no file could be read
		return &content{}, nil
	}
	sections = append(sections, transport.Bytes([]byte("--"+boundary+"--\r\n")))
	return &content{body: join(sections), contentType: "multipart/form-data; boundary=" + boundary, typePattern: multipartType, late: true}, nil
}

type section struct {
	head string
	body *transport.Content
}

// sections are the parts that one field makes: none when it is disabled, one for
// each file of a list.
func (j *job) sections(part postman.FormPart) []section {
	if part.Disabled {
		return nil
	}
	if !part.IsFile {
		return []section{newSection(part, part.FileName, part.ContentType, transport.Bytes([]byte(part.Value)))}
	}
	if len(part.Files) == 0 {
		j.warn(j.execution, "Form param `%s`, file load error: missing file source", part.Key)
		empty := ""
		return []section{newSection(part, &empty, part.ContentType, transport.Bytes(nil))}
	}
	var list []section
	for _, path := range part.Files {
		file, err := j.file(path)
		if err != nil {
			j.warn(j.execution, "Form param `%s`, file load error: %v", part.Key, err)
			continue
		}
		name, kind := filepath.Base(path), part.ContentType
		if part.FileName != nil {
			name = filepath.Base(*part.FileName)
		}
		if kind == "" {
			kind = fileType(path)
		}
		list = append(list, newSection(part, &name, kind, file))
	}
	return list
}

func newSection(part postman.FormPart, name *string, kind string, body *transport.Content) section {
	head := `Content-Disposition: form-data; name="` + oneLine(part.Key) + `"`
	if name != nil {
		head += `; filename="` + oneLine(*name) + `"`
		if kind == "" && *name != "" {
			kind = fileType(*name)
		}
	}
	head += "\r\n"
	if kind != "" {
		head += "Content-Type: " + oneLine(kind) + "\r\n"
	}
	return section{head: head, body: body}
}

// oneLine keeps a name from ending its header.
func oneLine(s string) string { return strings.NewReplacer("\r", "%0D", "\n", "%0A").Replace(s) }

func digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + rand.IntN(10)) //nolint:gosec // a boundary is no secret
	}
	return string(b)
}

const octets = "application/octet-stream"

// fileType guesses a type by a name's extension.
func fileType(path string) string {
	kind, _, _ := strings.Cut(mime.TypeByExtension(strings.ToLower(filepath.Ext(path))), ";")
	switch {
	case kind != "":
		return kind
	case strings.HasSuffix(path, ".txt"):
		return "text/plain"
	case strings.HasSuffix(path, ".csv"):
		return "text/csv"
	default:
		return octets
	}
}

// join makes one body of several.
func join(parts []*transport.Content) *transport.Content {
	whole := &transport.Content{}
	for _, p := range parts {
		whole.Length += p.Length
	}
	whole.Open = func() (io.ReadCloser, error) { return &joined{parts: parts}, nil }
	return whole
}

// joined reads bodies one after the other, opening each when its turn comes.
type joined struct {
	parts []*transport.Content
	open  io.ReadCloser
}

func (r *joined) Read(p []byte) (int, error) {
	for {
		if r.open == nil {
			if len(r.parts) == 0 {
				return 0, io.EOF
			}
			next, err := r.parts[0].Open()
			if err != nil {
				return 0, err
			}
			r.open, r.parts = next, r.parts[1:]
		}
		n, err := r.open.Read(p)
		if err == io.EOF { //nolint:errorlint // readers return io.EOF itself
			err = r.open.Close()
			r.open = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (r *joined) Close() error {
	if r.open != nil {
		return r.open.Close()
	}
	return nil
}
