package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/vars"
)

// Bounds of a document that is given by its URL.
const (
	maxDocument     = 64 << 20 // bytes
	documentTimeout = 30 * time.Second
)

// document reads a file, or what a URL has.
func document(ctx context.Context, at string) ([]byte, error) {
	if !strings.HasPrefix(at, "http://") && !strings.HasPrefix(at, "https://") {
		data, err := os.ReadFile(at)
		if err != nil {
			return nil, &exit{ExitUsage, err}
		}
		return data, nil
	}
	data, err := download(ctx, at)
	if err != nil {
		return nil, serverError(err)
	}
	return data, nil
}

func download(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, documentTimeout)
	defer cancel()
	shown, _, _ := strings.Cut(url, "?") // the query may hold a key
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%s is not a URL that can be read", shown)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", shown, rootCause(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read %s: the server answered %s", shown, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", shown, err)
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("read %s: it is larger than %d MiB", shown, maxDocument>>20)
	}
	return data, nil
}

// rootCause is the error without the URL that net/http puts before it.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// readDocuments reads environment, globals, data and cookies.
func (o *collectionRun) readDocuments(ctx context.Context, opt *run.Options) error {
	var err error
	if opt.Environment, err = variables(ctx, o.environment, o.envVars, "--env-var", postman.ParseEnvironment); err != nil {
		return err
	}
	if opt.Globals, err = variables(ctx, o.globals, o.globalVars, "--global-var", postman.ParseGlobals); err != nil {
		return err
	}
	if err := o.readSecrets(opt.Environment); err != nil {
		return err
	}
	if o.data != "" {
		data, err := document(ctx, o.data)
		if err != nil {
			return err
		}
		if opt.Data, err = postman.ParseData(data); err != nil {
			return usageError("%s: %w", o.data, err)
		}
	}
	opt.Jar = &cookies.Jar{}
	if o.cookieJar == "" {
		return nil
	}
	data, err := document(ctx, o.cookieJar)
	if err != nil {
		return err
	}
	list, err := cookies.ParseFile(data)
	if err != nil {
		return usageError("--cookie-jar: %s: %w", o.cookieJar, err)
	}
	opt.Jar.Load(list)
	return nil
}

// readSecrets sets environment variables whose values no report may show.
func (o *collectionRun) readSecrets(e *postman.Environment) error {
	for _, given := range o.secretEnv {
		key, value, ok := strings.Cut(given, "=")
		if !ok {
			value = o.getenv(key)
			if value == "" {
				return usageError("--secret-env: the environment variable %s is not set", key)
			}
		}
		if key == "" {
			return usageError("--secret-env: it takes NAME, a variable of this process, or NAME=VALUE")
		}
		setVariable(e, vars.Variable{Key: key, Value: value, Type: "secret"})
	}
	return nil
}

func variables(ctx context.Context, file string, set []string, flag string, parse func([]byte) (*postman.Environment, error)) (*postman.Environment, error) {
	e := new(postman.Environment)
	if file != "" {
		data, err := document(ctx, file)
		if err != nil {
			return nil, err
		}
		if e, err = parse(data); err != nil {
			return nil, usageError("%s: %w", file, err)
		}
	}
	for _, pair := range set {
		k, v, ok := strings.Cut(pair, "=")
		if !ok || k == "" {
			return nil, usageError("%s: %q is not KEY=VALUE", flag, pair)
		}
		setVariable(e, vars.Variable{Key: k, Value: v})
	}
	return e, nil
}

func setVariable(e *postman.Environment, v vars.Variable) {
	e.Values = append(slices.DeleteFunc(e.Values, func(x vars.Variable) bool { return x.Key == v.Key }), v)
}

// secrets are the values that reports may not show: those of the type secret.
func secrets(documents ...*postman.Environment) []string {
	var list []string
	for _, e := range documents {
		for _, v := range e.Values {
			if text := vars.Text(v.Value); v.Type == "secret" && text != "" {
				list = append(list, text)
			}
		}
	}
	return list
}
