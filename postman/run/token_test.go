package run_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/vars"
)

// tokens is an authorization server.
type tokens struct {
	mu      sync.Mutex
	asked   []string // grant and what came with it
	lasts   int      // seconds
	refuses string
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = r.ParseForm()
	id, secret, _ := r.BasicAuth()
	if id == "" {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")+" in body"
	}
	s.asked = append(s.asked, strings.TrimSpace(strings.Join([]string{
		r.PostForm.Get("grant_type"), id, secret, r.PostForm.Get("username"), r.PostForm.Get("password"), r.PostForm.Get("scope"), r.PostForm.Get("refresh_token"), r.PostForm.Get("own"),
	}, " ")))
	if s.refuses != "" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":%q,"error_description":"secret-thing"}`, s.refuses)
		return
	}
	fmt.Fprintf(w, `{"access_token":"t%d","token_type":"Bearer","refresh_token":"r%[1]d","expires_in":%d}`, len(s.asked), s.lasts)
}

func TestTokensAreFetched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings string
		server   *tokens
		asked    []string
		sent     []string // Authorization of the requests
		warning  string
	}{
		"client credentials": {
			`"grant_type":"client_credentials","accessTokenUrl":"{{server}}/token","clientId":"{{id}}","clientSecret":"s","scope":"read"`,
			&tokens{lasts: 3600},
			[]string{"client_credentials c1 s   read"},
			[]string{"Bearer t1", "Bearer t1", "Bearer t1"},
			"",
		},
		"in the body": {
			`"grant_type":"client_credentials","accessTokenUrl":"{{server}}/token","clientId":"c","clientSecret":"s","client_authentication":"body","headerPrefix":"Token",
			 "tokenRequestParams":[{"key":"own","value":"x","enabled":true,"send_as":"request_body"},{"key":"off","value":"x","enabled":false}]`,
			&tokens{},
			[]string{"client_credentials c s in body     x"},
			[]string{"Token t1", "Token t1", "Token t1"},
			"",
		},
		"password, refreshed when it ends": {
			`"grant_type":"password_credentials","accessTokenUrl":"{{server}}/token","clientId":"c","clientSecret":"s","username":"u","password":"p"`,
			&tokens{lasts: 1},
			[]string{"password c s u p", "refresh_token c s    r1", "refresh_token c s    r2"},
			[]string{"Bearer t1", "Bearer t2", "Bearer t3"},
			"",
		},
		"other credentials by row": {
			`"grant_type":"client_credentials","accessTokenUrl":"{{server}}/token","clientId":"{{row}}","clientSecret":"s"`,
			&tokens{lasts: 3600},
			[]string{"client_credentials 0 s", "client_credentials 1 s", "client_credentials 2 s"},
			[]string{"Bearer t1", "Bearer t2", "Bearer t3"},
			"",
		},
		"a saved token": {
			`"grant_type":"client_credentials","accessTokenUrl":"{{server}}/token","accessToken":"saved"`,
			&tokens{}, nil,
			[]string{"Bearer saved", "Bearer saved", "Bearer saved"},
			"",
		},
		"refused": {
			`"grant_type":"client_credentials","accessTokenUrl":"{{server}}/token","clientId":"c","clientSecret":"s"`,
			&tokens{refuses: "invalid_client"},
			[]string{"client_credentials c s", "client_credentials c s", "client_credentials c s"},
			[]string{"", "", ""},
			"oauth2 auth: the token could not be fetched: invalid_client (status 401 Unauthorized)",
		},
		"a grant for people": {
			`"grant_type":"authorization_code","accessTokenUrl":"{{server}}/token","clientId":"c"`, &tokens{}, nil,
			[]string{"", "", ""},
			`the grant "authorization_code" needs a person`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := c.server
			var sent []string
			var mu sync.Mutex
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					server.ServeHTTP(w, r)
					return
				}
				mu.Lock()
				sent = append(sent, r.Header.Get("Authorization"))
				mu.Unlock()
			}))
			t.Cleanup(api.Close)
			col := parse(t, `{"info":{"name":"c"},"auth":{"type":"oauth2","oauth2":{%s}},"item":[{"name":"a","request":"{{server}}/api"}]}`, c.settings)
			j := &journal{}
			rows := []postman.Row{{{Key: "row", Value: "0"}}, {{Key: "row", Value: "1"}}, {{Key: "row", Value: "2"}}}
			_, err := run.Run(t.Context(), col, run.Options{Data: rows, Reporters: []run.Reporter{j}, Environment: &postman.Environment{Values: []vars.Variable{{Key: "server", Value: api.URL}, {Key: "id", Value: "c1"}}}})
			require.NoError(t, err)
			require.Equal(t, c.sent, sent)
			require.Equal(t, c.asked, server.asked)
			all := strings.Join(j.lines, "\n")
			require.Contains(t, all, c.warning)
			require.NotContains(t, all, "secret-thing")
			require.Equal(t, len(c.asked), strings.Count(all, "auth 200")+strings.Count(all, "auth 401"))
		})
	}
}
