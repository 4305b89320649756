package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/urls"
)

// awsV4 is AWS Signature Version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
type awsV4 struct{}

const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	hashHeader      = "X-Amz-Content-Sha256"
	s3Lifetime      = "86400" // seconds that a signed URL of S3 holds if nothing is said
)

// awsParams are what a signature adds to a query, in this order.
var awsParams = []string{"Security-Token", "Expires", "Date", "Algorithm", "Credential", "SignedHeaders", "Signature"}

// Sign implements Method.
func (awsV4) Sign(p *Params, r *postman.Request) error {
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", hashHeader} {
		r.RemoveHeader(name)
	}
	for _, name := range awsParams {
		if name != "Expires" { // that one is the caller's to set
			removeQuery(r, "X-Amz-"+name)
		}
	}
	region, service := p.Text("region"), p.Text("service")
	if region == "" {
		region = "us-east-1"
	}
	if service == "" {
		service = "execute-api"
	}
	hash, known := awsPayload(r)
	if p.Bool("addAuthDataToQuery") && service == "s3" {
		hash = unsignedPayload // as S3 has it for signed URLs
	} else if known && (hash != emptyHash || service == "s3") && !p.Bool("addAuthDataToQuery") {
		r.SetHeader(hashHeader, hash)
	} else if !known {
		r.SetHeader(hashHeader, hash)
	}
	req, err := awsRequest(r, service, p.Bool("addAuthDataToQuery"))
	if err != nil {
		return err
	}
	credentials := aws.Credentials{AccessKeyID: p.Text("accessKey"), SecretAccessKey: p.Text("secretKey"), SessionToken: p.Text("sessionToken")}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	if p.Bool("addAuthDataToQuery") {
		signed, _, err := signer.PresignHTTP(context.Background(), credentials, req, hash, service, region, time.Now().UTC())
		if err != nil {
			return err
		}
		return awsQuery(r, signed)
	}
	if err := signer.SignHTTP(context.Background(), credentials, req, hash, service, region, time.Now().UTC()); err != nil {
		return err
	}
	for _, name := range []string{"X-Amz-Date", "X-Amz-Security-Token", "Authorization"} {
		if value := req.Header.Get(name); value != "" {
			r.SetHeader(name, value)
		}
	}
	return nil
}

var emptyHash = hexSHA256("")

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// awsPayload is the hash of the body; false for bodies that are made only when
// they are sent.
func awsPayload(r *postman.Request) (string, bool) {
	if r.Body.Empty() {
		return emptyHash, true
	}
	text, ok := r.Body.Text()
	if !ok {
		return unsignedPayload, false
	}
	return hexSHA256(text), true
}

// awsRequest is what the signer needs to know of a request.
func awsRequest(r *postman.Request, service string, query bool) (*http.Request, error) {
	t := r.URL.Encode(false)
	u, err := url.Parse(t.String())
	if err != nil {
		return nil, err
	}
	req := &http.Request{Method: r.Method, URL: u, Host: u.Host, Header: http.Header{}}
	for _, h := range r.Headers {
		if !h.Disabled && !strings.EqualFold(h.Key, "Host") {
			req.Header.Add(h.Key, h.Value)
		}
	}
	if q := u.Query(); query && service == "s3" && !q.Has("X-Amz-Expires") {
		q.Set("X-Amz-Expires", s3Lifetime)
		u.RawQuery = q.Encode()
	}
	return req, nil
}

// awsQuery takes over what the signer added to the query.
func awsQuery(r *postman.Request, signed string) error {
	u, err := url.Parse(signed)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, q := range r.URL.Query {
		if q.Key != nil {
			have[*q.Key] = true
		}
	}
	added := map[string]string{}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		added[name] = value // stays encoded
	}
	for _, name := range awsParams {
		name = "X-Amz-" + name
		if value, ok := added[name]; ok && !have[name] {
			r.URL.Query = append(r.URL.Query, urls.Param{Key: &name, Value: &value})
		}
	}
	return nil
}
