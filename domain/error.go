package domain

import (
	"errors"
	"fmt"
)

// Kind classes an Error; the API maps each to one HTTP status.
type Kind string

// The kinds of Error.
const (
	Invalid     Kind = "invalid"     // the request can never succeed as it is: 422
	NotFound    Kind = "not_found"   // 404
	Conflict    Kind = "conflict"    // not in the state that this needs: 409
	Forbidden   Kind = "forbidden"   // the actor may not: 403
	Refused     Kind = "refused"     // the credentials are not valid: 401
	Unavailable Kind = "unavailable" // try again later: 503
	NoSpace     Kind = "no_space"    // it can't be made durable: 507
)

// Error is the one error type that reaches users. Field is a JSON pointer into
// the request ("/schedule/cron"), empty when no single field is to blame.
type Error struct {
	Kind    Kind
	Field   string
	Message string // says what is wrong and how to mend it; holds no submitted value
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Errorf makes an Error without a field.
func Errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// FieldErrorf makes an Invalid error about one field.
func FieldErrorf(field, format string, args ...any) error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// KindOf is the kind of err, or "" when it is not an Error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}
