package auth

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/Azure/go-ntlmssp"

	"github.com/picket-api/picket/postman"
)

// ntlm is NTLMv2 over HTTP ([MS-NTHT]): the server refuses, we say hello, it
// challenges, we answer. The three requests go over one connection, which then
// stands for the user: the engine shares it with nobody else.
type ntlm struct{}

// What an ntlm learns.
const (
	ntlmState  = "state"
	ntlmHeader = "ntlmHeader"

	ntlmHello  = "T1_MSG_CREATED"
	ntlmAnswer = "T3_MSG_CREATED"
)

// Sign implements Method.
func (ntlm) Sign(p *Params, r *postman.Request) error {
	r.RemoveHeader("Authorization")
	if header := p.Text(ntlmHeader); header != "" {
		r.SetHeader("Authorization", header)
	}
	return nil
}

// Challenge implements Challenger.
func (n ntlm) Challenge(p *Params, a Answer) bool {
	if a.Code != http.StatusUnauthorized && a.Code != http.StatusForbidden || p.Bool("disableRetryRequest") {
		return n.stop(p)
	}
	user, domain := ntlmUser(p)
	switch p.Text(ntlmState) {
	case "":
		if !ntlmOffered(a.Header("WWW-Authenticate")) {
			return n.stop(p)
		}
		hello, err := ntlmssp.NewNegotiateMessage(domain, p.Text("workstation"))
		return err == nil && n.goOn(p, ntlmHello, hello)
	case ntlmHello:
		challenge, ok := ntlmChallenge(a.Header("WWW-Authenticate"))
		if !ok {
			return n.stop(p)
		}
		if domain != "" {
			user = domain + `\` + user
		}
		answer, err := ntlmssp.NewAuthenticateMessage(challenge, user, p.Text("password"), &ntlmssp.AuthenticateMessageOptions{WorkstationName: p.Text("workstation")})
		if err != nil {
			return n.stop(p)
		}
		return n.goOn(p, ntlmAnswer, answer)
	}
	return n.stop(p)
}

func (ntlm) goOn(p *Params, state string, message []byte) bool {
	p.Set(ntlmState, state)
	p.Set(ntlmHeader, "NTLM "+base64.StdEncoding.EncodeToString(message))
	return true
}

// stop lets the next request begin anew.
func (ntlm) stop(p *Params) bool {
	p.Set(ntlmState, "")
	p.Set(ntlmHeader, "")
	return false
}

// ntlmUser takes the domain out of DOMAIN\user or user@domain where it isn't given.
func ntlmUser(p *Params) (user, domain string) {
	user, domain = p.Text("username"), p.Text("domain")
	if domain != "" || strings.Contains(user, `\`) && strings.Contains(user, "@") {
		return user, domain
	}
	if before, after, ok := strings.Cut(user, `\`); ok && before != "" && after != "" {
		return after, before
	}
	if before, after, ok := strings.Cut(user, "@"); ok && before != "" && after != "" {
		return before, after
	}
	return user, ""
}

func ntlmOffered(headers []string) bool {
	for _, h := range headers {
		if strings.Contains(h, "NTLM") || strings.EqualFold(h, "negotiate") {
			return true
		}
	}
	return false
}

func ntlmChallenge(headers []string) ([]byte, bool) {
	for _, h := range headers {
		if text, ok := strings.CutPrefix(h, "NTLM "); ok {
			message, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
			return message, err == nil
		}
	}
	return nil, false
}
