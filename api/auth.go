package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/ops"
)

// open are the paths that need no key: they say that the process is alive and
// ready, and nothing else.
var open = map[string]bool{"/healthz": true, "/readyz": true}

type (
	actorKey    struct{}
	instanceKey struct{}
)

// caller is who sent the request.
func caller(ctx context.Context) commands.Actor {
	a, _ := ctx.Value(actorKey{}).(commands.Actor)
	return a
}

// instanceOf is the instance that sent the request, on the runners' API.
func instanceOf(ctx context.Context) ops.Token {
	t, _ := ctx.Value(instanceKey{}).(ops.Token)
	return t
}

// authenticate lets nothing through without a valid key but what is in open, and
// registration, which checks the runner's key itself.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Request().URL.Path
		actor := commands.Actor{
			IdempotencyKey: c.Request().Header.Get("Idempotency-Key"),
			CorrelationID:  c.Request().Header.Get("X-Request-Id"),
			IP:             c.RealIP(),
			UserAgent:      c.Request().UserAgent(),
			Traceparent:    traceparent(c.Request()),
		}
		if len(actor.IdempotencyKey) > 255 {
			return newProblem(http.StatusBadRequest, "the Idempotency-Key header has more than 255 characters")
		}
		ctx := c.Request().Context()
		switch {
		case open[path], path == registerPath:
		case strings.HasPrefix(path, "/agent/"):
			token, err := s.authenticateInstance(ctx, bearer(c.Request()))
			if err != nil {
				return err
			}
			actor.Actor = domain.Actor{Kind: domain.ActorInstance, ID: token.Instance}
			ctx = context.WithValue(ctx, instanceKey{}, token)
		default:
			var err error
			if actor.Actor, err = s.authenticateKey(ctx, c); err != nil {
				return err
			}
		}
		ctx = context.WithValue(ctx, actorKey{}, actor)
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

func (s *Server) authenticateKey(ctx context.Context, c echo.Context) (domain.Actor, error) {
	key := c.Request().Header.Get("X-Api-Key")
	if key == "" {
		key = bearer(c.Request())
	}
	if key == "" {
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="picket"`)
		return domain.Actor{}, newProblem(http.StatusUnauthorized, "an API key is required, in the X-Api-Key header or as Authorization: Bearer")
	}
	actor, ok, err := s.Commands.APIKeyActor(ctx, key)
	if err != nil {
		return domain.Actor{}, s.fail(err)
	}
	if !ok {
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="picket", error="invalid_token"`)
		return domain.Actor{}, newProblem(http.StatusUnauthorized, "the API key is not valid: it was mistyped or revoked")
	}
	return actor, nil
}

// authenticateInstance finds the instance of a token and wants the key that it
// registered with to be live still: a reset or deletion acts at once.
func (s *Server) authenticateInstance(ctx context.Context, secret string) (ops.Token, error) {
	if secret == "" {
		return ops.Token{}, newProblem(http.StatusUnauthorized, "the token of the instance is required; register first")
	}
	token, ok, err := s.Ops.FindToken(ctx, secret)
	if err != nil {
		return token, s.fail(err)
	}
	if !ok {
		return token, newProblem(http.StatusUnauthorized, "the token of the instance is not known; register again")
	}
	return token, s.keyStillLive(ctx, token)
}

func (s *Server) keyStillLive(ctx context.Context, t ops.Token) error {
	live, err := s.Commands.RunnerKeyLive(ctx, domain.RunnerID(t.Runner), domain.KeyID(t.KeyID))
	if err != nil {
		return s.fail(err)
	}
	if !live {
		return keyRefused()
	}
	return nil
}

// keyRefused is the one answer that makes a runner stop.
func keyRefused() error {
	p := newProblem(http.StatusUnauthorized, "the runner's key is not valid: it was mistyped or reset, or the runner was deleted")
	p.Type = wire.ProblemRunnerKeyRefused
	return p
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// traceparent is the W3C trace context of the request, if it looks like one.
func traceparent(r *http.Request) string {
	t := r.Header.Get("Traceparent")
	if len(t) != 55 || strings.ContainsFunc(t, func(c rune) bool { return !strings.ContainsRune("0123456789abcdef-", c) }) {
		return ""
	}
	return t
}
